"""Cuts a text into the sentences that can be quoted: verbatim spans of prose, each with the heading it stands under.

Headings, code, tables and fragments are left out. A sentence that only makes sense after the one before it, because it
begins with a pronoun, is quoted together with that one. Items of a list carry the line that leads to them as context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Span", "spans"]

_UNDERLINE = re.compile(r"\s*([=\-~^*\"'`+#_.:])\1{2,}\s*")
_MARKED = re.compile(r" {0,3}#{1,6}\s+(\S.*)")
_ITEM = re.compile(r"\s*(?:[*\-+•]|\(?\d{1,2}[.)])\s+")
_FIELD = re.compile(r"\s*\*{0,2}\w+\*{0,2} ?: ")
_CODE = re.compile(
    r"\s*(?:>>>|\.\.\.(?:\s|$)|\$ |```|~~~|@\w|\||(?:class|def) \w+\(|(?:class|(?:async )?def|for|with|if|try)\b.*:$)"
)
_STOP = re.compile(r"[.!?][\"')\]\u201d\u2019*]*(\s+)(?=[\"'(\[\u201c\u2018*`]*[A-Z0-9_À-Þ])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|Gen|Col|Lt|Sgt|Rev|Hon|No|Vol|vs|ca|c|b|d|r|fl|e\.g|i\.e|cf|etc|approx|Ltd|Inc"
    r"|Co|U\.S|U\.K|Fr|Bros)|\b[A-ZÀ-Þ]|^)\Z",
)
_DEPENDENT = re.compile(r"[\"'(]*(?:He|She|It|They|His|Her|Its|Their|This|These|Those|That|Such)\b")
_WORD = re.compile(r"[^\W\d_]{2,}")

_MIN_WORDS = 4
_MIN_PROSE = 0.72
"""Share of letters and blanks below which a text is code or a table."""

_MAX_CHARS = 700
_MAX_JOINED_CHARS = 500


@dataclass(frozen=True)
class Span:
    """`text[start:end]`, one quotable sentence, and its heading with the line that leads to it."""

    start: int
    end: int
    context: str


@dataclass
class _Unit:
    """A paragraph or a list item."""

    start: int
    end: int
    heading: str
    is_item: bool


def spans(text: str) -> Iterator[Span]:
    """The quotable sentences of a text, in order."""
    lead = ""
    for unit in _units(text):
        lead = lead if unit.is_item else ""
        previous: tuple[int, int] | None = None
        for start, end in _sentences(text, unit.start, unit.end):
            words = text[start:end]
            if _is_prose(words) and (unit.is_item or not _is_title(words)):
                joined = previous[0] if previous and _DEPENDENT.match(words) else start
                first = joined if end - joined <= _MAX_JOINED_CHARS else start
                yield Span(first, end, " / ".join(filter(None, (unit.heading, lead))))
            previous = (start, end)
        last = text[unit.start : unit.end]
        if not unit.is_item and last.endswith(":"):
            lead = " ".join(last.split())[-200:]


def _units(text: str) -> Iterator[_Unit]:
    """Paragraphs and list items; lines that are code or headings belong to none."""
    heading = ""
    lines = _lines(text)
    unit: _Unit | None = None
    for number, (start, line) in enumerate(lines):
        following = lines[number + 1][1] if number + 1 < len(lines) else ""
        marked = _MARKED.match(line)
        is_title = bool(line.strip()) and not _UNDERLINE.fullmatch(line) and _is_underline(line, following)
        if marked or is_title:
            heading = (marked[1] if marked else line).strip()
        if marked or is_title or not line.strip() or _UNDERLINE.fullmatch(line) or _CODE.match(line):
            if unit:
                yield unit
            unit = None
            continue
        item = _ITEM.match(line)
        field = _FIELD.match(line)
        if unit and (item or field or _is_broken_on_purpose(text[unit.start : unit.end], line, lines, number)):
            yield unit
            unit = None
        if unit is None:
            unit = _Unit(
                start + (item.end() if item else len(line) - len(line.lstrip())), 0, heading, bool(item or field)
            )
        unit.end = start + len(line.rstrip())
    if unit:
        yield unit


def _lines(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        found.append((start, line))
        start += len(line) + 1
    return found


def _is_underline(title: str, line: str) -> bool:
    return _UNDERLINE.fullmatch(line) is not None and len(line.strip()) >= min(len(title.strip()), 4)


def _is_broken_on_purpose(before: str, line: str, lines: list[tuple[int, str]], number: int) -> bool:
    """Whether the line would have had room for the next word: then the break is no wrapping but a title's end."""
    last = before.rsplit("\n", 1)[-1]
    if last.rstrip().endswith((".", ",", ";", ":")):
        return False
    widest = max(len(last), len(line), len(lines[number + 1][1]) if number + 1 < len(lines) else 0)
    first_word = line.split(None, 1)[0]
    return len(last) + 1 + len(first_word) < widest - 20  # a ragged edge is rarely 20 characters deep


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if text[stop.start()] == "." and _ABBREVIATED.search(text[max(begin, stop.start() - 12) : stop.start()]):
            continue
        yield begin, stop.start(1)
        begin = stop.end(1)
    if begin < end:
        yield begin, end


def _is_title(words: str) -> bool:
    """Whether most words begin with a capital and nothing ends the line."""
    if words.rstrip().endswith((".", "!", "?", ":", ";", '"', ")")):
        return False
    found = _WORD.findall(words)
    return sum(word[0].isupper() for word in found) > len(found) / 2


def _is_prose(words: str) -> bool:
    if len(words) > _MAX_CHARS or len(_WORD.findall(words)) < _MIN_WORDS:
        return False
    plain = sum(sign.isalpha() or sign.isspace() for sign in words)
    return plain / len(words) >= _MIN_PROSE and any(sign.islower() for sign in words)
