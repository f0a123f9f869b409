"""Whether a passage says in several sentences what a claim says in one clause.

Sentences that stand next to each other may speak of different things: numbers and names of one clause must stand in
one of them. The subject alone may stand before: `Guido is a programmer. He created Python in 1991.`
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from .facts import Anchor, Facts
from .wording import STOP_WORDS

__all__ = ["is_spread"]


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
    opens = first.kind == "name" and STOP_WORDS.issuperset(before)
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
        if not all(_is_here(anchor, words, here) for anchor in asked):
            continue
        if subject is None or _is_named(subject, words) or not asked:
            return True
        known_before = subject.words & frozenset(passage.words[: first + 1])
        if known_before and not any(_strangers_before(here, asked, claim)):
            return True
    return False


def _is_here(anchor: Anchor, words: frozenset[str], here: list[Anchor]) -> bool:
    if anchor.kind == "name":
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
    """Whether half of a name is said: a surname is enough, a title before two names is not."""
    return 2 * len(name.words & words) >= len(name.words)
