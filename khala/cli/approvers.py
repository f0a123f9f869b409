"""Who answers when a policy asks: the person at this terminal, another process, or nobody."""

from __future__ import annotations

import asyncio
import json
import sys
import termios

from khala.assembly import Home
from khala.cli.next_step import command
from khala.cli.progress import Progress, printable
from khala.domain.call import ToolCall
from khala.domain.policy import Decision
from khala.domain.ports import Approver
from khala.errors import CallerError
from khala.infrastructure.store.approvals import Question
from khala.infrastructure.store.queue_approver import QueueApprover

__all__ = ["approver"]


def approver(where: str, home: Home, progress: Progress, *, timeout_s: float) -> Approver | None:
    """The approver for `--approvals`; without a word it is the terminal, if there is one."""
    has_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if where == "queue":

        def tell(question: Question) -> None:
            yes, no = (command(name, question.id, home.folder.path) for name in ("approve", "deny"))
            progress.waiting(question.tool, question.reason, f"{yes} or {no}")

        return QueueApprover(home.store.approvals, timeout_s=timeout_s, on_question=tell)
    if where == "terminal" and not has_terminal:
        raise CallerError("`--approvals terminal` needs a terminal to ask at: `--approvals queue` asks without one")
    return _ask_on_terminal if has_terminal and where != "none" else None


async def _ask_on_terminal(call: ToolCall, decision: Decision) -> bool:
    """Put a call to the person at the terminal; anything but a clear yes is no."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before the question is no answer to it
    arguments = printable(json.dumps(call.arguments, ensure_ascii=True, indent=2))
    print(f"\n{decision.reason}\n{call.tool} {arguments}\nallow this call? [y/N] ", end="", file=sys.stderr, flush=True)
    return (await _line_typed()).strip().lower() in ("y", "yes")


async def _line_typed() -> str:
    """The next line at the terminal; a thread that reads could not be interrupted, and would hold the end back."""
    loop = asyncio.get_running_loop()
    is_there = asyncio.Event()
    loop.add_reader(sys.stdin, is_there.set)
    try:
        await is_there.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()
