"""One text, taken apart as far as was needed so far: its sentences, the words and the facts of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from .fact_reader import facts_of
from .facts import Facts
from .glance import digits_of
from .records import is_row, row_in_words, spelled_out
from .sentences import Span, passages
from .wording import BREAK, STOP_WORDS, TracedText, folded, stem, straightened, traced, words_of_each

__all__ = ["IndexedText"]

WINDOW_CHARS = 1_500
"""A longer passage says too much to carry one sentence."""
_CLOSING = "\"')]}*_`\u201d\u2019"


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

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where `folded[start:end]`, which must not be empty, stands in the text."""
        bare = self.text.strip()
        if bare.isascii() and len(bare) == len(self.folded):  # folding ASCII only leaves out
            before = self.text.index(bare)
            return before + start, before + end
        return self._traced.original(start, end)

    @cached_property
    def _traced(self) -> TracedText:
        return traced(self.text)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Where its sentences stand."""
        return passages(self.text)

    @cached_property
    def places(self) -> dict[str, int]:
        """For each stem the sentences that hold it: bit N stands for sentence N."""
        said: dict[str, int] = {}
        bit = 1
        sentences = (self._said(number).replace(BREAK, " ") for number in range(len(self.spans)))
        for words in words_of_each(spelled_out(straightened(BREAK.join(sentences)))):
            for word in words:
                said[word] = said.get(word, 0) | bit
            bit <<= 1
        places: dict[str, int] = {}
        for word, mask in said.items():
            if word not in STOP_WORDS:
                places[stem(word)] = places.get(stem(word), 0) | mask
        return places

    @cached_property
    def digits(self) -> str:
        """The digits of its numbers."""
        return digits_of(self.text)

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
            numbers = self._inside(span)
            pieces = map(self._said, numbers)
            said = "\n".join(pieces if len(numbers) == 1 else map(_ended, pieces))
            known = self._facts[span] = facts_of(said, is_row=numbers[0] in self._headers)
        return known

    def digits_in(self, span: Span) -> str:
        """The digits of one passage."""
        return digits_of("\n".join(map(self._said, self._inside(span))) if self._headers else self.text[slice(*span)])

    def _inside(self, span: Span) -> list[int]:
        """The sentences of a passage."""
        numbers = range(bisect_left(self.spans, Span(span.start, 0)), len(self.spans))
        return list(takewhile(lambda number: self.spans[number].end <= span.end, numbers))

    def _said(self, number: int) -> str:
        """What a sentence says; a row of a table with the names of its columns."""
        text, header = self.text[slice(*self.spans[number])], self._headers.get(number)
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
