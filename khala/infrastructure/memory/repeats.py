"""Keeps a text that came many times (a page that was polled, a list that stayed empty) from filling every answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from khala.infrastructure.memory.passages import Passage
from khala.infrastructure.memory.ranking import Found

__all__ = ["TOLD_REPEATS", "Text", "text_of", "varied"]

TOLD_REPEATS = 20
"""Passages of one text among the candidates; more would push out other texts."""

_SEARCHES = 4
"""Searches in all, each without the texts that filled those before."""

Text = tuple[str, str]
"""Digest and label of a result: with both equal, a recall tells its passages once."""


def text_of(passage: Passage) -> Text:
    """The text that a passage is of."""
    return (passage.source.digest, passage.source.label)


def varied(search: Callable[[AbstractSet[Text]], Found], limit: int) -> Found:
    """What a search for at most `limit` passages finds, and where one text fills it, what it finds without that."""
    found: Found = []
    without: set[Text] = set()
    for _ in range(_SEARCHES):
        more = search(without)
        told: Counter[Text] = Counter()
        for passage, score in more:
            told[text_of(passage)] += 1
            if told[text_of(passage)] <= TOLD_REPEATS:
                found.append((passage, score))
        filling = {text for text, times in told.items() if times > TOLD_REPEATS}
        if not filling or len(more) < limit:
            break
        without |= filling
    return found
