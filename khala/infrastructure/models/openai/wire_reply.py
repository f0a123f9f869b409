"""Reads what an endpoint answered, whole or streamed, into one `WireReply`.

Endpoints differ: usage may be missing, content null or a list of parts, thinking in one of two fields, arguments a
string or an object, the index of a streamed call absent. All of that is accepted. What is no answer is raised as one of
two errors: `NoReply` (half a body, a stream without an end, nothing in it) or `ErrorInReply` (an error object under a
status that says success).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import cast

from khala.domain.events import FinishReason, Usage
from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.call_format import WireCall, WireReply

__all__ = ["ErrorInReply", "NoReply", "StreamedReply", "read_whole"]

_FINISH: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",  # Anthropic's word, through gateways
    "model_length": "length",  # Mistral
    "content_filter": "refusal",
    "refusal": "refusal",
    "safety": "refusal",  # Gemini's word, through gateways
}
"""Reasons that are no plain stop; `stop`, `tool_calls`, `eos`, null and words not known are `stop`."""

_MOST_TOKENS = 2**53
"""Counts from here on, which canonical JSON cannot hold, are taken as not reported."""

_BROKEN_OFF = frozenset({"abort", "error", "insufficient_system_resource"})
"""Reasons of a reply the endpoint itself gave up: SGLang, OpenRouter, DeepSeek."""


class NoReply(Exception):
    """The body is no usable reply; the message says what is wrong with it. Asking again may help."""


class ErrorInReply(Exception):
    """The body is an error object."""

    def __init__(self, body: object) -> None:
        super().__init__("the reply is an error object")
        self.body = body


def read_whole(body: bytes) -> WireReply:
    """Read an unstreamed body. Raises `NoReply`, `ErrorInReply`."""
    parsed = _parsed(body)
    _raise_error_in(parsed)
    choices = parsed.get("choices")
    if not isinstance(choices, list) or not choices:
        raise NoReply("the body has no choices")
    choice = _mapping(cast("list[object]", choices)[0])
    gathered = _Gathered()
    gathered.take(_mapping(choice.get("message")))
    return gathered.reply(choice.get("finish_reason"), parsed.get("usage"))


class StreamedReply:
    """A reply that arrives as server-sent events; comments, blank lines and other fields than `data` are skipped."""

    def __init__(self) -> None:
        self._rest = b""
        self._gathered = _Gathered()
        self._finish: object = None
        self._usage: object = None
        self._is_whole = False

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes. Raises `NoReply`, `ErrorInReply`."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(line)

    def reply(self) -> WireReply:
        """The reply, once all bytes are in.

        Raises `NoReply` if neither `[DONE]` nor a finish reason came: the stream was cut.
        """
        self._take(self._rest)
        if not self._is_whole:
            raise NoReply("the stream ends before the reply does")
        return self._gathered.reply(self._finish, self._usage)

    def _take(self, line: bytes) -> None:
        name, _, payload = line.strip().partition(b":")
        payload = payload.strip()
        if name != b"data" or not payload:
            return
        if payload == b"[DONE]":
            self._is_whole = True
            return
        event = _parsed(payload)
        _raise_error_in(event)
        self._usage = event.get("usage") or self._usage
        choices = event.get("choices")
        for each in cast("list[object]", choices) if isinstance(choices, list) else []:
            choice = _mapping(each)
            if choice.get("index") in (None, 0):
                self._gathered.take(_mapping(choice.get("delta") or choice.get("message")))
                if choice.get("finish_reason"):
                    self._finish = choice["finish_reason"]
                    self._is_whole = True


@dataclass
class _CallInPieces:
    index: object
    id: object
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])
    whole: JsonObject | None = None

    def take(self, function: dict[str, object]) -> None:
        name, arguments = function.get("name"), function.get("arguments")
        if isinstance(name, str) and not self.name:
            self.name = name
        if isinstance(arguments, str):
            self.arguments.append(arguments)
        elif isinstance(arguments, dict):
            self.whole = cast("JsonObject", arguments)
        elif arguments is not None:
            self.arguments.append(json.dumps(arguments))

    def call(self) -> WireCall:
        return WireCall(self.name, "".join(self.arguments) if self.whole is None else self.whole)


@dataclass
class _Gathered:
    """A message put together from one piece or from many."""

    content: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
    refusal: list[str] = field(default_factory=list[str])
    calls: list[_CallInPieces] = field(default_factory=list[_CallInPieces])

    def take(self, piece: dict[str, object]) -> None:
        self._take_content(piece.get("content"))
        self.thinking.append(_text(piece.get("reasoning_content")) or _text(piece.get("reasoning")))
        self.refusal.append(_text(piece.get("refusal")))
        calls = piece.get("tool_calls")
        for each in cast("list[object]", calls) if isinstance(calls, list) else []:
            call = _mapping(each)
            self._call_for(call).take(_mapping(call.get("function")))

    def _take_content(self, content: object) -> None:
        if isinstance(content, str):
            self.content.append(content)
        elif isinstance(content, list):
            for each in cast("list[object]", content):
                part = _mapping(each)
                thought = part.get("thinking") or part.get("reasoning")
                if isinstance(thought, list):  # Mistral nests text parts in a thinking part
                    self.thinking.extend(_text(_mapping(inner).get("text")) for inner in cast("list[object]", thought))
                else:
                    self.thinking.append(_text(thought))
                    self.content.append(_text(part.get("text")))

    def _call_for(self, piece: dict[str, object]) -> _CallInPieces:
        """The call that a piece belongs to: by index if it has one, else the last.

        A new id begins a new call even so, as some endpoints number every call 0 or none at all; without index and id,
        a name does.
        """
        index, own_id = piece.get("index"), piece.get("id")
        call = next((call for call in reversed(self.calls) if call.index == index), None)
        begins = call is None or bool(own_id and own_id != call.id and (call.id or index is None))
        if not own_id and index is None and _mapping(piece.get("function")).get("name"):
            begins = True
        if call is None or begins:
            call = _CallInPieces(index, own_id)
            self.calls.append(call)
        call.id = call.id or own_id
        return call

    def reply(self, finish: object, usage: object) -> WireReply:
        content, refusal = "".join(self.content), "".join(self.refusal)
        word = finish.lower() if isinstance(finish, str) else ""
        if word in _BROKEN_OFF:
            raise NoReply(f"the endpoint gave the reply up (`{word}`)")
        return WireReply(
            content=content or refusal,
            thinking="".join(self.thinking).strip(),
            calls=tuple(call.call() for call in self.calls),
            finish="refusal" if refusal else _FINISH.get(word, "stop"),
            usage=_usage(_mapping(usage)),
        )


def _usage(reported: dict[str, object]) -> Usage:
    details = _mapping(reported.get("prompt_tokens_details"))
    cost = reported.get("cost")  # OpenRouter's, in US dollars
    return Usage(
        prompt_tokens=_count(reported.get("prompt_tokens")),
        cached_tokens=_count(details.get("cached_tokens")) or _count(reported.get("prompt_cache_hit_tokens")),
        completion_tokens=_count(reported.get("completion_tokens")),
        money=float(cost) if isinstance(cost, int | float) and math.isfinite(cost) and cost > 0 else 0.0,
    )


def _parsed(body: bytes) -> dict[str, object]:
    if not body.strip():
        raise NoReply("the body is empty")
    try:
        parsed = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise NoReply("the body is not whole JSON") from None
    if isinstance(parsed, list) and parsed:  # Gemini wraps errors in a list
        parsed = cast("list[object]", parsed)[0]
    if not isinstance(parsed, dict):
        raise NoReply("the body is not a JSON object")
    return cast("dict[str, object]", parsed)


def _raise_error_in(parsed: dict[str, object]) -> None:
    if parsed.get("error") or parsed.get("object") == "error":
        raise ErrorInReply(parsed)


def _mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < _MOST_TOKENS else 0
