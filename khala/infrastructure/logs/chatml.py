"""A run as one line of JSON with the messages it consists of, as fine-tuning takes them.

Calls are OpenAI's `tool_calls`, results messages of the role `tool`, thinking stands in `reasoning_content`. Turns that
were rolled back are left out, and so is what the model was told about them: the line is the trajectory as it should
have been. Results stand there whole, whatever the prompt still showed of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerRequested,
    CallFinished,
    CallRequested,
    EvidenceRecalled,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
    Verified,
)

__all__ = ["chatml"]


def chatml(records: Sequence[Recorded], read_text: Callable[[str], str]) -> str:
    """The line; `read_text` gives a text by its SHA-256."""
    dead = {record.event.turn for record in records if isinstance(record.event, TurnRolledBack)}
    messages: list[dict[str, Any]] = []
    for record in records:
        match record.event:
            case RunStarted() as event:
                messages += [{"role": "system", "content": event.system}] if event.system else []
                messages.append({"role": "user", "content": event.task})
            case ModelReplied() as event if event.turn not in dead:
                messages.append(_reply(event.text, event.calls, event.thinking))
            case CallRequested() as event:
                messages.append(_reply("", (event.call,)))
            case CallFinished() as event:
                messages.append({"role": "tool", "tool_call_id": event.call_id, "content": read_text(event.digest)})
            case EvidenceRecalled() as event:
                messages.append({"role": "user", "content": read_text(event.digest)})
            case Verified() as event if event.digest is not None:
                messages.append({"role": "user", "content": read_text(event.digest)})
            case AnswerRequested() as event:
                messages.append({"role": "user", "content": event.text})
            case RunEnded() as event if event.answer and not _says(messages, event.answer):
                messages.append(_reply(event.answer))
            case _:
                pass
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n"


def _reply(text: str, calls: Sequence[ToolCall] = (), thinking: str = "") -> dict[str, Any]:
    reply: dict[str, Any] = {"role": "assistant", "content": text}
    if thinking:
        reply["reasoning_content"] = thinking
    if calls:
        reply["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.tool, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in calls
        ]
    return reply


def _says(messages: Sequence[dict[str, Any]], answer: str) -> bool:
    """Whether the last message holds the answer already; a framework may have told the model to put it into a box."""
    return bool(messages) and messages[-1]["role"] == "assistant" and answer in messages[-1]["content"]
