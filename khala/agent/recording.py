"""What the parts of the loop share about one run: its ledger, and everything that follows each event.

An event is written first; only then do grounding and memory, the trajectory and the observers see it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from khala.domain.budget import Spend
from khala.domain.call import CallStatus, ToolCall, ToolResult
from khala.domain.events import (
    CallDecided,
    CallFinished,
    Event,
    Recorded,
    RunStarted,
    ToolsAccepted,
    UserSaid,
)
from khala.domain.grounding import Grounding
from khala.domain.label import Label
from khala.domain.manifest import ToolManifest
from khala.domain.ports import Memory, Observer, RunLog, RunStore
from khala.domain.trajectory import CallState, Trajectory

from .guard import Guard, Ruling

__all__ = ["Describe", "Recording", "ground", "told_by_tools"]

_SAID_BY_TOOLS: tuple[CallStatus, ...] = ("ok", "failed")
"""Results whose words come from outside khala."""


Describe = Callable[[str], ToolManifest | None]
"""The manifest of a tool, by its name; `None` where nobody described it."""


def ground(
    grounding: Grounding, trajectory: Trajectory, read_text: Callable[[str], str], describe: Describe, *, policy: str
) -> None:
    """Let a grounding know all that was said in a run so far, as a run that is being driven knows it.

    `policy` is the digest of the one to decide by: what a person endorsed under another counts no more.
    """
    if trajectory.started is not None:
        grounding.principal = trajectory.started.principal
    for words in trajectory.words:
        grounding.add_user_words(words)
    for call, finished in told_by_tools(trajectory):
        # what an imported run calls a tool is not the tool of that name here
        manifest = describe(call.tool) if finished.status == "ok" and not trajectory.is_imported else None
        grounding.add_result(read_text(finished.digest), finished.label, call=call, manifest=manifest)
    for endorsement in trajectory.endorsements if trajectory.policy == policy else ():
        grounding.endorse(endorsement)


def told_by_tools(trajectory: Trajectory) -> Iterator[tuple[ToolCall, CallFinished]]:
    """The calls of a run whose results are words from outside khala."""
    for state in trajectory.calls:
        if state.finished is not None and state.finished.status in _SAID_BY_TOOLS:
            yield state.call, state.finished


@dataclass
class Recording:
    """One run being driven by this process."""

    log: RunLog
    store: RunStore
    memory: Memory | None
    observers: Sequence[Observer]
    trajectory: Trajectory
    describe: Describe
    grounding: Grounding = field(default_factory=Grounding)

    def replay(self, records: Sequence[Recorded], guard: Guard) -> None:
        """Take in what an earlier process wrote, to go on under a guard."""
        for record in records:
            self._follow(record)
        ground(self.grounding, self.trajectory, self.store.read_text, self.describe, policy=guard.policy.digest)
        guard.accept(self.trajectory.accepted_tools)

    def meet_tools(self, guard: Guard) -> None:
        """Write down the tools that nobody knew before; from here on a change of theirs asks."""
        if guard.new_tools:
            self.write(ToolsAccepted(tools=guard.new_tools))
            guard.accept(guard.new_tools)

    def take(self, guard: Guard, ruling: Ruling, call_id: str) -> None:
        """Write down the guard's answer to a call, before anything runs."""
        self.write(ruling.decided(call_id))
        if ruling.accepted_tools:
            self.write(ToolsAccepted(tools=ruling.accepted_tools, call_id=call_id))
            guard.accept(ruling.accepted_tools)

    def write(self, event: Event, *, durable: bool = False) -> None:
        """Write an event down, then let everyone see it."""
        self._follow(self.log.append(event, durable=durable))
        match event:
            case RunStarted():
                self.grounding.principal = event.principal
                for words in event.said_by_user:
                    self.grounding.add_user_words(words)
            case UserSaid():
                self.grounding.add_user_words(event.text)
            case CallDecided():
                for endorsement in event.endorsements:
                    self.grounding.endorse(endorsement)
            case _:
                pass

    def decide(self, guard: Guard, call: ToolCall, spend: Spend) -> Ruling:
        """The guard's answer to a call, on all that is known of this run."""
        begun = self.trajectory.begun
        return guard.decide(call, self.grounding, spend, begun=begun, now_ms=time.time_ns() // 1_000_000)

    def finish(
        self,
        state: CallState,
        status: CallStatus,
        text: str,
        *,
        label: Label,
        shown_chars: int,
        derived_from: tuple[str, ...] = (),
        elapsed_ms: int = 0,
        spend: Spend | None = None,
    ) -> None:
        """Keep the text of a result and write down that the call has it."""
        event = CallFinished(
            call_id=state.call.id,
            status=status,
            digest=self.keep_text(text),
            chars=len(text),
            shown_chars=shown_chars,
            label=label,
            derived_from=derived_from,
            elapsed_ms=elapsed_ms,
            spend=spend,
        )
        record = self.log.append(event)
        if status in _SAID_BY_TOOLS:
            manifest = self.describe(state.call.tool) if status == "ok" else None
            self.grounding.add_result(text, label, call=state.call, manifest=manifest)
        if self.memory is not None:
            result = ToolResult(
                call=state.call,
                status=status,
                text=text,
                digest=event.digest,
                label=label,
                derived_from=derived_from,
                run_id=record.run_id,
                at_ms=record.at_ms,
                namespace=self.trajectory.namespace,
            )
            if result.is_original:
                self.memory.remember(result)
        self._follow(record)

    def keep_text(self, text: str) -> str:
        """Store a text of the run; its SHA-256, hex."""
        return self.store.keep_text(text, tenant=self.trajectory.namespace.tenant)

    def _follow(self, record: Recorded) -> None:
        self.trajectory.apply(record)
        for observer in self.observers:
            observer(record)
