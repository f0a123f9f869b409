"""Which values of a call's arguments are telling: worth looking for in earlier results."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

__all__ = ["LEAST_VALUE_CHARS", "telling_values"]

LEAST_VALUE_CHARS = 4
"""A shorter text in an argument stands in some result by chance."""
LEAST_NUMBER_DIGITS = 3
"""The same for numbers: a limit of 5 is no finding."""
MOST_VALUE_CHARS = 400
"""A longer argument is a text of the model's own; it is not looked up as a whole."""


def telling_values(
    arguments: JsonValue, path: str = "", *, most_chars: int | None = MOST_VALUE_CHARS
) -> Iterator[tuple[str, str]]:
    """Every telling text and number, each with its place in the arguments."""
    match arguments:
        case dict():
            for name, value in arguments.items():
                yield from telling_values(value, f"{path}.{name}" if path else name, most_chars=most_chars)
        case list():
            for number, value in enumerate(arguments):
                yield from telling_values(value, f"{path}.{number}", most_chars=most_chars)
        case str() if len(arguments) >= LEAST_VALUE_CHARS and (most_chars is None or len(arguments) <= most_chars):
            yield path, arguments
        case int() | float() if not isinstance(arguments, bool) and len(str(abs(arguments))) >= LEAST_NUMBER_DIGITS:
            yield path, str(arguments)
        case _:
            pass
