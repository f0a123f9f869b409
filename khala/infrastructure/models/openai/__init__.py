"""Language models behind the OpenAI chat protocol."""
