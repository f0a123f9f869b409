"""What a verifier may ask about a run: where it stands, its texts, and what they say; each text is looked at once.

It follows from the trajectory alone and grows with it: after each turn only that turn's results are read, so asking
costs the same at the 10th and the 600th. Nothing is read before it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from .call import ToolCall
from .events import Finding, PassageRef
from .evidence.attribution import Claim, claims_of
from .evidence.result_texts import ResultTexts
from .loops import CallLoops, Loop
from .trajectory import CallState, Trajectory, Turn

__all__ = ["RunReading", "Verifier"]

_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class _Progress:
    """What one call brought."""

    fruitless: int
    """How many calls in a row, this one included, brought nothing."""
    loop: Loop | None
    brought_nothing: bool


class RunReading:
    """One run as verifiers see it, after a turn or before an answer."""

    def __init__(self, trajectory: Trajectory, read_text: Callable[[str], str]) -> None:
        self.trajectory = trajectory
        self._read_text = read_text
        self._evidence = ResultTexts(read_text)
        self._indexed = 0
        self._progress: list[_Progress] = []
        """For each of the trajectory's results."""
        self._said = {""}
        """Every line and sentence of the results."""
        self._bare: set[str] = set()
        """Lines that were new, without the words of their call."""
        self._loops = CallLoops(trajectory.started.polling if trajectory.started else ())
        self._ran: set[str] = set()
        """Digests of the calls that were answered."""

    @property
    def turn(self) -> Turn:
        """The turn that is looked at: the last one."""
        return self.trajectory.turns[-1]

    @property
    def draft(self) -> str:
        """The draft that is looked at; `""` after a turn with calls."""
        return self.trajectory.draft if self.turn.is_draft else ""

    def text(self, result_id: str) -> str:
        """The text of a result. Raises `KeyError` for an id that has none."""
        finished = self.trajectory.call(result_id).finished
        if finished is None:
            raise KeyError(result_id)
        return self._read_text(finished.digest)

    def passage(self, where: PassageRef) -> str:
        """The words of a passage. Raises `KeyError` for a result that is not there."""
        return self.text(where.result_id)[where.start : where.end]

    def claims(self) -> tuple[Claim, ...]:
        """The sentences of the draft that claim something, each with what the results of this run say about it."""
        for state in islice(self.trajectory.results, self._indexed, None):
            if state.finished is not None:
                self._evidence.add(state.finished)
        self._indexed = len(self.trajectory.results)
        return claims_of(self.draft, self._evidence.index)

    def fruitless(self, results: int) -> int:
        """How many calls in a row, at the end of the first so many `results`, brought nothing new.

        New is a line or sentence that no result had before. A call that changed something counts as progress. The same
        call run again, as a tool is polled, counts as nothing.
        """
        self._catch_up()
        return self._progress[results - 1].fruitless if results else 0

    def brought_nothing(self, state: CallState) -> bool:
        """Whether a finished call brought nothing new, or nothing but its own words: `nothing found for X`."""
        self._catch_up()
        return self._progress[state.position].brought_nothing

    def loop(self, state: CallState) -> Loop | None:
        """The loop that a finished call goes on with: calls nearly the same, or a few in turn."""
        self._catch_up()
        return self._progress[state.position].loop

    def _catch_up(self) -> None:
        for state in islice(self.trajectory.results, len(self._progress), None):
            before = self._progress[-1].fruitless if self._progress else 0
            self._progress.append(self._judged(state, before, self._loops.add(state.call)))

    def _judged(self, state: CallState, before: int, loop: Loop | None) -> _Progress:
        finished = state.finished
        if finished is None or finished.status != "ok":
            return _Progress(before + 1, loop, brought_nothing=True)
        if state.started is not None and state.started.changes:
            return _Progress(0, loop, brought_nothing=False)
        digest = state.decided.decision.call_digest if state.decided is not None else ""
        is_polled = digest in self._ran
        self._ran.add(digest)
        new = set(map(str.strip, _BREAK.split(self._read_text(finished.digest).lower()))) - self._said
        self._said |= new
        fruitless = 0 if new else before if is_polled else before + 1
        return _Progress(fruitless, loop, brought_nothing=not any(self._is_no_echo(line, state.call) for line in new))

    def _is_no_echo(self, line: str, call: ToolCall) -> bool:
        """Whether a new line is new without the words of the call, too."""
        bare = _without_echo(line, call)
        is_new = bare not in self._bare
        self._bare.add(bare)
        return is_new


Verifier = Callable[[RunReading], Iterable[Finding]]
"""Looks at a run after a turn, or at a draft before it becomes the answer, and says what it noticed.

It must follow from the run alone: after a crash it is asked again. What it raises is written down and does no harm."""


def _without_echo(line: str, call: ToolCall) -> str:
    """A line without the words the call was asked with."""
    for asked in call.arguments.values():
        words = str(asked).lower() if isinstance(asked, str | int) else ""
        line = line.replace(words, "") if words else line
    return line
