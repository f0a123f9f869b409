"""The seam between the chat client and the two ways a model writes calls, and what passes through it.

A format turns messages into fragments of the request body, tools into a field of it or a part of the system prompt,
and what the endpoint answered into text, thinking and calls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from khala.domain.events import FinishReason, Usage
from khala.domain.message import AssistantMessage, RequestedCall, ResultsMessage, UserMessage
from khala.domain.tool import ToolSpec
from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.plain_text import excerpt

__all__ = [
    "CallFormat",
    "Fragment",
    "ReadReply",
    "ThinkingBack",
    "WireCall",
    "WireReply",
    "encoded_json",
    "encoded_words",
    "unreadable_call",
]

ThinkingBack = Literal["tags", "field", "dropped"]
"""How earlier thinking goes back to the endpoint.

`tags`: in front of the text, inside `<think>`; `field`: as `reasoning_content`, which some endpoints demand
(DeepSeek, Kimi) and others refuse; `dropped`: not at all.
"""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A message's share of the request body, encoded once and kept.

    User words are kept as the inside of a JSON string, so that neighbours can be joined into one message without
    being encoded again; everything else as whole JSON messages.
    """

    encoded: bytes
    is_user_words: bool = False


@dataclass(frozen=True, slots=True)
class WireCall:
    """A native call as the endpoint sent it, nothing checked."""

    name: str
    arguments: str | JsonObject


@dataclass(frozen=True, slots=True)
class WireReply:
    """What the endpoint answered, in the protocol's words."""

    content: str
    thinking: str
    calls: tuple[WireCall, ...]
    finish: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True)
class ReadReply:
    """What a format made of an answer."""

    text: str
    thinking: str
    calls: tuple[RequestedCall, ...]
    malformed: tuple[str, ...]


class CallFormat(Protocol):
    """One way to show tools and calls to a model and to read calls from it."""

    def system(self, text: str, tools: tuple[ToolSpec, ...]) -> Fragment | None:
        """The system message; `None` if there is nothing to say."""
        ...

    def fragment(self, message: UserMessage | AssistantMessage | ResultsMessage) -> Fragment:
        """Any other message."""
        ...

    def tools_field(self, tools: tuple[ToolSpec, ...]) -> bytes:
        """The request field that offers the tools, with a leading comma; empty if the format has none."""
        ...

    def read(self, wire: WireReply) -> ReadReply:
        """Text, thinking and calls of an answer; what looks like a call and is none is named, never raised."""
        ...


def encoded_json(value: object) -> bytes:
    """A value as compact UTF-8 JSON; a lone surrogate, which UTF-8 cannot hold, becomes `?`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def encoded_words(words: Sequence[str]) -> Fragment:
    """User words, each a paragraph, ready to be joined with neighbours."""
    return Fragment(encoded_json("\n\n".join(words))[1:-1], is_user_words=True)


def unreadable_call(tool: str, reason: str) -> str:
    """How a call that could not be read is named to the loop."""
    return f"call of `{excerpt(tool, 64)}`: {reason}" if tool else f"call without a tool name: {reason}"
