"""A run as another program's log tells it, before it becomes events; filled in while the log is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from khala.domain.events import AnswerReason, LogFormat, RollbackCause, RunStatus, Usage
from khala.domain.value import JsonObject

__all__ = ["Damage", "ForeignCall", "ForeignLog", "ForeignRun", "ForeignTurn"]

MOST_NAMED = 50
"""Warnings kept of one log; the rest is counted."""


class Damage:
    """What is damaged or missing in a log, each said once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def add(self, what: str) -> None:
        """Name one damage."""
        self._said[what] = None

    def told(self) -> tuple[str, ...]:
        """All that was named, in order; of very many the first."""
        said = tuple(self._said)
        left = len(said) - MOST_NAMED
        return (*said[:MOST_NAMED], f"and {left} more") if left > 0 else said


@dataclass
class ForeignCall:
    """One call, and its result if the log holds it."""

    tool: str
    arguments: JsonObject
    native_id: str = ""
    """What the log calls it; empty for a call written as text."""
    result: str | None = None
    failed: bool = False
    """The tool answered with an error."""
    shares: int = -1
    """Place in its turn of the call whose result this one's cannot be told apart from; -1 if it has its own."""
    was_made: bool = True
    """The log does not show that it never ran."""
    elapsed_ms: int = 0
    finished_at_ms: int = 0


@dataclass
class ForeignTurn:
    """One reply of the model."""

    text: str = ""
    thinking: str = ""
    calls: list[ForeignCall] = field(default_factory=list[ForeignCall])
    malformed: list[str] = field(default_factory=list[str])
    words_before: list[str] = field(default_factory=list[str])
    """What the user, or the framework in their place, said after the turn before."""
    rolled_back: tuple[RollbackCause, str] | None = None
    """Why it is a dead branch, and what the log says of it."""
    usage: Usage = field(default_factory=Usage)
    replied_at_ms: int = 0


@dataclass
class ForeignRun:
    """One agent's work on one task."""

    name: str
    """Of a sub-agent its session; empty for the main agent."""
    task: str
    system: str = ""
    model: str = ""
    turns: list[ForeignTurn] = field(default_factory=list[ForeignTurn])
    words_after: list[str] = field(default_factory=list[str])
    """What was said to the model after its last reply."""
    answer: str = ""
    status: RunStatus = "unanswered"
    reason: str = ""
    limit: AnswerReason = "draft"
    """Why the final answer was asked for."""
    started_at_ms: int = 0
    ended_at_ms: int = 0
    asked_by: tuple[int, int] | None = None
    """Of a sub-agent: turn and place of the main agent's call that asked for it, from 0."""

    @property
    def calls(self) -> list[ForeignCall]:
        """Every call, dead branches included."""
        return [call for turn in self.turns for call in turn.calls]


@dataclass(frozen=True)
class ForeignLog:
    """Everything one file tells: the main agent's run, then those of its sub-agents."""

    format: LogFormat
    runs: tuple[ForeignRun, ...]
