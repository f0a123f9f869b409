"""Runs made up for tests: every event of a plausible run, in order, without a loop."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import strategies as st

from khala.domain.budget import InteractionBudget
from khala.domain.call import CallStatus, ToolCall, call_id
from khala.domain.events import (
    AnswerDrafted,
    AnswerRequested,
    CallDecided,
    CallFinished,
    CallStarted,
    ContextShrunk,
    Event,
    EvidenceRecalled,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
    Usage,
    Verified,
)
from khala.domain.label import Label
from khala.domain.policy import Decision
from khala.domain.retention import Retention

RUN = "run1"
STATUSES: tuple[CallStatus, ...] = ("ok", "failed", "timeout", "denied", "repeated", "skipped")
RAN: tuple[CallStatus, ...] = ("ok", "failed", "timeout")

Step = tuple[CallStatus, ...] | Literal["rollback", "draft", "revise", "shrink"]
"""A turn with calls that end so, a turn rolled back, a draft, a draft that is sent back, or a shrunk context."""

CALLS: st.SearchStrategy[Step] = st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3).map(tuple)
OTHERS: st.SearchStrategy[Step] = st.sampled_from(("rollback", "draft", "revise", "shrink"))
STEPS = st.lists(CALLS | OTHERS, max_size=14)


@dataclass
class MadeRun:
    """The events of a run as it grows, and the texts beside them."""

    records: list[Recorded] = field(default_factory=list[Recorded])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    turns: int = 0
    calls: int = 0
    level: int = 0

    def add(self, event: Event) -> Recorded:
        """The next event, a second after the last."""
        at_ms = 1_000_000 + 1000 * len(self.records)
        self.records.append(Recorded(run_id=RUN, seq=len(self.records), at_ms=at_ms, event=event))
        return self.records[-1]

    def keep(self, text: str) -> str:
        """The digest of a text that can be read back."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.texts[digest] = text
        return digest

    def start(self) -> MadeRun:
        """The first event."""
        self.add(
            RunStarted(
                task="why?",
                system="be brief",
                model="made",
                tools=(),
                policy="0" * 64,
                budget=InteractionBudget(),
                retention=Retention(),
            )
        )
        return self

    def reply(self, calls: int = 0) -> tuple[ToolCall, ...]:
        """A reply that asks for this many calls."""
        self.turns += 1
        asked = tuple(
            ToolCall(id=call_id(RUN, self.calls + number), tool="search", arguments={"query": f"q{number}"})
            for number in range(1, calls + 1)
        )
        self.calls += calls
        usage = Usage(prompt_tokens=100, completion_tokens=10)
        text = f"thought {self.turns}"
        self.add(ModelReplied(turn=self.turns, text=text, calls=asked, usage=usage, prompt_chars=350))
        return asked

    def finish(self, call: ToolCall, status: CallStatus, text: str = "") -> None:
        """Everything that happens to one call."""
        effect = "deny" if status == "denied" else "allow"
        self.add(
            CallDecided(
                call_id=call.id, decision=Decision(effect=effect, rules=("r",), reason="so", call_digest=call.id)
            )
        )
        if status in RAN:
            self.add(CallStarted(call_id=call.id, tool=call.tool, side_effect=False))
        text = text or f"text of {call.id}"
        self.add(
            CallFinished(
                call_id=call.id,
                status=status,
                digest=self.keep(text),
                chars=len(text),
                shown_chars=1000,
                label=Label(),
            )
        )

    def take(self, step: Step) -> MadeRun:
        """One step of the run."""
        if step == "shrink":
            self.level += 1
            self.add(ContextShrunk(level=self.level, reason="too long"))
        elif step == "rollback":
            self.reply(2)
            self.add(TurnRolledBack(turn=self.turns, cause="malformed", note=f"note {self.turns}"))
        elif step in ("draft", "revise"):
            self.reply()
            self.add(AnswerDrafted(turn=self.turns, text=f"draft {self.turns}"))
            if step == "revise":
                told = self.keep(f"what is wrong with draft {self.turns}")
                self.add(Verified(place="answer", turn=self.turns, verifiers=("v",), follows="told", digest=told))
        else:
            for call, status in zip(self.reply(len(step)), step, strict=True):
                self.finish(call, status)
        return self

    def close(self) -> MadeRun:
        """The final answer."""
        self.add(EvidenceRecalled(passages=(), digest=self.keep("evidence")))
        self.add(AnswerRequested(reason="draft", text="answer now"))
        self.take("draft")
        self.add(RunEnded(status="answered", answer="so"))
        return self


def made(steps: Sequence[Step]) -> MadeRun:
    """A run of these steps, not ended."""
    run = MadeRun().start()
    for step in steps:
        run.take(step)
    return run
