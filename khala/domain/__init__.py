"""Pure values and rules: standard library and pydantic only; no I/O, clock, randomness, environment or logging."""
