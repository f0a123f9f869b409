"""Where a sentence stands in a text word for word.

Whole words and whole numbers only: `5` does not stand in `5 million`. A clause that the words before it take back
(`it is not true that ...`, `whether ...`) does not stand there either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .fact_reader import facts_of
from .sentences import without_citations

__all__ = ["occurrences", "stands_at", "wordings"]

REFRAMING_CHARS = 200
"""How far before a quotation the words that take it back are looked for."""
_EDGES = " \t\n.,;:!?…-–—\"'“”„‘’«»"  # noqa: RUF001 (typographic quotes)
_BESIDE = re.compile(r"\w")
_REFRAMED = re.compile(
    r"(?:\b(?:not|no|never|false|untrue|incorrect|wrong|den(?:y|ies|ied)|doubt\w*|disput\w*|myth)|n't)\b[^.;]*"
    r"\b(?:that|whether|if)\W*$|\b(?:whether|if)\W*$"
)
"""What stands before a clause to take back that it holds."""
_DENIED = re.compile(r"\b(?:no|not|never|without|hardly|neither|nor|few|fewer)\s+$")
"""What may stand right before words to say that it is not so: `no serious events occurred`."""
_MORE_OF_A_NUMBER = re.compile(r"[.,]?\d|\s?(?:%|percent|per cent|hundred|thousand|million|billion|trillion)")


def wordings(claim: str) -> Iterator[str]:
    """What may stand in a result word for word: the claim, the claim without citations and marks, its quotation."""
    yield claim
    bare = without_citations(claim).strip(_EDGES)
    yield bare
    quotations = re.findall(r"[\"“„«]([^\"“”„«»]{2,})[\"”“»]", claim)
    if len(quotations) == 1:
        around = without_citations(claim).replace(quotations[0], " ")
        rest = facts_of(around)
        if len(rest.stems) <= 1 and not rest.denied and not rest.quantities:
            yield quotations[0].strip(_EDGES)


def stands_at(wanted: str, text: str) -> int | None:
    """Where a folded text says the wanted words without taking them back."""
    for at in occurrences(wanted, text):
        begins = max(text.rfind(mark, 0, at) for mark in (". ", "! ", "? ")) + 1
        before = text[max(begins, at - REFRAMING_CHARS) : at]
        if not (_REFRAMED.search(before) or _DENIED.search(before)):
            return at
    return None


def occurrences(wanted: str, text: str) -> Iterator[int]:
    """Where a folded text stands in another as whole words and whole numbers."""
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        begun_before = _BESIDE.match(wanted) and at and _BESIDE.match(text, at - 1)
        cut_number = wanted[0].isdigit() and re.search(r"(?:\d[.,]|(?:^|[\s(])-)$", text[max(0, at - 3) : at])
        goes_on = _BESIDE.match(wanted[-1]) and _BESIDE.match(text, end)
        number_goes_on = wanted[-1].isdigit() and _MORE_OF_A_NUMBER.match(text, end)
        if not (begun_before or cut_number or goes_on or number_goes_on):
            yield at
        at = text.find(wanted, at + 1)
