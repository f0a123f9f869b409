"""infrastructure/tools."""
