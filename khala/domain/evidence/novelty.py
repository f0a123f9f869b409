"""What a result says that no result before it said: passages, names and numbers.

Each result is looked through once. What is kept is which result said each thing first, so that the gain of any result
can be told later without reading the others again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .wording import folded

__all__ = ["Gain", "Novelty"]

LEAST_PASSAGE_CHARS = 12
"""A shorter line is a heading or a mark and no passage."""
_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")
_NAME = re.compile(r"(?<=[\w,;:'\")]\s)[^\W\d_a-z][\w'-]+(?:\s[^\W\d_a-z][\w'-]+)*")
"""Words in a row with a first letter that is no small one, inside a sentence; letters without case are sorted out."""
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True)
class Gain:
    """What one result brought that was not known before it."""

    result_id: str
    passages: tuple[str, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    known_passages: int
    """Passages that earlier results had said already."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing in it was new."""
        return not (self.passages or self.names or self.numbers)


class Novelty:
    """Which result said each thing first."""

    def __init__(self) -> None:
        self._passages: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._numbers: dict[str, str] = {}

    def add(self, result_id: str, text: str) -> None:
        """Take in the next result."""
        for known, things in zip(self._known, _things(text), strict=True):
            for thing in things:
                known.setdefault(thing, result_id)

    def gain(self, result_id: str, text: str) -> Gain:
        """What a result that was taken in said first."""
        said = _things(text)
        passages, names, numbers = (
            tuple(wording for thing, wording in things.items() if known.get(thing) == result_id)
            for known, things in zip(self._known, said, strict=True)
        )
        return Gain(result_id, passages, names, numbers, len(said[0]) - len(passages))

    @property
    def _known(self) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
        return self._passages, self._names, self._numbers


def _things(text: str) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The passages, names and numbers of a text, each in its comparable form with its wording."""
    pieces = (piece.strip() for piece in _BREAK.split(text))
    return (
        {folded(piece): piece for piece in pieces if len(piece) >= LEAST_PASSAGE_CHARS},
        {name.casefold(): name for name in _NAME.findall(text) if name[0].isupper()},
        {number.replace(",", ""): number for number in _NUMBER.findall(text)},
    )
