"""What a glance at the digits and words of a passage tells: that it can neither carry nor contradict a claim.

Reading a passage closely costs a hundred times as much. A glance never rules out what close reading would let through:
a number counts only if every spelling of it shows the same digits (`1.466 km`, `1,466 m`; no number that may be spelled
out, no time that may be counted in other units; 1990 may be a year, which nobody writes as 1.99 thousand), a name only
if a word of it stands nowhere in the passage.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .facts import Facts
from .quantities import is_year
from .wording import STOP_WORDS, stem

__all__ = ["Glance", "digits_of", "glance_of"]

LEAST_DIGITS = 3
"""Fewer, zeros at the ends apart, may be spelled out: `eighteen hundred`."""
_SEPARATORS = ",.'"
_ASCII_DIGITS = str.maketrans(
    {chr(code): None if chr(code) in _SEPARATORS else " " for code in range(128) if not chr(code).isdigit()}
)
_SEPARATOR = re.compile(r"[.,'\u2019\s]")
_NO_DIGIT = re.compile(r"\D+")


@dataclass(frozen=True)
class Glance:
    """What a passage must show to say a claim."""

    numbers: tuple[str, ...]
    """Digits of its numbers, without zeros at their ends."""
    names: tuple[frozenset[str], ...]
    """Stems of the words of each of its names."""

    def can_carry(self, digits: str, held: frozenset[str]) -> bool:
        """Whether a passage with these digits that holds these stems may say all of it."""
        return not self._missing(digits, held)

    def can_contradict(self, digits: str, held: frozenset[str]) -> bool:
        """Whether it may say otherwise: one that lacks two names or numbers speaks of something else."""
        return self._missing(digits, held) < 2  # noqa: PLR2004 (two are too many)

    def lacking(self, digits: str) -> int:
        """How many of its numbers no passage of a text with these digits can say."""
        return sum([number not in digits for number in self.numbers])

    def _missing(self, digits: str, held: frozenset[str]) -> int:
        return self.lacking(digits) + sum([not name <= held for name in self.names])


def glance_of(claim: Facts) -> Glance:
    """What to look for in the passages that may say a claim."""
    numbers = (
        quantity.written if is_year(quantity) else "".join(filter(str.isdigit, quantity.written)).strip("0")
        for quantity, place in zip(claim.quantities, claim.quantity_places, strict=True)
        if place not in claim.date_places and quantity.unit not in ("second", "clock")
    )
    return Glance(tuple(number for number in numbers if len(number) >= LEAST_DIGITS), tuple(_names(claim)))


def _names(claim: Facts) -> list[frozenset[str]]:
    """The stems of each name that a passage must hold; a name that opens the claim is one, whatever its parts."""
    runs = [run for run in claim.exact if run not in claim.quoted]
    if not claim.opening:
        return list(filter(None, (_stems(run, claim) for run in runs)))
    first = claim.anchors[0]
    opening = " ".join(claim.words[first.first : first.last + 1])
    parts = frozenset((claim.opening,)).union(*(_stems(run, claim) for run in runs if run in opening))
    return list(filter(None, (parts & claim.stems, *(_stems(run, claim) for run in runs if run not in opening))))


def _stems(run: str, claim: Facts) -> frozenset[str]:
    return frozenset(stem(word) for word in run.split() if word.isalpha() and word not in STOP_WORDS) & claim.stems


def digits_of(text: str) -> str:
    """The numbers of a text in digits alone, a space between them at most."""
    if text.isascii():
        return text.translate(_ASCII_DIGITS)
    return _NO_DIGIT.sub(" ", _SEPARATOR.sub("", unicodedata.normalize("NFKC", text)))
