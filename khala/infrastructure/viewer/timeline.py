"""The events of a run as the page shows them: turns with their calls, and between them whatever else happened.

What belongs to a call (decision, start, result) is told with the call; every other kind of event, those of later
versions included, is an item of its own that names its fields.
"""

from __future__ import annotations

from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    CallRequested,
    CallStarted,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
)

__all__ = ["Timeline"]

Told = dict[str, object]


class Timeline:
    """Feed it the events of a run in order; a log with gaps is told as far as it goes."""

    def __init__(self) -> None:
        self.items: list[Told] = []
        """Turns (`is: turn`), calls of a hosted run (`is: call`) and other events (`is: event`)."""
        self.calls: dict[str, Told] = {}
        """By id: `tool`, `arguments`, `turn`, `decided`, `result`, and `nothing`, why nothing came of it."""
        self.digests: list[str] = []
        """SHA-256 of the texts that are told."""
        self.ended: RunEnded | None = None
        self._turns: dict[int, Told] = {}
        self._began_ms = 0
        self._is_imported = False

    def __call__(self, record: Recorded) -> None:
        """Take in the next event."""
        self._began_ms = self._began_ms or record.at_ms
        match record.event:
            case RunStarted() as event:
                self._is_imported = event.imported is not None
                if event.imported is not None:
                    self._began_ms = event.imported.started_at_ms
            case ModelReplied() as event:
                self._take_reply(record, event)
            case CallRequested() as event:
                self._take_call(event.call, 0)
                self.items.append({"is": "call", "call": event.call.id, "at_ms": self._since(record)})
            case TurnRolledBack() as event if event.turn in self._turns:
                self._turns[event.turn]["rolled_back"] = {"cause": event.cause, "note": event.note}
            case AnswerDrafted() as event if event.turn in self._turns:
                self._turns[event.turn]["is_draft"] = True
            case CallDecided() as event if event.call_id in self.calls:
                self.calls[event.call_id]["decided"] = _decision(event)
            case CallStarted() as event if event.call_id in self.calls:
                self.calls[event.call_id]["side_effect"] = event.side_effect
            case CallFinished() as event if event.call_id in self.calls:
                self._take_result(event)
            case _:
                self._take_other(record)

    def hand_over(self, call: ToolCall, finished: CallFinished | None) -> None:
        """Take in a call of a run that a call of this one was handed to; it is no entry of its own."""
        self._take_call(call, 0)
        if finished is not None:
            self._take_result(finished)

    def came_to_nothing(self, call_id: str, cause: str) -> None:
        """Note why nothing came of a call."""
        if call_id in self.calls:
            self.calls[call_id]["nothing"] = cause

    def _take_reply(self, record: Recorded, event: ModelReplied) -> None:
        turn: Told = {
            "is": "turn",
            "turn": event.turn,
            "at_ms": self._since(record),
            "text": event.text,
            "thinking": event.thinking,
            "calls": [call.id for call in event.calls],
            "malformed": event.malformed,
            "finish": event.finish,
            "tokens": event.usage.prompt_tokens + event.usage.completion_tokens,
        }
        self._turns[event.turn] = turn
        self.items.append(turn)
        for call in event.calls:
            self._take_call(call, event.turn)

    def _take_call(self, call: ToolCall, turn: int) -> None:
        self.calls[call.id] = {"tool": call.tool, "arguments": call.arguments, "turn": turn}

    def _take_result(self, event: CallFinished) -> None:
        self.digests.append(event.digest)
        self.calls[event.call_id]["result"] = {
            "status": event.status,
            "digest": event.digest,
            "chars": event.chars,
            "trust": event.label.trust,
            "origins": event.label.origins,
            "derived_from": event.derived_from,
            "elapsed_ms": event.elapsed_ms,
        }

    def _take_other(self, record: Recorded) -> None:
        event = record.event
        if isinstance(event, RunEnded):
            self.ended = event
        about = event.model_dump(mode="json", exclude={"kind", "answer"})
        digest = about.get("digest")
        if isinstance(digest, str):
            self.digests.append(digest)
        self.items.append({"is": "event", "kind": event.kind, "at_ms": self._since(record), "about": about})

    def _since(self, record: Recorded) -> int | None:
        """Milliseconds since the run began; `None` where an imported log does not say."""
        at_ms = getattr(record.event, "happened_at_ms", 0) if self._is_imported else record.at_ms
        return max(0, at_ms - self._began_ms) if at_ms and self._began_ms else None


def _decision(event: CallDecided) -> Told:
    decision = event.decision
    return {
        "effect": decision.effect,
        "rules": decision.rules,
        "reason": decision.reason,
        "approved": event.approved,
        "offences": [each.model_dump(mode="json") for each in decision.offences],
        "endorsements": [each.model_dump(mode="json", exclude_none=True) for each in event.endorsements],
    }
