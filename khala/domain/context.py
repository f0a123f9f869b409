"""The next prompt as a pure function of the trajectory.

System prompt, task, then each live turn: what the model said, what its calls brought. Retention decides which results
show in full, which as a placeholder, and which turns are out of view. What verifiers found in a turn stands after it. A
rolled-back turn shows only its note. After the
final answer was asked for, the recalled evidence and the request stand last.

What a turn shows is rendered once and kept until retention changes it, so that an unchanged message is the same object
in the next prompt and its encoding can be reused. A `Context` built afresh renders equal prompts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from .message import AssistantMessage, Message, Prompt, ResultsMessage, ShownResult, SystemMessage, UserMessage
from .retention import Retention, dropped_turns_note, placeholder, shown_text
from .tool import ToolSpec
from .trajectory import CallState, Trajectory, Turn

__all__ = ["Context"]


@dataclass(frozen=True)
class _Rendered:
    """Some messages in a row, with their size."""

    messages: tuple[Message, ...]
    chars: int


@dataclass
class Context:
    """Renders prompts for one run.

    `read_text` gives the text of a result by its SHA-256; an erased text is shown as erased.
    """

    retention: Retention
    tools: tuple[ToolSpec, ...]
    read_text: Callable[[str], str]
    _said: dict[int, AssistantMessage] = field(default_factory=dict[int, AssistantMessage])
    _turns: dict[int, _Rendered] = field(default_factory=dict[int, _Rendered])
    _head: _Rendered | None = None
    _dropped_note: _Rendered = _Rendered((), 0)
    _dropped: int = 0
    _cleared: int = 0
    _level: int = 0

    def prompt(self, trajectory: Trajectory) -> Prompt:
        """The prompt for the next turn of this trajectory.

        Raises `ValueError` for a run that has not started, or whose last turn still waits for results.
        """
        started = trajectory.started
        if started is None:
            raise ValueError("a run that has not started has no prompt")
        retention = self.retention.shrunk(trajectory.shrink_level)
        dropped = retention.dropped(trajectory.live_turns)
        cleared = retention.cleared(len(trajectory.results))
        self._forget_changed(trajectory, dropped, cleared)
        if self._head is None:
            self._head = _measured((SystemMessage(started.system), UserMessage(started.task)))
        messages = [*self._head.messages, *self._dropped_note.messages]
        chars = self._head.chars + self._dropped_note.chars
        for turn in islice(trajectory.turns, trajectory.turns_before(dropped), None):
            rendered = self._turns.get(turn.number)
            if rendered is None:
                rendered = self._turns[turn.number] = _measured(self._render(turn))
            messages += rendered.messages
            chars += rendered.chars
        tail = _measured(self._closing(trajectory))
        return Prompt((*messages, *tail.messages), self.tools, chars + tail.chars, started.task)

    def shows(self, trajectory: Trajectory, state: CallState) -> bool:
        """Whether the next prompt shows the text of this result."""
        retention = self.retention.shrunk(trajectory.shrink_level)
        in_view = state.turn > trajectory.turns_before(retention.dropped(trajectory.live_turns))
        return in_view and state.position >= retention.cleared(len(trajectory.results))

    def _forget_changed(self, trajectory: Trajectory, dropped: int, cleared: int) -> None:
        """Drop what was rendered and would come out otherwise now."""
        if trajectory.shrink_level != self._level:
            self._turns.clear()
        for state in islice(trajectory.results, min(self._cleared, cleared), max(self._cleared, cleared)):
            self._turns.pop(state.turn, None)
        if dropped != self._dropped:
            self._dropped_note = _measured((UserMessage(dropped_turns_note(dropped)),) if dropped else ())
            first = trajectory.turns_before(dropped)
            self._turns = {number: kept for number, kept in self._turns.items() if number > first}
            self._said = {number: kept for number, kept in self._said.items() if number > first}
        self._level, self._cleared, self._dropped = trajectory.shrink_level, cleared, dropped

    def _render(self, turn: Turn) -> tuple[Message, ...]:
        if turn.rolled_back is not None:
            return (UserMessage(turn.rolled_back.note),)
        reply = turn.reply
        said = self._said.setdefault(turn.number, AssistantMessage(reply.text, reply.thinking, reply.calls))
        results = (ResultsMessage(tuple(self._shown(state) for state in turn.calls)),) if turn.calls else ()
        told = turn.verified.digest if turn.verified is not None else None
        return said, *results, *((UserMessage(self.read_text(told)),) if told is not None else ())

    def _shown(self, state: CallState) -> ShownResult:
        finished = state.finished
        if finished is None:
            raise ValueError(f"call {state.call.id} has no result yet")
        if state.position < self._cleared:
            return ShownResult(state.call, placeholder(state.call.id))
        limit = max(1, min(finished.chars, finished.shown_chars) >> self._level)
        return ShownResult(state.call, shown_text(state.call.id, self.read_text(finished.digest), limit))

    def _closing(self, trajectory: Trajectory) -> tuple[Message, ...]:
        evidence = trajectory.evidence
        request = trajectory.requested
        return (
            *((UserMessage(self.read_text(evidence.digest)),) if evidence else ()),
            *((UserMessage(request.text),) if request else ()),
        )


def _measured(messages: tuple[Message, ...]) -> _Rendered:
    return _Rendered(messages, sum(map(_chars, messages)))


def _chars(message: Message) -> int:
    match message:
        case SystemMessage() | UserMessage():
            return len(message.text)
        case AssistantMessage():
            calls = sum(len(call.tool) + len(str(call.arguments)) for call in message.calls)
            return len(message.text) + len(message.thinking) + calls
        case ResultsMessage():
            return sum(len(result.text) for result in message.results)
