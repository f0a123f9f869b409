"""From each event the nodes and links that it names; no text of a result is read, whatever the length of the run.

What an event names and no event brought (a result nobody asked for, a turn that is not there) gets a node all the same
and is noted as damage.
"""

from __future__ import annotations

from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    CallRequested,
    EvidenceRecalled,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
)
from khala.domain.loops import call_signature
from khala.infrastructure.reasoning.linked_nodes import LinkedNodes
from khala.infrastructure.reasoning.run_story import RunStory

__all__ = ["EventLinks"]

_UNDONE = ("failed", "timeout", "invalid", "unknown", "skipped")
"""How a call ended that is tried again when the same is asked once more."""


class EventLinks:
    """The part of a reasoning graph that follows from events alone."""

    def __init__(self) -> None:
        self.nodes = LinkedNodes()
        self.story = RunStory()
        self.answer = ""
        self.answer_turn = 0
        self.answer_node = ""
        self.damage: list[str] = []
        self._turn = 0
        self._attempt = ""
        self._last_like: dict[str, str] = {}
        """For each signature the last call that had it."""

    def __call__(self, record: Recorded) -> None:
        """Take in the next event."""
        self.story(record)
        match record.event:
            case RunStarted() as event:
                self.nodes.add("task", "task", text=event.task)
            case ModelReplied() as event:
                self._take_reply(event, record.at_ms)
            case CallRequested() as event:
                self._take_call(self._task(), event.call)
            case TurnRolledBack() as event:
                self.nodes.add("turn", str(self._known_turn(event.turn)), rolled_back=event.cause)
            case CallDecided() as event:
                self._take_decision(event)
            case CallFinished() as event:
                self._take_result(event)
            case EvidenceRecalled() as event:
                self._take_recollection(event, record.seq)
            case AnswerDrafted() as event:
                self._take_draft(event)
            case RunEnded() as event:
                self._take_end(event)
            case _:
                pass  # an event that links nothing, or a kind from a newer version

    def result(self, result_id: str) -> str:
        """The node of a result; one of another run has its id only."""
        key = f"result:{result_id}"
        return key if key in self.nodes.kinds else self.nodes.add("result", result_id)

    def _take_reply(self, event: ModelReplied, at_ms: int) -> None:
        self._turn = event.turn
        tokens = self.story.turns[event.turn].tokens
        turn = self.nodes.add("turn", str(event.turn), number=event.turn, at_ms=at_ms, tokens=tokens)
        self.nodes.link("asked", self._task(), turn)
        said = "\n\n".join(filter(None, (event.thinking, event.text if event.calls else "")))
        if said.strip():
            self.nodes.link("produced", turn, self.nodes.add("thought", str(event.turn), text=said))
        for call in event.calls:
            self._take_call(turn, call)

    def _take_call(self, asking: str, call: ToolCall) -> None:
        key = self.nodes.add("call", call.id, tool=call.tool, arguments=call.arguments)
        self.nodes.link("asked", asking, key)
        signature = call_signature(call)
        earlier = self._last_like.get(signature, "")
        self._last_like[signature] = call.id
        before = self.story.calls.get(earlier)
        if before is not None and before.finished is not None and before.finished.status in _UNDONE:
            self.nodes.link("retry_of", key, f"call:{earlier}")

    def _take_decision(self, event: CallDecided) -> None:
        decision = event.decision
        if decision.effect == "deny" or (decision.effect == "ask" and not event.approved):
            decided = self.nodes.add("decision", event.call_id, rules=list(decision.rules), reason=decision.reason)
            self.nodes.link("blocked_by", self._known_call(event.call_id, "a decision on"), decided)

    def _take_result(self, event: CallFinished) -> None:
        result = self.result(event.call_id)
        self.nodes.add(
            "result", event.call_id, status=event.status, digest=event.digest, chars=event.chars,
            label=event.label.model_dump(mode="json"), elapsed_ms=event.elapsed_ms,
        )  # fmt: skip
        call = self._known_call(event.call_id, "a result of")
        self.nodes.link("produced", call, result)
        for origin in event.derived_from:
            self.nodes.link("recalls", result, self.result(origin))
            if event.status == "repeated" and f"call:{origin}" in self.nodes.kinds:
                self.nodes.link("repeats", call, f"call:{origin}")

    def _take_recollection(self, event: EvidenceRecalled, seq: int) -> None:
        recalled = self.nodes.add("recollection", str(seq), digest=event.digest)
        if self._turn:
            self.nodes.link("produced", f"turn:{self._turn}", recalled)
        for passage in event.passages:
            span = (passage.start, passage.end)
            self.nodes.link("recalls", recalled, self.result(passage.result_id), span=span)

    def _take_draft(self, event: AnswerDrafted) -> None:
        self.answer, self.answer_turn = event.text, self._known_turn(event.turn)
        attempt = self.nodes.add("attempt", str(event.turn), text=event.text)
        self.nodes.link("produced", f"turn:{event.turn}", attempt)
        if self._attempt:
            self.nodes.link("retry_of", attempt, self._attempt)
        self._attempt = self.answer_node = attempt

    def _take_end(self, event: RunEnded) -> None:
        self.answer, self.answer_turn, self.answer_node = event.answer, self._turn, ""
        if event.answer.strip():
            answer = self.nodes.add("answer", str(self._turn), text=event.answer, status=event.status)
            if self._turn:
                self.nodes.link("produced", f"turn:{self._turn}", answer)
            if self._attempt:
                self.nodes.link("derived_from", answer, self._attempt)
            self.answer_node = answer

    def _task(self) -> str:
        """The node of the task, also where the log does not begin with it."""
        if "task" not in self.nodes.kinds:
            self.damage.append("the log does not begin with the task")
            self.nodes.add("task", "task", text="")
        return "task"

    def _known_turn(self, number: int) -> int:
        if f"turn:{number}" not in self.nodes.kinds:
            self.damage.append(f"turn {number} is spoken of and stands nowhere")
            self.nodes.link("asked", self._task(), self.nodes.add("turn", str(number), number=number))
        return number

    def _known_call(self, call_id: str, what: str) -> str:
        key = f"call:{call_id}"
        if key not in self.nodes.kinds:
            self.damage.append(f"the log holds {what} call `{call_id}`, which nobody asked for")
            self.nodes.link("asked", self._task(), self.nodes.add("call", call_id, tool="", arguments={}))
        return key
