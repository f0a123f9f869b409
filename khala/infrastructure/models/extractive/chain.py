"""Follows a question from name to name: what is said of the names it asks about, and of the names found there.

`Who is the father of the director of X?` is answered by a sentence about X that names a director, and a sentence about
that director that names a father. Each step prefers a text that is about its name to one that only mentions it, and
sentences that answer what the steps before left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from khala.infrastructure.models.extractive.question import Question, names_in, stems
from khala.infrastructure.models.extractive.reading import Quote
from khala.infrastructure.models.extractive.relevance import Relevance, said_stems

__all__ = ["Step", "followed"]

_MAX_DEPTH = 2
_MAX_STEPS = 12
_NAMES_A_STEP = 2
_QUOTES_A_STEP = 2
_IS_ABOUT = 0.5
"""Share of words a title and a name have in common from which the text counts as being about the name."""

_BY_MENTION = 0.4
"""Share of what is asked that a sentence must answer when its text is not about the name but only mentions it."""

_LEFT_OPEN = 0.15
"""Share of the question below which nothing is left to follow names for."""

_FAR_WORDS = 20
_GAP_WORDS = 4
"""Words between the nearest name and one that is followed beside it: `son of Ann and her husband Bob`."""


@dataclass(frozen=True)
class Step:
    """One name, what was found about it, and the names to go on to."""

    name: str
    quotes: tuple[Quote, ...]
    leads_to: tuple[str, ...]


def followed(question: Question, relevance: Relevance, quotes: Sequence[Quote]) -> list[Step]:
    """The steps from each name of the question, in the order an answer tells them."""
    steps: list[Step] = []
    seen: set[str] = {name.casefold() for name in question.names}

    def visit(name: str, left: frozenset[str], depth: int) -> None:
        if len(steps) == _MAX_STEPS:
            return
        chosen = _best(name, quotes, left, question, relevance)
        answered = left - {term for quote in chosen for term in relevance.carried(left, quote)}
        is_open = depth < _MAX_DEPTH and relevance.weight(answered) > _LEFT_OPEN * relevance.weight(question.relations)
        onward = _names_beside(chosen, question, seen) if is_open else []
        seen.update(other.casefold() for other in onward)
        steps.append(Step(name, chosen, tuple(onward)))
        for other in onward:
            visit(other, answered, depth + 1)

    for name in question.names:
        visit(name, question.relations, 0)
    return steps


def _best(
    name: str, quotes: Sequence[Quote], left: frozenset[str], question: Question, relevance: Relevance
) -> tuple[Quote, ...]:
    """The sentences that say most of what is left open about a name, from one text."""
    words = frozenset(stems(name))
    scored: list[tuple[float, Quote]] = []
    for quote in quotes:
        about = _about(words, quote)
        carried = relevance.share(left, quote)
        if about and carried > (0.0 if about >= _IS_ABOUT else _BY_MENTION):
            scored.append((about + carried + 0.2 * relevance.share(question.relations, quote), quote))
    scored.sort(key=lambda one: (-one[0], one[1].context, one[1].position, one[1].text))
    chosen: list[Quote] = []
    covered: frozenset[str] = frozenset()
    for _, quote in scored:
        new = relevance.carried(left, quote) - covered
        if len(chosen) < _QUOTES_A_STEP and (new or not chosen) and (not chosen or quote.title == chosen[0].title):
            chosen.append(quote)
            covered |= new
    return tuple(chosen)


def _about(words: frozenset[str], quote: Quote) -> float:
    """1 for a text titled by the name, less for a longer title, little for a sentence that only carries the name."""
    title = frozenset(stems(quote.title))
    share = len(words & title) / len(words | title) if title else 0.0
    if share >= _IS_ABOUT:
        return share
    return 0.25 if words and words <= said_stems(quote.text) else 0.0


def _names_beside(quotes: Sequence[Quote], question: Question, seen: set[str]) -> list[str]:
    """Names that stand nearest to words of the question in these sentences."""
    wanted = question.relations | {stem for word in question.answer_words for stem in stems(word)}
    found: dict[str, int] = {}
    for quote in quotes:
        own = {*stems(quote.title), *question.terms}
        for name in names_in(quote.text):
            gap = _gap(name, quote.text, wanted)
            if gap < _FAR_WORDS and name.casefold() not in seen and not set(stems(name)) <= own:
                found[name] = min(gap, found.get(name, gap))
    nearest = min(found.values(), default=0)
    near = [name for name in found if found[name] <= nearest + _GAP_WORDS]
    return sorted(near, key=lambda name: found[name])[:_NAMES_A_STEP]


def _gap(name: str, text: str, wanted: frozenset[str]) -> int:
    """Words between a name and the nearest wanted word before it, or after it at twice the price."""
    before, _, after = text.partition(name)
    left = next((gap for gap, word in enumerate(reversed(before.split())) if set(stems(word)) & wanted), _FAR_WORDS)
    right = next((gap for gap, word in enumerate(after.split()) if set(stems(word)) & wanted), _FAR_WORDS)
    return min(left, 2 * right + 2)
