"""The calls of one turn: judged one after the other, run side by side, each with a result of its own.

A call that cannot or may not run never takes the others with it: it gets a result that says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from khala.domain.budget import InteractionBudget, Spend
from khala.domain.call import CallStatus
from khala.domain.context import Context
from khala.domain.label import Label
from khala.domain.policy import Decision
from khala.domain.rollback import CallFault
from khala.domain.tool import MAX_RESULT_CHARS, ArgumentsInvalid
from khala.domain.trajectory import CallState, Turn
from khala.errors import ToolFailed

from .delegation import Asking, asking
from .guard import Guard, Permit
from .recording import Recording

__all__ = ["OWN_WORDS", "TurnCalls", "refusal"]

PARALLEL_CALLS = 8
"""Calls of one turn that run at the same time."""

MOST_REPEATS = 3
"""Times an identical call is answered from its earlier result before it rolls a turn back."""

OWN_WORDS = Label(trust="untrusted", origins=("khala",))
"""Label of results that khala itself wrote: refusals, and calls that never ran. They may echo what the model wrote."""

_OUTCOME_UNKNOWN = (
    "the process stopped while this call was running: whether it took effect is unknown, and it was not repeated;"
    " check before you try again"
)


def refusal(decision: Decision) -> str:
    """What the model, or the host, is told about a call that may not run."""
    rules = ", ".join(f"`{rule}`" for rule in decision.rules)
    asked = " and nobody approved it" if decision.effect == "ask" else ""
    return f"refused by policy rule {rules}{asked}: {decision.reason}"


@dataclass
class TurnCalls:
    """Judges and runs the calls of turns of one run."""

    run: Recording
    guard: Guard
    budget: InteractionBudget
    context: Context
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PARALLEL_CALLS))

    def faults(self, turn: Turn) -> Sequence[CallFault | None]:
        """What is wrong with each call of a turn, before anything is decided."""
        return [self._fault(state) for state in turn.calls]

    async def run_all(self, turn: Turn) -> None:
        """Give every call of the turn that has no result one."""
        running: dict[str, CallState] = {}
        twins: list[tuple[CallState, CallState]] = []
        spend = self.run.trajectory.spend
        try:
            async with asyncio.TaskGroup() as group:
                for state in turn.calls:
                    permit = None if state.finished else await self._admitted(state, spend)
                    if permit is None:
                        continue
                    if permit.call_digest in running:  # the same call twice in one turn runs once
                        self.guard.withdraw(permit)
                        twins.append((state, running[permit.call_digest]))
                        continue
                    if state.started is None:
                        spend = spend.with_call(state.call.tool)
                    running[permit.call_digest] = state
                    group.create_task(self._execute(state, permit))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        for state, earlier in twins:
            self._repeat(state, earlier)

    def _fault(self, state: CallState) -> CallFault | None:
        call = state.call
        tool = self.guard.tools.get(call.tool)
        if tool is None:
            names = ", ".join(f"`{name}`" for name in self.guard.tools) or "none"
            return CallFault(kind="unknown_tool", note=f"there is no tool `{call.tool}`; the tools are {names}")
        try:
            arguments = tool.canonical_arguments(call.arguments)
        except ArgumentsInvalid as error:
            return CallFault(kind="invalid_arguments", note=f"the arguments of `{call.tool}` do not fit: {error}")
        earlier = self._answered(call.tool, self.guard.call_digest(call.tool, arguments))
        if earlier is None:
            return None
        result_id = earlier.call.id
        if self.context.shows(self.run.trajectory, earlier):
            note = f"`{call.tool}` was called just so before, and its result {result_id} is in view"
        elif self.run.trajectory.repeats.get(result_id, 0) >= MOST_REPEATS:
            note = f"`{call.tool}` was called just so too often; its result is {result_id}"
        else:
            return None
        return CallFault(kind="duplicate", note=note)

    def _answered(self, tool: str, call_digest: str) -> CallState | None:
        """The earlier call that answered an identical one, unless asking again is meaningful."""
        manifest = self.guard.manifest(self.guard.tools[tool])
        earlier = self.run.trajectory.answers.get(call_digest)
        if earlier is None or (manifest is not None and manifest.polling):
            return None
        return self.run.trajectory.call(earlier)

    async def _admitted(self, state: CallState, spend: Spend) -> Permit | None:
        """Leave to run the call; without it, the call has its result when this returns."""
        call = state.call
        if state.started is not None and state.started.side_effect:
            self._close(state, "unknown", _OUTCOME_UNKNOWN)
            return None
        fault = self._fault(state)
        if fault is not None and fault.kind != "duplicate":
            self._close(state, "invalid", fault.note)
            return None
        ruling = self.run.decide(self.guard, call, spend)
        if ruling.pending is not None:
            ruling = await self.guard.ask(ruling)
        self.run.take(self.guard, ruling, call.id)
        permit = ruling.permit
        if permit is None:
            self._close(state, "denied", refusal(ruling.decision))
            return None
        earlier = self._answered(call.tool, permit.call_digest)
        if earlier is not None:
            self.guard.withdraw(permit)
            self._repeat(state, earlier)
            return None
        if state.started is None and not self.budget.allows_call(spend, call.tool):
            self.guard.withdraw(permit)
            self._close(state, "skipped", f"not run: the budget has no call of `{call.tool}` left")
            return None
        return permit

    async def _execute(self, state: CallState, permit: Permit) -> None:
        async with self._slots:
            started = permit.started()
            self.run.write(started, durable=started.changes)
            clock = asyncio.get_running_loop().time
            began = clock()
            label = Label(origins=(f"tool:{state.call.tool}",))
            derived_from: tuple[str, ...] = ()
            spend: Spend | None = None
            asking.set(Asking(self.run, self.budget, state.call.id))
            status: CallStatus = "ok"
            try:
                left_s = self.budget.seconds_left(self.run.trajectory.spend)
                output = await self.guard.run(permit, timeout_s=left_s)
                text, label, derived_from = output.text, output.label or label, output.derived_from
                spend = output.spend
            except ToolFailed as error:
                status, text = "failed", str(error)
            except TimeoutError:
                status, text = "timeout", f"`{state.call.tool}` took longer than {clock() - began:.1f} seconds"
                if started.side_effect:
                    text += "; whether it took effect is unknown: check before you try again"
            self.run.finish(
                state,
                status,
                text,
                label=label,
                shown_chars=permit.tool.max_result_chars,
                derived_from=derived_from,
                elapsed_ms=round((clock() - began) * 1000),
                spend=spend,
            )

    def _close(self, state: CallState, status: CallStatus, text: str) -> None:
        self.run.finish(state, status, text, label=OWN_WORDS, shown_chars=MAX_RESULT_CHARS)

    def _repeat(self, state: CallState, earlier: CallState) -> None:
        """Answer a call from the result of an identical one."""
        finished = earlier.finished
        if finished is None:
            raise ValueError(f"call {earlier.call.id} has no result to repeat")
        text = self.run.store.read_text(finished.digest)
        self.run.finish(
            state,
            "repeated",
            text,
            label=finished.label,
            shown_chars=finished.shown_chars,
            derived_from=(earlier.call.id,),
        )
