"""One spelling for every JSON value: RFC 8785, widened so that whatever a model or a tool may write survives.

RFC 8785 knows only numbers a double can hold and only well-formed Unicode. What lies outside is written as a string
with a NUL character in front of a code; a NUL of the value itself gets a code too, so no text can pass for one:

- an integer beyond 2**53 - 1, up or down: NUL, `i`, the integer in hexadecimal;
- NaN and the infinities: NUL, `f`, then `nan`, `inf` or `-inf`;
- a NUL or a lone surrogate inside a string or a key: NUL, then the code point as four hexadecimal digits.

Every other value has exactly its RFC 8785 bytes. `from_canonical` gives back an equal value, NaN for NaN; a float
without a fraction comes back as an int (1.0 as 1), and minus zero as 0, because JSON has one kind of number.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Set as AbstractSet
from hashlib import sha256
from typing import cast

import rfc8785
from pydantic import BaseModel, JsonValue

__all__ = ["canonical_digest", "canonical_json", "from_canonical"]

_MAX_EXACT_INT = 2**53 - 1
"""The largest integer RFC 8785 takes: every one up to it is exact in a double."""

_NEEDS_CODE = re.compile("[\0\ud800-\udfff]")
_CODED_NUMBER = re.compile("\0(?:i(?P<integer>-?[0-9a-f]+)|f(?P<float>nan|-?inf))")
_CODED_CHARACTER = re.compile("\0([0-9a-f]{4})?")


def canonical_json(value: object) -> bytes:
    """The canonical bytes of a JSON value.

    Also takes tuples (as arrays), sets (as arrays, sorted by their members' bytes) and pydantic models (as objects).
    Raises `ValueError` for anything else, and for a value nested too deeply to be walked.
    """
    try:
        if _is_plain(value):
            return _PLAIN.encode(value).encode()
        return rfc8785.dumps(_coded(value))  # pyright: ignore[reportArgumentType]  (it refuses what is no JSON)
    except RecursionError:
        raise ValueError("the value is nested too deeply to be written as JSON") from None


def canonical_digest(value: object) -> str:
    """SHA-256, hex, of the canonical bytes of a value. Raises `ValueError` as `canonical_json` does."""
    return sha256(canonical_json(value)).hexdigest()


def from_canonical(data: bytes) -> JsonValue:
    """The value behind canonical bytes. Raises `ValueError` for bytes `canonical_json` cannot have written."""
    try:
        value: JsonValue = json.loads(data.decode(), parse_int=_number, parse_constant=_refuse)
        return _decoded(value) if b"\\u0000" in data else value
    except RecursionError:
        raise ValueError("the JSON is nested too deeply to be read") from None


_PLAIN = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
)
"""Writes plain values as RFC 8785 does, ten times as fast; a circle is never plain."""


def _is_plain(value: object) -> bool:
    """Whether both spell a value alike: no fractions, no keys beyond ASCII, nothing that needs a code."""
    kind = type(value)
    if kind is str:
        text = cast("str", value)
        return "\0" not in text and (text.isascii() or _NEEDS_CODE.search(text) is None)
    if kind is int:
        return -_MAX_EXACT_INT <= cast("int", value) <= _MAX_EXACT_INT
    if kind is dict:
        for key, member in cast("dict[object, object]", value).items():
            if type(key) is not str or not key.isascii() or "\0" in key or not _is_plain(member):
                return False
        return True
    if kind is list:
        return all(map(_is_plain, cast("list[object]", value)))
    return value is None or kind is bool


def _coded(value: object) -> object:
    if isinstance(value, str):
        return _coded_text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_MAX_EXACT_INT <= value <= _MAX_EXACT_INT else f"\0i{value:x}"
    if isinstance(value, float):
        return value if math.isfinite(value) else f"\0f{value}"
    if isinstance(value, dict):
        members = cast("dict[object, object]", value).items()
        return {_coded_text(key) if isinstance(key, str) else key: _coded(member) for key, member in members}
    if isinstance(value, list | tuple):
        return [_coded(member) for member in cast("list[object]", value)]
    if isinstance(value, AbstractSet):
        return [_coded(member) for member in sorted(cast("AbstractSet[object]", value), key=canonical_json)]
    return _coded(value.model_dump()) if isinstance(value, BaseModel) else value


def _coded_text(text: str) -> str:
    if "\0" not in text and (text.isascii() or _NEEDS_CODE.search(text) is None):
        return text
    return _NEEDS_CODE.sub(lambda found: f"\0{ord(found[0]):04x}", text)


def _decoded(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        number = _CODED_NUMBER.fullmatch(value)
        if number is None:
            return _decoded_text(value)
        return int(number["integer"], 16) if number["integer"] else float(number["float"])
    if isinstance(value, dict):
        return {_decoded_text(key): _decoded(member) for key, member in value.items()}
    return [_decoded(member) for member in value] if isinstance(value, list) else value


def _decoded_text(text: str) -> str:
    return _CODED_CHARACTER.sub(lambda found: chr(int(found[1], 16)) if found[1] else _refuse(found[0]), text)


def _number(digits: str) -> int | float:
    # a literal beyond the exact integers can only be a float without a fraction: such an int would have been coded
    value = float(digits)
    if math.isinf(value):
        _refuse(digits)
    return int(value) if -_MAX_EXACT_INT <= value <= _MAX_EXACT_INT else value


def _refuse(found: str) -> str:
    raise ValueError(f"`{found!r}` is no part of canonical JSON")
