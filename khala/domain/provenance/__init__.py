"""What grounding is made of: paths into JSON, shapes of values, texts found by their words, records of results."""
