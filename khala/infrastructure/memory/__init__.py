"""infrastructure/memory."""
