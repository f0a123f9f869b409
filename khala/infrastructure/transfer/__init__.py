"""Memories on their way from one home to another."""
