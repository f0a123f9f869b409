"""Arguments as a model wrote them become a JSON object, or a reason why they cannot.

1. JSON with exactly one reading is read as it stands; raw line breaks inside strings are let through, as they have only
   one reading. What has two, or none that everyone can hold, is refused.
2. What is no JSON goes through the `json-repair` library, within a bound on its work, and has to hold to the same. What
   it cannot turn into a non-empty object is refused, and so is what names a key twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from json_repair import repair_json
from pydantic import JsonValue

from khala.domain.strict_json import JsonRefused, NotJson, check_json, read_json, read_leading_json
from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.plain_text import excerpt, paired

__all__ = ["ArgumentsUnreadable", "checked_object", "read_arguments", "read_leading_object"]

Read = TypeVar("Read")

_MOST_REPAIR_WORK = 100_000
"""Opening brackets x characters of a text given to json-repair, whose time grows with both: up to 0.4 s measured."""


class ArgumentsUnreadable(ValueError):
    """The text is no JSON object and cannot be made one; the message says why in a few words."""


def read_arguments(text: str, *, mend: bool = True) -> JsonObject:
    """The object a text stands for; an empty text is an empty object.

    Without `mend` only JSON is read, for a text known to be cut off. Raises `ArgumentsUnreadable`.
    """
    if not text.strip():
        return {}
    try:
        whole = paired(text)
        return _object(_told(lambda: read_json(whole, raw_breaks=True)))
    except NotJson as error:
        if not mend:
            raise ArgumentsUnreadable(f"the arguments are cut off ({error})") from None
        return _repaired(text)


def read_leading_object(text: str, start: int) -> tuple[JsonObject, int] | None:
    """The JSON object that begins at `start`, and where it ends; `None` if none stands there.

    Raises `ArgumentsUnreadable` for one that is refused.
    """
    read = _told(lambda: read_leading_json(text, start))
    return None if read is None else (_object(read[0]), read[1])


def checked_object(value: object) -> JsonObject:
    """A parsed value as arguments: an object, not too deep, only finite numbers, sound Unicode."""
    _told(lambda: check_json(value))
    return _object(value)


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise ArgumentsUnreadable("the arguments are not a JSON object")
    return cast("JsonObject", value)


def _told(read: Callable[[], Read]) -> Read:
    """What a reader gives, its refusals in the words of this module; what is no JSON is the caller's affair."""
    try:
        return read()
    except NotJson:
        raise
    except JsonRefused as error:
        raise ArgumentsUnreadable(f"the arguments cannot be read: {excerpt(str(error), 200)}") from None


def _repaired(text: str) -> JsonObject:
    if (text.count("{") + text.count("[")) * len(text) > _MOST_REPAIR_WORK:
        raise ArgumentsUnreadable("the arguments are not valid JSON, and too long to mend")
    try:
        value = repair_json(text, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError):
        value = None
    if not value:
        raise ArgumentsUnreadable("the arguments are not a JSON object")
    mended = checked_object(value)
    written = Counter(_KEY.findall(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)))
    read = Counter(last for key in _keys(mended) for last in _KEY.findall(f"{key}:"))
    if any(written[key] > times for key, times in read.items()):
        raise ArgumentsUnreadable("the arguments are not valid JSON, and may name a key twice")
    return mended


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_KEY = re.compile(r"""(?<![^\s"'{},:])([^\s"'{},:]+)["']?\s{0,20}:""")
"""What can be a key, or the last word of one; json-repair does not say when it overwrites one with its twin."""


def _keys(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(member)
