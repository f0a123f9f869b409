"""Calls the protocol's own way: tools in the `tools` field, calls in `tool_calls`, one `tool` message per result.

The ids of calls are ours in both directions; the model's own are not kept. Thinking is sent back only when asked
for, as hosted endpoints refuse fields and tags they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from khala.domain.message import AssistantMessage, RequestedCall, ResultsMessage, UserMessage
from khala.domain.tool import ToolSpec
from khala.infrastructure.models.openai.call_format import (
    Fragment,
    ReadReply,
    ThinkingBack,
    WireCall,
    WireReply,
    encoded_json,
    encoded_words,
    unreadable_call,
)
from khala.infrastructure.models.openai.json_arguments import ArgumentsUnreadable, checked_object, read_arguments
from khala.infrastructure.models.openai.plain_text import sound
from khala.infrastructure.models.openai.reply_text import read_text, with_thinking

__all__ = ["NativeCalls", "read_native_calls"]


@dataclass(frozen=True)
class NativeCalls:
    """The `tool_calls` format."""

    thinking_back: ThinkingBack = "dropped"

    def system(self, text: str, tools: tuple[ToolSpec, ...]) -> Fragment | None:
        """The text alone; tools go into their own field."""
        del tools
        return Fragment(encoded_json({"role": "system", "content": text})) if text else None

    def fragment(self, message: UserMessage | AssistantMessage | ResultsMessage) -> Fragment:
        """A user's or assistant's message, or one `tool` message for each result."""
        match message:
            case UserMessage():
                return encoded_words([message.text])
            case ResultsMessage():
                return Fragment(
                    b",".join(
                        encoded_json({"role": "tool", "tool_call_id": result.call.id, "content": result.text})
                        for result in message.results
                    )
                )
            case AssistantMessage():
                encoded = with_thinking(message.text, message.thinking, self.thinking_back)
                if message.calls:
                    encoded["tool_calls"] = [
                        {
                            "id": call.id,
                            "type": "function",
                            "function": {
                                "name": call.tool,
                                "arguments": json.dumps(call.arguments, ensure_ascii=False),
                            },
                        }
                        for call in message.calls
                    ]
                return Fragment(encoded_json(encoded))

    def tools_field(self, tools: tuple[ToolSpec, ...]) -> bytes:
        """`tools` as functions with their JSON schemas."""
        functions = [{"type": "function", "function": spec.model_dump(mode="json")} for spec in tools]
        return b',"tools":' + encoded_json(functions) if functions else b""

    def read(self, wire: WireReply) -> ReadReply:
        """The calls of the `tool_calls` field; blocks written into the text are text."""
        scanned = read_text(wire.content)
        calls, malformed = read_native_calls(wire.calls, cut_off=wire.finish == "length")
        thinking = "\n\n".join(part for part in (wire.thinking, scanned.thinking) if part)
        return ReadReply(scanned.text, thinking, calls, malformed)


def read_native_calls(
    wire_calls: Sequence[WireCall], *, cut_off: bool
) -> tuple[tuple[RequestedCall, ...], tuple[str, ...]]:
    """The calls that can be read, and why the others cannot.

    The last call of a reply that was cut off is not mended: what is missing from it is not known.
    """
    calls: list[RequestedCall] = []
    malformed: list[str] = []
    for position, wire in enumerate(wire_calls, start=1):
        name = sound(wire.name).strip()
        try:
            if not name:
                raise ArgumentsUnreadable("it names no tool")  # noqa: TRY301 (one place collects the reasons)
            mend = not (cut_off and position == len(wire_calls))
            arguments = wire.arguments
            read = read_arguments(arguments, mend=mend) if isinstance(arguments, str) else checked_object(arguments)
        except ArgumentsUnreadable as error:
            malformed.append(unreadable_call(name, str(error)))
        else:
            calls.append(RequestedCall(tool=name, arguments=read))
    return tuple(calls), tuple(malformed)
