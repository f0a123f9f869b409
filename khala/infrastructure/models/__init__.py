"""infrastructure/models."""
