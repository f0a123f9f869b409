"""What a run tells to the outside while it goes on."""
