"""infrastructure/reasoning."""
