"""The only door to a tool: the guard decides on a call, and runs exactly what it decided on.

1. The arguments are made canonical first: checked against the tool's closed schema, defaults filled in. What is decided
   on is that object and no other.
2. The policy decides on facts. Whatever goes wrong on the way - an unknown tool, no manifest, an exception - denies.
   A tool whose definition is not one that was accepted is asked about, whatever the policy allows.
3. Only an `allow`, or an `ask` that the approver answered with yes, yields a permit. The permit carries the canonical
   call and its digest; it is known to this guard and to no other.
4. To run, a permit must be one this guard gave out and nobody used, and its call must still have the digest that was
   decided on. It is used up before the tool starts.

The caller must keep the tools behind the guard: a function that someone calls directly was never asked about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from khala.domain.budget import Spend
from khala.domain.call import ToolCall
from khala.domain.decision import asked_of_changed_tool
from khala.domain.events import CallDecided, CallStarted, ToolDigest
from khala.domain.grounding import Endorsement, Grounding
from khala.domain.label import Label
from khala.domain.manifest import ToolManifest
from khala.domain.policy import (
    Consent,
    Decision,
    Done,
    Facts,
    Policy,
    denied_by_failure,
    denied_without_manifest,
)
from khala.domain.ports import Approver, Digest
from khala.domain.tool import ArgumentsInvalid, Tool, ToolOutput
from khala.errors import InvalidTool, PermitRefused

from .execution import execute, is_being_cancelled

__all__ = ["APPROVAL_TIMEOUT_S", "Guard", "Permit", "Ruling", "label_of"]

APPROVAL_TIMEOUT_S = 600.0
"""Seconds a person has to answer; after that the answer is no."""


_CONSENTS: frozenset[str] = frozenset(get_args(Consent))

MAX_COUNTED = 10_000
"""Calls that ran whose canonical form is kept for limits; a run makes some hundreds."""

_NEVER_PAST_MS = 2**53
"""A time that no limit leaves behind: what may run at any moment is counted as running now."""


@dataclass(frozen=True, eq=False)
class Permit:
    """Leave to run one call once; worthless to any guard but the one that gave it."""

    call: ToolCall
    """With canonical arguments."""
    call_digest: str
    tool: Tool
    manifest: ToolManifest

    def started(self) -> CallStarted:
        """The event to write before the call runs, durably if it `changes` something."""
        changes = self.manifest.has_side_effect
        once = changes and not self.manifest.idempotent
        return CallStarted(call_id=self.call.id, tool=self.call.tool, side_effect=once, changes=changes)


@dataclass(frozen=True)
class Ruling:
    """The guard's answer to a call."""

    decision: Decision
    permit: Permit | None = None
    """Given with an `allow`, or after a person's yes."""
    approved: bool | None = None
    """A person's answer; `None` when nobody was asked."""
    pending: Permit | None = None
    """What a yes would permit."""
    endorsements: tuple[Endorsement, ...] = ()
    """What a person's yes says of later calls."""
    enforced: bool = True
    """`False` in a dry run: the permit stands although the decision is no `allow`."""
    accepted_tools: tuple[ToolDigest, ...] = ()
    """The changed definition that a person's yes accepts."""
    facts: Facts | None = None
    """What was decided on; `None` when it did not come to that."""

    def decided(self, call_id: str) -> CallDecided:
        """The event to write before anything runs."""
        return CallDecided(
            call_id=call_id,
            decision=self.decision,
            approved=self.approved,
            endorsements=self.endorsements,
            enforced=self.enforced,
        )


class Guard:
    """Enforces one policy over a set of tools.

    `digest` gives the SHA-256 of a canonical JSON value; `approver` answers `ask`, and without one, or without an
    answer within `approval_timeout_s` seconds, `ask` means no. `known_tools` are definitions that were accepted before,
    by this program or by a person; a tool of a name that is none of theirs is new, and not asked about. With
    `unsafe_dry_run` every call that has a manifest and fits its tool runs, and what the policy says is only written
    down. Raises `InvalidTool` when two tools carry one name.
    """

    def __init__(
        self,
        policy: Policy,
        tools: Iterable[Tool],
        *,
        digest: Digest,
        approver: Approver | None = None,
        approval_timeout_s: float = APPROVAL_TIMEOUT_S,
        unsafe_dry_run: bool = False,
        known_tools: Iterable[ToolDigest] = (),
    ) -> None:
        self.policy = policy
        self.digest = digest
        self._approver = approver
        self._approval_timeout_s = approval_timeout_s
        self.unsafe_dry_run = unsafe_dry_run
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise InvalidTool(f"two tools are named `{tool.name}`: rename one with @tool(name=...)")
            self._tools[tool.name] = tool
        self._digests: dict[str, str] = {}
        """Of definitions, as far as they were looked at."""
        self._accepted: dict[str, set[str]] = {}
        """Digests of accepted definitions, by the names of the tools."""
        self.accept(known_tools)
        self._counted: dict[int, tuple[ToolCall, Done]] = {}
        """Calls that ran, as limits count them, by the identity of the call as it was asked for."""
        self._outstanding: set[Permit] = set()
        self._asked: set[Permit] = set()
        """What a yes would permit, and nobody answered yet."""

    @property
    def polling_tools(self) -> tuple[str, ...]:
        """Names of the tools that are polled, sorted."""
        manifests = {name: self.manifest(tool) for name, tool in self._tools.items()}
        return tuple(sorted(name for name, manifest in manifests.items() if manifest is not None and manifest.polling))

    @property
    def tool_digests(self) -> tuple[ToolDigest, ...]:
        """Each tool with the SHA-256 of its definition, as the log keeps it."""
        return tuple(ToolDigest(name=each.name, digest=self._tool_digest(each)) for each in self._tools.values())

    @property
    def new_tools(self) -> tuple[ToolDigest, ...]:
        """The tools whose changes ask, and of whose names no definition was accepted yet."""
        return tuple(
            each for each in self.tool_digests if self._tools[each.name].pinned and each.name not in self._accepted
        )

    def accept(self, tools: Iterable[ToolDigest]) -> None:
        """Ask no more because of these definitions."""
        for each in tools:
            self._accepted.setdefault(each.name, set()).add(each.digest)

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools behind this guard, by name."""
        return self._tools

    def manifest(self, tool: Tool) -> ToolManifest | None:
        """What the policy, or else the tool, says the tool does."""
        return self.policy.manifest(tool.name, tool.manifest)

    def describe(self, name: str) -> ToolManifest | None:
        """What the policy, or else the tool, says a tool does, by its name."""
        tool = self._tools.get(name)
        return None if tool is None else self.manifest(tool)

    def call_digest(self, tool: str, arguments: object) -> str:
        """What identifies a call: equal for equal tool and canonical arguments."""
        return self.digest({"tool": tool, "arguments": arguments})

    def decide(
        self,
        call: ToolCall,
        grounding: Grounding,
        spend: Spend | None = None,
        *,
        begun: Sequence[tuple[ToolCall, int]] | None = None,
        now_ms: int | None = None,
    ) -> Ruling:
        """Decide on a call; never raises, and any failure denies.

        `spend` is what the run has used so far, `begun` the calls that ran with the time each began, `now_ms` the time,
        in milliseconds since the epoch; without them, what a policy says of them cannot be evaluated.
        """
        tool = self._tools.get(call.tool)
        if tool is None:
            shown = call.tool.encode("ascii", "backslashreplace").decode()  # a look-alike letter must not look alike
            return Ruling(denied_by_failure(f"there is no tool `{shown}`"))
        manifest = self.manifest(tool)
        if manifest is None:
            return Ruling(denied_without_manifest(call.tool))
        try:
            arguments = tool.canonical_arguments(call.arguments)  # 1
            digest = self.call_digest(call.tool, arguments)
            facts = Facts(
                manifest,
                arguments,
                grounding,
                calls={} if spend is None else spend.calls_per_tool,
                spend={} if spend is None else spend.amounts,
                done=self._done(begun) if self.policy.counts and begun is not None else None,
                now_ms=now_ms,
                digest=digest,
            )
            decision = self.policy.decide(facts)  # 2
            if self._is_changed(tool):
                decision = asked_of_changed_tool(decision, tool.name)
            if decision.effect == "ask":
                bound = {"tool_digest": self._tool_digest(tool), "policy_digest": self.policy.digest}
                decision = facts.as_asked(decision).model_copy(update=bound)
        except ArgumentsInvalid as error:
            return Ruling(denied_by_failure(f"the arguments do not fit: {error}"))
        except Exception as error:  # noqa: BLE001 (2: whatever goes wrong denies)
            return Ruling(denied_by_failure(f"{type(error).__name__}: {error}"))
        permit = Permit(ToolCall(id=call.id, tool=call.tool, arguments=arguments), digest, tool, manifest)
        if decision.effect == "allow":
            return Ruling(decision, self._granted(permit), facts=facts)  # 3
        if self.unsafe_dry_run:
            return Ruling(decision, self._granted(permit), enforced=False, facts=facts)
        if decision.effect == "ask":
            self._asked.add(permit)
            return Ruling(decision, pending=permit, facts=facts)
        return Ruling(decision, facts=facts)

    def _done(self, begun: Sequence[tuple[ToolCall, int]]) -> list[Done]:
        """The calls that ran, and those that may run at any moment."""
        done: list[Done] = []
        for call, at_ms in begun:
            counted, known = self._counted.get(id(call), (None, None))
            if known is not None and counted is call and known.at_ms == at_ms:
                done.append(known)
                continue
            tool = self._tools.get(call.tool)
            manifest = None if tool is None else self.manifest(tool)
            if tool is not None and manifest is not None:
                arguments = tool.canonical_arguments(call.arguments)
                known = Done(call.model_copy(update={"arguments": arguments}), manifest, at_ms)
                if len(self._counted) >= MAX_COUNTED:
                    self._counted.clear()
                self._counted[id(call)] = (call, known)  # holds the call, so that no other has its identity
                done.append(known)
        waiting = (*self._outstanding, *self._asked)
        return done + [Done(permit.call, permit.manifest, _NEVER_PAST_MS) for permit in waiting]

    async def ask(self, ruling: Ruling) -> Ruling:
        """Put an `ask` to the approver; no approver, an exception or no answer in time mean no."""
        if ruling.pending is None:
            return ruling
        approved = False
        answer: bool | Consent = False
        try:
            if self._approver is not None:
                async with asyncio.timeout(self._approval_timeout_s):
                    answer = await self._approver(ruling.pending.call, ruling.decision)
                    approved = answer is True or (isinstance(answer, str) and answer in _CONSENTS)
        except (Exception, asyncio.CancelledError) as error:  # 3: only a clear yes is a yes
            if isinstance(error, asyncio.CancelledError) and is_being_cancelled():
                raise
            approved = False
        finally:
            self._asked.discard(ruling.pending)  # a call that is refused counts towards no limit
        if not approved:
            return replace(ruling, approved=False, pending=None)
        consent: Consent = "once" if isinstance(answer, bool) else answer
        return replace(
            ruling,
            permit=self._granted(ruling.pending),
            approved=True,
            endorsements=ruling.decision.endorsements(consent, ruling.pending.manifest.effect),
            accepted_tools=self._accepted_with(ruling.pending.tool),
            pending=None,
        )

    def withdraw(self, permit: Permit) -> None:
        """Take back a permit that will not be used: it counts towards no limit any more."""
        self._outstanding.discard(permit)

    async def run(self, permit: Permit, *, timeout_s: float | None = None) -> ToolOutput:
        """Run what was permitted, once; the result carries its label.

        `timeout_s` can only shorten the tool's own limit. Raises `PermitRefused` for a permit that is forged, used or
        does not fit its call, `ToolFailed` when the tool could not, `TimeoutError` when it took too long.
        """
        self.redeem(permit)
        limit = permit.tool.timeout_s if timeout_s is None else min(timeout_s, permit.tool.timeout_s)
        output = await execute(permit.tool, permit.call.arguments, timeout_s=limit)
        return output.model_copy(update={"label": label_of(permit.manifest, output)})

    def redeem(self, permit: Permit) -> None:
        """Use a permit up; whoever calls this runs exactly `permit.call`, and at once.

        Raises `PermitRefused` for a permit that is forged, used or does not fit its call.
        """
        if permit not in self._outstanding:  # 4
            raise PermitRefused(f"no valid permit for `{permit.call.tool}`: every call needs a decision of its own")
        self._outstanding.discard(permit)
        if self.call_digest(permit.call.tool, permit.call.arguments) != permit.call_digest:
            raise PermitRefused(f"the arguments of `{permit.call.tool}` are not those that were decided on")

    def _is_changed(self, tool: Tool) -> bool:
        accepted = self._accepted.get(tool.name)
        return tool.pinned and accepted is not None and self._tool_digest(tool) not in accepted

    def _tool_digest(self, tool: Tool) -> str:
        if tool.name not in self._digests:
            self._digests[tool.name] = self.digest(tool.definition)
        return self._digests[tool.name]

    def _accepted_with(self, tool: Tool) -> tuple[ToolDigest, ...]:
        """The definition that a yes to a call of the tool accepts."""
        return (ToolDigest(name=tool.name, digest=self._tool_digest(tool)),) if self._is_changed(tool) else ()

    def _granted(self, permit: Permit) -> Permit:
        self._outstanding.add(permit)
        return permit


def label_of(manifest: ToolManifest, output: ToolOutput) -> Label:
    """The label of a result: the manifest's word; the tool's own can only restrict it, unless it is `labelled`."""
    source = Label(
        trust="untrusted" if manifest.results == "untrusted" else "trusted",
        readers=manifest.readers,
        origins=(f"tool:{manifest.tool}",),
    )
    if output.label is not None:
        return source.join(output.label)
    return source if manifest.results != "labelled" else source.model_copy(update={"trust": "untrusted"})
