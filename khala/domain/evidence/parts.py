"""The parts of a sentence that can be true on their own.

`The tower is 330 metres tall, and it was painted green in 1950` says two things; a result may carry one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .fact_reader import facts_of
from .facts import Facts
from .sentences import without_citations
from .wording import STOP_WORDS

__all__ = ["parts"]

_JOINT = re.compile(
    r"\s*;\s+|\s*,?\s+(?:but|while|whereas|although)\s+|\s*,\s+(?:and|which|who|where)\s+"
    r"|\s+and\s+(?=(?:is|was|were|are|has|had|have|can|could|will|would|must|did|does|then|later|also|it|he|she|they|its|his|her|their)\s)"
    r"|\s+and\s+(?=\w{2,}ed\s)"
)
LEAST_STEMS = 2
"""Content words a part must have to say something; a number counts as one."""
_PRONOUNS = frozenset(["it", "he", "she", "they", "this", "these", "its", "his", "her", "their"])


def parts(claim: str) -> tuple[str, ...]:
    """What the sentence says, one thing each, its subject before a part that has none; empty if it is one thing."""
    pieces = [piece.strip(" ,;") for piece in _JOINT.split(without_citations(claim))]
    if len(pieces) == 1 or not all(_says_something(facts_of(piece)) for piece in pieces):
        return ()
    subject = _subject(facts_of(pieces[0]))
    return tuple(piece if number == 0 else _with(subject, piece) for number, piece in enumerate(pieces))


def _says_something(piece: Facts) -> bool:
    return len(piece.stems) + len(piece.quantities) >= LEAST_STEMS


def _subject(first: Facts) -> str:
    """The name that the first part opens with, or `""`."""
    names = (anchor for anchor in first.anchors if anchor.kind == "name")
    name = next(names, None)
    if name is None or any(word not in STOP_WORDS for word in first.words[: name.first]):
        return ""
    return " ".join(word.capitalize() for word in first.words[name.first : name.last + 1])


def _with(subject: str, piece: str) -> str:
    words = piece.split()
    if not subject or (words[0][:1].isupper() and words[0].casefold() not in _PRONOUNS):
        return piece
    return " ".join(_without_pronoun(subject, words))


def _without_pronoun(subject: str, words: list[str]) -> Iterator[str]:
    yield subject
    yield from words[1:] if words[0].casefold() in _PRONOUNS else words
