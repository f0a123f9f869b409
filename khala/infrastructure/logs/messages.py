"""Turns out of a list of messages: OpenAI's, Anthropic's, and MiroThinker's with calls written as XML blocks.

A result belongs to a call by its id. Calls written in the text have none: the next message of the user holds the
results of all calls of the turn. Of several such calls nobody can say which words are whose, so each one gets the whole
message, and all but the first say that they share it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from khala.domain.value import JsonObject
from khala.infrastructure.logs.call_blocks import arguments_of, read_written_reply
from khala.infrastructure.logs.foreign_run import Damage, ForeignCall, ForeignTurn
from khala.infrastructure.models.openai.plain_text import excerpt, sound

__all__ = ["Conversation", "read_conversation", "text_of"]

_FAILURES = ("[ERROR]", "Error executing tool", "Error calling tool", "Tool call failed", "Unknown tool")
"""How results begin that MiroThinker's servers give for a call that failed; besides `Tool call to X on Y failed.`"""

_PROMPTS = (
    "Summarize the above conversation, and output the FINAL ANSWER",
    "This is a direct instruction to you (the assistant), not the result of a tool call",
)
"""How MiroThinker asks for the final answer, sometimes in the place of the last results, which it has taken out."""

_TOOL_NAME_CHARS = 200


@dataclass
class Conversation:
    """A list of messages, read."""

    system: str = ""
    first_words: str = ""
    """The user's first message."""
    turns: list[ForeignTurn] = field(default_factory=list[ForeignTurn])
    words_after: list[str] = field(default_factory=list[str])
    """What was said after the last reply."""
    messages: int = 0
    """Those that could be read."""


def read_conversation(messages: Sequence[JsonValue], damage: Damage) -> Conversation:
    """Read messages in order; what cannot be read is left out and named."""
    reading = _Reading(damage)
    for number, message in enumerate(messages, start=1):
        if isinstance(message, dict):
            reading.take(number, message)
        else:
            damage.add(f"message {number} is no object: it is left out")
    return reading.read


def text_of(content: JsonValue, damage: Damage) -> str:
    """The words of a message or of a field: a text, or a list of typed parts."""
    if isinstance(content, str):
        words = sound(content)
        if words is not content:
            damage.add("half characters (lone surrogates) are shown as U+FFFD")
        return words
    if content is None:
        return ""
    if isinstance(content, list):
        return "\n".join(filter(None, (_part(part, damage) for part in content)))
    return text_of(json.dumps(content, ensure_ascii=False), damage)


def _part(part: JsonValue, damage: Damage) -> str:
    if not isinstance(part, dict):
        return text_of(part, damage)
    if isinstance(part.get("text"), str):
        return text_of(part["text"], damage)
    kind = excerpt(str(part.get("type")), 40)
    damage.add(f"a part of a message is of type `{kind}` and left out")
    return f"[{kind}]"


@dataclass
class _Reading:
    damage: Damage
    read: Conversation = field(default_factory=Conversation)
    _waiting: dict[str, ForeignCall] = field(default_factory=dict[str, ForeignCall])
    """Calls without a result, by their native id."""

    def take(self, number: int, message: JsonObject) -> None:
        self.read.messages += 1
        content = message.get("content")
        match message.get("role"):
            case "system" | "developer":
                words = text_of(content, self.damage)
                if self.read.system or self.read.turns:
                    self._hear(words)
                else:
                    self.read.system = words
            case "user":
                self._take_user(number, content)
            case "assistant":
                self._take_reply(message)
            case "tool" | "function":
                self._take_result(number, message.get("tool_call_id") or message.get("name"), content)
            case role:
                self.read.messages -= 1
                self.damage.add(f"message {number} has the unknown role `{excerpt(str(role), 40)}`: it is left out")

    def _take_user(self, number: int, content: JsonValue) -> None:
        parts = content if isinstance(content, list) else []
        results = [part for part in parts if isinstance(part, dict) and part.get("type") == "tool_result"]
        for result in results:
            self._take_result(
                number, result.get("tool_use_id"), result.get("content"), failed=bool(result.get("is_error"))
            )
        if results:
            content = [part for part in parts if not (isinstance(part, dict) and part.get("type") == "tool_result")]
        words = text_of(content, self.damage)
        turn = self.read.turns[-1] if self.read.turns else None
        if turn is None and not self.read.first_words:
            self.read.first_words = words
        elif turn is None or results or not self._shares_out(turn, words):
            self._hear(words)

    def _shares_out(self, turn: ForeignTurn, words: str) -> bool:
        """Give the calls written in the text of a turn their results; whether there was such a call without one."""
        written = [call for call in turn.calls if not call.native_id and call.result is None]
        if not written or self.read.words_after:
            return False
        if words.startswith(_PROMPTS):
            self.damage.add("the results of a turn were taken out of the log, before the final answer was asked for")
            return False
        for call in written:
            call.result, call.failed = words, len(written) == 1 and _is_failure(words)
            if call is not written[0]:
                call.shares = turn.calls.index(written[0])
        return True

    def _hear(self, words: str) -> None:
        if words:
            self.read.words_after.append(words)

    def _take_reply(self, message: JsonObject) -> None:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        native = [*_native_calls(message), *(part for part in parts if _is_call(part))]
        thoughts = [text_of(message.get(key), self.damage) for key in _THINKING_KEYS]
        thoughts += [_thought(part, self.damage) for part in parts if _is_thought(part)]
        content = [part for part in parts if not (_is_call(part) or _is_thought(part))] if parts else content
        written = read_written_reply(text_of(content, self.damage), self.damage, with_calls=not native)
        turn = ForeignTurn(
            text=written.text,
            thinking="\n\n".join(filter(None, (*thoughts, written.thinking))),
            malformed=written.malformed,
            words_before=self.read.words_after,
        )
        self.read.words_after = []
        turn.calls = [*self._native(native, turn), *written.calls]
        self.read.turns.append(turn)

    def _native(self, calls: Sequence[JsonValue], turn: ForeignTurn) -> Iterator[ForeignCall]:
        for call in calls:
            told = call.get("function", call) if isinstance(call, dict) else None
            name = told.get("name") if isinstance(told, dict) else None
            if not isinstance(call, dict) or not isinstance(told, dict) or not isinstance(name, str) or not name:
                turn.malformed.append(f"a call without a name: {excerpt(str(call), 200)}")
                continue
            tool = text_of(name, self.damage)[:_TOOL_NAME_CHARS]
            arguments = arguments_of(told.get("arguments", told.get("input", {})), tool, self.damage)
            # only OpenAI's first format, `function_call`, knows no ids: a result names the tool
            native_id = str(call.get("id") or name)
            if native_id in self._waiting:
                self.damage.add(f"two calls wait under the id `{excerpt(native_id, 80)}`: the result goes to the later")
            self._waiting[native_id] = ForeignCall(tool, arguments, native_id)
            yield self._waiting[native_id]

    def _take_result(self, number: int, named: JsonValue, content: JsonValue, *, failed: bool = False) -> None:
        text = text_of(content, self.damage)
        call = self._waiting.pop(str(named), None)
        if call is None:
            said = f"message {number} is the result of `{excerpt(str(named), 80)}`, which no call waits for"
            self.damage.add(f"{said}: its {len(text)} characters are left out")
            return
        call.result, call.failed = text, failed or _is_failure(text)


_THINKING_KEYS = ("reasoning_content", "reasoning", "thinking")


def _native_calls(message: JsonObject) -> list[JsonValue]:
    calls = message.get("tool_calls")
    first_format = message.get("function_call")
    return [*(calls if isinstance(calls, list) else []), *([first_format] if first_format else [])]


def _is_call(part: JsonValue) -> bool:
    return isinstance(part, dict) and part.get("type") == "tool_use"


def _is_thought(part: JsonValue) -> bool:
    return isinstance(part, dict) and part.get("type") in ("thinking", "reasoning")


def _thought(part: JsonValue, damage: Damage) -> str:
    return text_of(part.get("thinking") or part.get("text"), damage) if isinstance(part, dict) else ""


def _is_failure(text: str) -> bool:
    if text.startswith(_FAILURES):
        return True
    if text.startswith("Tool call to ") and " failed. Error:" in text[:500]:
        return True
    if not text.startswith("{") or len(text) > _MOST_JUDGED_CHARS:
        return False
    try:
        told: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and (told.get("success") is False or set(told) == {"error"})


_MOST_JUDGED_CHARS = 100_000
"""A longer JSON result is not parsed to see whether it reports an error."""
