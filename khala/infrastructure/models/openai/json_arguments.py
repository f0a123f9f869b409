"""Arguments as a model wrote them become a JSON object, or a reason why they cannot.

1. Strict JSON is read as it stands; raw line breaks inside strings are let through, as they have only one reading.
2. A key that occurs twice, NaN and infinities are refused: two readers would read two things. So is an integer of more
   than 4,300 digits, which Python will not read.
3. Anything else goes through the `json-repair` library, within a bound on its work. What it cannot turn into a
   non-empty object is refused.
"""

from __future__ import annotations

import json
import math
from typing import NoReturn, cast

from json_repair import repair_json
from pydantic import JsonValue

from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.plain_text import sound

__all__ = ["ArgumentsUnreadable", "checked_object", "read_arguments", "read_leading_object"]

_DEEPEST = 64
"""Levels of nesting; no tool needs more, and readers further on recurse."""

_MOST_REPAIR_WORK = 100_000
"""Opening brackets x characters of a text given to json-repair, whose time grows with both: up to 0.4 s measured."""


class ArgumentsUnreadable(ValueError):
    """The text is no JSON object and cannot be made one; the message says why in a few words."""


def read_arguments(text: str, *, mend: bool = True) -> JsonObject:
    """The object a text stands for; an empty text is an empty object.

    Without `mend` only strict JSON is read, for a text known to be cut off. Raises `ArgumentsUnreadable`.
    """
    if not text.strip():
        return {}
    try:
        value = _STRICT.decode(text)
    except json.JSONDecodeError as error:
        if not mend:
            raise ArgumentsUnreadable(f"the arguments are cut off ({error.msg})") from None
        return _repaired(text)
    except RecursionError:
        raise ArgumentsUnreadable("the arguments are nested too deeply") from None
    return checked_object(value)


def read_leading_object(text: str, start: int) -> tuple[JsonObject, int] | None:
    """The strict JSON object that begins at `start`, and where it ends; `None` if none stands there.

    Raises `ArgumentsUnreadable` for one that is refused.
    """
    try:
        value, end = _STRICT.raw_decode(text, start)
    except json.JSONDecodeError:
        return None
    except RecursionError:
        raise ArgumentsUnreadable("the arguments are nested too deeply") from None
    return checked_object(value), end


def checked_object(value: object) -> JsonObject:
    """A parsed value as arguments: an object, not too deep, only finite numbers, sound Unicode."""
    if not isinstance(value, dict):
        raise ArgumentsUnreadable("the arguments are not a JSON object")
    arguments = cast("JsonObject", value)
    if not _is_shallow(arguments, _DEEPEST):
        raise ArgumentsUnreadable("the arguments are nested too deeply")
    try:
        text = json.dumps(arguments, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise ArgumentsUnreadable("the arguments hold a number that JSON cannot") from None
    sounded = sound(text)
    return arguments if sounded is text else json.loads(sounded)


def _repaired(text: str) -> JsonObject:
    if (text.count("{") + text.count("[")) * len(text) > _MOST_REPAIR_WORK:
        raise ArgumentsUnreadable("the arguments are not valid JSON, and too long to mend")
    try:
        value = repair_json(text, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError):
        value = None
    if not value:
        raise ArgumentsUnreadable("the arguments are not a JSON object")
    return checked_object(value)


def _is_shallow(value: JsonValue, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    if levels == 0:
        return False
    return all(_is_shallow(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value))


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ArgumentsUnreadable("the arguments name a key twice")
    return read


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        _no_constant(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_constant(digits)


def _no_constant(name: str) -> NoReturn:
    raise ArgumentsUnreadable(f"the arguments hold {name[:20]}, which JSON cannot")


_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_int=_integer,
    parse_float=_finite,
    parse_constant=_no_constant,
    strict=False,
)
