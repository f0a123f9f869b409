"""Which passage of which result carries a sentence.

`quoted`: the sentence, or all of it but a word around its quotation, stands in a result word for word (after folding).
`supported`: one to three neighbouring sentences of one result hold most of its content words and every one of its
facts. `unsupported`: neither; a lexical method says so too often rather than too seldom.

Each result is taken apart once. A claim then looks only at the sentences that share its rarest words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import ceil
from typing import Literal

from .agreement import carries
from .facts import Facts, facts_of
from .quotation import occurrences, stands_at, wordings
from .sentences import Span, citations, passages, sentences, without_citations
from .wording import TracedText, content_stems, folded, traced

__all__ = ["UNSUPPORTED", "Claim", "Degree", "EvidenceIndex", "ResultText", "Support", "claims_of", "support"]

Degree = Literal["quoted", "supported", "unsupported"]

COVERAGE = 0.8
"""Share of a claim's content words that one sentence must hold; set on the labelled pairs of the tests."""
WINDOW_COVERAGE = 0.9
"""The same for neighbouring sentences, which say more things that do not belong together."""
WINDOW_SENTENCES = 3
"""Sentences a passage may span: a name, and a `he` in the next sentence."""
WINDOW_CHARS = 1_500
"""A longer passage says too much to carry one sentence."""
MOST_WINDOWS = 120
"""Passages read closely for one claim, best first; bounds the time on a text that says the same everywhere."""
NEWEST_RESULTS = 64
"""Results searched for a value, newest first."""


@dataclass(frozen=True)
class ResultText:
    """The text of one result."""

    result_id: str
    text: str


@dataclass(frozen=True)
class Support:
    """The passage that carries a claim: `text[start:end]` of the result; no result when there is none."""

    degree: Degree
    result_id: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""


UNSUPPORTED = Support("unsupported")


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer, `answer[start:end]`, and the passages that carry it, best first."""

    sentence: str
    start: int
    end: int
    cites: tuple[str, ...]
    supports: tuple[Support, ...]

    @property
    def degree(self) -> Degree:
        """How well the best passage carries it."""
        return self.supports[0].degree if self.supports else "unsupported"


@dataclass
class _Indexed:
    """One text, taken apart as far as was needed so far, and the results that brought it."""

    ids: list[str]
    text: str
    is_copy: bool

    def named(self, cited: Sequence[str]) -> str:
        """The result to name for it: the cited one, else the first."""
        return next((result_id for result_id in self.ids if result_id in cited), self.ids[0])

    def is_cited(self, cited: Sequence[str]) -> bool:
        """Whether one of the results is cited."""
        return not set(cited).isdisjoint(self.ids)

    @cached_property
    def folded(self) -> str:
        return folded(self.text)

    @cached_property
    def traced(self) -> TracedText:
        return traced(self.text)


@dataclass(frozen=True)
class _Window:
    """Neighbouring sentences `first` to `last` of the index, all of one result."""

    first: int
    last: int
    covered: int


@dataclass
class EvidenceIndex:
    """The results a claim may rest on."""

    _results: list[_Indexed] = field(default_factory=list[_Indexed])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])
    """For each result that brought a new text, its place in `_results`."""
    _places: list[tuple[int, Span]] = field(default_factory=list[tuple[int, Span]])
    """For each sentence, which result it stands in and where."""
    _postings: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """For each stem, the sentences that hold it, ascending."""
    _facts: dict[tuple[int, int], Facts] = field(default_factory=dict[tuple[int, int], Facts])

    def add_result(self, result_id: str, text: str, *, is_copy: bool = False) -> None:
        """Take in a result; a copy repeats earlier results and is named only when no original carries a claim."""
        number = len(self._results)
        self._numbers[result_id] = number
        self._results.append(_Indexed([result_id], text, is_copy))
        for span in passages(text):
            for stem in content_stems(folded(text[span.start : span.end])):
                self._postings.setdefault(stem, []).append(len(self._places))
            self._places.append((number, span))

    def add_twin(self, result_id: str, *, of: str) -> None:
        """Take in a result whose text is that of an earlier one, `of`."""
        self._results[self._numbers[of]].ids.append(result_id)

    def support(self, claim: str) -> Support:
        """The best passage for a claim."""
        return next(iter(self.supports(claim, most=1)), UNSUPPORTED)

    def supports(self, claim: str, *, most: int = 5, cited: Sequence[str] = ()) -> tuple[Support, ...]:
        """The best passage of each of up to `most` results that carry a claim, best first.

        Quotations go before other support, originals before copies, results in `cited` before others, short passages
        before long ones, earlier results before later ones. Copies are left out when an original carries the claim.
        """
        return self._quotations(claim, most, cited) or self._carriers(claim, most, cited)

    def newest_with(self, value: str) -> str | None:
        """The id of the newest result in which a value stands as whole words, among the last that share its rarest."""
        wanted = folded(value)
        newest = islice(self._sharing_rarest(wanted, newest_first=True), NEWEST_RESULTS) if wanted else ()
        for number in newest:
            if next(occurrences(wanted, self._results[number].folded), None) is not None:
                return self._results[number].ids[-1]
        return None

    def _sharing_rarest(self, wanted: str, *, newest_first: bool = False) -> Iterable[int]:
        """Numbers of the results that hold the rarest word of a folded text; of all results if it has no such word."""
        stems = content_stems(wanted)
        if not stems:
            every = range(len(self._results))
            return reversed(every) if newest_first else every
        rarest = min((self._postings.get(stem, []) for stem in stems), key=len)
        return dict.fromkeys(self._places[at][0] for at in (reversed(rarest) if newest_first else rarest))

    def _quotations(self, claim: str, most: int, cited: Sequence[str]) -> tuple[Support, ...]:
        for wording in wordings(claim):
            wanted = folded(wording)
            if not wanted:
                continue
            holding = {
                number: at
                for number in self._sharing_rarest(wanted)
                if (at := stands_at(wanted, self._results[number].folded)) is not None
            }
            if holding:
                best = self._best(holding, most, cited)
                return tuple(_quotation(self._results[number], holding[number], len(wanted), cited) for number in best)
        return ()

    def _carriers(self, claim: str, most: int, cited: Sequence[str]) -> tuple[Support, ...]:
        wanted = facts_of(without_citations(claim))
        windows = sorted(self._windows(wanted), key=lambda window: self._rank(window, cited))
        found: dict[int, Support] = {}
        for window in windows[:MOST_WINDOWS]:
            number, (start, _) = self._places[window.first]
            end = self._places[window.last][1].end
            if number in found or end - start > WINDOW_CHARS or not carries(self._facts_of(window), wanted):
                continue
            result = self._results[number]
            found[number] = Support("supported", result.named(cited), start, end, result.text[start:end])
            if len(found) == most:
                break
        return tuple(found[number] for number in self._best(found, most, cited))

    def _best(self, found: Iterable[int], most: int, cited: Sequence[str]) -> list[int]:
        """Originals if there are any, cited results first, else in the order they came."""
        numbers = list(found)
        originals = [number for number in numbers if not self._results[number].is_copy] or numbers
        return sorted(originals, key=lambda number: not self._results[number].is_cited(cited))[:most]

    def _rank(self, window: _Window, cited: Sequence[str]) -> tuple[bool, bool, int, int, int]:
        result = self._results[self._places[window.first][0]]
        length = window.last - window.first
        return result.is_copy, not result.is_cited(cited), length, -window.covered, window.first

    def _windows(self, claim: Facts) -> Iterator[_Window]:
        """Windows that hold enough of a claim's words; only those with one of its few rarest words are looked at."""
        known = sorted((self._postings[stem] for stem in sorted(claim.stems) if stem in self._postings), key=len)
        need, need_of_more = _words_needed(claim, COVERAGE), _words_needed(claim, WINDOW_COVERAGE)
        if not need or len(known) < need:
            return
        centres = {at for postings in known[: len(known) - need + 1] for at in postings}
        reach = WINDOW_SENTENCES - 1
        near = {at + step for at in centres for step in range(-reach, reach + 1)}
        held = dict.fromkeys(near, 0)
        for bit, postings in enumerate(known):
            for at in near.intersection(postings):
                held[at] |= 1 << bit
        for first in sorted(near):
            covered = 0
            for last in range(first, first + WINDOW_SENTENCES):
                if not 0 <= first <= last < len(self._places) or self._places[last][0] != self._places[first][0]:
                    break
                covered |= held.get(last, 0)
                if covered.bit_count() >= (need if last == first else need_of_more):
                    yield _Window(first, last, covered.bit_count())

    def _facts_of(self, window: _Window) -> Facts:
        key = (window.first, window.last)
        known = self._facts.get(key)
        if known is None:
            number, (start, _) = self._places[window.first]
            end = self._places[window.last][1].end
            known = self._facts[key] = facts_of(self._results[number].text[start:end])
        return known


def _words_needed(claim: Facts, share: float) -> int:
    """Numbers are checked to the digit, so each counts as a word that is covered already."""
    exact = len(claim.quantities)
    return max(ceil(share * (len(claim.stems) + exact)) - exact, ceil(len(claim.stems) / 2))


def support(claim: str, results: Iterable[ResultText]) -> Support:
    """The best passage for one claim among a few results; for more than one claim build an `EvidenceIndex`."""
    index = EvidenceIndex()
    for result in results:
        index.add_result(result.result_id, result.text)
    return index.support(claim)


def claims_of(answer: str, index: EvidenceIndex) -> tuple[Claim, ...]:
    """The claims of an answer, in order, each with what carries it."""
    claims: list[Claim] = []
    for start, end in sentences(answer):
        sentence = answer[start:end]
        cites = citations(sentence)
        claims.append(Claim(sentence, start, end, cites, index.supports(sentence, cited=cites)))
    return tuple(claims)


def _quotation(result: _Indexed, at: int, length: int, cited: Sequence[str]) -> Support:
    end = at + length + (result.folded[at + length : at + length + 1] in tuple(".!?"))
    first, last = result.traced.original(at, end)
    return Support("quoted", result.named(cited), first, last, result.text[first:last])
