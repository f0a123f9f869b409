"""What a policy that loads says about a set of tools, and what in it is useless or unfinished.

A warning names something that changes no decision, or a tool that cannot be called: nothing here makes a policy less
safe, but its author hardly meant it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from khala.domain.limits import AMOUNT, Limit
from khala.domain.manifest import ResultTrust, ToolEffect, ToolManifest
from khala.domain.policy import MENTIONING_ROLES, Effect, Policy, Rule
from khala.domain.provenance.records import POINTING_ROLES
from khala.domain.tool import Tool
from khala.domain.value import Value

from .condition_text import mentions
from .condition_trials import speaks_of_trust, trials
from .policy_document import plain
from .policy_file import MAX_TOOLS_TRIED

__all__ = ["PolicyReview", "ReviewedRule", "ReviewedTool", "review_policy"]

_ACTING: frozenset[ToolEffect] = frozenset({"send", "pay", "delete", "grant", "write"})
"""Effects of tools whose every argument matters."""

_MENTIONED = frozenset({"link", "contact", "account"})


class ReviewedRule(Value):
    """A rule and the tools it looks at."""

    rule: str
    effect: Effect
    tools: tuple[str, ...]
    when: str | None


class ReviewedTool(Value):
    """A tool, how it is described, and the rules that look at it."""

    tool: str
    effect: ToolEffect | None
    """`None` without a manifest: every call is denied."""
    manifest: Literal["policy", "tool"] | None
    """Where its manifest stands."""
    roles: dict[str, str]
    results: ResultTrust | None
    allowed_by: tuple[str, ...]
    asked_by: tuple[str, ...]
    denied_by: tuple[str, ...]


class PolicyReview(Value):
    """A policy laid out over tools."""

    digest: str
    rules: tuple[ReviewedRule, ...]
    tools: tuple[ReviewedTool, ...]
    warnings: tuple[str, ...]


def review_policy(policy: Policy, tools: Sequence[Tool]) -> PolicyReview:
    """Lay a policy out over the tools it will govern."""
    found = _Reading(policy, {tool.name: tool for tool in tools})
    return PolicyReview(
        digest=policy.digest,
        rules=tuple(
            ReviewedRule(
                rule=rule.id,
                effect=rule.effect,
                tools=found.reach(rule),
                when=None if rule.when is None else rule.when.text,
            )
            for rule in policy.rules
        ),
        tools=tuple(found.tool(tool) for tool in tools),
        warnings=tuple(plain(warning) for warning in found.warnings()),
    )


@dataclass(frozen=True)
class _Reading:
    policy: Policy
    offered: Mapping[str, Tool]

    def manifest(self, name: str) -> ToolManifest | None:
        return self.policy.manifest(name, self.offered[name].manifest)

    def looks(self, rule: Rule, name: str) -> bool:
        """Whether the rule looks at calls of a tool; never at those of one nobody described."""
        manifest = self.manifest(name)
        return manifest is not None and rule.looks_at(name, manifest.effect)

    def reach(self, rule: Rule) -> tuple[str, ...]:
        return tuple(name for name in self.offered if self.looks(rule, name))

    def looking(self, effect: Effect, name: str) -> tuple[str, ...]:
        return tuple(rule.id for rule in self.policy.rules if rule.effect == effect and self.looks(rule, name))

    def tool(self, tool: Tool) -> ReviewedTool:
        manifest = self.manifest(tool.name)
        return ReviewedTool(
            tool=tool.name,
            effect=manifest.effect if manifest else None,
            manifest=None if manifest is None else "policy" if tool.name in self.policy.manifests else "tool",
            roles=manifest.roles if manifest else {},
            results=manifest.results if manifest else None,
            allowed_by=self.looking("allow", tool.name),
            asked_by=self.looking("ask", tool.name),
            denied_by=self.looking("deny", tool.name),
        )

    def warnings(self) -> Iterator[str]:
        for rule in self.policy.rules:
            if rule.id not in self.policy.brought:
                yield from self._about_rule(rule)
        for name in self.offered:
            yield from self._about_tool(name)
        for name in self.offered:
            yield from self._about_roles(name)

    def _about_rule(self, rule: Rule) -> Iterator[str]:
        reach = self.reach(rule)
        if rule.effect == "deny" and rule.is_unconditional and "*" in rule.tools and not rule.effects:
            yield f"rule `{rule.id}` denies every tool without a condition: no call is allowed as long as it stands"
            return
        if not reach:
            yield f"rule `{rule.id}` never applies: it looks at no tool that is here and described"
            return
        if rule.effect == "ask" and not any(self.looking("allow", name) for name in reach):
            yield f"rule `{rule.id}` never asks: no rule allows what it looks at, so it is denied"
        yield from self._about_condition(rule, reach)

    def _about_condition(self, rule: Rule, reach: Sequence[str]) -> Iterator[str]:
        if rule.when is None or isinstance(
            rule.when, Limit
        ):  # a limit looks at what was done, of which a trial has none
            return
        tried = [
            trial
            for name in reach[:MAX_TOOLS_TRIED]
            if (manifest := self.manifest(name)) is not None
            for trial in trials(rule.when, self.offered[name], manifest)
        ]
        all_tried = len(reach) <= MAX_TOOLS_TRIED
        if tried and all_tried and all(trial.if_user_said is None and trial.if_told is None for trial in tried):
            applies = "never applies" if rule.effect == "allow" else "always applies"
            yield (
                f"the condition of rule `{rule.id}` could be evaluated on none of {len(tried)} made-up calls, so it"
                f" {applies}: try it on a call of yours with `khala policy explain`"
            )
        if rule.effect != "allow" and speaks_of_trust(rule.when):
            lax = next((each for each in tried if each.if_told is False and each.if_user_said is not False), None)
            if lax is not None:
                yield f"rule `{rule.id}` restricts what the user said more than what an untrusted text said"

    def _about_tool(self, name: str) -> Iterator[str]:
        manifest = self.manifest(name)
        if manifest is None:
            yield f"tool `{name}` is not reviewed: without a manifest every call is denied; add `[tool.{name}]`"
            return
        if not self.looking("allow", name):
            yield f"no rule allows `{name}`: every call of it is denied"
        for argument, role in manifest.roles.items():
            if not role.strip():
                yield f"tool `{name}`: the role of `{argument}` is empty: say what it means, or remove the line"
        if manifest.results == "trusted" and manifest.fields:
            yield f"tool `{name}`: its results are trusted as a whole, so its `fields` vouch for nothing more: keep one"
        for path, field in manifest.fields.items():
            if field.kind == "id" and "[]" in path.removeprefix("[]"):
                yield (
                    f"tool `{name}`: a record holds many ids at `{path}`, so naming one names them all: say where its"
                    " records stand, with `records`"
                )

    def _about_roles(self, name: str) -> Iterator[str]:
        """What rules by role leave open of a tool that acts; nothing where rules do not speak of roles."""
        manifest = self.manifest(name)
        looking = [rule for rule in self.policy.rules if self.looks(rule, name)]
        judged = {role for rule in looking for role in rule.roles}
        if manifest is None or manifest.effect not in _ACTING or not judged or not self.looking("allow", name):
            return
        asked = {
            mention.literal.strip("\"'")
            for rule in looking
            if rule.when is not None
            for mention in mentions(rule.when.text)
            if mention.of == "args"
        }
        covered = asked | {re.split(r"[.\[{]", path, maxsplit=1)[0] for path in manifest.roles}
        for argument in _open_arguments(self.offered[name]):
            if argument not in covered and "." not in manifest.roles:
                yield f"tool `{name}`: `{argument}` has no role, so no rule judges what stands in it: give it one"
        if any(isinstance(rule.when, Limit) and rule.when.amount is not None for rule in looking):
            judged.add(AMOUNT)
        if judged & _MENTIONED:
            judged |= MENTIONING_ROLES
        for path, role in manifest.roles.items():
            argument = re.split(r"[.\[{]", path, maxsplit=1)[0]
            if role.strip() and role not in judged | POINTING_ROLES and argument not in asked:
                yield f"tool `{name}`: no rule that looks at it speaks of the role `{role}` of `{path}`"


def _open_arguments(tool: Tool) -> Iterator[str]:
    """Arguments that can hold what somebody else wrote: no switches, no choices from a list."""
    properties = tool.spec.parameters.get("properties")
    for name, about in properties.items() if isinstance(properties, dict) else ():
        if not isinstance(about, dict) or not (about.get("type") == "boolean" or "enum" in about or "const" in about):
            yield name
