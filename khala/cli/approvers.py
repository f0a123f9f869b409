"""Who answers when a policy asks: the person at this terminal, another process, or nobody."""

from __future__ import annotations

import asyncio
import sys
import termios
from typing import Literal

from khala.assembly import Home
from khala.cli.next_step import command
from khala.cli.progress import Progress, printable
from khala.cli.question import told_choices, told_question
from khala.domain.call import ToolCall
from khala.domain.decision import Consent, Decision
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


_TYPED: dict[str, Consent] = {
    "y": "once", "yes": "once", "once": "once", "v": "value", "value": "value", "s": "source", "source": "source",
}  # fmt: skip


async def _ask_on_terminal(call: ToolCall, decision: Decision) -> Consent | Literal[False]:
    """Put a call to the person at the terminal; anything but an answer that was offered is no."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before the question is no answer to it
    question = f"\n{told_question(call.tool, call.arguments, decision)}\n{told_choices(decision)}"
    print(printable(question), end=" ", file=sys.stderr, flush=True)
    answer = _TYPED.get((await _line_typed()).strip().lower())
    return answer if answer in decision.consents else False


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
