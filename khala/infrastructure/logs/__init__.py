"""infrastructure/logs."""
