"""What memory files under a result: its passages, each with where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from khala.domain.call import ToolCall, ToolResult
from khala.infrastructure.memory.chunks import CHUNK_PIECES, CountTokens, chunks, estimated_pieces
from khala.infrastructure.memory.words import clean, terms

__all__ = ["Passage", "passages"]

HEADER_CHARS = 120
"""Characters of a header at most: about 30 word pieces of the 256 that MiniLM reads."""

_VALUE_CHARS = 60
"""Characters of one argument in a header."""

_MARKS = 2
"""Word pieces that mark start and end of what a model reads."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk of a result with all that a recollection tells of it."""

    result_id: str
    run_id: str
    tool: str
    header: str
    """Tool and main arguments: searched and embedded with the text, but no part of it."""
    text: str
    start: int
    end: int
    label: str
    """The label as JSON."""
    at_ms: int

    @property
    def words(self) -> str:
        """What is embedded."""
        return f"{self.header}\n{self.text}"

    @property
    def terms(self) -> list[str]:
        """What is searched by words."""
        return terms(self.words)


def passages(
    result: ToolResult, *, count_tokens: CountTokens = estimated_pieces, max_tokens: int = 256
) -> list[Passage]:
    """The passages of a result, each short enough to be read whole, with its header, by a model of `max_tokens`.

    A result that repeats earlier ones has none: its words are found where they came from. Nor has a blank one.
    """
    if result.derived_from:
        return []
    text = clean(result.text)
    head = _header(result.call)
    label = result.label.model_dump_json()
    limit = max(1, min(CHUNK_PIECES, max_tokens - _MARKS - count_tokens(head)))
    return [
        Passage(
            result_id=result.call.id,
            run_id=result.run_id,
            tool=result.call.tool,
            header=head,
            text=text[chunk.start : chunk.end],
            start=chunk.start,
            end=chunk.end,
            label=label,
            at_ms=result.at_ms,
        )
        for chunk in chunks(text, count_tokens=count_tokens, limit=limit)
    ]


def _header(call: ToolCall) -> str:
    """Tool and main arguments in one short line."""
    said = [call.tool]
    for name, value in call.arguments.items():
        if isinstance(value, str | int | float):
            said.append(f"{name}={' '.join(str(value)[:_VALUE_CHARS].split())}")
    return clean(" ".join(said)[:HEADER_CHARS])
