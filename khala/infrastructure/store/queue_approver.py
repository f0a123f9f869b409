"""An approver that puts its question into the home and waits for the answer of another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from khala.domain.call import ToolCall
from khala.domain.decision import Consent, Decision
from khala.infrastructure.store.approvals import Approvals, Question
from khala.infrastructure.store.run_log import now_ms

__all__ = ["QueueApprover"]

_LOOK_EVERY_S = 0.25
"""Seconds between two looks for an answer; one look reads one row."""


class QueueApprover:
    """An `Approver` for any runs of one home; `khala approve` and `khala deny` answer it.

    A question stays open when the process is killed: the resumed run finds it again, and its answer. `timeout_s` is how
    long a question is open, and should be what the guard waits; `on_question` is told what is waited for.
    """

    def __init__(
        self, approvals: Approvals, *, timeout_s: float, on_question: Callable[[Question], None] | None = None
    ) -> None:
        self._approvals = approvals
        self._timeout_s = timeout_s
        self._on_question = on_question

    async def __call__(self, call: ToolCall, decision: Decision) -> Consent | Literal[False]:
        """Wait for the answer, and how far a yes reaches; none in time is no. Raises `HomeUnusable`."""
        question = self._approvals.ask(call, decision, timeout_s=self._timeout_s)
        if self._on_question is not None:
            self._on_question(question)
        while now_ms() < question.expires_at_ms:
            answer = self._approvals.use_answer(question)
            if answer is not None:
                return False if answer == "no" else answer
            await asyncio.sleep(_LOOK_EVERY_S)
        return False
