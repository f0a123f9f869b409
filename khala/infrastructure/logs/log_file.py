"""Reads the JSON of a log as far as it goes: a file that is cut off or damaged gives what stands before the damage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import JsonValue

from khala.errors import ImportRefused
from khala.infrastructure.logs.foreign_run import Damage

__all__ = ["MOST_LOG_BYTES", "LogFile", "read_file", "read_json"]

MOST_LOG_BYTES = 64_000_000
"""Largest file, bytes: 600 results of 100,000 characters, the most MiroThinker makes and shows, are 60 MB. Reading it
took 8 times its size in memory, and 14 times where it was cut off."""

_DEEPEST = 200
"""Levels of nesting that are mended; a log has about ten."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+("?)|[\[\]{},]', re.DOTALL)
_HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)\Z")


@dataclass(frozen=True)
class LogFile:
    """What stands in a file."""

    name: str
    digest: str
    """SHA-256 of its bytes, hex."""
    document: JsonValue


def read_file(path: Path, damage: Damage) -> LogFile:
    """The JSON in a file. Raises `ImportRefused` for one that is missing, too large or not JSON at all."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_LOG_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImportRefused(f"`{path}` cannot be read: {reason.lower()}") from None
    if len(content) > MOST_LOG_BYTES:
        most = f"{MOST_LOG_BYTES // 1_000_000} MB"
        raise ImportRefused(f"`{path}` is larger than {most}, the most that is imported: cut the log into its runs")
    return LogFile(path.name, sha256(content).hexdigest(), read_json(content, damage))


def read_json(content: bytes, damage: Damage) -> JsonValue:
    """The JSON value in some bytes, up to where they are damaged. Raises `ImportRefused` when nothing can be read."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    if "\ufffd" in text and "\ufffd".encode() not in content:
        damage.add("the file is not valid UTF-8: what could not be read is shown as U+FFFD")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        read = _up_to(text, error)
        if read is None:
            raise ImportRefused(f"the file holds no JSON ({error.msg.lower()}): it is no log khala can read") from None
        where = f"line {error.lineno}, column {error.colno}"
        damage.add(f"the file is damaged or cut off: it was read up to about {where} ({error.msg.lower()})")
        return read
    except RecursionError:
        raise ImportRefused("the file is nested too deeply to be a log") from None


def _up_to(text: str, error: json.JSONDecodeError) -> JsonValue:
    """The value that begins a damaged text; `None` if none does."""
    if error.msg == "Extra data":
        return _DECODER.raw_decode(text, len(text) - len(text.lstrip()))[0]
    # a string that is not closed is named by its beginning, everything else by the place itself
    stop = len(text) if error.msg.startswith("Unterminated string") else error.pos
    for candidate in _mended(text[:stop]):
        try:
            return _DECODER.decode(candidate)
        except (json.JSONDecodeError, RecursionError):
            continue
    return None


def _mended(text: str) -> Iterator[str]:
    """A text that breaks off, with its brackets closed: first with what broke off inside a string, then without it."""
    closers: list[str] = []
    whole = (0, "")
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            closers.append("]" if mark == "[" else "}")
            if len(closers) > _DEEPEST:
                return
            whole = (token.end(), "".join(closers))
        elif mark in "]}":
            if not closers or closers.pop() != mark:
                return
            whole = (token.end(), "".join(closers))
        elif mark == ",":
            whole = (token.start(), "".join(closers))
        elif not token[1]:
            half = _HALF_ESCAPE.search(text, token.start() + 1)
            yield text[: half.start(1) if half else len(text)] + '"' + "".join(reversed(closers))
    end, still_open = whole
    yield text + "".join(reversed(closers))
    yield text[:end] + still_open[::-1]


def _number(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:  # Python reads 4,300 digits at most; a longer number is no number of a log
        return digits


_DECODER = json.JSONDecoder(parse_int=_number, strict=False)
