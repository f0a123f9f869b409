"""Calls as XML blocks in a text, found where MiroThinker's own parser finds them.

That parser looks at the whole text: a block in thinking, in a quotation or in code was a call, and it ran. So a log is
read otherwise than a reply of khala's own loop, where such a block is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from khala.domain.value import JsonObject
from khala.infrastructure.logs.foreign_run import Damage, ForeignCall
from khala.infrastructure.models.openai.json_arguments import ArgumentsUnreadable, checked_object, read_arguments
from khala.infrastructure.models.openai.plain_text import excerpt

__all__ = ["WrittenReply", "arguments_of", "read_written_reply"]

_OPEN = re.compile(
    r"<use_mcp_tool>\s*<server_name>([^<]{0,200})</server_name>\s*<tool_name>([^<]{0,200})</tool_name>\s*<arguments>"
)
_CLOSE = re.compile(r"</arguments>\s*</use_mcp_tool>")
_TAG = "<use_mcp_tool>"
_THOUGHT = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.DOTALL)


@dataclass
class WrittenReply:
    """A reply taken apart."""

    text: str
    thinking: str
    calls: list[ForeignCall]
    malformed: list[str]


def read_written_reply(content: str, damage: Damage, *, with_calls: bool = True) -> WrittenReply:
    """Take a reply apart into thinking, text and the calls in it; without `with_calls` blocks are text too."""
    if not with_calls:
        return WrittenReply(*_without_thoughts(content), [], [])
    shown: list[str] = []
    calls: list[ForeignCall] = []
    position = 0
    while opened := _OPEN.search(content, position):
        closed = _CLOSE.search(content, opened.end())
        if closed is None:
            break
        shown.append(content[position : opened.start()])
        tool = f"{opened[1].strip()}-{opened[2].strip()}"  # as MiroFlow names a server's tool for native calls
        calls.append(ForeignCall(tool, arguments_of(content[opened.end() : closed.start()], tool, damage)))
        position = closed.end()
    rest = content[position:]
    malformed = [f"a call that is not closed: {excerpt(rest[rest.find(_TAG) :], 200)}"] if _TAG in rest else []
    text, thinking = _without_thoughts("".join((*shown, rest)))
    return WrittenReply(text, thinking, calls, malformed)


def arguments_of(written: object, tool: str, damage: Damage) -> JsonObject:
    """The arguments of a call, as an object or as its text; what cannot be read stays as one argument `unreadable`."""
    try:
        return read_arguments(written) if isinstance(written, str) else checked_object(written)
    except ArgumentsUnreadable as error:
        damage.add(f"a call of `{excerpt(tool, 100)}` has arguments that cannot be read: {error}")
        return {"unreadable": written if isinstance(written, str) else excerpt(repr(written), 1_000)}


def _without_thoughts(text: str) -> tuple[str, str]:
    thoughts = [thought.strip() for thought in _THOUGHT.findall(text)]
    spoken = _THOUGHT.sub("", text)
    began_earlier, orphan, after = spoken.rpartition("</think>")
    if orphan:
        thoughts.insert(0, began_earlier.replace("</think>", "").strip())
        spoken = after
    return spoken.strip(), "\n\n".join(filter(None, thoughts))
