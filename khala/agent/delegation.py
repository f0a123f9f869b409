"""A sub-agent: an agent that the model of another one calls like any tool.

1. The sub-agent's task is what a model wrote, so it vouches for nothing: what its run may do is grounded in the words
   the user had said to the agent that called it.
2. Its answer is a model's words about what its tools told it: untrusted, whatever it read, and only for those who may
   read all of that.
3. It acts in the namespace and for the principal of the run that calls it, or not at all.
4. Its budget is carved out of what that run has left, and what it spends is spent by that run too.

Its own guard decides on its calls, and its run is a run of its own in the same store, named by the call that asked.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from khala.domain.budget import InteractionBudget
from khala.domain.label import Label
from khala.domain.manifest import ToolEffect
from khala.domain.tool import Tool, ToolOutput, tool
from khala.domain.trajectory import Trajectory
from khala.errors import InvalidBudget, InvalidTool, ToolFailed

from .recording import Recording, told_by_tools

if TYPE_CHECKING:
    from .research import ResearchAgent

__all__ = ["Asking", "asking", "sub_agent"]

_TIMEOUT_S = 24 * 60 * 60.0
"""Of a sub-agent's call; its budget ends it, and so does the time its caller has left."""


@dataclass(frozen=True)
class Asking:
    """The call that is being executed, for a tool that is an agent."""

    run: Recording
    budget: InteractionBudget
    call_id: str


asking: ContextVar[Asking] = ContextVar("asking")
"""Set around each call of the loop."""


def sub_agent(agent: ResearchAgent, *, name: str, description: str, effect: ToolEffect | None = None) -> Tool:
    """An agent as a tool of another agent, which gives it a task and gets its answer.

    `effect` is what a policy knows it by; without it `execute`, or `read` when all that its own tools do is read.
    Raises `InvalidTool` for a name that cannot be a tool's.
    """

    async def ask(task: str) -> ToolOutput:
        """Hand a task over.

        Args:
            task: what to find out or to do, with all that has to be known for it
        """
        by = asking.get(None)
        if by is None:
            raise ToolFailed(f"`{name}` is an agent and works only for another agent's run")
        return await _answer(agent, name, task, by)

    manifests = map(agent.guard.manifest, agent.guard.tools.values())
    only_reads = all(manifest is not None and manifest.effect == "read" for manifest in manifests)
    handed_over = tool(
        name=name,
        effect=effect or ("read" if only_reads else "execute"),
        roles={"task": "content"},
        trust="labelled",
        timeout_s=_TIMEOUT_S,
    )(ask)
    return replace(handed_over, spec=handed_over.spec.model_copy(update={"description": description}))


async def _answer(agent: ResearchAgent, name: str, task: str, by: Asking) -> ToolOutput:
    caller = by.run.trajectory
    begun = caller.started
    if begun is None or (begun.namespace, begun.principal) != (agent.namespace, agent.principal):  # 3
        raise InvalidTool(f"`{name}` is of another namespace or acts for another than its caller: make it for the same")
    try:
        budget = by.budget.carve(caller.spend, agent.budget)  # 4
    except InvalidBudget as error:
        raise ToolFailed(f"`{name}` was not asked: {error}") from None
    report = await replace(agent, budget=budget).run(task, asked_by=by.call_id, user_words=tuple(caller.words))  # 1
    told = Trajectory.of(report.run_id, agent.store.records(report.run_id))
    return ToolOutput(
        text=report.answer or f"no answer was found: {report.reason}",
        label=_label(told),
        spend=report.spend,
    )


def _label(told: Trajectory) -> Label:
    """Of an answer that rests on all that the tools of a run told (2)."""
    return reduce(Label.join, (finished.label for _, finished in told_by_tools(told)), Label(trust="untrusted"))
