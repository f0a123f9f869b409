"""A home with a call that waits for a person, whose file an attacker may write and whose key they do not have."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from khala.agent.guard import Guard, Ruling
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.tool import tool
from khala.infrastructure.security.policy_file import parse_policy
from khala.infrastructure.store.approvals import Answer, Question
from khala.infrastructure.store.canonical import canonical_digest, canonical_json, from_canonical
from khala.infrastructure.store.home import open_home
from khala.infrastructure.store.queue_approver import QueueApprover
from khala.infrastructure.store.sqlite_store import SqliteStore

__all__ = ["ANNA", "POLICY", "ApprovalDoor", "reworded"]

POLICY = """
version = 1

[[rule]]
id = "pay"
effect = "allow"
tools = ["pay"]

[[rule]]
id = "ask-before-paying"
effect = "ask"
tools = ["pay"]
reason = "money leaves the account"
"""

ANNA = {"payee": "Anna Berg", "amount": 50}


@tool(effect="pay", roles={"payee": "payee", "amount": "amount"})
def pay(payee: str, amount: int) -> str:
    """Pay someone."""
    return f"{payee} {amount}"


class ApprovalDoor:
    """One guard whose questions are answered through the home."""

    def __init__(self, folder: Path, *, timeout_s: float = 60.0) -> None:
        self.path = folder / "home"
        self.store = SqliteStore(open_home(self.path))
        self._timeout_s = timeout_s

    def ruling(
        self, arguments: dict[str, object] | None = None, *, call_id: str = "run00001-1", policy: str = POLICY
    ) -> Ruling:
        """The guard's decision on a payment, which is to ask."""
        call = ToolCall.model_validate({"id": call_id, "tool": "pay", "arguments": arguments or ANNA})
        return self._guard(policy).decide(call, Grounding())

    def ask(
        self, arguments: dict[str, object] | None = None, *, call_id: str = "run00001-1", policy: str = POLICY
    ) -> bool | None:
        """What the guard makes of it: whether a person's yes came in time."""
        guard = self._guard(policy)
        ruling = self.ruling(arguments, call_id=call_id, policy=policy)
        answered = asyncio.run(guard.ask(ruling))
        assert (answered.permit is not None) == answered.approved
        return answered.approved

    def put(
        self, arguments: dict[str, object] | None = None, *, call_id: str = "run00001-1", policy: str = POLICY
    ) -> Question:
        """The question, put as by a process that was killed while it waited."""
        ruling = self.ruling(arguments, call_id=call_id, policy=policy)
        assert ruling.pending is not None
        return self.store.approvals.ask(ruling.pending.call, ruling.decision, timeout_s=self._timeout_s)

    def look(
        self, arguments: dict[str, object] | None = None, *, call_id: str = "run00001-1", policy: str = POLICY
    ) -> Answer | None:
        """What one look for an answer finds."""
        return self.store.approvals.use_answer(self.put(arguments, call_id=call_id, policy=policy))

    def write(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What an attacker does to the file."""
        db = sqlite3.connect(self.path / "khala.db")
        with db:
            rows = db.execute(statement, values).fetchall()
        db.close()
        return rows

    def _guard(self, policy: str) -> Guard:
        approver = QueueApprover(self.store.approvals, timeout_s=self._timeout_s)
        parsed = parse_policy(policy, source="approval.toml", tools=[pay])
        return Guard(parsed, [pay], digest=canonical_digest, approver=approver, approval_timeout_s=self._timeout_s + 1)


def reworded(statement: object, **changes: object) -> bytes:
    """A signed statement that says something else."""
    assert isinstance(statement, bytes)
    said = from_canonical(statement)
    assert isinstance(said, dict)
    return canonical_json({**said, **changes})
