"""Whether a passage says in several sentences what a claim says in one clause.

Sentences that stand next to each other may speak of different things: numbers and names of one clause must stand in
one of them. The subject alone may stand before, `Guido is a programmer. He created Python in 1991.`, if what is said of
it is not said of another name there; and one other name that a pronoun stands for, if it is the last one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from .facts import Anchor, Facts
from .wording import STOP_WORDS, stem

__all__ = ["is_spread"]

_PRONOUNS = frozenset(["he", "she", "it", "they", "him", "her", "them", "his", "its", "their"])
_TITLES = frozenset(
    """sir lord lady dame justice judge dr doctor prof professor mr mrs ms captain colonel general major sergeant
    president minister senator governor king queen prince princess pope bishop saint st chief deputy director""".split()  # noqa: SIM905
)


def is_spread(passage: Facts, claim: Facts) -> bool:
    """Whether a clause of the claim has its facts in no single sentence of the passage, its subject apart."""
    ends = sorted(passage.sentence_ends - {len(passage.words) - 1})
    if not ends or not claim.anchors:
        return False
    bounds = list(pairwise((-1, *ends, len(passage.words) - 1)))
    first = claim.anchors[0]
    before = (
        word for word, clause in zip(claim.words[: first.first], claim.clauses, strict=False) if clause == first.clause
    )
    opens = first.kind == "name" and (STOP_WORDS.issuperset(before) or claim.words[first.first - 1] == "of")
    subject = first if opens else None
    clauses = groupby(claim.anchors, key=lambda anchor: anchor.clause)
    return not all(_stands_in_one(passage, bounds, list(anchors), subject, claim) for _, anchors in clauses)


def _stands_in_one(
    passage: Facts, bounds: list[tuple[int, int]], anchors: list[Anchor], subject: Anchor | None, claim: Facts
) -> bool:
    asked = [anchor for anchor in anchors if anchor is not subject]
    for first, last in bounds:
        here = [anchor for anchor in passage.anchors if first < anchor.first <= last]
        words = frozenset(passage.words[first + 1 : last + 1])
        absent = [anchor for anchor in asked if not _is_here(anchor, words, here)]
        if absent and not _is_meant(passage, absent, words, first):
            continue
        if subject is None:
            return True
        rest = claim.stems - frozenset(map(stem, subject.words))
        if _is_named(subject, words) and (asked or not rest or rest & frozenset(map(stem, words))):
            return True
        known_before = subject.words & frozenset(passage.words[: first + 1])
        if asked and known_before and not any(_strangers_before(here, asked, claim)):
            return True
        if known_before and not asked and _is_said_of_it(passage, rest, claim, (first, last)):
            return True
    return False


def _is_meant(passage: Facts, absent: list[Anchor], words: frozenset[str], first: int) -> bool:
    """Whether a sentence has a pronoun for the one name that is not in it, the last name of the sentences before."""
    before = [anchor for anchor in passage.anchors if anchor.kind == "name" and anchor.last <= first]
    return len(absent) == 1 and bool(before) and absent[0].words <= before[-1].words and bool(words & _PRONOUNS)


def _is_said_of_it(passage: Facts, rest: frozenset[str], claim: Facts, bounds: tuple[int, int]) -> bool:
    """Whether a sentence that does not name the subject says the rest, and of no other name."""
    first, last = bounds
    places = [at for at in range(first + 1, last + 1) if stem(passage.words[at]) in rest]
    if not places:
        return False
    names = (anchor for anchor in passage.anchors if anchor.kind == "name" and first < anchor.first < places[0])
    return all(_is_named(anchor, frozenset(claim.words)) for anchor in names)


def _is_here(anchor: Anchor, words: frozenset[str], here: list[Anchor]) -> bool:
    if anchor.kind != "number":
        return anchor.words <= words
    return any(other.kind == "number" and other.words == anchor.words for other in here) or anchor.words <= words


def _strangers_before(here: list[Anchor], asked: list[Anchor], claim: Facts) -> Iterator[bool]:
    """For each name before the first asked one, whether the claim does not know it: it would be the subject."""
    wanted = frozenset[str]().union(*(anchor.words for anchor in asked))
    for anchor in here:
        if anchor.words & wanted:
            return
        yield anchor.kind == "name" and not _is_named(anchor, frozenset(claim.words))


def _is_named(name: Anchor, words: frozenset[str]) -> bool:
    """Whether half of a name is said, its titles apart: a surname is enough."""
    own = name.words - _TITLES or name.words
    return 2 * len(own & words) >= len(own)
