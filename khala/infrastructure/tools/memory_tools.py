"""The two tools over what was seen before: recall passages by meaning or words, and open an earlier result again.

Their results carry the labels of what they repeat, and say what they repeat: the origin of a text survives being
forgotten and found again. Nothing the model wrote is echoed into them, because a recalled result can be trusted, and
an echo would lend its trust to whatever the model was talked into asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from khala.domain.call import Recollection, ToolResult
from khala.domain.label import Label
from khala.domain.moment import milliseconds_of
from khala.domain.ports import Memory
from khala.domain.selection import Selection
from khala.domain.tool import Tool, ToolOutput, tool
from khala.errors import ToolFailed
from khala.infrastructure.tools.folder import printable

__all__ = ["memory_tools"]

_MAX_PASSAGES = 15
_MAX_READ_CHARS = 16_000
_MAX_ID_CHARS = 100


def memory_tools(memory: Memory, find_result: Callable[[str], ToolResult | None]) -> tuple[Tool, ...]:
    """`recall` over a memory, and `read_result` over whatever `find_result` finds by id."""

    @tool(effect="read", trust="labelled", roles={"query": "query"}, pinned=False)
    def recall(query: str, limit: int = 5, tool: str = "", since: str = "") -> ToolOutput:
        """Find passages of earlier results by meaning and by words, in this run and in earlier ones.

        Args:
            query: what to look for
            limit: passages wanted, at most 15
            tool: name of the tool whose results are meant; empty for all
            since: ISO 8601 date or time, UTC unless it says otherwise, before which nothing is meant; empty for all
        """
        where = Selection(tools=frozenset({tool}) if tool else None, since_ms=_milliseconds(since) if since else None)
        found = memory.recall(query, limit=max(1, min(limit, _MAX_PASSAGES)), where=where)
        if not found:
            return ToolOutput(text="nothing seen so far matches: try other words", label=Label())
        listed = "\n\n".join(
            f"{number}. [result {recollection.result_id}] {recollection.tool}"
            f" (characters {recollection.start} to {recollection.end}{_repeated(recollection)})\n{recollection.passage}"
            for number, recollection in enumerate(found, start=1)
        )
        return ToolOutput(
            text=f"{len(found)} passages, best first; read_result(id, offset) reads on\n\n{listed}",
            label=_joined(recollection.label for recollection in found),
            derived_from=tuple(dict.fromkeys(recollection.result_id for recollection in found)),
        )

    @tool(effect="read", trust="labelled", roles={"id": "handle"}, pinned=False)
    def read_result(id: str, offset: int = 0, limit: int = 8_000) -> ToolOutput:  # noqa: A002 (the model's word for it)
        """Open an earlier result again, word for word, from a character offset on.

        Args:
            id: the result's id
            offset: character to begin at
            limit: characters wanted, at most 16,000
        """
        result = find_result(id)
        if result is None:
            raise ToolFailed(f"no result `{printable(id[:_MAX_ID_CHARS])}`: use an id as a result or recall names it")
        chars = len(result.text)
        if not 0 <= offset < max(chars, 1):
            raise ToolFailed(f"the result has {chars} characters: use an offset below that")
        end = min(chars, offset + max(1, min(limit, _MAX_READ_CHARS)))
        rest = f"; read_result(id, offset={end}) reads on" if end < chars else ""
        return ToolOutput(
            text=f"[result {result.call.id}] {result.call.tool} (characters {offset} to {end} of {chars}{rest})\n"
            + result.text[offset:end],
            label=result.label,
            derived_from=(result.call.id,),
        )

    return recall, read_result


def _milliseconds(since: str) -> int:
    try:
        return milliseconds_of(since)
    except ValueError:
        raise ToolFailed("`since` is no date or time: write it as 2026-03-31 or 2026-03-31T18:00") from None


def _repeated(recollection: Recollection) -> str:
    times = len(recollection.also_in)
    return f"; the same words in {times} other result{'s' * (times > 1)}" if times else ""


def _joined(labels: Iterable[Label]) -> Label:
    return reduce(Label.join, labels)
