"""A run so far: a fold over its events.

Everything here follows from the events alone. Feeding the same events gives an equal trajectory, whether the run was
just driven or read back years later. Events in an impossible order are a bug of the writer and raise `ValueError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from .budget import Spend
from .call import ToolCall, call_id
from .events import (
    AnswerDrafted,
    AnswerRequested,
    CallDecided,
    CallFinished,
    CallRequested,
    CallStarted,
    ContextShrunk,
    EvidenceRecalled,
    Finding,
    ModelReplied,
    Recorded,
    RunEnded,
    RunResumed,
    RunStarted,
    ToolDigest,
    ToolsAccepted,
    TurnRolledBack,
    UserSaid,
    Verified,
)
from .grounding import Endorsement
from .namespace import Namespace
from .policy import Effect

__all__ = ["CallState", "Move", "Trajectory", "Turn"]

Move = Literal["think", "run_calls", "take_draft", "close", "nothing"]
"""What a run does next: ask the model, run the calls of the open turn, take its text as a draft, go from the draft to
the end, or nothing because it has ended."""


@dataclass
class CallState:
    """One call of a turn and how far it got."""

    call: ToolCall
    turn: int
    """Number of its turn; 0 in a hosted run, which has none."""
    position: int = -1
    """Place among the results a prompt may show, from 0; -1 until the whole turn is finished."""
    decided: CallDecided | None = None
    started: CallStarted | None = None
    finished: CallFinished | None = None

    @property
    def is_permitted(self) -> bool:
        """Whether the guard, or the person it asked, said yes; in a dry run every call it decided on may run."""
        if self.decided is None:
            return False
        if not self.decided.enforced:
            return True
        effect = self.decided.decision.effect
        return effect == "allow" or (effect == "ask" and self.decided.approved is True)


@dataclass
class Turn:
    """One model reply, the calls it asked for, and their results."""

    number: int
    reply: ModelReplied
    calls: list[CallState] = field(default_factory=list[CallState])
    rolled_back: TurnRolledBack | None = None
    is_draft: bool = False
    """The reply was taken as an answer."""
    answers_request: bool = False
    """The reply came after the final answer was asked for."""
    verified: Verified | None = None
    """What verifiers said about its calls, or about it as a draft."""

    @property
    def is_open(self) -> bool:
        """Whether the turn still waits for results or for a decision what it is."""
        if self.rolled_back is not None or self.is_draft:
            return False
        return not self.calls or any(state.finished is None for state in self.calls)

    @property
    def is_sent_back(self) -> bool:
        """Whether it is a draft that the model is to write anew."""
        return self.is_draft and self.verified is not None and self.verified.follows == "told"


@dataclass
class Trajectory:
    """The turns of one run, what it has spent, and where it stands."""

    run_id: str
    started: RunStarted | None = None
    turns: list[Turn] = field(default_factory=list[Turn])
    spend: Spend = field(default_factory=Spend)
    shrink_level: int = 0
    evidence: EvidenceRecalled | None = None
    requested: AnswerRequested | None = None
    draft: str = ""
    verified: list[Verified] = field(default_factory=list[Verified])
    """Everything verifiers said."""
    ended: RunEnded | None = None
    decisions: dict[Effect, int] = field(default_factory=lambda: {"allow": 0, "ask": 0, "deny": 0})
    """How often the guard said what."""
    results: list[CallState] = field(default_factory=list[CallState])
    """Finished calls of live turns, in the order the prompt shows them: by call number."""
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """Digest of a canonical call to the id of the result that answered it, since something was last changed."""
    words: list[str] = field(default_factory=list[str])
    """What the user said: the task, and later words; none of an imported run."""
    begun: list[tuple[ToolCall, int]] = field(default_factory=list[tuple[ToolCall, int]])
    """Calls that ran, and when they began: milliseconds since the epoch."""
    policy: str = ""
    """SHA-256 of the policy in force."""
    endorsements: list[Endorsement] = field(default_factory=list[Endorsement])
    """What a person's yes says of later calls, under the policy in force: another policy is another question."""
    accepted_tools: list[ToolDigest] = field(default_factory=list[ToolDigest])
    """Definitions of tools that need no question."""
    repeats: dict[str, int] = field(default_factory=dict[str, int])
    """Id of a result to how often it was given again for an identical call."""
    chars_per_token: float = 4.0
    """Measured on the last reply that reported its prompt tokens; 4 is the usual figure for English."""
    _calls: dict[str, CallState] = field(default_factory=dict[str, CallState])
    _last_seq: int = -1
    _clock_ms: int = 0

    @classmethod
    def of(cls, run_id: str, records: Iterable[Recorded]) -> Trajectory:
        """The trajectory after these events."""
        trajectory = cls(run_id)
        for record in records:
            trajectory.apply(record)
        return trajectory

    @property
    def task(self) -> str:
        """What the user asked."""
        return self.started.task if self.started else ""

    @property
    def is_imported(self) -> bool:
        """Whether it was driven elsewhere and read from a log: nothing in it was decided by a guard."""
        return self.started is not None and self.started.imported is not None

    @property
    def namespace(self) -> Namespace:
        """Whose the run is, and all that its tools tell."""
        return Namespace() if self.started is None else self.started.namespace

    @property
    def open_turn(self) -> Turn | None:
        """The turn that still waits for results, or for being taken as an answer."""
        return self.turns[-1] if self.turns and self.turns[-1].is_open else None

    @property
    def next_move(self) -> Move:
        """What comes next; the same whether the run was just driven here or read back after a crash."""
        if self.ended is not None:
            return "nothing"
        if not self.turns or self.turns[-1].rolled_back is not None:
            return "think"
        turn = self.turns[-1]
        if turn.is_sent_back:
            return "think"
        if turn.is_draft:
            return "close" if turn.answers_request or self.requested is None else "think"
        if not turn.calls:
            return "take_draft"
        return "run_calls" if turn.is_open else "think"

    @property
    def live_turns(self) -> int:
        """How many turns the prompt may show: those not rolled back."""
        return len(self.turns) - self.spend.rollbacks

    @property
    def revisions(self) -> int:
        """How often a draft went back to the model."""
        return sum(verified.place == "answer" and verified.follows == "told" for verified in self.verified)

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """What verifiers found in the last draft."""
        drafts = (verified for verified in reversed(self.verified) if verified.place == "answer")
        return next((verified.findings for verified in drafts), ())

    def turns_before(self, live: int) -> int:
        """How many turns, dead ones included, stand before the live turn number `live` (from 0)."""
        for turn in self.turns if live else ():
            live -= turn.rolled_back is None
            if not live:
                return turn.number
        return 0

    @property
    def calls_made(self) -> int:
        """Calls asked for so far, in every turn; the next call gets the next number."""
        return len(self._calls)

    @property
    def calls(self) -> Iterable[CallState]:
        """Every call asked for, in order, dead turns included."""
        return self._calls.values()

    def call(self, call_id: str) -> CallState:
        """The state of a call by its id; `KeyError` for an unknown one."""
        return self._calls[call_id]

    def next_call_id(self, offset: int = 0) -> str:
        """The id of the next call the model asks for, `offset` calls ahead."""
        return call_id(self.run_id, len(self._calls) + 1 + offset)

    def apply(self, record: Recorded) -> None:
        """Take in the next event. Raises `ValueError` for a wrong run, a gap, or an event that cannot stand here."""
        if record.run_id != self.run_id or record.seq != self._last_seq + 1:
            raise ValueError(
                f"event {record.seq} of run {record.run_id} cannot follow {self._last_seq} of {self.run_id}"
            )
        if (self.started is None) != isinstance(record.event, RunStarted) or self.ended is not None:
            raise ValueError(f"event {record.seq} ({record.event.kind}) cannot stand here")
        if self.is_imported and isinstance(record.event, _GUARDED):
            raise ValueError(f"event {record.seq} ({record.event.kind}) cannot stand in an imported run")
        self._last_seq = record.seq
        if self._clock_ms and not self.is_imported and not isinstance(record.event, RunResumed):
            passed = max(0, record.at_ms - self._clock_ms) / 1000
            self.spend = replace(self.spend, seconds=self.spend.seconds + passed)
        self._clock_ms = record.at_ms
        self._take(record)

    def _take(self, record: Recorded) -> None:
        match record.event:
            case RunStarted() as event:
                self._take_start(event)
            case RunResumed() as event:
                if event.policy != self.policy:
                    self.endorsements.clear()
                self.policy = event.policy
            case ToolsAccepted() as event:
                self.accepted_tools += event.tools
            case ModelReplied() as event:
                self._take_reply(event)
            case CallRequested() as event:
                _require(self.started is not None and self.started.hosted, "only a hosted run has calls without turns")
                self._take_call(CallState(event.call, 0))
            case UserSaid() as event:
                self.words.append(event.text)
            case TurnRolledBack() as event:
                turn = self._last_turn(event.turn)
                _require(not any(state.finished for state in turn.calls), f"turn {event.turn} has results")
                turn.rolled_back = event
                self.spend = replace(
                    self.spend,
                    rollbacks=self.spend.rollbacks + 1,
                    rollbacks_in_a_row=self.spend.rollbacks_in_a_row + 1,
                )
            case CallDecided() as event:
                self._open_call(event.call_id).decided = event
                self.endorsements += event.endorsements
                self.decisions[event.decision.effect] += 1
            case CallStarted() as event:
                state = self._open_call(event.call_id)
                _require(state.is_permitted, f"call {event.call_id} started without leave")
                if state.started is None:  # a read call repeated after a crash is paid for once
                    self.spend = self.spend.with_call(state.call.tool)
                    self.begun.append((state.call, record.at_ms))
                state.started = event
            case CallFinished() as event:
                self._take_result(event)
            case ContextShrunk() as event:
                self.shrink_level = event.level
            case EvidenceRecalled() as event:
                self.evidence = event
            case AnswerRequested() as event:
                self.requested = event
            case AnswerDrafted() as event:
                turn = self._last_turn(event.turn)
                _require(not turn.calls, f"turn {event.turn} asks for calls")
                turn.is_draft = True
                self.draft = event.text
            case Verified() as event:
                self._take_verified(event)
            case RunEnded() as event:
                _require(self.next_move != "run_calls", "calls of the last turn have no result")
                self.ended = event

    def _take_start(self, event: RunStarted) -> None:
        self.started = event
        self.policy = event.policy
        self.words += event.said_by_user
        if event.imported is not None and event.imported.started_at_ms:
            passed_ms = event.imported.ended_at_ms - event.imported.started_at_ms
            self.spend = replace(self.spend, seconds=max(0, passed_ms) / 1000)

    def _take_reply(self, event: ModelReplied) -> None:
        if event.turn != len(self.turns) + 1 or self.open_turn is not None:
            raise ValueError(f"turn {event.turn} cannot follow turn {len(self.turns)}")
        turn = Turn(
            event.turn,
            event,
            [CallState(call, event.turn) for call in event.calls],
            answers_request=self.requested is not None,
        )
        self.turns.append(turn)
        for state in turn.calls:
            self._take_call(state)
        usage = event.usage
        self.spend = replace(
            self.spend,
            turns=event.turn,
            prompt_tokens=self.spend.prompt_tokens + usage.prompt_tokens,
            cached_tokens=self.spend.cached_tokens + usage.cached_tokens,
            completion_tokens=self.spend.completion_tokens + usage.completion_tokens,
            money=self.spend.money + usage.money,
        )
        if usage.prompt_tokens and event.prompt_chars:
            self.chars_per_token = event.prompt_chars / usage.prompt_tokens

    def _take_result(self, event: CallFinished) -> None:
        state = self._open_call(event.call_id)
        state.finished = event
        if self.is_imported and event.status != "skipped":
            self.spend = self.spend.with_call(state.call.tool)
        if state.started is not None and state.started.changes:
            self.answers.clear()
        if event.status == "ok" and state.decided is not None:
            self.answers.setdefault(state.decided.decision.call_digest, event.call_id)
        if event.spend is not None:
            self.spend = self.spend.with_child(event.spend)
        if event.status == "repeated":
            for earlier in event.derived_from:
                self.repeats[earlier] = self.repeats.get(earlier, 0) + 1
        if not state.turn:
            state.position = len(self.results)
            self.results.append(state)
            return
        turn = self.turns[-1]
        if all(other.finished is not None for other in turn.calls):
            for position, other in enumerate(turn.calls, start=len(self.results)):
                other.position = position
            self.results += turn.calls
            if any(other.finished is not None and other.finished.status in _PRODUCTIVE for other in turn.calls):
                self.spend = replace(self.spend, rollbacks_in_a_row=0)

    def _take_verified(self, event: Verified) -> None:
        turn = self.turns[-1] if self.turns else None
        if turn is None or turn.number != event.turn or turn.is_open or turn.rolled_back or turn.verified:
            raise ValueError(f"turn {event.turn} does not wait to be verified")
        _require(turn.is_draft == (event.place == "answer"), f"turn {event.turn} is no {event.place}")
        turn.verified = event
        self.verified.append(event)

    def _last_turn(self, number: int) -> Turn:
        """The last turn, which must have this number and be neither dead nor a draft."""
        turn = self.turns[-1] if self.turns else None
        if turn is None or turn.number != number or turn.rolled_back is not None or turn.is_draft:
            raise ValueError(f"turn {number} is not the one being worked on")
        return turn

    def _open_call(self, call_id: str) -> CallState:
        """A call of the last turn that has no result yet."""
        state = self._calls.get(call_id)
        if state is None or state.finished is not None:
            raise ValueError(f"call {call_id} does not wait for anything")
        if state.turn:
            self._last_turn(state.turn)
        return state

    def _take_call(self, state: CallState) -> None:
        _require(state.call.id not in self._calls, f"two calls are named {state.call.id}")
        self._calls[state.call.id] = state


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 (reads as a sentence)
    if not holds:
        raise ValueError(otherwise)


_GUARDED = (CallDecided, CallStarted, CallRequested, RunResumed, UserSaid, Verified)
"""What only a run that khala drives or guards can hold; who wrote the words of an imported one nobody knows."""
_PRODUCTIVE = ("ok", "failed", "timeout", "denied")
"""Results that end a series of rollbacks: the model did something new."""
