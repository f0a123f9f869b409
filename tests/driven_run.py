"""A 60-call run in a process of its own, for tests that kill it: `python driven_run.py HOME [RUN]`.

Prints the run's id, then the id of each result once its event was written. Each execution of the tool adds a line to
HOME/executions, so that a test can count them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from khala import Home, ModelReply, Recorded, RequestedCall, tool
from khala.domain.events import CallFinished, RunStarted
from khala.domain.message import AssistantMessage, Prompt
from khala.testing.scripted_model import ScriptedModel

CALLS = 60
CALLS_A_TURN = 2


def next_reply(prompt: Prompt) -> ModelReply:
    """Two steps a turn, and the answer after sixty; which step comes next follows from the prompt."""
    done = sum(len(message.calls) for message in prompt.messages if isinstance(message, AssistantMessage))
    if done >= CALLS:
        return ModelReply(text="all steps are done")
    steps = range(done, done + CALLS_A_TURN)
    return ModelReply(text="", calls=tuple(RequestedCall(tool="step", arguments={"number": step}) for step in steps))


def main() -> None:
    """Begin a run, or go on with one."""
    folder = Path(sys.argv[1])

    @tool(effect="read")
    def step(number: int) -> str:
        """Take one step."""
        with (folder / "executions").open("a") as executions:
            executions.write(f"{number}\n")
        time.sleep(0.005)
        return f"step {number} took place. " * 20

    def tell(record: Recorded) -> None:
        if isinstance(record.event, RunStarted):
            print(f"run {record.run_id}", flush=True)
        if isinstance(record.event, CallFinished):
            print(f"finished {record.event.call_id}", flush=True)

    with Home(folder, semantic=False) as home:
        model = ScriptedModel(iter(lambda: next_reply, None))
        agent = home.agent(model=model, tools=[step], observers=[tell])
        resumed = sys.argv[2] if len(sys.argv) > 2 else ""
        report = asyncio.run(agent.resume(resumed) if resumed else agent.run("take sixty steps"))
        print(f"ended {report.status} {report.spend.tool_calls}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
