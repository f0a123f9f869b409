"""A researcher without a language model: plans searches from the question, reads, follows names it finds, and quotes.

It is deterministic and keeps nothing between turns: each turn is planned from the prompt alone.

1. First it searches for the question and for each name in it.
2. Then, while it finds something new, it follows names out of the best sentences, and reads on in the best documents.
3. What is worth quoting it notes in its reply, word for word, because results leave the view and replies stay.
4. When something it noted has left the view, it recalls the question once before it answers.
5. It answers with the best sentences, each word for word as it stands in a result, with the result's id.

It says in its answer what it is. It reacts to real results, so a run of it exercises all of the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from khala.domain.events import Usage
from khala.domain.message import Message, ModelReply, Prompt, RequestedCall, UserMessage
from khala.infrastructure.models.extractive.chain import Step, followed
from khala.infrastructure.models.extractive.question import Question, stems, terms_in
from khala.infrastructure.models.extractive.reading import (
    CHECKED,
    ROLLED_BACK,
    Passage,
    Quote,
    Reading,
    counts_line,
    note_line,
    read_prompt,
)
from khala.infrastructure.models.extractive.relevance import Relevance

__all__ = ["ExtractiveResearcher"]

_CHARS_PER_TOKEN = 4
"""The usual figure for English; there is no tokenizer to ask."""

_INTRODUCTION = "(Extractive answer, no language model wrote it; these sentences stand word for word in the sources:)"
_NOTHING = (
    "(Extractive answer, no language model wrote it: no sentence that answers the question was found in the sources;"
    " try other words or another corpus.)"
)
_CALLS_A_TURN = 3
_QUIET_TURNS = 1
_TOP = 10
"""Best sentences that are noted and followed."""

_WORTH_NOTING = 0.4
_WORTH_SHARE = 0.6
"""A sentence is quoted when it scores this share of the best one."""

_MAX_QUOTES = 6
_READ_CHARS = 4_000
_ALIKE = 0.7
"""Share of common words from which two sentences say the same."""


class ExtractiveResearcher:
    """A chat model that quotes instead of writing; see the module.

    `max_turns` bounds the turns with calls. Usage is estimated as a quarter of the characters, so that budgets hold.
    """

    def __init__(self, *, max_turns: int = 10) -> None:
        self._max_turns = max_turns

    @property
    def name(self) -> str:
        """What the log calls it."""
        return "khala-extractive"

    async def reply(self, prompt: Prompt) -> ModelReply:
        """The next searches, or the answer."""
        text, calls = _next(prompt, self._max_turns)
        written = len(text) + sum(len(str(call.arguments)) for call in calls)
        usage = Usage(
            prompt_tokens=prompt.chars // _CHARS_PER_TOKEN, completion_tokens=max(1, written // _CHARS_PER_TOKEN)
        )
        return ModelReply(text=text, calls=calls, usage=usage)


def _next(prompt: Prompt, max_turns: int) -> tuple[str, tuple[RequestedCall, ...]]:
    """Text and calls of the next reply."""
    tools = frozenset(spec.name for spec in prompt.tools)
    refused: set[str] = set()
    for position in _rolled_back(prompt.messages):  # a dead branch is not shown; planning it again tells what it was
        calls = _Plan.of(prompt.task, prompt.messages[:position], tools, refused).calls(max_turns)
        refused |= {_key(call) for call in calls}
    plan = _Plan.of(prompt.task, prompt.messages, tools, refused)
    calls = () if _must_answer(prompt.messages) else plan.calls(max_turns)
    return (plan.thought(calls), calls) if calls else (plan.answer(), ())


def _rolled_back(messages: Sequence[Message]) -> list[int]:
    return [
        position
        for position, message in enumerate(messages)
        if isinstance(message, UserMessage) and message.text.startswith(ROLLED_BACK)
    ]


def _must_answer(messages: Sequence[Message]) -> bool:
    """Whether the loop has the last word, and it is no note on earlier turns: then it asks for the answer."""
    said = [message for message in messages if isinstance(message, UserMessage)]
    return len(said) > 1 and messages[-1] is said[-1] and not said[-1].text.startswith((ROLLED_BACK, CHECKED))


def _key(call: RequestedCall) -> str:
    """What makes two calls the same to this model; a limit does not."""
    told = call.arguments
    what = told.get("query") or told.get("document") or told.get("id") or ""
    return f"{call.tool} {told.get('offset') or 0} {' '.join(str(what).casefold().split())}"


@dataclass(frozen=True)
class _Plan:
    """One turn: what is known, and what to do about it."""

    question: Question
    reading: Reading
    relevance: Relevance
    tools: frozenset[str]
    known: frozenset[str]
    """Keys of calls that were made or refused."""
    ranked: tuple[tuple[float, Quote], ...]
    """Every sentence known, best first."""
    steps: tuple[Step, ...]
    """From name to name, when the question is about names."""

    @classmethod
    def of(cls, task: str, messages: Sequence[Message], tools: frozenset[str], refused: set[str]) -> _Plan:
        question = Question.of(task)
        reading = read_prompt(messages)
        quotes = reading.quotes()
        relevance = Relevance(question, reading.counts, reading.corpus_passages)
        ranked = sorted(((relevance.score(quote), quote) for quote in quotes), key=_best_first)
        made = (RequestedCall(tool=call.tool, arguments=call.arguments) for call in reading.calls)
        steps = followed(question, relevance, quotes) if relevance.follows_names else []
        known = frozenset({*map(_key, made), *refused})
        return cls(question, reading, relevance, tools, known, tuple(ranked), tuple(steps))

    def calls(self, max_turns: int) -> tuple[RequestedCall, ...]:
        """The calls of this turn; none when it is time to answer."""
        is_over = self.reading.turns >= max_turns or (self.reading.quiet_turns > _QUIET_TURNS and not self._new_notes())
        wished = iter(()) if is_over else self._further() if self.reading.calls else self._first_searches()
        return self._fresh(wished) or self._fresh(self._check())

    def thought(self, calls: Sequence[RequestedCall]) -> str:
        """The notes of this turn, and what is done next."""
        aims = "; ".join(f"{call.tool}: {call.arguments.get('query') or call.arguments['document']}" for call in calls)
        counts = [counts_line(self.reading)] if self.reading.counts else []
        return "\n".join([*map(note_line, self._new_notes()), *counts, f"next, {aims}"])

    def answer(self) -> str:
        """The best sentences with their sources."""
        chosen = self._chosen()
        if not chosen:
            return _NOTHING
        return "\n\n".join([_INTRODUCTION, *(f'"{quote.text}" [{quote.result_id}]' for quote in chosen)])

    def _fresh(self, wished: Iterator[RequestedCall]) -> tuple[RequestedCall, ...]:
        """The first wishes that are new and possible."""
        chosen: dict[str, RequestedCall] = {}
        for call in wished:
            if call.tool in self.tools and _key(call) not in self.known:
                chosen.setdefault(_key(call), call)
            if len(chosen) == _CALLS_A_TURN:
                break
        return tuple(chosen.values())

    def _first_searches(self) -> Iterator[RequestedCall]:
        yield _search(self.question.text)
        for name in (*self.question.names, *self.question.code):
            yield self._search_for(name)
        if words := (*self.question.words, *self.question.answer_words):  # none in a question like `why?`
            yield _search(" ".join(words))

    def _search_for(self, name: str) -> RequestedCall:
        """A search for a name, with what is asked about it."""
        words = dict.fromkeys((*self.question.words, *self.question.answer_words))
        return _search(" ".join((f'"{name}"', *words)))

    def _further(self) -> Iterator[RequestedCall]:
        """Two names to follow and one document to read, then more of both."""
        follow, read = self._follow(), self._read()
        for source in (follow, read, follow, read, follow, read):
            call = next((call for call in source if _key(call) not in self.known), None)
            if call is not None:
                yield call

    def _follow(self) -> Iterator[RequestedCall]:
        """Searches for the names the steps lead to, or else for the terms of the best sentences."""
        if self.relevance.follows_names:
            names = [name for step in self.steps for name in (step.name, *step.leads_to)]
        else:
            names = [*self.question.code, *(name for _, quote in self.ranked[:_TOP] for name in terms_in(quote.text))]
        for name in dict.fromkeys(names):
            if not set(stems(name)) <= self.question.relations:
                yield self._search_for(name)

    def _read(self) -> Iterator[RequestedCall]:
        """Readings around the best passages in view of documents that were not seen whole."""
        best: dict[tuple[str, int], float] = {}
        scores = {quote.text: score for score, quote in self.ranked}
        for passage in self.reading.passages:
            score = max((scores[text] for text in scores if text in passage.text), default=0.0)
            if passage.document and score >= _WORTH_NOTING and not self._is_read(passage):
                place = (passage.document, max(0, passage.start - _READ_CHARS // 4))
                best[place] = max(best.get(place, 0.0), score)
        for document, offset in sorted(best, key=lambda place: (-best[place], place)):
            arguments = {"document": document, "offset": offset, "limit": _READ_CHARS}
            yield RequestedCall(tool="read_document", arguments={**arguments})

    def _is_read(self, passage: Passage) -> bool:
        """Whether the document is no longer than the passage, or was read around it."""
        if len(passage.text) >= passage.document_chars - 2:
            return True
        offsets = [
            call.arguments.get("offset") or 0
            for call in self.reading.calls
            if call.arguments.get("document") == passage.document
        ]
        return any(isinstance(offset, int) and offset <= passage.start < offset + _READ_CHARS for offset in offsets)

    def _check(self) -> Iterator[RequestedCall]:
        """One recall of the question, once something worth quoting has left the view."""
        if any(quote.result_id not in self.reading.in_view for quote in self._chosen()):
            yield RequestedCall(tool="recall", arguments={"query": self.question.text})

    def _new_notes(self) -> list[Quote]:
        """Sentences worth noting that are not noted yet; that there are any shows that the last turn helped."""
        noted = {quote.text for quote in self.reading.notes}
        linked = [quote for step in self.steps for quote in step.quotes]
        best = [quote for score, quote in self.ranked[:_TOP] if score >= _WORTH_NOTING]
        return [quote for quote in dict.fromkeys((*linked, *best)) if quote.text not in noted]

    def _chosen(self) -> list[Quote]:
        """The sentences of the answer, each adding something."""
        if not self.relevance.is_of_this_corpus:
            return []
        linked = [quote for step in self.steps for quote in step.quotes]
        if linked:
            return _unlike(linked)
        if not self.ranked or self.ranked[0][0] < _WORTH_NOTING:
            return []
        worth = max(_WORTH_NOTING, _WORTH_SHARE * self.ranked[0][0])
        good = [quote for score, quote in self.ranked if score >= worth]
        chosen = _unlike(other for quote in good for other in (quote, *self._items_after(quote)))
        titles = list(dict.fromkeys(quote.title for quote in chosen))
        return sorted(chosen, key=lambda quote: (titles.index(quote.title), quote.position))

    def _items_after(self, lead: Quote) -> list[Quote]:
        """The items of the list that a sentence leads to, in their order."""
        if not lead.text.endswith(":"):
            return []
        words = " ".join(lead.text.split())
        items = [quote for _, quote in self.ranked if quote.context.endswith(f" / {words}")]
        return sorted(items, key=lambda quote: quote.position)


def _unlike(quotes: Iterable[Quote]) -> list[Quote]:
    """The first of them that say something the ones before do not."""
    chosen: list[Quote] = []
    for quote in quotes:
        if len(chosen) < _MAX_QUOTES and not any(_are_alike(quote, other) for other in chosen):
            chosen.append(quote)
    return chosen


def _best_first(scored: tuple[float, Quote]) -> tuple[float, str, int, str]:
    score, quote = scored
    return -score, quote.context, quote.position, quote.text


def _search(query: str) -> RequestedCall:
    # a name out of a document may reach over a line end, and a line of its own could pass for a note
    return RequestedCall(tool="search_corpus", arguments={"query": " ".join(query.split())})


def _are_alike(one: Quote, other: Quote) -> bool:
    if one.text in other.text or other.text in one.text:
        return True
    first, second = sorted((one, other), key=lambda quote: quote.position)
    if first.title == second.title and second.position < first.position + len(first.text):
        return True
    mine, theirs = set(stems(one.text)), set(stems(other.text))
    return len(mine & theirs) > _ALIKE * len(mine | theirs)
