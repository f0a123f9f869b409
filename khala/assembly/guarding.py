"""Guards over tools, and sessions of them in somebody else's loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from khala.agent.guard import APPROVAL_TIMEOUT_S, Guard
from khala.agent.recording import Recording
from khala.agent.session import Session
from khala.domain.budget import InteractionBudget
from khala.domain.events import RunStarted, ToolDigest
from khala.domain.grounding import Principal
from khala.domain.namespace import Namespace
from khala.domain.policy import Policy
from khala.domain.ports import Approver, Memory, Observer, RunStore
from khala.domain.retention import Retention
from khala.domain.tool import Tool, tool
from khala.domain.trajectory import Trajectory
from khala.infrastructure.security.policy_file import BUILTIN_TOOLS, builtin_policy, load_policy
from khala.infrastructure.store.canonical import canonical_digest

__all__ = ["Functions", "PolicySource", "guard_over", "guarded", "session_in"]

Functions = Iterable[Tool | Callable[..., object]]
PolicySource = Policy | str | os.PathLike[str] | None


@contextmanager
def guarded(
    task: str,
    functions: Functions = (),
    *,
    policy: PolicySource = None,
    principal: Principal | None = None,
    approver: Approver | None = None,
    unsafe_dry_run: bool = False,
    known_tools: Iterable[ToolDigest] = (),
) -> Generator[Session]:
    """The guard for one task in somebody else's loop, without a home: nothing is kept.

    `task` is what the user asked, word for word: values that stand in it count as the user's. `functions` are the
    tools, typed functions with docstrings or `Tool`s; `session.protect(function)` gives each one guarded. `policy` is a
    policy or the path of a policy file; without it, reading is allowed and everything else denied. `principal` is the
    user as the application knows them. `approver` answers `ask`; without it `ask` means no. `known_tools` are
    definitions accepted before, as `Session.tool_digests` gave them: a tool of such a name and another definition is
    asked about. With `unsafe_dry_run` the policy is asked and logged, and not enforced. Raises `PolicyInvalid`,
    `InvalidTool`.
    """
    from khala.testing.in_memory_store import InMemoryStore

    guard = guard_over(functions, policy, approver, unsafe_dry_run=unsafe_dry_run, known_tools=known_tools)
    with session_in(InMemoryStore(), task, guard, principal) as session:
        yield session


@contextmanager
def session_in(
    store: RunStore,
    task: str,
    guard: Guard,
    principal: Principal | None,
    namespace: Namespace | None = None,
    *,
    memory: Memory | None = None,
    observers: Sequence[Observer] = (),
) -> Generator[Session]:
    """A session of a guard whose log is kept in a store; it ends with the context."""
    started = RunStarted(
        task=task,
        system="",
        model="",
        tools=guard.tool_digests,
        policy=guard.policy.digest,
        polling=guard.polling_tools,
        budget=InteractionBudget(),
        retention=Retention(),
        principal=principal or Principal(),
        namespace=namespace or Namespace(),
        dry_run=guard.unsafe_dry_run,
        hosted=True,
    )
    with store.create() as log:
        recording = Recording(log, store, memory, observers, Trajectory(log.run_id), guard.describe)
        session = Session(guard, recording, started)
        try:
            yield session
        finally:
            if recording.trajectory.ended is None:
                session.end()


def guard_over(
    functions: Functions,
    policy: PolicySource,
    approver: Approver | None,
    approval_timeout_s: float = APPROVAL_TIMEOUT_S,
    *,
    unsafe_dry_run: bool = False,
    known_tools: Iterable[ToolDigest] = (),
) -> Guard:
    """A guard over tools and functions, with a policy, the one in a file, or the built-in one.

    Raises `PolicyInvalid`, `InvalidTool`.
    """
    tools = [each if isinstance(each, Tool) else tool(each) for each in functions]
    if policy is None:
        policy = builtin_policy(tools)
    elif not isinstance(policy, Policy):
        policy = load_policy(Path(policy), tools, known_names=BUILTIN_TOOLS)
    return Guard(
        policy,
        tools,
        digest=canonical_digest,
        approver=approver,
        approval_timeout_s=approval_timeout_s,
        unsafe_dry_run=unsafe_dry_run,
        known_tools=known_tools,
    )
