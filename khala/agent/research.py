"""The research agent: one task in, a report or a stream of events out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache

from khala.domain.budget import InteractionBudget, Spend
from khala.domain.context import Context
from khala.domain.events import Finding, Recorded, RunResumed, RunStarted, RunStatus
from khala.domain.grounding import Principal
from khala.domain.manifest import ToolEffect
from khala.domain.namespace import Namespace
from khala.domain.policy import Effect
from khala.domain.ports import ChatModel, Memory, Observer, RunLog, RunStore
from khala.domain.retention import Retention
from khala.domain.tool import Tool
from khala.domain.trajectory import Trajectory
from khala.domain.verifiers import Verifiers
from khala.errors import InvalidTask, RunUnknown

from .calls import TurnCalls
from .delegation import sub_agent
from .guard import Guard
from .prompts import SYSTEM
from .recording import Recording
from .run import Run
from .verification import Verification

__all__ = ["Report", "ResearchAgent"]

MOST_TASK_CHARS = 200_000
"""Longest task, characters: about 50,000 tokens, a fifth of MiroThinker's window."""

TEXTS_AT_HAND = 8
"""Texts kept after they were read: a new result is read by the verifiers and, right after them, for the prompt."""


@dataclass(frozen=True)
class Report:
    """How a run ended."""

    run_id: str
    status: RunStatus
    answer: str
    reason: str
    """Why the answer is only a best effort, or why there is none."""
    spend: Spend
    decisions: Mapping[Effect, int]
    """How often the guard said what."""
    findings: tuple[Finding, ...] = ()
    """What verifiers found in the answer, and could not be mended."""


@dataclass(frozen=True)
class ResearchAgent:
    """Runs tasks: think, call tools through the guard, keep the last results in view, recall, answer.

    Everything is given in the constructor and nothing changes afterwards; one agent may drive many runs at once.
    """

    model: ChatModel
    guard: Guard
    store: RunStore
    memory: Memory | None = None
    observers: Sequence[Observer] = ()
    budget: InteractionBudget = field(default_factory=InteractionBudget)
    retention: Retention = field(default_factory=Retention)
    verifiers: Verifiers = field(default_factory=Verifiers)
    """Who looks at turns and drafts; nobody, unless they are named."""
    system: str = SYSTEM
    principal: Principal = field(default_factory=Principal)
    """On whose behalf its runs act."""
    namespace: Namespace = field(default_factory=Namespace)
    """Whose its runs are."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Kept in the log for whoever resumes the run; never a secret."""

    async def run(self, task: str, *, asked_by: str = "", user_words: tuple[str, ...] | None = None) -> Report:
        """Work on a task to its end.

        A task that another agent hands over names the call that it was `asked_by`, and what the user had said to that
        agent (`user_words`): its own words vouch for nothing. `as_tool` does so. Raises `InvalidTask` for a task that
        is none, `ModelError` and `HomeError` as they come; such a run can be resumed.
        """
        _check(task)
        with self.store.create() as log:
            return await self._begin(log, task, self.observers, asked_by=asked_by, user_words=user_words)

    def as_tool(self, name: str, description: str, *, effect: ToolEffect | None = None) -> Tool:
        """This agent as a tool of another one, which hands it a task and gets its answer, untrusted.

        `description` is what the other model is told. A policy knows it by `effect`; without it by `execute`, or by
        `read` when all that its own tools do is read. Its budget is carved out of its caller's; of two that are asked
        at once each gets what is left then. Raises `InvalidTool` for a name that cannot be a tool's.
        """
        return sub_agent(self, name=name, description=description, effect=effect)

    async def resume(self, run_id: str) -> Report:
        """Drive a run on from where it stands; a run that has ended is only reported.

        Raises `RunUnknown`, also for one that is not this agent's to drive, `RunBusy`, `LogDamaged`, and what `run`
        raises.
        """
        with self.store.reopen(run_id) as log:
            return await self._go_on(log, self.observers)

    def stream(self, task: str) -> AsyncIterator[Recorded]:
        """Work on a task, giving each event right after it was written.

        Leaving the iteration early stops the run where it is; it can be resumed. Raises what `run` raises.
        """
        _check(task)
        return self._streamed(self.store.create(), task)

    def stream_resumed(self, run_id: str) -> AsyncIterator[Recorded]:
        """Drive a run on, giving each event from the first one of the run on. Raises what `resume` raises."""
        return self._streamed(self.store.reopen(run_id), None)

    async def _begin(
        self,
        log: RunLog,
        task: str,
        observers: Sequence[Observer],
        *,
        asked_by: str = "",
        user_words: tuple[str, ...] | None = None,
    ) -> Report:
        recording = Recording(log, self.store, self.memory, observers, Trajectory(log.run_id), self.guard.describe)
        started = RunStarted(
            task=task,
            system=self.system,
            model=self.model.name,
            tools=self.guard.tool_digests,
            policy=self.guard.policy.digest,
            polling=self.guard.polling_tools,
            budget=self.budget,
            retention=self.retention,
            principal=self.principal,
            asked_by=asked_by,
            user_words=user_words,
            namespace=self.namespace,
            dry_run=self.guard.unsafe_dry_run,
            settings=dict(self.settings),
        )
        recording.write(started)
        recording.meet_tools(self.guard)
        return await self._drive(recording, started)

    async def _go_on(self, log: RunLog, observers: Sequence[Observer]) -> Report:
        recording = Recording(log, self.store, self.memory, observers, Trajectory(log.run_id), self.guard.describe)
        recording.replay(self.store.records(log.run_id), self.guard)
        trajectory = recording.trajectory
        if trajectory.started is None:
            raise InvalidTask(f"run `{log.run_id}` stopped before it had a task: start a new one")
        if (trajectory.started.namespace, trajectory.started.principal) != (self.namespace, self.principal):
            raise RunUnknown(
                f"run `{log.run_id}` is of another namespace, or acts for another: resume it with an agent of its own"
            )
        if trajectory.started.hosted:
            raise RunUnknown(f"run `{log.run_id}` was driven by another program's loop: there is nothing to resume")
        if trajectory.is_imported:
            raise RunUnknown(f"run `{log.run_id}` was imported from a log: there is nothing to resume; ask anew")
        if trajectory.ended is None:
            recording.write(RunResumed(model=self.model.name, policy=self.guard.policy.digest))
            recording.meet_tools(self.guard)
        return await self._drive(recording, trajectory.started)

    async def _drive(self, recording: Recording, started: RunStarted) -> Report:
        specs = tuple(tool.spec for tool in self.guard.tools.values())
        read_text = lru_cache(maxsize=TEXTS_AT_HAND)(self.store.read_text)
        context = Context(started.retention, specs, read_text)
        calls = TurnCalls(recording, self.guard, started.budget, context)
        verification = Verification(recording, self.verifiers, started.budget, read_text)
        await Run(recording, self.model, context, started.budget, calls, verification).drive()
        trajectory = recording.trajectory
        if trajectory.ended is None:
            raise ValueError(f"run `{trajectory.run_id}` was driven to its end and has none")
        ended = trajectory.ended
        return Report(
            run_id=trajectory.run_id,
            status=ended.status,
            answer=ended.answer,
            reason=ended.reason,
            spend=trajectory.spend,
            decisions=trajectory.decisions,
            findings=trajectory.open_findings,
        )

    async def _streamed(self, opened: AbstractContextManager[RunLog], task: str | None) -> AsyncIterator[Recorded]:
        with opened as log:
            records: asyncio.Queue[Recorded | None] = asyncio.Queue()
            observers = (*self.observers, records.put_nowait)
            driving = asyncio.ensure_future(
                self._go_on(log, observers) if task is None else self._begin(log, task, observers)
            )
            driving.add_done_callback(lambda _: records.put_nowait(None))
            try:
                while (record := await records.get()) is not None:
                    yield record
                await driving
            finally:
                driving.cancel()
                await asyncio.wait([driving])


def _check(task: str) -> None:
    if not task.strip():
        raise InvalidTask("the question is empty: say what you want to know")
    if len(task) > MOST_TASK_CHARS:
        raise InvalidTask(
            f"the question has {len(task)} characters: {MOST_TASK_CHARS} is the most; put long texts in the corpus"
        )
    try:
        task.encode()
    except UnicodeEncodeError:
        raise InvalidTask("the question is not valid Unicode text: check the encoding of your terminal") from None
