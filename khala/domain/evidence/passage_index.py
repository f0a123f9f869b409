"""Finds the passages of many results that share the words of a sentence.

Taking in a result costs one look at each of its words: only which result holds which word is kept. A result is cut into
sentences when it first shares enough words with something asked for, and at most `MOST_TEXTS` are looked at closely
for one sentence, those that share most first: asking costs the same however long the run is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile

from .facts import Facts, facts_of
from .quotation import occurrences
from .records import is_row, row_in_words, spelled_out
from .sentences import Span, passages
from .wording import TracedText, content_stems, folded, straightened, traced

__all__ = ["IndexedText", "PassageIndex", "Window"]

WINDOW_SENTENCES = 3
"""Sentences a passage may span: a name, and a `he` in the next sentence."""
WINDOW_CHARS = 1_500
"""A longer passage says too much to carry one sentence."""
MOST_RESULTS = 64
"""Results searched for a value, newest first."""
MOST_TEXTS = 32
"""Texts looked at closely for one sentence, best first."""
_CLOSING = "\"')]}*_`\u201d\u2019"
MOST_WINDOWS_A_TEXT = 6
"""Passages of one text and length that are offered for one sentence, best first."""


@dataclass
class IndexedText:
    """One text, taken apart as far as was needed so far, and the results that brought it."""

    ids: list[str]
    text: str
    is_copy: bool
    _facts: dict[tuple[int, int], Facts] = field(default_factory=dict[tuple[int, int], Facts])

    def named(self, cited: Sequence[str]) -> str:
        """The result to name for it: the cited one, else the first."""
        return next((result_id for result_id in self.ids if result_id in cited), self.ids[0])

    def is_cited(self, cited: Sequence[str]) -> bool:
        """Whether one of the results is cited."""
        return not set(cited).isdisjoint(self.ids)

    @cached_property
    def folded(self) -> str:
        """The text as a reader compares it."""
        return folded(self.text)

    @cached_property
    def traced(self) -> TracedText:
        """The folded text with the way back."""
        return traced(self.text)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Where its sentences stand."""
        return passages(self.text)

    @cached_property
    def places(self) -> dict[str, int]:
        """For each stem the sentences that hold it: bit N stands for sentence N."""
        places: dict[str, int] = {}
        for number, (start, end) in enumerate(self.spans):
            bit = 1 << number
            for stem in content_stems(folded(spelled_out(straightened(self._said(number, self.text[start:end]))))):
                places[stem] = places.get(stem, 0) | bit
        return places

    def span(self, first: int, last: int) -> Span | None:
        """From the start of one sentence to the end of another; `None` if there is none, or it is too long."""
        if last >= len(self.spans):
            return None
        span = Span(self.spans[first].start, self.spans[last].end)
        return span if first == last or span.end - span.start <= WINDOW_CHARS else None

    def needs_all(self, held: Iterable[str], first: int, length: int) -> bool:
        """Whether a window would hold fewer of the words without its first sentence, and without its last one."""
        rest = ((1 << length) - 1) << first
        firsts = (self.places[word] >> first & 1 and not self.places[word] & rest << 1 for word in held)
        lasts = (self.places[word] >> (first + length) & 1 and not self.places[word] & rest for word in held)
        return any(firsts) and any(lasts)

    def facts(self, span: Span) -> Facts:
        """The facts of one passage."""
        known = self._facts.get(span)
        if known is None:
            inside = range(bisect_left(self.spans, Span(span.start, 0)), len(self.spans))
            numbers = list(takewhile(lambda number: self.spans[number].end <= span.end, inside))
            pieces = (self._said(number, self.text[slice(*self.spans[number])]) for number in numbers)
            said = "\n".join(pieces if len(numbers) == 1 else map(_ended, pieces))
            known = self._facts[span] = facts_of(said, is_row=numbers[0] in self._headers)
        return known

    def _said(self, number: int, text: str) -> str:
        """What a sentence says; a row of a table with the names of its columns."""
        header = self._headers.get(number)
        return text if header is None else row_in_words(self.text[slice(*self.spans[header])], text)

    @cached_property
    def _headers(self) -> dict[int, int]:
        """For each row of a table, the sentence that is its header."""
        headers: dict[int, int] = {}
        for number, (start, end) in enumerate(self.spans if "|" in self.text else ()):
            if is_row(self.text[start:end]):
                before = self.spans[number - 1].start if number else -1
                goes_on = number and is_row(self.text[slice(*self.spans[number - 1])])
                rest = self.text[self.spans[number - 1].end : start].strip("| \n:-") if goes_on else "x"
                if before >= 0 and goes_on and not rest:
                    headers[number] = headers.get(number - 1, number - 1)
        return headers


def _ended(sentence: str) -> str:
    """A line as a sentence of its own, also where it has no full stop."""
    return sentence if sentence.rstrip(_CLOSING).endswith((".", "!", "?", "…", ":")) else f"{sentence} ."


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
    _postings: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """For each stem, the numbers of the texts that hold it, ascending."""

    def add(self, result_id: str, text: str, *, is_copy: bool) -> None:
        """Take in a text."""
        number = len(self.texts)
        self._numbers[result_id] = number
        self.texts.append(IndexedText([result_id], text, is_copy))
        for stem in content_stems(folded(text)):
            self._postings.setdefault(stem, []).append(number)

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
        before = takewhile(lambda number: number < self._numbers[result_id], self.sharing_rarest(wanted))
        return result_id not in self._numbers or any(
            next(occurrences(wanted, self.texts[number].folded), None) is not None for number in before
        )

    def sharing_rarest(self, wanted: str, *, newest_first: bool = False) -> Iterable[int]:
        """Numbers of the texts that hold the rarest word of a folded text; of all texts if it has no such word."""
        stems = content_stems(wanted)
        every = range(len(self.texts))
        numbers = min((self._postings.get(stem, []) for stem in stems), key=len) if stems else every
        return reversed(numbers) if newest_first else numbers

    def holding_value(self, value: str) -> Iterator[IndexedText]:
        """The texts in which a value stands as whole words, newest first, among the last that share its rarest."""
        wanted = folded(value)
        for number in islice(self.sharing_rarest(wanted, newest_first=True), MOST_RESULTS) if wanted else ():
            if next(occurrences(wanted, self.texts[number].folded), None) is not None:
                yield self.texts[number]

    def windows(self, words: frozenset[str], least: int, least_of_more: int, hints: Iterable[str]) -> Iterator[Window]:
        """Passages that hold at least so many of the words: `least` one sentence, `least_of_more` several together.

        Texts that share more of the words and of the hints are looked at first, and of each text the passages that
        share most. A window that holds no more than a part of it is left out.
        """
        hinted = frozenset(hints)
        for number in self._sharing(words, min(least, least_of_more), hinted):
            text = self.texts[number]
            held: dict[str, int] = {word: text.places[word] for word in words if word in text.places}
            numbers = [text.places[hint] for hint in hinted if hint in text.places]
            for length in range(WINDOW_SENTENCES):
                if length:
                    held = {word: mask | text.places[word] >> length for word, mask in held.items()}
                    numbers = [mask | mask >> 1 for mask in numbers]
                for first in _best(least_of_more if length else least, list(held.values()), numbers):
                    span = text.span(first, first + length)
                    if span is None or (length and not text.needs_all(held, first, length)):
                        continue
                    words_here = frozenset(word for word, mask in held.items() if mask >> first & 1)
                    yield Window(number, span, length, words_here, sum(mask >> first & 1 for mask in numbers))

    def _sharing(self, words: frozenset[str], least: int, hints: Iterable[str]) -> list[int]:
        """Numbers of the texts that hold enough of the words, best first, earlier before later."""
        known = sorted((self._postings[word] for word in words if word in self._postings), key=len)
        if not least or len(known) < least:
            return []
        candidates = {number for numbers in known[: len(known) - least + 1] for number in numbers}
        shared: Counter[int] = Counter()
        for numbers in known:
            shared.update(candidates.intersection(numbers))
        hinted: Counter[int] = Counter()
        for hint in hints:
            hinted.update(shared.keys() & self._postings.get(hint, ()))
        enough = [number for number, count in shared.items() if count >= least]
        return sorted(enough, key=lambda number: (-shared[number] - hinted[number], number))[:MOST_TEXTS]


def _best(least: int, masks: list[int], hints: list[int]) -> list[int]:
    """Up to `MOST_WINDOWS_A_TEXT` bits set in at least so many masks, those set in most masks and hints first."""
    enough = _set_in(_counts(masks), least)
    if not enough:
        return []
    counts = _counts([*masks, *hints])
    found: list[int] = []
    for wanted in range(len(masks) + len(hints), 0, -1):
        here = _set_in(counts, wanted) & enough
        enough &= ~here
        while here and len(found) < MOST_WINDOWS_A_TEXT:
            lowest = here & -here
            found.append(lowest.bit_length() - 1)
            here ^= lowest
        if not enough or len(found) == MOST_WINDOWS_A_TEXT:
            break
    return found


def _counts(masks: Iterable[int]) -> list[int]:
    """In how many masks each bit is set, for all bits at once: `counts[i]` holds bit i of the count of each bit."""
    counts: list[int] = []
    for mask in masks:
        carry = mask
        for at, bits in enumerate(counts):
            counts[at], carry = bits ^ carry, bits & carry
        if carry:
            counts.append(carry)
    return counts


def _set_in(counts: list[int], least: int) -> int:
    """The bits whose count is at least so high."""
    if least <= 0 or least >> len(counts):
        return 0
    more, equal = 0, -1
    for at in reversed(range(len(counts))):
        if least >> at & 1:
            equal &= counts[at]
        else:
            more |= equal & counts[at]
            equal &= ~counts[at]
    return more | equal
