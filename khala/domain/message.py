"""What a model is shown and what it answers, free of any provider's format.

Messages are compared by identity: a client encodes each one once and keeps the bytes for as long as the message lives.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .call import ToolCall
from .events import FinishReason, Usage
from .tool import ToolSpec
from .value import JsonObject, Value

__all__ = [
    "AssistantMessage",
    "Message",
    "ModelReply",
    "Prompt",
    "RequestedCall",
    "ResultsMessage",
    "ShownResult",
    "SystemMessage",
    "UserMessage",
]


@dataclass(frozen=True, eq=False)
class _Message:
    """What all messages have in common: room for the bytes that clients encode them to."""

    encodings: dict[object, object] = field(default_factory=dict[object, object], init=False, repr=False, kw_only=True)
    """What each client keeps of the message, under itself; gone with the message."""


@dataclass(frozen=True, eq=False)
class SystemMessage(_Message):
    """How the model is to work."""

    text: str


@dataclass(frozen=True, eq=False)
class UserMessage(_Message):
    """The task, or a word of the loop to the model."""

    text: str


@dataclass(frozen=True, eq=False)
class AssistantMessage(_Message):
    """An earlier reply of the model."""

    text: str
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class ShownResult:
    """One result as the prompt shows it: in full, cut, or as a placeholder."""

    call: ToolCall
    text: str


@dataclass(frozen=True, eq=False)
class ResultsMessage(_Message):
    """The results of all calls of one turn, in the order of the calls; never empty."""

    results: tuple[ShownResult, ...]


Message = SystemMessage | UserMessage | AssistantMessage | ResultsMessage
"""Any message of a prompt."""


@dataclass(frozen=True)
class Prompt:
    """One request to a model."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    chars: int
    """Characters of all messages, for estimating tokens."""
    task: str
    """The user's question, for models that are no language models."""


class RequestedCall(Value):
    """A call as the model wrote it: no id yet, arguments not checked."""

    tool: str
    arguments: JsonObject


class ModelReply(Value):
    """What a model answered."""

    text: str
    thinking: str = ""
    """Reasoning the endpoint reports apart from the text, or that stood in thinking tags."""
    calls: tuple[RequestedCall, ...] = ()
    malformed: tuple[str, ...] = ()
    """What looked like a call and could not be read, each with the reason in a few words."""
    finish: FinishReason = "stop"
    usage: Usage = Usage()
