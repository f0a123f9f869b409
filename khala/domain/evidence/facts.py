"""A passage or claim taken apart into what must be matched exactly: numbers, dates, names, quotations, denials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .dates import Date
from .quantities import Quantity
from .wording import STOP_WORDS, stem

__all__ = ["Anchor", "Facts"]

_LINKING = frozenset(["of", "in", "at", "on", "from", "to", "for", "with", "under", "as", "than"])
"""Words after which a name is a place, a time or a part: what leads to it is not one word."""
_CONTRASTING = frozenset(["but", "while", "whereas", "although", "though"])
_BEING = frozenset(["is", "was", "are", "were"])
_ONE_OF_MANY = frozenset(["a", "an", "one", "among"])


@dataclass(frozen=True)
class Anchor:
    """A name, a name of code or a number in its place."""

    kind: Literal["name", "code", "number"]
    words: frozenset[str]
    first: int
    last: int
    """Positions of its first and last word among all words."""
    clause: int


@dataclass(frozen=True)
class Facts:
    """One passage or claim, taken apart."""

    words: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    quantity_places: tuple[tuple[int, int], ...]
    """For each quantity the positions of its first and last word."""
    dates: tuple[Date, ...]
    date_places: tuple[tuple[int, int], ...]
    """The same for each date."""
    exact: tuple[str, ...]
    """Names, identifiers and quotations: words that must stand next to each other."""
    opening: str
    """Stem of a capitalised first word that may be a name, or `""`."""
    quoted: tuple[str, ...]
    """Those of `exact` that stand in quotation marks."""
    denied: tuple[frozenset[str], ...]
    """For each denial, the stems of the next two content words of its clause; of the next word if there are none."""
    denying_clauses: frozenset[int]
    """The clauses that hold a denial."""
    anchors: tuple[Anchor, ...]
    clauses: tuple[int, ...]
    """For each word the clause it stands in."""
    sentence_ends: frozenset[int]
    """Positions of words after which a sentence ends."""
    numeric: frozenset[int]
    """Positions of the words of numbers, units and dates."""
    mays: frozenset[int] = frozenset()
    """Positions of the month of May, which is no word of grammar."""
    is_row: bool = False
    """A row of a table, whose order says nothing."""
    is_record: bool = False
    """JSON, where a key tells what the value behind it is."""

    @cached_property
    def line(self) -> str:
        """All words in a row, a space on both sides of each."""
        return f" {' '.join(self.words)} "

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of the content words; numbers, units and dates are matched as such and not as words."""
        return self._stems_at(range(len(self.words)))

    def stems_of_clause(self, clause: int) -> frozenset[str]:
        """Stems of the content words of one clause."""
        return self._stems_at(at for at, own in enumerate(self.clauses) if own == clause)

    def beside(self, place: tuple[int, int]) -> frozenset[str]:
        """Stems of the nearest content word before and after a place, inside its sentence."""
        return self.content_after(place[1], 1) | self._content(range(place[0] - 1, -1, -1), 1)

    def content_after(self, last: int, most: int) -> frozenset[str]:
        """Stems of the next content words after a word, inside its clause."""
        clause = self.clauses[last]
        places = range(last + 1, len(self.words))
        return self._content((at for at in places if self.clauses[at] == clause), most)

    def word_before(self, name: Anchor) -> str:
        """Stem of the content word that leads to a name, in its sentence; names listed before it are passed over.

        Nothing leads across `while` or `but` to a name: someone else is spoken of there.
        """
        at = name.first - 1
        while at >= 0 and at not in self.sentence_ends:
            if at in self._named:
                at -= 1
            elif at in self.numeric or self.words[at] in _LINKING | _CONTRASTING:
                return ""
            elif self.words[at] not in STOP_WORDS:
                return stem(self.words[at])
            else:
                at -= 1
        return ""

    @cached_property
    def _named(self) -> frozenset[int]:
        """Positions of the words of names."""
        names = (anchor for anchor in self.anchors if anchor.kind == "name")
        return frozenset(at for anchor in names for at in range(anchor.first, anchor.last + 1))

    @cached_property
    def around_than(self) -> tuple[frozenset[str], frozenset[str]]:
        """Stems of the content words before and after `than` in its clause."""
        if "than" not in self.words:
            return frozenset(), frozenset()
        place = self.words.index("than")
        clause = [at for at, own in enumerate(self.clauses) if own == self.clauses[place]]
        return (
            self._stems_at(at for at in clause if at < place),
            self._stems_at(at for at in clause if at > place),
        )

    def calls_it_one_of(self, last: int) -> bool:
        """Whether the words after a name say that it is one of many: `is a`, `was one of`."""
        following = self.words[last + 1 : last + 3]
        return len(following) == 2 and following[0] in _BEING and following[1] in _ONE_OF_MANY  # noqa: PLR2004 (a pair)

    def _content(self, places: Iterable[int], most: int) -> frozenset[str]:
        found: list[str] = []
        for at in places:
            if len(found) == most:
                break
            if at not in self.numeric and (self.words[at] not in STOP_WORDS or at in self.mays):
                found.append(stem(self.words[at]))
        return frozenset(found)

    def _stems_at(self, places: Iterable[int]) -> frozenset[str]:
        return frozenset(
            stem(self.words[at]) for at in places if at not in self.numeric and self.words[at] not in STOP_WORDS
        )
