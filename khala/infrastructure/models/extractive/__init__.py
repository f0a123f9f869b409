"""A researcher without a language model: it quotes instead of writing."""
