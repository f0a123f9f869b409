"""infrastructure/store."""
