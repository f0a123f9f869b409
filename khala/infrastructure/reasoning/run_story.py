"""What became of each turn and call of a run: times, tokens, results, and what the prompt still shows.

Unlike `Trajectory` it takes what comes: a log that begins in the middle, or holds a result nobody asked for, is told as
far as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from khala.domain.call import ToolCall
from khala.domain.events import (
    CallFinished,
    CallRequested,
    CallStarted,
    ContextShrunk,
    EvidenceRecalled,
    ModelReplied,
    Recorded,
    RollbackCause,
    RunStarted,
    TurnRolledBack,
    Usage,
)
from khala.domain.retention import Retention

__all__ = ["CallStory", "RunStory", "TurnStory"]


@dataclass
class TurnStory:
    """One reply of the model."""

    number: int
    think_ms: int = 0
    """From the event before it to the reply."""
    usage: Usage = field(default_factory=Usage)
    call_ids: list[str] = field(default_factory=list[str])
    rolled_back: RollbackCause | None = None

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.usage.prompt_tokens + self.usage.completion_tokens


@dataclass
class CallStory:
    """One call."""

    call: ToolCall
    number: int
    """Its place among all calls, from 0."""
    turn: int
    """0 in a hosted run."""
    since_ms: int
    """When it was asked for, or started."""
    elapsed_ms: int = 0
    finished: CallFinished | None = None
    finished_as: int = -1
    """Its place among all results, from 0; -1 while it has none."""
    asked_by: str = ""
    """The call that was handed to the run this one was made in; `""` for a call of the run itself."""


@dataclass
class RunStory:
    """Turns and calls as they came."""

    run_id: str = ""
    task: str = ""
    retention: Retention = field(default_factory=Retention)
    turns: dict[int, TurnStory] = field(default_factory=dict[int, TurnStory])
    calls: dict[str, CallStory] = field(default_factory=dict[str, CallStory])
    recalled: EvidenceRecalled | None = None
    first_ms: int = 0
    last_ms: int = 0
    _results: int = 0
    _shrink_level: int = 0

    def __call__(self, record: Recorded) -> None:
        """Take in the next event."""
        before_ms, self.last_ms = self.last_ms or record.at_ms, record.at_ms
        self.first_ms = self.first_ms or record.at_ms
        match record.event:
            case RunStarted() as event:
                self.run_id, self.task, self.retention = record.run_id, event.task, event.retention
            case ModelReplied() as event:
                turn = self.turns[event.turn] = TurnStory(event.turn, max(0, record.at_ms - before_ms), event.usage)
                for call in event.calls:
                    self.ask(call, event.turn, record.at_ms)
                    turn.call_ids.append(call.id)
            case CallRequested() as event:
                self.ask(event.call, 0, record.at_ms)
            case TurnRolledBack() as event:
                self.turns.setdefault(event.turn, TurnStory(event.turn)).rolled_back = event.cause
            case CallStarted() as event:
                if event.call_id in self.calls:
                    self.calls[event.call_id].since_ms = record.at_ms
            case CallFinished() as event:
                self._finish(event, record.at_ms)
            case ContextShrunk() as event:
                self._shrink_level = event.level
            case EvidenceRecalled() as event:
                self.recalled = event
            case _:
                pass

    def ask(self, call: ToolCall, turn: int, at_ms: int = 0) -> None:
        """Take in a call."""
        self.calls[call.id] = CallStory(call, len(self.calls), turn, at_ms)

    def hand_over(self, made: CallStory, asked_by: str) -> None:
        """Take in a call of the run that a call was handed to; its results are evidence and never in the prompt."""
        self.calls[made.call.id] = replace(made, number=len(self.calls), turn=0, asked_by=asked_by)

    def shown(self) -> frozenset[str]:
        """Ids of the results that the next prompt shows in full."""
        retention = self.retention.shrunk(self._shrink_level)
        live = [turn.number for turn in self.turns.values() if turn.rolled_back is None]
        dropped = retention.dropped(len(live))
        first_turn = live[dropped] if dropped < len(live) else 0
        results = [story for story in self.calls.values() if story.finished is not None and not story.asked_by]
        results.sort(key=lambda story: story.number if story.turn else story.finished_as)
        in_full = results[retention.cleared(len(results)) :]
        return frozenset(story.call.id for story in in_full if story.turn >= first_turn or not story.turn)

    def _finish(self, event: CallFinished, at_ms: int) -> None:
        story = self.calls.get(event.call_id)
        if story is None:
            self.ask(ToolCall(id=event.call_id, tool="", arguments={}), 0, at_ms)
            story = self.calls[event.call_id]
        story.finished, story.finished_as = event, self._results
        story.elapsed_ms = event.elapsed_ms or max(0, at_ms - story.since_ms)
        self._results += 1
