"""infrastructure/security."""
