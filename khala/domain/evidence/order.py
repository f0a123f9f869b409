"""Whether a passage says the names and numbers of a claim in other places: the same facts, told of someone else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .facts import Anchor, Facts
from .wording import STOP_WORDS, stem

__all__ = ["bound_elsewhere", "compares_the_other_way", "other_objects", "swapped"]

_LISTING = frozenset(("and", "or", "with", "&"))
_BEING = frozenset(("is", "are", "was", "were", "be", "been", "being"))


def swapped(passage: Facts, claim: Facts, left: Anchor, right: Anchor) -> bool:
    """Whether two neighbours of the claim stand the other way round in the passage, around the same words."""
    gap = _between(claim, left, right)
    if not gap or _LISTING.issuperset(gap):
        return False
    names = {stem(word) for anchor in claim.anchors for word in anchor.words}
    lefts = [anchor for anchor in passage.anchors if anchor.kind == left.kind and anchor.words & left.words]
    rights = [anchor for anchor in passage.anchors if anchor.kind == right.kind and anchor.words & right.words]
    verdicts: list[bool] = []
    for one in lefts:
        for other in rights:
            for found, reversed_order in (
                (_between(passage, one, other), False),
                (_between(passage, other, one), True),
            ):
                if found is None:
                    continue
                shared = _content(gap) & _content(found) - names
                voice_changed = _passive(gap, shared) != _passive(found, shared)
                if shared or (found == gap and left.kind == right.kind):
                    verdicts.append(voice_changed != reversed_order)
    return bool(verdicts) and all(verdicts)


def _between(facts: Facts, left: Anchor, right: Anchor) -> tuple[str, ...] | None:
    """The words between two anchors; `None` when a sentence ends there or they do not follow each other."""
    if left.last >= right.first or any(place in facts.sentence_ends for place in range(left.last, right.first)):
        return None
    return facts.words[left.last + 1 : right.first]


def _passive(gap: tuple[str, ...], shared: frozenset[str]) -> bool:
    """Whether a shared word stands right before `by`, or after a form of `to be` and somewhere before `by`."""
    if any(stem(word) in shared and following == "by" for word, following in pairwise(gap)):
        return True
    return any(
        being in _BEING and stem(word) in shared and "by" in gap[at:] for at, (being, word) in enumerate(pairwise(gap))
    )


def _content(gap: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(word) for word in gap if word not in STOP_WORDS)


def bound_elsewhere(passage: Facts, claim: Facts, anchor: Anchor) -> bool:
    """Whether another name governs the anchor in the passage, while the claim's own name governs a rival there."""
    own = _governors(claim, anchor)
    if not own:
        return False
    places = [other for other in passage.anchors if other.kind == anchor.kind and other.words & anchor.words]
    context = claim.stems_of_clause(anchor.clause) - {stem(word) for word in anchor.words | own}
    places = [place for place in places if context & passage.stems_of_clause(place.clause)] or places
    beside = frozenset[str]().union(*(each.words for each in claim.anchors if each.clause == anchor.clause))
    return bool(places) and all(_governed_by_another(passage, place, own, anchor.words, beside) for place in places)


def _governors(facts: Facts, anchor: Anchor) -> frozenset[str]:
    """Words of the names that stand before an anchor in its clause; of all names before it if there are none."""
    before = [other for other in facts.anchors if other.kind == "name" and other.last < anchor.first]
    near = [other for other in before if other.clause == anchor.clause]
    return frozenset[str]().union(*(other.words for other in near or before))


def _governed_by_another(
    passage: Facts, place: Anchor, own: frozenset[str], value: frozenset[str], known: frozenset[str]
) -> bool:
    clause = [other for other in passage.anchors if other.clause == place.clause and other is not place]
    names = [other for other in clause if other.kind == "name"]
    others_before = [other for other in names if other.last < place.first and not other.words & known]
    if not others_before or any(other.words & own for other in names):
        return False
    own_clauses = {other.clause for other in passage.anchors if other.kind == "name" and other.words & own}
    return any(
        other.clause in own_clauses and other.kind == place.kind and not other.words & (own | value)
        for other in passage.anchors
    )


def other_objects(passage: Facts, claim: Facts) -> Iterator[tuple[Anchor, Anchor]]:
    """Names that follow a word in the claim, and the names, unknown to the claim, that follow it in the passage."""
    for name in claim.anchors:
        word = claim.word_before(name) if name.kind == "name" else ""
        if not word:
            continue
        led = [other for other in passage.anchors if other.kind == "name" and passage.word_before(other) == word]
        others = [other for other in led if not other.words & frozenset(claim.words)]
        if others and not any(other.words & name.words for other in led):
            yield name, others[0]


def compares_the_other_way(passage: Facts, claim: Facts) -> bool:
    """Whether what stands before `than` in the claim stands after it in the passage, and the other way round."""
    before, after = claim.around_than
    theirs_before, theirs_after = passage.around_than
    before, after = before - after, after - before
    return bool(before & theirs_after and after & theirs_before) and not after & theirs_after
