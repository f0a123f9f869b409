"""Whether a passage says the facts of a claim, as far as words can tell.

A passage carries the facts of a claim when

1. every quantity and date of the claim stands in it;
2. every name, identifier and quotation of the claim stands in it, and its first word if that may be a name;
3. it denies what the claim denies and nothing else that the claim says;
4. it does not say the opposite word;
5. names and numbers that stand around the same words stand there in the same order, or the voice changed with them;
6. a number or name is not bound to someone else: no other name governs it where the claim's own name governs a rival.

It errs on the side of not carrying.
"""

from __future__ import annotations

from itertools import pairwise

from .facts import Anchor, Facts
from .wording import STOP_WORDS, stem

__all__ = ["carries"]

_LISTING = frozenset(("and", "or", "with", "&"))
_PAIRS = """increase/decrease increases/decreases increased/decreased increasing/decreasing rise/fall rises/falls
    rose/fell more/less more/fewer before/after above/below higher/lower highest/lowest larger/smaller largest/smallest
    bigger/smaller biggest/smallest longer/shorter longest/shortest faster/slower older/younger oldest/youngest
    newer/older first/last maximum/minimum best/worst win/lose won/lost true/false include/exclude includes/excludes
    included/excluded allow/forbid allows/forbids allowed/forbidden enable/disable enables/disables enabled/disabled
    accepted/rejected start/end starts/ends started/ended always/never all/none with/without open/closed left/right
    north/south east/west northern/southern eastern/western legal/illegal possible/impossible mutable/immutable
    valid/invalid success/failure succeeded/failed supports/opposes supported/opposed import/export imports/exports
    mother/father son/daughter brother/sister husband/wife earliest/latest earlier/later"""
_OPPOSITES = frozenset(
    (one, other)
    for left, _, right in (pair.partition("/") for pair in _PAIRS.split())
    for one, other in ((left, right), (right, left))
)


def carries(passage: Facts, claim: Facts) -> bool:
    """Whether the passage says the claim's facts, as far as words can tell."""
    return (
        all(
            number.is_in(passage.quantities)
            for number in claim.quantities
            if number.value != "1" or not number.is_spelled
        )  # "one" is mostly a pronoun
        and all(date.is_in(passage.dates) for date in claim.dates)
        and all(f" {run} " in passage.line for run in claim.exact)
        and (not claim.opening or claim.opening in passage.stems)
        and _denies_the_same(passage, claim)
        and not _says_the_opposite(passage, claim)
        and not any(_swapped(passage, claim, *pair) for pair in pairwise(claim.anchors))
        and not any(_bound_elsewhere(passage, claim, anchor) for anchor in claim.anchors)
    )


def _denies_the_same(passage: Facts, claim: Facts) -> bool:
    if not all(any(not scope or scope & other for other in passage.denied) for scope in claim.denied):
        return False
    claimed = {stem(word) for word in claim.words}
    if any(scope & claimed and not any(scope & own for own in claim.denied) for scope in passage.denied):
        return False
    return bool(claim.denied) or not any(
        _mostly(passage.stems_of_clause(clause), claim.stems) for clause in passage.denying_clauses
    )


def _mostly(clause: frozenset[str], claimed: frozenset[str]) -> bool:
    """Whether half of what a clause says is claimed."""
    return bool(clause) and 2 * len(clause & claimed) >= len(clause)


def _says_the_opposite(passage: Facts, claim: Facts) -> bool:
    said, claimed = set(passage.words), set(claim.words)
    return any(
        one in claimed and one not in said and other in said and other not in claimed for one, other in _OPPOSITES
    )


def _between(facts: Facts, left: Anchor, right: Anchor) -> tuple[str, ...] | None:
    """The words between two anchors; `None` when a sentence ends there or they do not follow each other."""
    if left.last >= right.first or any(place in facts.sentence_ends for place in range(left.last, right.first)):
        return None
    return facts.words[left.last + 1 : right.first]


def _passive(gap: tuple[str, ...], shared: frozenset[str]) -> bool:
    """Whether a shared word stands right before `by`."""
    return any(stem(word) in shared and following == "by" for word, following in pairwise(gap))


def _content(gap: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(word) for word in gap if word not in STOP_WORDS)


def _swapped(passage: Facts, claim: Facts, left: Anchor, right: Anchor) -> bool:
    """Whether two neighbours of the claim stand the other way round in the passage, around the same words."""
    gap = _between(claim, left, right)
    if not gap or _LISTING.issuperset(gap):
        return False
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
                shared = _content(gap) & _content(found)
                voice_changed = _passive(gap, shared) != _passive(found, shared)
                if shared or (found == gap):
                    verdicts.append(voice_changed != reversed_order)
    return bool(verdicts) and all(verdicts)


def _bound_elsewhere(passage: Facts, claim: Facts, anchor: Anchor) -> bool:
    """Whether another name governs the anchor in the passage, while the claim's own name governs a rival there."""
    own = _governors(claim, anchor)
    if not own:
        return False
    places = [other for other in passage.anchors if other.kind == anchor.kind and other.words & anchor.words]
    context = claim.stems_of_clause(anchor.clause) - {stem(word) for word in anchor.words | own}
    places = [place for place in places if context & passage.stems_of_clause(place.clause)] or places
    return bool(places) and all(_governed_by_another(passage, place, own, anchor.words) for place in places)


def _governors(facts: Facts, anchor: Anchor) -> frozenset[str]:
    """Words of the names that stand before an anchor in its clause; of all names before it if there are none."""
    before = [other for other in facts.anchors if other.kind == "name" and other.last < anchor.first]
    near = [other for other in before if other.clause == anchor.clause]
    return frozenset[str]().union(*(other.words for other in near or before))


def _governed_by_another(passage: Facts, place: Anchor, own: frozenset[str], value: frozenset[str]) -> bool:
    clause = [other for other in passage.anchors if other.clause == place.clause and other is not place]
    names_before = [other for other in clause if other.kind == "name" and other.last < place.first]
    if not names_before or any(other.words & own for other in clause if other.kind == "name"):
        return False
    own_clauses = {other.clause for other in passage.anchors if other.kind == "name" and other.words & own}
    return any(
        other.clause in own_clauses and other.kind == place.kind and not other.words & (own | value)
        for other in passage.anchors
    )
