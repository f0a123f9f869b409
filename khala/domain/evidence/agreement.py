"""Whether a passage says the facts of a claim, and where it says otherwise, as far as words can tell.

A passage carries the facts of a claim when

1. every quantity and date of the claim stands in it;
2. every name, identifier and quotation of the claim stands in it, and its first word if that may be a name;
3. it denies what the claim denies and nothing else that the claim says;
4. it does not say the opposite word, nor the second highest for the highest;
5. names and numbers that stand around the same words stand there in the same order, or the voice changed with them;
6. a number or name is not bound to someone else: no other name governs it where the claim's own name governs a rival,
   and no other number of its kind stands before the words that follow it in the claim;
7. what the claim says in one clause it says in one sentence; only the subject may stand in a sentence before it.

It contradicts the claim when it breaks one of 1 to 6 and says something comparable instead: a number of the same unit,
a date, a name beside the same words. It errs on the side of neither carrying nor contradicting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Literal

from .facts import Anchor, Facts
from .order import (
    bound_elsewhere,
    compares_the_other_way,
    in_place_of,
    is_opponent,
    other_fields,
    other_objects,
    swapped,
)
from .quantities import Quantity, currency_of, is_year
from .spread import is_spread
from .wording import STOP_WORDS, stem

__all__ = ["Disagreement", "DisagreementKind", "carries", "contradiction"]

DisagreementKind = Literal["number", "date", "name", "quotation", "denial", "opposite", "order", "binding", "spread"]


@dataclass(frozen=True)
class Disagreement:
    """One thing that a claim says and a passage does not."""

    kind: DisagreementKind
    said: str
    """By the claim."""
    instead: str = ""
    """By the passage; `""` when it says nothing comparable."""
    words: frozenset[str] = frozenset()
    """Stems of the claim that the passage cannot hold because of it."""


_PAIRS = """increase/decrease increases/decreases increased/decreased increasing/decreasing rise/fall rises/falls
    rose/fell more/less more/fewer before/after above/below higher/lower highest/lowest larger/smaller
    largest/smallest bigger/smaller biggest/smallest longer/shorter longest/shortest faster/slower older/younger
    oldest/youngest newer/older first/last maximum/minimum best/worst win/lose won/lost true/false
    include/exclude includes/excludes included/excluded allow/forbid allows/forbids allowed/forbidden
    enable/disable enables/disables enabled/disabled accepted/rejected start/end starts/ends started/ended
    always/never all/none with/without open/closed opened/closed opens/closes left/right north/south east/west
    northern/southern eastern/western legal/illegal possible/impossible mutable/immutable valid/invalid
    success/failure succeeded/failed supports/opposes supported/opposed import/export imports/exports
    succeeded/failed succeeds/fails success/failed successful/unsuccessful grew/shrank gained/lost profit/loss
    up/down safe/unsafe approved/rejected approves/rejects accept/reject accepts/rejects required/optional
    public/private allowed/prohibited allowed/banned mother/father son/daughter brother/sister husband/wife
    earliest/latest earlier/later raise/lower raises/lowers raised/lowered widen/narrow widened/narrowed
    permitted/prohibited permitted/forbidden permits/prohibits grant/refuse granted/refused granted/denied
    upheld/overturned improved/worsened expanded/contracted strengthened/weakened doubled/halved buy/sell bought/sold
    hired/dismissed appointed/dismissed guilty/innocent convicted/acquitted hotter/colder warmer/colder heavier/lighter
    majority/minority surplus/deficit positive/negative present/absent"""
_OPPOSITES: dict[str, set[str]] = {}
for _one, _other in (pair.split("/") for pair in _PAIRS.split()):
    _OPPOSITES.setdefault(_one, set()).add(_other)
    _OPPOSITES.setdefault(_other, set()).add(_one)
_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)$")
_SHORTEST_SUPERLATIVE = 4
"""Letters: `best` and `west` are left out."""
_MOST_ANCHORS = 8
"""Names and numbers of a claim whose order is compared; a sentence with more is a list."""
_AFTER = 3
"""Content words after a number that tell what it counts."""


def carries(passage: Facts, claim: Facts) -> bool:
    """Whether the passage says the claim's facts, as far as words can tell."""
    return next(_disagreements(passage, claim), None) is None


def contradiction(passage: Facts, claim: Facts) -> Disagreement | None:
    """What the passage says otherwise about the same thing; `None` if it agrees or speaks of something else."""
    found = [each for each in _disagreements(passage, claim) if each.kind != "spread"]
    if not found or not all(each.instead for each in found):
        return None
    kinds = [each.kind for each in found]
    if kinds.count("name") > 1 or ("name" in kinds and {"number", "date"} & set(kinds)) or kinds.count("number") > 1:
        return None  # too much is different: it speaks of something else
    return found[0]


def _disagreements(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    yield from _other_quantities(passage, claim)
    yield from _other_dates(passage, claim)
    yield from _other_names(passage, claim)
    if not _denies_the_same(passage, claim):
        said, instead = ("a denial", "none") if claim.denied else ("none", "a denial")
        yield Disagreement("denial", said, "" if claim.denied and _denies_some(passage, claim) else instead)
    yield from _opposites(passage, claim)
    yield from _other_ranks(passage, claim)
    if not passage.is_row:
        yield from _other_places(passage, claim)
    yield from _other_counts(passage, claim)
    for anchor, other in other_objects(passage, claim):
        yield Disagreement("binding", _said(claim, anchor), _said(passage, other), _stems(anchor.words))
    if compares_the_other_way(passage, claim):
        yield Disagreement("order", "than", "the other way round")
    if is_spread(passage, claim):
        yield Disagreement("spread", "")


def _other_places(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    """Names and numbers that stand in the passage, and elsewhere than in the claim."""
    for left, right in combinations(claim.anchors[:_MOST_ANCHORS], 2):
        if swapped(passage, claim, left, right):
            yield Disagreement("order", _said(claim, left), _said(claim, right))
    for anchor in claim.anchors:
        if bound_elsewhere(passage, claim, anchor):
            yield Disagreement("binding", _said(claim, anchor), "another")
    if is_opponent(passage, claim):
        yield Disagreement("order", _said(claim, claim.anchors[0]), "another")
    fields = other_fields(passage, claim) if passage.is_record else ()
    for anchor, other in chain(in_place_of(passage, claim), fields):
        yield Disagreement("binding", _said(claim, anchor), _said(passage, other), _stems(anchor.words))


def _said(facts: Facts, anchor: Anchor) -> str:
    return " ".join(facts.words[anchor.first : anchor.last + 1])


def _other_quantities(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    for quantity, place in zip(claim.quantities, claim.quantity_places, strict=True):
        if place in claim.date_places or (quantity.value == "1" and quantity.is_spelled):  # "one" is mostly a pronoun
            continue
        if not quantity.is_in(passage.quantities) and not _stands_beside_its_currency(quantity, passage):
            is_money = quantity.unit and quantity.unit in map(currency_of, passage.words)
            rivals = [
                other
                for other, there in zip(passage.quantities, passage.quantity_places, strict=True)
                if not any(own.equals(other) for own in claim.quantities)
                and (
                    _same_kind(quantity, other)
                    or (is_money and _is_bare(other) and claim.beside(place) & passage.beside(there))
                    or (_is_bare(quantity) and _is_bare(other) and claim.beside(place) & passage.beside(there))
                )
            ]
            yield Disagreement("number", quantity.said, rivals[0].said if rivals else "")


def _stands_beside_its_currency(quantity: Quantity, passage: Facts) -> bool:
    """Whether a record says the number in one field and the currency in another."""
    return any(quantity.is_amount_of(other) for other in passage.quantities) and any(
        currency_of(word) == quantity.unit for word in passage.words
    )


def _is_bare(quantity: Quantity) -> bool:
    """Whether only the words beside it tell what it counts."""
    return not quantity.unit and not is_year(quantity)


def _same_kind(one: Quantity, other: Quantity) -> bool:
    """Whether two numbers that differ may count the same: years, two of one unit, or one number in two units."""
    if one.unit and other.unit:
        return one.unit == other.unit or one.written == other.written
    return not one.unit and not other.unit and is_year(one) and is_year(other)


def _other_dates(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    for date in claim.dates:
        if not date.is_in(passage.dates):
            rivals = [other.said for other in passage.dates if not any(own.holds_for(other) for own in claim.dates)]
            if not passage.dates:
                years = [each.value for each in passage.quantities if is_year(each)]
                rivals = [year for year in years if date.year and year != str(date.year)]
            yield Disagreement("date", date.said, rivals[0] if rivals else "")


def _other_names(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    missing = [run for run in claim.exact if f" {run} " not in passage.line]
    if claim.opening and claim.opening not in passage.stems:
        first = claim.anchors[0]
        run = _said(claim, first)
        missing = [run, *(other for other in missing if other not in run)]
    for run in missing:
        if run in claim.quoted:
            yield Disagreement("quotation", run)
        else:
            own = next((each for each in claim.anchors if set(run.split()) <= each.words), None)
            yield Disagreement("name", run, _rival_name(passage, claim, own) if own else "", _stems(run.split()))


def _stems(words: list[str] | frozenset[str]) -> frozenset[str]:
    return frozenset(map(stem, words))


def _rival_name(passage: Facts, claim: Facts, own: Anchor) -> str:
    """The name that stands in the passage where the claim has its own; `""` if both may well be true."""
    others = [each for each in claim.anchors if each is not own]
    is_subject = STOP_WORDS.issuperset(claim.words[: own.first])
    is_open = is_subject and (not others or claim.calls_it_one_of(own.last))
    rest = claim.stems - _stems(own.words)
    beside = claim.beside((own.first, own.last))
    found: list[tuple[bool, Anchor]] = []
    for rival in passage.anchors:
        if rival.kind != own.kind or rival.words <= own.words or rival.words >= own.words:
            continue
        if any(rival.words <= each.words for each in others) or rival.words <= set(claim.words):
            continue
        if is_open and not rival.words & own.words:
            continue  # `Bob likes tea` is none the less true when Alice does
        is_beside = bool(beside & passage.beside((rival.first, rival.last)))
        if is_beside or rest <= passage.stems:
            found.append((is_beside, rival))
    best = max(found, key=lambda each: each[0], default=None)
    return _said(passage, best[1]) if best else ""


def _opposites(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    said, claimed = set(passage.words), set(claim.words)
    for one in (word for word in claim.words if word in _OPPOSITES and word not in said):
        for other in sorted(_OPPOSITES[one] & said - claimed):
            yield Disagreement("opposite", one, other, frozenset((stem(one),)))


def _other_ranks(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    """Superlatives that stand in the passage only behind an ordinal: the second highest is not the highest."""
    ranked = {word: before for before, word in _superlatives(passage)}
    for before, word in _superlatives(claim):
        if not before and ranked.get(word) and ("", word) not in _superlatives(passage):
            yield Disagreement("opposite", word, f"{ranked[word]} {word}", frozenset((stem(word),)))


def _superlatives(facts: Facts) -> list[tuple[str, str]]:
    """Each superlative behind its ordinal, or behind `""`."""
    numbers = {place[1]: quantity for quantity, place in zip(facts.quantities, facts.quantity_places, strict=True)}
    return [
        (facts.words[at - 1] if at - 1 in numbers and _ORDINAL.search(numbers[at - 1].value) else "", word)
        for at, word in enumerate(facts.words)
        if word.endswith("est") and len(word) > _SHORTEST_SUPERLATIVE
    ]


def _other_counts(passage: Facts, claim: Facts) -> Iterator[Disagreement]:
    """Numbers that count something else in the passage: the words after them follow another number of their unit."""
    for quantity, place in zip(claim.quantities, claim.quantity_places, strict=True):
        following = claim.content_after(place[1], _AFTER)
        if place in claim.date_places or not following:
            continue
        own: list[int] = []
        rivals: list[tuple[int, str]] = []
        for other, there in zip(passage.quantities, passage.quantity_places, strict=True):
            theirs = passage.content_after(there[1], _AFTER)
            shared = len(following & theirs)
            if quantity.equals(other):
                own.append(shared if theirs else _AFTER)  # `Alice has 5 apples and Bob has 10`
            elif other.unit == quantity.unit and not is_year(other):
                rivals.append((shared, other.said))
        best = max(rivals, default=(0, ""))
        if best[0] > max(own, default=_AFTER):
            yield Disagreement("binding", quantity.said, best[1])


def _denies_the_same(passage: Facts, claim: Facts) -> bool:
    if not all(any(not scope or scope & other for other in passage.denied) for scope in claim.denied):
        return False
    claimed = {stem(word) for word in claim.words}
    if any(scope & claimed and not any(scope & own for own in claim.denied) for scope in passage.denied):
        return False
    return bool(claim.denied) or not any(
        _mostly(passage.stems_of_clause(clause), claim.stems) for clause in passage.denying_clauses
    )


def _denies_some(passage: Facts, claim: Facts) -> bool:
    """Whether the passage denies something about what is claimed, if not the same."""
    return any(passage.stems_of_clause(clause) & claim.stems for clause in passage.denying_clauses)


def _mostly(clause: frozenset[str], claimed: frozenset[str]) -> bool:
    """Whether half of what a clause says is claimed."""
    return bool(clause) and 2 * len(clause & claimed) >= len(clause)
