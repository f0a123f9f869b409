"""What a prompt shows to a model that is no language model: passages in view, its own notes, the calls it made.

Passages are cut out by the lengths the tools announce, so a passage that imitates an announcement stays what it is.
Notes are lines the model wrote into its earlier replies; as results leave the view, they are what it still knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from khala.domain.call import ToolCall
from khala.domain.message import AssistantMessage, Message, ResultsMessage, ShownResult, UserMessage
from khala.domain.retention import placeholder
from khala.infrastructure.models.extractive.sentences import spans

__all__ = ["CHECKED", "ROLLED_BACK", "Passage", "Quote", "Reading", "counts_line", "note_line", "read_prompt"]

ROLLED_BACK = "Your last reply was rolled back"
"""How the loop's note on a dead branch begins (khala.domain.rollback); the calls of that reply are not shown."""

CHECKED = "A check of your last calls"
"""How the loop's note on what verifiers found after a turn begins (khala.agent.prompts); no answer is asked for."""

_HIT = re.compile(r"\d+\. \[([^\n]*?)\] ([^\n]*) \(characters (\d+) to (\d+) of (\d+)\)\n")
_RECALLED = re.compile(r"\d+\. \[result (\S+)\] (\S+) \(characters (\d+) to (\d+)\)\n")
_PAGE = re.compile(r"\[([^\n]*?)\] ([^\n]*) \(characters (\d+) to (\d+) of (\d+)(?:; [^\n]*)?\)\n")
_ANNOUNCEMENT = re.compile(r"^[^\n]* \(characters \d+ to \d+ of \d+[^\n]*\)$", re.MULTILINE)
_BEGINS = re.compile(r"\n[ \t]*\n|[.!?][\"')]*\s+(?=[\"'*(]*[A-Z])")
_JSON_TEXT = r'"(?:[^"\\]|\\.)*"'
_NOTE = re.compile(rf"^noted from (\S+) at (\d+) in ({_JSON_TEXT}): ({_JSON_TEXT})$", re.MULTILINE)
_COUNTS = re.compile(r"^words: (.*) of (\d+) passages$", re.MULTILINE)
_COUNT = re.compile(r"(\w+) (\d+)")
_DROPPED = re.compile(r"\[the first (\d+) turns are out of view")


@dataclass(frozen=True)
class Passage:
    """Words of a document or of an earlier result, as one result in view shows them."""

    result_id: str
    """The result that holds the words; for a recalled passage, the one it was recalled from."""
    document: str
    """Empty for a recalled passage."""
    title: str
    start: int
    document_chars: int
    text: str

    @property
    def end(self) -> int:
        """Where the passage ends in its document."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Quote:
    """A sentence as it stands in a result, where it was seen, and the headings it stands under."""

    text: str
    result_id: str
    context: str
    position: int

    @property
    def title(self) -> str:
        """What the text is called that it stands in."""
        return self.context.split(" / ")[0]


@dataclass
class Reading:
    """Everything a turn can be planned from."""

    passages: list[Passage] = field(default_factory=list[Passage])
    notes: list[Quote] = field(default_factory=list[Quote])
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    in_view: set[str] = field(default_factory=set[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """In how many passages of the corpus a word stands, as searches said."""
    corpus_passages: int = 0
    turns: int = 0
    quiet_turns: int = 0
    """Latest turns that noted nothing."""

    def quotes(self) -> list[Quote]:
        """The notes, then every sentence in view that was not noted."""
        known = {quote.text: quote for quote in self.notes}
        for passage in self.passages:
            for quote in _quotes(passage):
                known.setdefault(quote.text, quote)
        return list(known.values())


def read_prompt(messages: Sequence[Message]) -> Reading:
    """What these messages show."""
    reading = Reading()
    for message in messages:
        match message:
            case AssistantMessage():
                found = list(_notes(message.text))
                reading.notes += found
                _count(reading, message.text)
                reading.calls += message.calls
                reading.turns += 1
                reading.quiet_turns = 0 if found else reading.quiet_turns + 1
            case ResultsMessage():
                for shown in message.results:
                    _take(reading, shown)
            case UserMessage() if dropped := _DROPPED.match(message.text):
                reading.turns += int(dropped[1])
            case _:
                pass
    return reading


def counts_line(reading: Reading) -> str:
    """How rare each word is, as one line that `read_prompt` finds again."""
    counts = ", ".join(f"{word} {count}" for word, count in sorted(reading.counts.items()))
    return f"words: {counts} of {reading.corpus_passages} passages"


def note_line(quote: Quote) -> str:
    """A quote as one line that `read_prompt` finds again."""
    context, text = (json.dumps(part, ensure_ascii=False) for part in (quote.context, quote.text))
    return f"noted from {quote.result_id} at {quote.position} in {context}: {text}"


def _notes(text: str) -> Iterator[Quote]:
    for result_id, position, context, words in _NOTE.findall(text):
        yield Quote(json.loads(words, strict=False), result_id, json.loads(context, strict=False), int(position))


def _count(reading: Reading, text: str) -> None:
    for counts, passages in _COUNTS.findall(text):
        reading.counts |= {word: int(count) for word, count in _COUNT.findall(counts)}
        reading.corpus_passages = int(passages)


def _take(reading: Reading, shown: ShownResult) -> None:
    body = shown.text.partition("\n")[2]  # the first line is the loop's own
    if shown.text == placeholder(shown.call.id):
        return
    reading.in_view.add(shown.call.id)
    match shown.call.tool:
        case "search_corpus":
            _count(reading, body[: body.find("\n\n")])
            reading.passages += _hits(shown.call.id, body)
        case "read_document":
            reading.passages += _page(shown.call.id, body)
        case "recall":
            reading.passages += _recalled(body)
        case _:
            pass


def _hits(result_id: str, body: str) -> Iterator[Passage]:
    position = body.find("\n\n") + 2
    while found := _HIT.match(body, position):
        document, title, start, end, chars = found.groups()
        words = body[found.end() : found.end() + int(end) - int(start)]
        yield Passage(result_id, document, title, int(start), int(chars), words)
        position = found.end() + len(words) + 2


def _page(result_id: str, body: str) -> Iterator[Passage]:
    if found := _PAGE.match(body):
        document, title, start, end, chars = found.groups()
        words = body[found.end() :]
        first, last = _whole_part(words, is_first=start == "0", is_last=end == chars)
        yield Passage(result_id, document, title, int(start) + first, int(chars), words[first:last])


def _recalled(body: str) -> Iterator[Passage]:
    position = body.find("\n\n") + 2
    while found := _RECALLED.match(body, position):
        result_id, tool, start, end = found.groups()
        words = body[found.end() : found.end() + int(end) - int(start)]
        position = found.end() + len(words) + 2
        if tool in {"search_corpus", "read_document"}:
            for part in _ANNOUNCEMENT.split(words):  # a recalled passage may reach over several hits of a search
                first, last = _whole_part(part, is_first=False, is_last=False)
                yield Passage(result_id, "", "", int(start), 0, part[first:last])


def _whole_part(words: str, *, is_first: bool, is_last: bool) -> tuple[int, int]:
    """Where the first whole sentence begins and the last one ends: a window seldom fits its sentences."""
    begins = None if is_first else _BEGINS.search(words)
    first = 0 if is_first else begins.end() if begins else len(words)
    return first, len(words) if is_last else max(first, words.rfind(". ") + 1, words.rfind(".\n") + 1)


def _quotes(passage: Passage) -> Iterator[Quote]:
    for span in spans(passage.text):
        headings = passage.title if span.context in passage.title else f"{passage.title} / {span.context}"
        yield Quote(
            passage.text[span.start : span.end], passage.result_id, headings.strip(" /"), passage.start + span.start
        )
