"""Cuts a text into passages that a small embedding model can read whole.

A text falls into atoms (sentences, lines, records of JSON, at most `ATOM_CHARS` characters), each atom is counted once,
and atoms are packed until a passage is full; then it ends at the strongest break in its second half: before a heading
or a definition, between paragraphs, lines, sentences, words. So the work grows with the text and with nothing else, be
it prose or one line of 50 MB. Neighbouring passages adjoin: nothing but blank stretches lies outside all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["CHUNK_PIECES", "Chunk", "CountTokens", "chunks", "estimated_pieces"]

CountTokens = Callable[[str], int]
"""How many word pieces a text is."""

CHUNK_PIECES = 240
"""Word pieces in one passage: MiniLM reads 256, two of them mark start and end, the rest is for the header."""

ATOM_CHARS = 300
"""Characters in one atom: longer than most sentences, and short enough to count and to pack well."""

_TINY_ATOM_CHARS = 40
"""A line or sentence shorter than this goes with the next one: each atom costs a count of its own."""

_CHARS_PER_PIECE_AT_MOST = 16
"""Bounds a passage to 240 x 16 characters where a tokenizer makes next to nothing of blank or endless words."""

_HARD, _WORD, _SENTENCE, _LINE, _PARAGRAPH, _SECTION = range(6)
"""Breaks, weak to strong."""

_BREAK = re.compile(
    r"(?P<section>\n\s*(?=^\#{1,6}\s|^(?:async\ def|def|class|func|fn|function|impl|pub|export)\ ))"  # Markdown, code
    r"|(?P<paragraph>\n\s*\n\s*)"
    r"|(?P<line>\n|(?<=[\]}]),\s*(?=[\[{\"]))"  # a record of JSON ends like a line
    r"|(?<=[.!?])[ \t]+|(?<=[。！？])",  # noqa: RUF001 - full-width stops are meant
    re.MULTILINE | re.VERBOSE,
)

_STRENGTHS = {"section": _SECTION, "paragraph": _PARAGRAPH, "line": _LINE}


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage of a text: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Atom:
    end: int
    weight: int
    strength: int


def estimated_pieces(text: str) -> int:
    """Word pieces by length alone, 4 characters each (usual for English); for texts that no model will read."""
    return (len(text) + 3) // 4


def chunks(text: str, *, count_tokens: CountTokens = estimated_pieces, limit: int = CHUNK_PIECES) -> list[Chunk]:
    """The passages of a text, in order, each of at most `limit` word pieces; none for a blank text."""
    found: list[Chunk] = []
    start = 0
    pending: list[_Atom] = []
    weight = 0
    for atom in _Atoms(text, count_tokens, limit).all():
        while pending and weight + atom.weight > limit:
            cut = _best_cut(pending, limit)
            _keep(found, text, start, pending[cut - 1].end)
            start = pending[cut - 1].end
            pending = pending[cut:]
            weight = sum(rest.weight for rest in pending)
        pending.append(atom)
        weight += atom.weight
    if pending:
        _keep(found, text, start, pending[-1].end)
    return found


def _keep(found: list[Chunk], text: str, start: int, end: int) -> None:
    if not text[start:end].isspace():
        found.append(Chunk(start, end))


def _best_cut(atoms: list[_Atom], limit: int) -> int:
    """How many atoms end the passage: up to the last of the strongest breaks in its second half."""
    best = len(atoms)
    strongest = -1
    weight = 0
    for number, atom in enumerate(atoms, start=1):
        weight += atom.weight
        if 2 * weight >= limit and atom.strength >= strongest:
            best, strongest = number, atom.strength
    return best


@dataclass(frozen=True)
class _Atoms:
    """The atoms of a text."""

    text: str
    count_tokens: CountTokens
    limit: int

    def all(self) -> Iterator[_Atom]:
        start = 0
        for found in _BREAK.finditer(self.text):
            strength = _STRENGTHS.get(found.lastgroup or "", _SENTENCE)
            if strength < _PARAGRAPH and found.end() - start < _TINY_ATOM_CHARS:
                continue
            yield from self._stretch(start, found.end(), strength)
            start = found.end()
        yield from self._stretch(start, len(self.text), _PARAGRAPH)

    def _stretch(self, start: int, end: int, strength: int) -> Iterator[_Atom]:
        """One sentence or line: whole, else cut between words, else anywhere."""
        while end - start > ATOM_CHARS:
            after_space = self.text.rfind(" ", start + ATOM_CHARS // 2, start + ATOM_CHARS) + 1
            cut = after_space or start + ATOM_CHARS
            yield from self._fitting(start, cut, _WORD if after_space else _HARD)
            start = cut
        if start < end:
            yield from self._fitting(start, end, strength)

    def _fitting(self, start: int, end: int, strength: int) -> Iterator[_Atom]:
        """One atom, halved until it fits: in some scripts a character is several word pieces."""
        least = -(-(end - start) // _CHARS_PER_PIECE_AT_MOST)
        weight = max(self.count_tokens(self.text[start:end]), least)
        if weight <= self.limit or end - start == 1:
            yield _Atom(end, weight, strength)
            return
        middle = (start + end) // 2
        yield from self._fitting(start, middle, _HARD)
        yield from self._fitting(middle, end, strength)
