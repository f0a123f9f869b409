"""MiroThinker's format: tools described in the system prompt, calls as XML blocks in the text.

A block is `<use_mcp_tool>` with `<server_name>`, `<tool_name>` and `<arguments>` (one JSON object) in any order, each
closed, and `</use_mcp_tool>`. One server is offered, so a block without its name, or with another, is accepted.
Several blocks may stand in a reply; which ones count is decided in `reply_text`. Arguments are read as JSON before any
closing tag is looked for, so tags inside their strings do no harm. A block that is not closed is malformed: what is
missing from it is not known. The results of a turn go back as one user message, in the order of the calls, and
thoughts go back inside `<think>`, as the model was trained.

Calls that the endpoint has already taken out of the text, into `tool_calls`, are accepted too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from khala.domain.message import AssistantMessage, RequestedCall, ResultsMessage, UserMessage
from khala.domain.tool import ToolSpec
from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.call_format import (
    Fragment,
    ReadReply,
    ThinkingBack,
    WireReply,
    encoded_json,
    encoded_words,
    unreadable_call,
)
from khala.infrastructure.models.openai.json_arguments import ArgumentsUnreadable, read_arguments, read_leading_object
from khala.infrastructure.models.openai.native_calls import read_native_calls
from khala.infrastructure.models.openai.reply_text import CALL_TAG, Block, read_text, with_thinking

__all__ = ["McpXmlCalls", "call_block"]

_SERVER = "khala"
_CLOSE = "</use_mcp_tool>"
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"<(server_name|tool_name)>([^<]{0,200})</\1>")
_ARGUMENTS_OPEN, _ARGUMENTS_CLOSE = "<arguments>", "</arguments>"
_ARGUMENTS_END = re.compile(r"</arguments>\s*(?=</use_mcp_tool>|<(?:server|tool)_name>)")
_BOUNDARY = re.compile(r"<use_mcp_tool>|</think>")
"""Where a block that does not close is given up."""

_HOW_TO_CALL = f"""# Tools

You act by calling tools. A call is a block of this form:

{CALL_TAG}
<server_name>{_SERVER}</server_name>
<tool_name>the tool</tool_name>
<arguments>
{{"argument": "value"}}
</arguments>
{_CLOSE}

- The arguments are one JSON object that fits the schema of the tool.
- Blocks count only in the message itself: never inside your thinking, in a code block or in quotation marks.
- Several blocks in one message run side by side; use that for calls that do not need each other's results.
- End your message after its last block. The results arrive in the next message, in the order of the blocks.
- A message without a block is taken as your answer.

The server `{_SERVER}` offers these tools:"""


@dataclass(frozen=True)
class McpXmlCalls:
    """The `<use_mcp_tool>` format."""

    thinking_back: ThinkingBack = "tags"

    def system(self, text: str, tools: tuple[ToolSpec, ...]) -> Fragment | None:
        """The text, and behind it how to call and what."""
        described = "\n\n".join(part for part in (text, _tools_text(tools)) if part)
        return Fragment(encoded_json({"role": "system", "content": described})) if described else None

    def fragment(self, message: UserMessage | AssistantMessage | ResultsMessage) -> Fragment:
        """An assistant's message with its calls as blocks; everything else as user words."""
        match message:
            case UserMessage():
                return encoded_words([message.text])
            case ResultsMessage():
                return encoded_words([result.text for result in message.results])
            case AssistantMessage():
                blocks = (call_block(call.tool, call.arguments) for call in message.calls)
                text = "\n\n".join(part for part in (message.text, *blocks) if part)
                return Fragment(encoded_json(with_thinking(text, message.thinking, self.thinking_back)))

    def tools_field(self, tools: tuple[ToolSpec, ...]) -> bytes:
        """Nothing: the system prompt describes them."""
        del tools
        return b""

    def read(self, wire: WireReply) -> ReadReply:
        """The blocks of the text, then the calls of `tool_calls` if there are any."""
        scanned = read_text(wire.content, _read_block)
        calls, malformed = read_native_calls(wire.calls, cut_off=wire.finish == "length")
        thinking = "\n\n".join(part for part in (wire.thinking, scanned.thinking) if part)
        return ReadReply(scanned.text, thinking, scanned.calls + calls, scanned.malformed + malformed)


def call_block(tool: str, arguments: JsonObject) -> str:
    """A call as the model is to write it."""
    return (
        f"{CALL_TAG}\n<server_name>{_SERVER}</server_name>\n<tool_name>{tool}</tool_name>\n"
        f"{_ARGUMENTS_OPEN}\n{json.dumps(arguments, ensure_ascii=False)}\n{_ARGUMENTS_CLOSE}\n{_CLOSE}"
    )


def _tools_text(tools: tuple[ToolSpec, ...]) -> str:
    if not tools:
        return ""
    described = (
        f"## {spec.name}\n\n{spec.description}\n\nArguments: {json.dumps(spec.parameters, ensure_ascii=False)}"
        for spec in tools
    )
    return "\n\n".join((_HOW_TO_CALL, *described))


def _read_block(text: str, start: int) -> Block | str:
    """Read the block whose opening tag stands at `start`."""
    names: dict[str, str] = {}
    arguments: JsonObject | None = None
    position = _after_space(text, start + len(CALL_TAG))
    try:
        while not text.startswith(_CLOSE, position):
            if named := _NAME.match(text, position):
                names[named[1]] = named[2].strip()
                position = _after_space(text, named.end())
            elif text.startswith(_ARGUMENTS_OPEN, position):
                arguments, position = _read_block_arguments(text, position + len(_ARGUMENTS_OPEN))
            else:
                what = "holds something besides its three elements" if text[position:] else "is cut off"
                return unreadable_call(names.get("tool_name", ""), f"the block {what}")
    except ArgumentsUnreadable as error:
        return unreadable_call(names.get("tool_name", ""), str(error))
    tool = names.get("tool_name", "")
    if not tool or arguments is None:
        return unreadable_call(tool, "the block has no <arguments>" if tool else "the block has no <tool_name>")
    return Block(RequestedCall(tool=tool, arguments=arguments), position + len(_CLOSE))


def _read_block_arguments(text: str, start: int) -> tuple[JsonObject, int]:
    """The arguments that begin at `start`, and where the block goes on."""
    start = _after_space(text, start)
    strict = read_leading_object(text, start)
    if strict is not None:
        arguments, position = strict
        position = _after_space(text, position)
        if text.startswith(_ARGUMENTS_CLOSE, position):
            return arguments, _after_space(text, position + len(_ARGUMENTS_CLOSE))
        if text.startswith(_CLOSE, position):
            return arguments, position
    boundary = _BOUNDARY.search(text, start)
    close = text.find(_CLOSE, start, boundary.start() if boundary else len(text))
    if close < 0:
        raise ArgumentsUnreadable("the block is not closed, or cut off")
    end = _ARGUMENTS_END.search(text, start, close + len(_CLOSE))
    written = text[start : end.start() if end else close]
    return read_arguments(written), end.end() if end else close


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
