"""Puts a request together from parts that were encoded before.

A message is encoded when it is first seen, and its bytes are kept for as long as the message lives; tools are encoded
once for each tuple of them. A body is the join of these parts: no time is spent on what did not change. Neighbouring
user messages become one, as many chat templates demand that roles alternate; their parts stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from khala.domain.message import Message, Prompt, SystemMessage, UserMessage
from khala.domain.tool import ToolSpec
from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.call_format import CallFormat, Fragment, encoded_json
from khala.infrastructure.models.openai.endpoint_errors import EndpointError

__all__ = ["Dialect", "RequestBodies", "joined"]

_USER_OPEN, _USER_NEXT, _USER_CLOSE = b'{"role":"user","content":"', rb"\n\n", b'"}'

_MOST_TOOL_SETS = 16
"""Tuples of tools kept encoded; an agent has one, its sub-agents one each."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The fields on which endpoints disagree; learnt from the first refusal and kept."""

    tokens_field: str = "max_tokens"
    """What every local server and most hosted ones know; OpenAI's newer models want `max_completion_tokens`."""
    stream_options: bool = True

    def adapted(self, error: EndpointError) -> Dialect | None:
        """The dialect to try next, if the error names one of these fields."""
        if error.status not in (400, 422):
            return None
        if self.tokens_field == "max_tokens" and error.says("Use 'max_completion_tokens' instead"):
            return replace(self, tokens_field="max_completion_tokens")
        if self.stream_options and error.says("stream_options"):
            return replace(self, stream_options=False)
        return None


class RequestBodies:
    """Encodes prompts for one model and call format."""

    def __init__(
        self,
        calls: CallFormat,
        *,
        model: str,
        stream: bool,
        max_completion_tokens: int,
        options: JsonObject,
    ) -> None:
        self._calls = calls
        self._stream = stream
        self._max_completion_tokens = max_completion_tokens
        self._head = b'{"model":' + encoded_json(model)
        self._options = options
        self._systems: WeakKeyDictionary[Message, _SystemFragment] = WeakKeyDictionary()
        self._tools: dict[int, _ToolsField] = {}

    def body(self, prompt: Prompt, dialect: Dialect) -> bytes:
        """The request for a prompt; what changes from one to the next stands last."""
        messages = joined(self.fragments(prompt))
        head = self._head, self._tools_field(prompt.tools), self._fields(dialect)
        return b"".join((*head, b',"messages":[', *messages, b"]}"))

    def fragments(self, prompt: Prompt) -> list[Fragment]:
        """The messages' shares, in order; the first describes the tools if the format wants that."""
        messages = prompt.messages
        has_system = bool(messages) and isinstance(messages[0], SystemMessage)
        first = self._system(messages[0] if has_system else _NOTHING_SAID, prompt.tools)
        fragments = [first] if first is not None else []
        for message in messages[has_system:]:
            fragment = message.encodings.get(self)
            fragments.append(fragment if isinstance(fragment, Fragment) else self._encode(message))
        return fragments

    def _encode(self, message: Message) -> Fragment:
        if isinstance(message, SystemMessage):  # templates take a system message in front only
            fragment = self._calls.fragment(UserMessage(message.text))
        else:
            fragment = self._calls.fragment(message)
        message.encodings[self] = fragment
        return fragment

    def _system(self, message: Message, tools: tuple[ToolSpec, ...]) -> Fragment | None:
        kept = self._systems.get(message)
        if kept is None or kept.tools is not tools:
            text = message.text if isinstance(message, SystemMessage) else ""
            kept = self._systems[message] = _SystemFragment(tools, self._calls.system(text, tools))
        return kept.fragment

    def _tools_field(self, tools: tuple[ToolSpec, ...]) -> bytes:
        kept = self._tools.get(id(tools))
        if kept is None:
            if len(self._tools) >= _MOST_TOOL_SETS:
                self._tools.clear()
            kept = self._tools[id(tools)] = _ToolsField(tools, self._calls.tools_field(tools))
        return kept.encoded

    def _fields(self, dialect: Dialect) -> bytes:
        fields: JsonObject = {dialect.tokens_field: self._max_completion_tokens, "stream": self._stream}
        if self._stream and dialect.stream_options:
            fields["stream_options"] = {"include_usage": True}
        return b"," + encoded_json({**fields, **self._options})[1:-1]


@dataclass(frozen=True, slots=True)
class _SystemFragment:
    tools: tuple[ToolSpec, ...]
    fragment: Fragment | None


@dataclass(frozen=True, slots=True)
class _ToolsField:
    tools: tuple[ToolSpec, ...]  # keeps the tuple alive, so that its id stays its own
    encoded: bytes


_NOTHING_SAID = SystemMessage("")


def joined(fragments: Iterable[Fragment]) -> list[bytes]:
    """The parts of the `messages` array, separators included."""
    parts: list[bytes] = []
    in_user = False
    for fragment in fragments:
        if fragment.is_user_words:
            if not in_user and parts:
                parts.append(b",")
            parts.append(_USER_NEXT if in_user else _USER_OPEN)
            in_user = True
        else:
            if in_user:
                parts.append(_USER_CLOSE)
                in_user = False
            if parts:
                parts.append(b",")
        parts.append(fragment.encoded)
    if in_user:
        parts.append(_USER_CLOSE)
    return parts
