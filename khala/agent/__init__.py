"""The loop and the guard as the only door to a tool; sees the domain only."""
