"""What a person sees on standard error while a run goes on.

On a terminal one line is kept up to date and only what matters stays; in a pipe each step is a plain line.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TextIO

from khala.domain.budget import InteractionBudget
from khala.domain.escaped import escaped
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    CallStarted,
    ContextShrunk,
    Recorded,
    RunResumed,
    RunStarted,
    TurnRolledBack,
    Verified,
)
from khala.domain.trajectory import Trajectory
from khala.infrastructure.tools.documents import SkippedFile

__all__ = ["Progress", "printable", "short"]

SHORT_CHARS = 160
"""Of a thought, an argument or a quote, what stands on a line of its own."""

SKIPPED_NAMED = 8
"""Of the files that cannot be read, how many are named."""


def printable(text: str) -> str:
    """The text with control, direction and invisible characters escaped: what a tool says must not drive a terminal."""
    return escaped(text, spared="\n\t")


def short(text: str) -> str:
    """The text as one line of at most `SHORT_CHARS` characters."""
    line = " ".join(text.split())
    return line if len(line) <= SHORT_CHARS else line[: SHORT_CHARS - 3] + "..."


def _on_one_line(text: str) -> str:
    """A model chooses the names that stand in a line; with a line end in one it could forge the next line."""
    return printable(" ".join(text.split()))


class Progress:
    """An observer that shows turn, call, budget left and what was refused or rolled back."""

    def __init__(self, out: TextIO, *, resumes: bool = False) -> None:
        self._out = out
        self._is_silent = resumes  # what an earlier process did was shown by it
        self._is_live = out.isatty()
        self._trajectory: Trajectory | None = None
        self._line = ""

    def __call__(self, record: Recorded) -> None:
        """Show one event."""
        if self._trajectory is None:
            self._trajectory = Trajectory(record.run_id)
        self._trajectory.apply(record)
        if isinstance(record.event, RunResumed):
            self._is_silent = False
            self._stay(f"run {record.run_id} resumed at turn {len(self._trajectory.turns)}")
        if not self._is_silent:
            self._show(record)

    @property
    def run_id(self) -> str:
        """The run that is shown; empty before its first event."""
        return "" if self._trajectory is None else self._trajectory.run_id

    def _show(self, record: Recorded) -> None:
        assert self._trajectory is not None
        match record.event:
            case RunStarted() as event:
                self._stay(f"run {record.run_id}")
                if event.dry_run:
                    self._stay("DRY RUN: the policy is asked and logged, and NOT enforced: every call runs")
            case AnswerDrafted() as event:
                self._pass(f"turn {event.turn}: a draft of the answer")
            case CallDecided() as event if event.decision.effect != "allow":
                call = self._trajectory.call(event.call_id).call
                verdict = "approved" if event.approved else "denied" if event.enforced else "DRY RUN, not denied"
                self._stay(f"{verdict}: {call.tool} by rule {', '.join(event.decision.rules)}: {event.decision.reason}")
            case CallStarted() as event:
                self._pass(f"turn {len(self._trajectory.turns)}: {event.tool} {self._arguments(event.call_id)}")
            case CallFinished() as event if event.status not in ("ok", "denied"):
                self._pass(f"{event.call_id}: {event.status}")
            case TurnRolledBack() as event:
                self._stay(f"turn {event.turn} rolled back: {event.note}")
            case Verified() as event:
                self._show_verified(event)
            case ContextShrunk() as event:
                self._stay(f"context shrunk (level {event.level}): {event.reason}")
            case _:
                pass

    def _show_verified(self, event: Verified) -> None:
        for name, error in event.failures.items():
            self._stay(f"check `{name}` failed and is left out from here on: {error}")
        if event.place == "turn":
            for finding in event.findings:
                self._stay(f"turn {event.turn}: {finding.note}")
        elif event.follows == "told":
            self._stay(f"turn {event.turn}: the draft goes back with {len(event.findings)} findings")

    def indexing(self, done: int, total: int) -> None:
        """Show how far the reading of a corpus is."""
        if self._is_live:
            self._pass(f"reading documents: {done} of {total}")

    def skipped(self, files: Sequence[SkippedFile]) -> None:
        """Say which files the answer cannot rest on; the rest of many is counted."""
        named = ", ".join(f"{file.id} ({file.reason})" for file in files[:SKIPPED_NAMED])
        more = f" and {len(files) - SKIPPED_NAMED} more" if len(files) > SKIPPED_NAMED else ""
        self._stay(f"not read: {named}{more}")

    def waiting(self, tool: str, reason: str, how: str) -> None:
        """Say that a call waits for a person's answer, and how it is given."""
        self._stay(f"waiting for an answer: {tool}: {reason}: {how}")

    def close(self) -> None:
        """Remove the live line."""
        if self._is_live and self._line:
            self._out.write("\r\x1b[K")
            self._line = ""
        self._out.flush()

    def _arguments(self, call_id: str) -> str:
        if self._trajectory is None:
            return ""
        return " ".join(f"{name}={value!r}" for name, value in self._trajectory.call(call_id).call.arguments.items())

    def _left(self) -> str:
        if self._trajectory is None or self._trajectory.started is None:
            return ""
        budget: InteractionBudget = self._trajectory.started.budget
        calls = "" if budget.tool_calls is None else f"/{budget.tool_calls}"
        return f" [call {self._trajectory.spend.tool_calls}{calls}, {self._trajectory.spend.seconds:.0f} s]"

    def _pass(self, text: str) -> None:
        """A line that the next one may replace."""
        if not self._is_live:
            return self._stay(text)
        width = shutil.get_terminal_size().columns - 1
        left = self._left()
        self._line = _on_one_line(text)[: max(0, width - len(left))] + left
        self._out.write(f"\r\x1b[K{self._line}")
        self._out.flush()
        return None

    def _stay(self, text: str) -> None:
        self.close()
        self._out.write(_on_one_line(text) + "\n")
        self._out.flush()
