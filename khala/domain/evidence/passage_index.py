"""Finds the passages of many results that share the words of a sentence.

Taking in a result costs one look at each of its words: only which result holds which word is kept. A result is cut into
sentences when it first shares enough words with something asked for, and at most `MOST_TEXTS` are looked at closely
for one sentence, those that share most first: asking costs the same however long the run is.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from math import log2

from .bit_counts import most_set
from .indexed_text import IndexedText
from .quotation import occurrences
from .sentences import Span
from .wording import STOP_WORDS, content_stems, folded, stem, words_of

__all__ = ["IndexedText", "PassageIndex", "Window"]

WINDOW_SENTENCES = 3
"""Sentences a passage may span: a name, and a `he` in the next sentence."""
MOST_RESULTS = 64
"""Results searched for a value, newest first."""
MOST_QUOTED = 256
"""Results searched for a sentence word for word, of those that hold all its words; the first ones."""
MOST_TEXTS = 32
"""Texts looked at closely for one sentence, best first."""
MOST_OTHERWISE = 12
"""Of these, texts that lack a number of the sentence: they can only say otherwise."""
MANY_TEXTS = 512
"""In a longer run a word that stands in every second text tells nothing of where to look, and is not counted."""
MOST_WINDOWS_A_TEXT = 6
"""Passages of one text and length that are offered for one sentence, best first."""


@dataclass(frozen=True)
class Window:
    """Neighbouring sentences of one result, and the stems of the question that they hold."""

    number: int
    span: Span
    length: int
    """In sentences."""
    held: frozenset[str]
    hints: int
    """How many of the hints it holds."""


@dataclass
class PassageIndex:
    """Texts by their words."""

    texts: list[IndexedText] = field(default_factory=list[IndexedText])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])
    """For each result that brought a new text, its place in `texts`."""
    _postings: dict[str, array[int]] = field(default_factory=dict[str, "array[int]"])
    """For each stem, the numbers of the texts that hold it, ascending; no garbage collector visits an array."""

    def add(self, result_id: str, text: str, *, is_copy: bool) -> None:
        """Take in a text."""
        number = len(self.texts)
        self._numbers[result_id] = number
        self.texts.append(IndexedText([result_id], text, is_copy))
        postings = self._postings
        for word in set(map(stem, set(words_of(text)) - STOP_WORDS)):
            if word in postings:
                postings[word].append(number)
            else:
                postings[word] = array("I", (number,))

    def add_twin(self, result_id: str, *, of: str) -> None:
        """Take in a result whose text is that of an earlier one, `of`."""
        self.texts[self._numbers[of]].ids.append(result_id)

    def text_of(self, result_id: str) -> str:
        """The text that a result brought first."""
        return self.texts[self._numbers[result_id]].text

    def is_known_before(self, result_id: str, wanted: str) -> bool:
        """Whether a folded text stands as whole words in a text before the one that a result brought.

        Whatever a result says that brought no text of its own is known.
        """
        before = takewhile(lambda number: number < self._numbers[result_id], self._holding_words(wanted))
        return result_id not in self._numbers or any(
            next(occurrences(wanted, self.texts[number].folded), None) is not None for number in before
        )

    def holding_value(self, value: str) -> Iterator[IndexedText]:
        """The texts in which a value stands as whole words, newest first, among the last that share its rarest."""
        wanted = folded(value)
        for number in self._holding_words(wanted, newest=MOST_RESULTS) if wanted else ():
            if next(occurrences(wanted, self.texts[number].folded), None) is not None:
                yield self.texts[number]

    def quoting(self, wanted: str) -> Iterator[int]:
        """Numbers of the texts that may say a folded text word for word, the first ones that hold all its words."""
        return islice(self._holding_words(wanted), MOST_QUOTED)

    def _holding_words(self, wanted: str, *, newest: int = 0) -> Iterator[int]:
        """Numbers of the texts that hold all words of a folded text, ascending; of all texts if it has no such word.

        With `newest` so many of the last texts that hold its rarest word are looked at, the last one first.
        """
        stems = content_stems(wanted)
        postings = sorted((self._postings.get(word, _NONE) for word in stems), key=len)
        rarest: Sequence[int] = postings[0] if postings else range(len(self.texts))
        for number in reversed(rarest[-newest:]) if newest else rarest:
            if all(_holds(others, number) for others in postings[1:]):
                yield number

    def windows(
        self,
        words: frozenset[str],
        least: int,
        least_of_more: int,
        hints: Iterable[str],
        lacking: Callable[[str], int],
    ) -> Iterator[Window]:
        """Passages that hold at least so many of the words: `least` one sentence, `least_of_more` several together.

        Texts that share more of the words and of the hints are looked at first, and of each text the passages that
        share most. A window that holds no more than a part of it is left out. `lacking` tells how many numbers cannot
        stand in a text with such digits: a text that lacks two is not looked at, and few that lack one.
        """
        otherwise = 0
        hinted = frozenset(hints)
        for number in self._sharing(words, min(least, least_of_more), hinted):
            text = self.texts[number]
            lacks = lacking(text.digits)
            otherwise += lacks == 1
            if lacks > 1 or (lacks == 1 and otherwise > MOST_OTHERWISE):
                continue
            held: dict[str, int] = {word: text.places[word] for word in words if word in text.places}
            numbers = [text.places[hint] for hint in hinted if hint in text.places]
            for length in range(WINDOW_SENTENCES):
                if length:
                    held = {word: mask | text.places[word] >> length for word, mask in held.items()}
                    numbers = [mask | mask >> 1 for mask in numbers]
                for first in most_set(
                    least_of_more if length else least, list(held.values()), numbers, MOST_WINDOWS_A_TEXT
                ):
                    span = text.span(first, first + length)
                    if span is None or (length and not text.needs_all(held, first, length)):
                        continue
                    words_here = frozenset(word for word, mask in held.items() if mask >> first & 1)
                    yield Window(number, span, length, words_here, sum(mask >> first & 1 for mask in numbers))

    def _sharing(self, words: frozenset[str], least: int, hints: Iterable[str]) -> list[int]:
        """Numbers of the texts that hold enough of the words, best first, earlier before later.

        A hint counts the more the fewer texts hold it: the number of a petition tells more than a year.
        """
        known = sorted((self._postings[word] for word in sorted(words) if word in self._postings), key=len)
        if not least or len(known) < least:
            return []
        most = max(MANY_TEXTS, len(self.texts) // 2)
        telling = [numbers for numbers in known if len(numbers) <= most]
        everywhere = len(known) - len(telling)
        shared: Counter[int] = Counter()
        if everywhere < least:
            candidates = {number for numbers in known[: len(known) - least + 1] for number in numbers}
            for numbers in telling:
                shared.update(candidates.intersection(numbers))
        else:
            for numbers in telling:
                shared.update(numbers)
        score = {number: float(count) for number, count in shared.items()}
        hinted = (self._postings.get(hint, _NONE) for hint in hints)
        for numbers in (numbers for numbers in hinted if len(numbers) <= most):
            weight = log2(1 + len(self.texts) / len(numbers)) if numbers else 0
            for number in numbers if everywhere >= least else shared.keys() & numbers:
                score[number] = score.get(number, 0) + weight
        enough = [number for number in score if shared[number] + everywhere >= least]
        best = sorted(enough, key=lambda number: (-score[number], number))[:MOST_TEXTS]
        if everywhere >= least and len(best) < MOST_TEXTS:
            others = (number for number in known[0] if number not in score)
            best.extend(islice(others, MOST_TEXTS - len(best)))
        return best


_NONE: array[int] = array("I")


def _holds(numbers: array[int], wanted: int) -> bool:
    at = bisect_left(numbers, wanted)
    return at < len(numbers) and numbers[at] == wanted
