"""JSON from outside with exactly one reading: what two readers could read differently is refused with a reason.

1. More characters than allowed, nesting deeper than `MAX_DEPTH`: refused before anything walks the value.
2. A key that occurs twice: most readers keep the last one silently, some the first.
3. NaN, infinities and numbers beyond all measure: no JSON, or no number that everyone can hold.
4. A lone surrogate: no text that UTF-8, the ledger or a tool could hold.

Calls hold to it wherever they come from: as text from a model or a person, or as values from a program.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn, cast

from pydantic import JsonValue

__all__ = [
    "MAX_CHARS",
    "MAX_DEPTH",
    "JsonRefused",
    "NotJson",
    "check_json",
    "check_shape",
    "check_written",
    "read_json",
    "read_leading_json",
]

MAX_CHARS = 1_000_000
"""Characters of a call's arguments as JSON; beyond that they are documents, and belong in a file the tool reads."""

MAX_DEPTH = 64
"""Levels of nesting; conditions are not asked about arguments nested deeper than this."""

MAX_DIGITS = 400
"""Digits of a whole number; the largest float has 309, and reading takes time with the square of their number."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_BRACKETS = re.compile(r'"(?:\\.|[^"\\])*"?|[\[\]{}]', re.DOTALL)
"""A text, or what has the beginning of one and no end: so that no character is looked at twice."""


class JsonRefused(ValueError):
    """The text is not JSON with one reading; the message says why in a few words."""


class NotJson(JsonRefused):
    """The text is no JSON at all; what is meant by it could still be guessed."""


def read_json(text: str, *, max_chars: int = MAX_CHARS, raw_breaks: bool = False) -> JsonValue:
    """The value a text stands for; `raw_breaks` lets line ends stand in strings as they are. Raises `JsonRefused`."""
    _refuse_long(len(text), max_chars)
    if _depth(text) > MAX_DEPTH:
        _refuse_depth()
    try:
        value: JsonValue = (_LENIENT if raw_breaks else _STRICT).decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NotJson(f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]} ({place})") from None
    _chars(value, MAX_DEPTH)  # for what it refuses on the way; the length was looked at
    return value


def read_leading_json(text: str, start: int) -> tuple[JsonValue, int] | None:
    """The value that begins at `start`, with line ends in strings as they are, and where it ends; `None` if none does.

    Raises `JsonRefused` for one that is refused.
    """
    try:
        value, end = _LENIENT.raw_decode(text, start)
    except json.JSONDecodeError:
        return None
    except RecursionError:
        _refuse_depth()
    _refuse_long(end - start, MAX_CHARS)
    check_json(value)
    return value, end


def check_json(value: object) -> None:
    """Refuse a value that no text with one reading stands for. Raises `JsonRefused`."""
    check_shape(value)
    check_written(value)


def check_written(value: object) -> None:
    """Refuse a value of sound shape that no text, or too long a one, stands for. Raises `JsonRefused`."""
    try:
        text = _WRITER.encode(value)
    except ValueError:
        raise JsonRefused("a number in it is not finite") from None
    _refuse_long(len(text), MAX_CHARS)
    check_shape(text)


def check_shape(value: object) -> None:
    """Refuse what goes beyond measure and half characters, also where there is more than JSON can hold.

    Never walks deeper than it lets pass. Raises `JsonRefused`.
    """
    _refuse_long(_chars(value, MAX_DEPTH), MAX_CHARS)


def _chars(value: object, levels: int) -> int:
    """Characters of all texts in a value, and one for each other member: no JSON of it is shorter."""
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise JsonRefused("a text in it holds half a character (a lone surrogate)")
        return len(value)
    if isinstance(value, dict):
        if levels == 0:
            _refuse_depth()
        chars = 1
        for key, member in cast("dict[object, object]", value).items():
            chars += _chars(key, levels - 1) + _chars(member, levels - 1)
        return chars
    if isinstance(value, _LISTS):
        if levels == 0:
            _refuse_depth()
        chars = 1
        for member in cast("list[object]", value):
            chars += _chars(member, levels - 1)
        return chars
    return 1


_LISTS = (list, tuple)


def _refuse_long(chars: int, max_chars: int) -> None:
    if chars > max_chars:
        raise JsonRefused(f"it has {chars} characters: at most {max_chars}")


def _refuse_depth() -> NoReturn:
    raise JsonRefused(f"it is nested more than {MAX_DEPTH} levels deep")


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


def _decoder(*, strict: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_no_number, strict=strict
    )


_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_STRICT = _decoder(strict=True)
_LENIENT = _decoder(strict=False)
