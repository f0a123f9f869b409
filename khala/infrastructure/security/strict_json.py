"""JSON from outside with exactly one reading: what two readers could read differently is refused with a reason.

1. More characters than allowed, nesting deeper than `MAX_DEPTH`: refused before anything walks the value.
2. A key that occurs twice: most readers keep the last one silently, some the first.
3. NaN, infinities and numbers beyond all measure: no JSON, or no number that everyone can hold.
4. A lone surrogate: no text that UTF-8, the ledger or a tool could hold.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from pydantic import JsonValue

__all__ = ["JsonRefused", "read_json"]

MAX_DEPTH = 64
"""Levels of nesting; conditions are not asked about arguments nested deeper than this."""

MAX_DIGITS = 400
"""Digits of a whole number; the largest float has 309, and reading takes time with the square of their number."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_BRACKETS = re.compile(r'"(?:\\.|[^"\\])*"?|[\[\]{}]', re.DOTALL)
"""A text, or what has the beginning of one and no end: so that no character is looked at twice."""


class JsonRefused(ValueError):
    """The text is not JSON with one reading; the message says why in a few words."""


def read_json(text: str, *, max_chars: int) -> JsonValue:
    """The value a text stands for. Raises `JsonRefused`."""
    if len(text) > max_chars:
        raise JsonRefused(f"it has {len(text)} characters: at most {max_chars}")
    if _depth(text) > MAX_DEPTH:
        raise JsonRefused(f"it is nested more than {MAX_DEPTH} levels deep")
    try:
        value: JsonValue = _STRICT.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise JsonRefused(f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]} ({place})") from None
    _refuse_surrogates(value)
    return value


def _depth(text: str) -> int:
    """How deep brackets outside of texts nest; counted on the text, so that no reader has to recurse into it."""
    depth = deepest = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in "]}":
            depth -= 1
    return deepest


def _refuse_surrogates(value: JsonValue) -> None:
    match value:
        case str():
            if _SURROGATE.search(value):
                raise JsonRefused("a text in it holds half a character (a lone surrogate)")
        case list():
            for member in value:
                _refuse_surrogates(member)
        case dict():
            for key, member in value.items():
                _refuse_surrogates(key)
                _refuse_surrogates(member)
        case _:
            pass


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    read: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in read:
            raise JsonRefused(f"the key `{key[:100]}` stands in it twice")
        read[key] = value
    return read


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise JsonRefused(f"a number in it has {len(digits)} digits: at most {MAX_DIGITS}")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _no_number(name: str) -> NoReturn:
    raise JsonRefused(f"`{name[:20]}` is no number that JSON knows")


_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_no_number, strict=True
)
