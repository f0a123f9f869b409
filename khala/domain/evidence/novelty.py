"""What a result says that no result before it said: passages, names and numbers.

A thing is known when it stands as whole words, however they are written, in an earlier result. The index of the
results tells where to look, so nothing is kept for this question and none but the result itself is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .wording import folded

__all__ = ["Gain", "gain"]

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
    passages: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    known_passages: int = 0
    """Passages that earlier results had said already."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing in it was new."""
        return not (self.passages or self.names or self.numbers)


def gain(result_id: str, text: str, is_known: Callable[[str], bool]) -> Gain:
    """What of a text is new; `is_known` tells whether folded words stand in an earlier result."""
    pieces = (piece.strip() for piece in _BREAK.split(text))
    passages = {folded(piece): piece for piece in pieces if len(piece) >= LEAST_PASSAGE_CHARS}
    names = {folded(name): name for name in _NAME.findall(text) if name[0].isupper()}
    numbers = {number.replace(",", ""): number for number in _NUMBER.findall(text)}
    new = _new(passages, is_known)
    return Gain(
        result_id, new, _new(names, is_known),
        _new(numbers, lambda number: any(map(is_known, _spellings(number)))), len(passages) - len(new),
    )  # fmt: skip


def _new(things: Mapping[str, str], is_known: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple(wording for thing, wording in things.items() if not is_known(thing))


def _spellings(number: str) -> tuple[str, ...]:
    """A number as it is written without commas between the thousands, and with them."""
    whole, point, rest = number.partition(".")
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)]
    return (number, ",".join(reversed(groups)) + point + rest) if len(groups) > 1 else (number,)
