"""Which passages of which results carry a sentence, and which say otherwise.

`quoted`: the sentence, or all of it but a word around its quotation, stands in a result word for word (after folding).
`supported`: one to three neighbouring sentences of one result hold most of its content words and every one of its
facts; or each of its parts is carried, perhaps by different results. `partly`: some of its parts are carried.
`contradicted`: a passage speaks of the same and says another number, name or date, or denies it. `unsupported`: nothing
of it is carried; a lexical method says so too often rather than too seldom.

Wording is compared by words and not by meaning: a model of sentences found four more of 256 supported sentences of the
labelled pairs, and one more that was not, for seconds of loading (decision 18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from .agreement import Disagreement, carries, contradiction
from .fact_reader import facts_of
from .facts import Facts
from .glance import Glance, glance_of
from .parts import parts
from .passage_index import IndexedText, PassageIndex, Window
from .quotation import stands_at, wordings
from .sentences import citations, sentences, without_citations
from .verdict import UNSUPPORTED, Claim, Degree, Support, Verdict
from .wording import folded, words

__all__ = [
    "UNSUPPORTED",
    "Claim",
    "Degree",
    "EvidenceIndex",
    "ResultText",
    "Support",
    "Verdict",
    "claims_of",
    "support",
]

COVERAGE = 0.8
"""Share of a claim's content words that one sentence must hold; set on the labelled pairs of the tests."""
WINDOW_COVERAGE = 0.9
"""The same for neighbouring sentences, which say more things that do not belong together."""
SUBJECT_COVERAGE = 0.75
"""The same for a sentence that says otherwise, what it says otherwise left out."""
MOST_WINDOWS = 40
"""Passages read closely for one claim, best first; bounds the time on a text that says the same everywhere."""
MOST_OTHERWISE = 12
"""Passages asked whether they say otherwise, best first."""
MOST_SUPPORTS = 5
"""Results named for one claim."""


@dataclass(frozen=True)
class ResultText:
    """The text of one result."""

    result_id: str
    text: str


class EvidenceIndex:
    """The results a claim may rest on."""

    def __init__(self) -> None:
        self._index = PassageIndex()
        self._verdicts: dict[tuple[str, tuple[str, ...]], Verdict] = {}
        """What was judged since the last result came."""

    def add_result(self, result_id: str, text: str, *, is_copy: bool = False) -> None:
        """Take in a result; a copy repeats earlier results and is named only when no original carries a claim."""
        self._index.add(result_id, text, is_copy=is_copy)
        self._verdicts.clear()

    def add_twin(self, result_id: str, *, of: str) -> None:
        """Take in a result whose text is that of an earlier one, `of`."""
        self._index.add_twin(result_id, of=of)
        self._verdicts.clear()

    def text_of(self, result_id: str) -> str:
        """The text that a result brought first."""
        return self._index.text_of(result_id)

    def newest_with(self, value: str) -> str | None:
        """The id of the newest result in which a value stands as whole words, among the last that share its rarest."""
        newest = next(self._index.holding_value(value), None)
        return newest.ids[-1] if newest else None

    def all_with(self, value: str) -> tuple[str, ...]:
        """The ids of the results in which a value stands as whole words, newest first, among the last 64 like it."""
        return tuple(result_id for text in self._index.holding_value(value) for result_id in reversed(text.ids))

    def is_known_before(self, result_id: str, wanted: str) -> bool:
        """Whether a folded text stands in a result before this one; so does all that an earlier text said already."""
        return self._index.is_known_before(result_id, wanted)

    def support(self, claim: str) -> Support:
        """The best passage for a claim."""
        return next(iter(self.supports(claim, most=1)), UNSUPPORTED)

    def supports(self, claim: str, *, most: int = MOST_SUPPORTS, cited: Sequence[str] = ()) -> tuple[Support, ...]:
        """The best passage of each of up to `most` results that carry a whole claim, best first.

        Quotations go before other support, originals before copies, results in `cited` before others, short passages
        before long ones, earlier results before later ones. Copies are left out when an original carries the claim.
        """
        return self._weigh(claim, cited, most).supports

    def judge(self, claim: str, *, cited: Sequence[str] = ()) -> Verdict:
        """What the results say about a sentence."""
        key = (claim, tuple(cited))
        known = self._verdicts.get(key)
        if known is None:
            known = self._verdicts[key] = self._judged(claim, cited)
        return known

    def _judged(self, claim: str, cited: Sequence[str]) -> Verdict:
        whole = self._weigh(claim, cited, MOST_SUPPORTS)
        if whole.degree != "unsupported":
            return whole
        pieces = {piece: self._weigh(piece, cited, 1) for piece in parts(claim)}
        against = tuple(each for verdict in pieces.values() if not verdict.supports for each in verdict.contradictions)
        if against:
            return Verdict("contradicted", (), against)
        carried = {piece: verdict.supports[0] for piece, verdict in pieces.items() if verdict.supports}
        if not carried:
            return whole
        missing = tuple(piece for piece in pieces if piece not in carried)
        supports = tuple(replace(found, degree="supported", part=piece) for piece, found in carried.items())
        return Verdict("partly" if missing else "supported", supports, (), missing)

    def _weigh(self, claim: str, cited: Sequence[str], most: int) -> Verdict:
        """What the results say about a sentence as a whole."""
        quoted = self._quotations(claim, most, cited)
        if quoted:
            return Verdict("quoted", quoted)
        wanted = facts_of(without_citations(claim))
        glance = glance_of(wanted)
        windows = self._windows(wanted, glance)
        carriers = self._carriers(wanted, glance, windows, most, cited)
        carrying = {each.result_id for each in carriers}
        against = self._contradictions(wanted, glance, windows, cited)
        disputing = tuple(each for each in against if each.result_id not in carrying)
        return Verdict("supported" if carriers else "contradicted" if against else "unsupported", carriers, disputing)

    def _quotations(self, claim: str, most: int, cited: Sequence[str]) -> tuple[Support, ...]:
        for wording in wordings(claim):
            wanted = folded(wording)
            if not wanted:
                continue
            holding = {
                number: at
                for number in self._index.quoting(wanted)
                if (at := stands_at(wanted, self._index.texts[number].folded)) is not None
            }
            if holding:
                best = self._best(holding, most, cited)
                return tuple(
                    _quotation(self._index.texts[number], holding[number], len(wanted), cited) for number in best
                )
        return ()

    def _windows(self, wanted: Facts, glance: Glance) -> list[Window]:
        """Passages that share enough words with a claim to carry or contradict it."""
        need, need_of_more = _words_needed(wanted, COVERAGE), _words_needed(wanted, WINDOW_COVERAGE)
        names = [len(anchor.words) for anchor in wanted.anchors if anchor.kind == "name"]
        rest = max(1, len(wanted.stems) - max((1, *names)))  # a contradiction may leave out one name, or one word
        least, several = (max(1, ceil(share * rest)) for share in (SUBJECT_COVERAGE, WINDOW_COVERAGE))
        least, several = min(need, least), min(need_of_more, several)
        return list(self._index.windows(wanted.stems, least, several, _numbers(wanted), glance.lacking))

    def _carriers(
        self, wanted: Facts, glance: Glance, windows: list[Window], most: int, cited: Sequence[str]
    ) -> tuple[Support, ...]:
        found: dict[int, Support] = {}
        for window in self._worded_like(wanted, windows, cited):
            text = self._index.texts[window.number]
            if window.number in found or not glance.can_carry(text.digits_in(window.span), window.held):
                continue
            if carries(text.facts(window.span), wanted):
                found[window.number] = _support("supported", text, window, cited)
                if len(found) == most:
                    break
        return tuple(found[number] for number in self._best(found, most, cited))

    def _worded_like(self, wanted: Facts, windows: list[Window], cited: Sequence[str]) -> list[Window]:
        """Passages whose wording is the claim's, best first."""
        need, need_of_more = _words_needed(wanted, COVERAGE), _words_needed(wanted, WINDOW_COVERAGE)
        enough = (each for each in windows if len(each.held) >= (need_of_more if each.length else need) > 0)
        return sorted(enough, key=lambda window: self._rank(window, cited))[:MOST_WINDOWS]

    def _contradictions(
        self, wanted: Facts, glance: Glance, windows: list[Window], cited: Sequence[str]
    ) -> tuple[Support, ...]:
        found: dict[int, Support] = {}
        for window in sorted(windows, key=_nearness)[:MOST_OTHERWISE]:
            text = self._index.texts[window.number]
            if window.number in found or not glance.can_contradict(text.digits_in(window.span), window.held):
                continue
            other = contradiction(text.facts(window.span), wanted)
            if other is not None and _speaks_of(window, wanted, other):
                reason = f"{other.kind}: {other.instead}, not {other.said}"
                found[window.number] = replace(_support("contradicted", text, window, cited), differs=reason)
        return tuple(found[number] for number in self._best(found, MOST_SUPPORTS, cited))

    def _best(self, found: Iterable[int], most: int, cited: Sequence[str]) -> list[int]:
        """Originals if there are any, cited results first, else in the order they came."""
        numbers = list(found)
        texts = self._index.texts
        originals = [number for number in numbers if not texts[number].is_copy] or numbers
        return sorted(originals, key=lambda number: not texts[number].is_cited(cited))[:most]

    def _rank(self, window: Window, cited: Sequence[str]) -> tuple[bool, bool, int, int, int, int]:
        text = self._index.texts[window.number]
        held = len(window.held) + window.hints
        return text.is_copy, not text.is_cited(cited), window.length, -held, window.number, window.span.start


def _nearness(window: Window) -> tuple[int, int]:
    """Sorts windows that share most first; each sentence more must share more than one word more."""
    return window.length - len(window.held) - window.hints, window.length


def _numbers(wanted: Facts) -> Iterator[str]:
    """Words with digits: a result that holds them too is looked at first."""
    return (word for word in words(wanted.line) if word[0].isdigit())


def _words_needed(claim: Facts, share: float) -> int:
    """Numbers are checked to the digit, so each counts as a word that is covered already."""
    exact = len(claim.quantities)
    return max(ceil(share * (len(claim.stems) + exact)) - exact, ceil(len(claim.stems) / 2))


def _speaks_of(window: Window, wanted: Facts, other: Disagreement) -> bool:
    """Whether a passage that says otherwise speaks of the claim's subject at all."""
    rest = wanted.stems - other.words
    exact = len(wanted.quantities) if other.kind == "name" else 0
    share = WINDOW_COVERAGE if window.length else SUBJECT_COVERAGE
    return bool(rest) and len(window.held & rest) + exact >= share * (len(rest) + exact)


def _support(degree: Degree, text: IndexedText, window: Window, cited: Sequence[str]) -> Support:
    start, end = window.span
    return Support(degree, text.named(cited), start, end, text.text[start:end])


def _quotation(text: IndexedText, at: int, length: int, cited: Sequence[str]) -> Support:
    end = at + length + (text.folded[at + length : at + length + 1] in tuple(".!?"))
    first, last = text.original(at, end)
    return Support("quoted", text.named(cited), first, last, text.text[first:last])


def support(claim: str, results: Iterable[ResultText]) -> Support:
    """The best passage for one claim among a few results; for more than one claim build an `EvidenceIndex`."""
    index = EvidenceIndex()
    for result in results:
        index.add_result(result.result_id, result.text)
    return index.support(claim)


def claims_of(answer: str, index: EvidenceIndex) -> tuple[Claim, ...]:
    """The claims of an answer, in order, each with what results say about it."""
    claims: list[Claim] = []
    for start, end in sentences(answer):
        sentence = answer[start:end]
        cites = citations(sentence)
        claims.append(Claim(sentence, start, end, cites, index.judge(sentence, cited=cites)))
    return tuple(claims)
