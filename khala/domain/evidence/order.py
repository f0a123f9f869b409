"""Whether a passage says the names and numbers of a claim in other places: the same facts, told of someone else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .facts import Anchor, Facts
from .wording import STOP_WORDS, stem

__all__ = [
    "bound_elsewhere",
    "compares_the_other_way",
    "in_place_of",
    "is_opponent",
    "other_fields",
    "other_objects",
    "swapped",
]

_LISTING = frozenset(("and", "or", "with", "&"))
_AGAINST = frozenset(("against", "unlike", "than", "behind", "over"))
_BEING = frozenset(("is", "are", "was", "were", "be", "been", "being"))


def swapped(passage: Facts, claim: Facts, left: Anchor, right: Anchor) -> bool:
    """Whether two neighbours of the claim stand the other way round in the passage, around the same words."""
    gap = _between(claim, left, right)
    if not gap or _LISTING.issuperset(gap):
        return False
    names = {stem(word) for anchor in claim.anchors for word in anchor.words}
    lefts, rights = (
        [anchor for anchor in passage.anchors if anchor.kind == own.kind and anchor.words & (own.words - other.words)]
        for own, other in ((left, right), (right, left))  # a title that both have tells neither
    )
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
                voice_changed = not passage.is_record and _passive(gap, shared) != _passive(found, shared)
                if shared or (found == gap and left.kind == right.kind):
                    verdicts.append(voice_changed != reversed_order)
    return bool(verdicts) and all(verdicts)


def _between(facts: Facts, left: Anchor, right: Anchor) -> tuple[str, ...] | None:
    """The words between two anchors; `None` when a sentence ends there or they do not follow each other."""
    if left.last >= right.first or any(place in facts.sentence_ends for place in range(left.last, right.first)):
        return None
    return facts.words[left.last + 1 : right.first]


def _passive(gap: tuple[str, ...], shared: frozenset[str]) -> bool:
    """Whether a shared word stands right before `by`, or after a form of `to be` and somewhere before `by`.

    `Raised its rate by 25 points` says how much and not by whom.
    """
    gap = tuple("" if word == "by" and following[:1].isdigit() else word for word, following in pairwise((*gap, "")))
    if any(stem(word) in shared and following == "by" for word, following in pairwise(gap)):
        return True
    return any(
        being in _BEING and stem(word) in shared and "by" in gap[at:] for at, (being, word) in enumerate(pairwise(gap))
    )


def _content(gap: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(word) for word in gap if word not in STOP_WORDS)


def in_place_of(passage: Facts, claim: Facts) -> Iterator[tuple[Anchor, Anchor]]:
    """Names and numbers of the claim, and what stands in their place in the passage, before the same words."""
    for own, after in pairwise(claim.anchors):
        gap = _between(claim, own, after)
        if own.kind != "number" or own.clause != after.clause or not gap or not (_content(gap) or _BEING & set(gap)):
            continue
        places = [place for place in passage.anchors if place.kind == after.kind and place.words == after.words]
        before = [
            other
            for place in places
            for other in passage.anchors
            if other.kind == own.kind and _between(passage, other, place) == gap
        ]
        if before and not any(other.words & own.words for other in before):
            yield own, before[0]
    for own, after in pairwise(claim.anchors):
        gap = _between(claim, own, after)
        if not gap or own.clause != after.clause or _LISTING.issuperset(gap) or "number" != own.kind != after.kind:
            continue
        places = [place for place in passage.anchors if place.kind == own.kind and place.words == own.words]
        behind = [
            other
            for place in places
            for other in passage.anchors
            if other.kind == after.kind
            and _is_year(other) == _is_year(after)
            and _between(passage, place, other) == gap
        ]
        if behind and not any(other.words & after.words for other in behind):
            yield after, behind[0]


def other_fields(passage: Facts, claim: Facts) -> Iterator[tuple[Anchor, Anchor]]:
    """Numbers of the claim that a record holds under another key, and what it holds under the key the claim names."""
    for own in claim.anchors:
        key = _leads_to(claim, own) if own.kind == "number" else ""
        under = [other for other in passage.anchors if other.kind == "number" and _leads_to(passage, other) == key]
        if key and under and not any(other.words == own.words for other in under):
            yield own, under[0]


def is_opponent(passage: Facts, claim: Facts) -> bool:
    """Whether the name that the claim opens with stands in the passage only as what another one is held against."""
    first = claim.anchors[0] if claim.anchors else None
    if first is None or first.kind != "name" or not STOP_WORDS.issuperset(claim.words[: first.first]):
        return False
    places = [other for other in passage.anchors if other.kind == "name" and other.words & first.words]
    return bool(places) and all(
        place.first > 0 and passage.words[place.first - 1] in _AGAINST and not _AGAINST & set(claim.words)
        for place in places
    )


def _is_year(anchor: Anchor) -> bool:
    value = next(iter(anchor.words))
    return len(value) == 4 and value.isdecimal()  # noqa: PLR2004 (digits of a year)


def _leads_to(facts: Facts, anchor: Anchor) -> str:
    """Stem of the content word that stands before a number in its sentence."""
    for at in range(anchor.first - 1, -1, -1):
        if at in facts.sentence_ends or at in facts.numeric:
            return ""
        if facts.words[at] not in STOP_WORDS:
            return stem(facts.words[at])
    return ""


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
