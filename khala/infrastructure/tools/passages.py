"""Splits a document into the passages that are searched: whole paragraphs under one heading, with exact offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["PASSAGE_CHARS", "Passage", "passages"]

PASSAGE_CHARS = 1_000
"""Characters a passage aims at: a screenful, and eight of them fit well into one result."""

_MAX_CHARS = PASSAGE_CHARS * 3 // 2
_MAX_HEADING_CHARS = 150
_MARKED = re.compile(r" {0,3}#{1,6}[ \t]+(\S.*)")
_UNDERLINE = re.compile(r"([=\-~^*\"'`+#_.:])\1{2,}\s*")
_DEFINED = re.compile(r"(?:async def|def|class)\s+\w+")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_BREAKS = (re.compile(r"\n[ \t]*\n\s*"), re.compile(r"\n"), re.compile(r"(?<=[.!?;])[ \t]+"), re.compile(r"[ \t]+"))


@dataclass(frozen=True)
class Passage:
    """`text[start:end]` of a document, and the heading it stands under."""

    heading: str
    start: int
    end: int


def passages(text: str, *, is_code: bool = False) -> Iterator[Passage]:
    """The passages of a text, in order, together all of it but white space; in code, definitions are the headings."""
    for heading, start, end in _sections(text, is_code=is_code):
        for part_start, part_end in _parts(text, start, end):
            kept = text[part_start:part_end]
            trimmed_start = part_start + len(kept) - len(kept.lstrip("\n"))
            trimmed_end = part_start + len(kept.rstrip())
            if trimmed_start < trimmed_end:
                yield Passage(heading, trimmed_start, trimmed_end)


def _sections(text: str, *, is_code: bool) -> Iterator[tuple[str, int, int]]:
    """Heading, start and end of each section; the heading's own line belongs to its section."""
    heading, start, position = "", 0, 0
    previous, previous_start, is_fenced = "", 0, False
    for line in text.splitlines(keepends=True):
        found, found_at = "", position
        is_fenced ^= _FENCE.match(line) is not None
        if is_code:
            found = line.strip() if _DEFINED.match(line) else ""
        elif not is_fenced and (marked := _MARKED.fullmatch(line.rstrip("\n"))):
            found = marked[1]
        elif not is_fenced and _is_underlined(previous, line):
            found, found_at = previous.strip(), previous_start
        if found:
            if found_at > start:
                yield heading, start, found_at
            heading, start = found.strip("# :")[:_MAX_HEADING_CHARS], found_at
        previous, previous_start = line, position
        position += len(line)
    yield heading, start, len(text)


def _is_underlined(title: str, line: str) -> bool:
    width = len(title.strip())
    if not width or width > _MAX_HEADING_CHARS or title[0].isspace() or not any(map(str.isalnum, title)):
        return False
    return _UNDERLINE.fullmatch(line) is not None and len(line.strip()) >= min(width, 4)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A section cut where it can be cut best: between paragraphs, else lines, else sentences, else words."""
    while end - start > _MAX_CHARS:
        cut = _cut(text, start, start + PASSAGE_CHARS)
        yield start, cut
        start = cut
    yield start, end


def _cut(text: str, start: int, limit: int) -> int:
    for gap in _BREAKS:
        ends = [found.end() for found in gap.finditer(text, start + PASSAGE_CHARS // 4, limit)]
        if ends:
            return ends[-1]
    return limit
