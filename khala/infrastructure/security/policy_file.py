"""Policy files: TOML in, a `Policy` out, checked against the tools it will govern before any of it counts.

Beyond the shape of the file (see `policy_document`), loading refuses what would silently do nothing, or something else
than it says:

1. a name that no tool carries: a misspelt `deny` would protect nothing; there are no patterns, `"*"` stands alone;
2. a role, an argument in a condition or a counted tool that does not exist;
3. two rules of one id, or an id that khala's own decisions carry: the ledger names decisions by it;
4. a rule that can never apply: an `allow` for a tool nobody described, or for an effect its tools do not have;
5. an `allow` that untrusted text can bring about and the user's own words cannot: a `!` too many, most of the time.

What is merely useless, such as a rule that another one always overrules, is told by `policy_review`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import cast

from khala.domain.manifest import ToolManifest
from khala.domain.policy import GUARD_FAILED, NO_GRANT, NO_MANIFEST, Condition, Policy, Rule
from khala.domain.tool import Tool
from khala.errors import PolicyInvalid

from .cel_conditions import compile_condition
from .condition_trials import speaks_of_trust, trials
from .policy_document import (
    MAX_POLICY_BYTES,
    PolicyDocument,
    PolicySource,
    RuleEntry,
    file_content,
    read_document,
    suggestion,
)

__all__ = ["BUILTIN_TOOLS", "builtin_policy", "load_policy", "parse_policy"]

BUILTIN_TOOLS = frozenset({"search_corpus", "read_document", "recall", "read_result", "write_note"})
"""Tools khala brings itself; a policy may speak of them in a run that does not offer them."""

MAX_TOOLS_TRIED = 20
"""Tools on which one condition is tried while a policy is loaded; each takes about a millisecond."""


def load_policy(path: Path, tools: Sequence[Tool], *, known_names: Collection[str] = ()) -> Policy:
    """The policy in a file; see `parse_policy`."""
    content = file_content(path, what="policy", most_bytes=MAX_POLICY_BYTES)
    return parse_policy(content, source=str(path), tools=tools, known_names=known_names)


def builtin_policy(tools: Sequence[Tool]) -> Policy:
    """The policy for khala's own tools: reading is allowed, a note may be written where the user's words name it."""
    content = resources.files("khala.infrastructure.security").joinpath("builtin_policy.toml").read_bytes()
    return parse_policy(content, source="builtin_policy.toml", tools=tools, known_names=BUILTIN_TOOLS)


def parse_policy(text: bytes | str, *, source: str, tools: Sequence[Tool], known_names: Collection[str] = ()) -> Policy:
    """The policy written in `text`, checked against `tools`.

    `source` is what messages call the text. `known_names` are tools it may speak of although they are not among
    `tools`; what it says of them is not checked against their arguments. Raises `PolicyInvalid`, one line that names
    source, line, rule and fix.
    """
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(content) > MAX_POLICY_BYTES:
        raise PolicyInvalid(f"{source}: the policy is larger than {MAX_POLICY_BYTES} bytes: split what it governs")
    written = PolicySource.decoded(source, content)
    document = read_document(written)
    offered = {tool.name: tool for tool in tools}
    manifests = _manifests(document, written, offered, known_names)
    described = {name: tool.manifest for name, tool in offered.items() if tool.manifest is not None} | manifests
    check = _Check(written, offered, frozenset({*offered, *known_names}), described)
    rules = check.rules(document.rule)
    return Policy(rules=rules, manifests=manifests, digest=hashlib.sha256(content).hexdigest())


def _manifests(
    document: PolicyDocument, source: PolicySource, offered: dict[str, Tool], known_names: Collection[str]
) -> dict[str, ToolManifest]:
    """The manifests the file gives, by tool."""
    manifests: dict[str, ToolManifest] = {}
    for name, entry in document.tool.items():
        if name not in offered and name not in known_names:
            names = {*offered, *known_names}
            raise source.tool_fault(name, f"there is no such tool: {suggestion(name, names)}")
        if name in offered:
            arguments = _arguments(offered[name])
            for argument in entry.roles:
                if argument not in arguments:
                    what = f"it has no argument `{argument}` to give a role to: {suggestion(argument, arguments)}"
                    raise source.tool_fault(name, what, key="roles")
        manifests[name] = ToolManifest(
            tool=name,
            effect=entry.effect,
            roles=entry.roles,
            results=entry.results,
            readers=None if entry.readers is None else frozenset(entry.readers),
            polling=entry.polling,
            idempotent=entry.idempotent,
        )
    return manifests


@dataclass(frozen=True)
class _Check:
    """Turns the entries of one file into rules, against the tools they will govern."""

    source: PolicySource
    offered: dict[str, Tool]
    names: frozenset[str]
    described: dict[str, ToolManifest]

    def rules(self, entries: Sequence[RuleEntry]) -> tuple[Rule, ...]:
        """The rules, in the order of the file, which means nothing."""
        seen: set[str] = set()
        rules: list[Rule] = []
        for position, entry in enumerate(entries):
            try:
                rules.append(self._rule(entry, seen))
            except _Fault as fault:
                raise self.source.rule_fault(position, entry.id, str(fault), key=fault.key) from None
            seen.add(entry.id)
        return tuple(rules)

    def _rule(self, entry: RuleEntry, seen: Collection[str]) -> Rule:
        if entry.id in seen:
            raise _Fault("id", "another rule has this id: give each its own")
        if entry.id in (NO_MANIFEST, NO_GRANT, GUARD_FAILED):
            raise _Fault("id", "khala's own decisions carry this id: choose another")
        self._check_selection(entry)
        return Rule(
            id=entry.id,
            effect=entry.effect,
            tools=frozenset(entry.tools),
            effects=frozenset(entry.effects),
            when=self._condition(entry),
            reason=entry.reason,
        )

    def _check_selection(self, entry: RuleEntry) -> None:
        if not entry.tools and not entry.effects:
            raise _Fault("tools", "it selects nothing: give it `tools` or `effects`")
        if entry.tools == ["*"]:
            return
        for name in entry.tools:
            if "*" in name:
                raise _Fault("tools", f'`{name}` is no pattern: names match exactly, and `"*"` alone means every tool')
            if name not in self.names:
                raise _Fault("tools", f"there is no tool `{name}`: {suggestion(name, self.names)}")
            if entry.effect == "allow" and name in self.offered and name not in self.described:
                fix = f"add `[tool.{name}]` with its `effect`"
                raise _Fault("tools", f"tool `{name}` has no manifest, so this rule cannot allow it: {fix}")
        known = [self.described[name].effect for name in entry.tools if name in self.described]
        if entry.effects and known and len(known) == len(entry.tools) and not set(known) & set(entry.effects):
            raise _Fault("effects", f"its tools have the effect `{known[0]}`, so it never applies: change `effects`")

    def _condition(self, entry: RuleEntry) -> Condition | None:
        if entry.when is None:
            return None
        reach = self._reach(entry)
        known = reach and reach <= self.offered.keys()
        arguments = {argument for name in reach for argument in _arguments(self.offered[name])} if known else None
        try:
            condition = compile_condition(entry.when, arguments=arguments, tools=self.names)
        except PolicyInvalid as error:
            raise _Fault("when", str(error)) from None
        if entry.effect == "allow" and speaks_of_trust(condition):
            self._check_trust(condition, entry, sorted(reach & self.offered.keys() & self.described.keys()))
        return condition

    def _reach(self, entry: RuleEntry) -> set[str]:
        """Names of the tools the rule looks at."""
        if entry.tools and entry.tools != ["*"]:
            return set(entry.tools)
        if not entry.effects:
            return set(self.offered)
        return {name for name, manifest in self.described.items() if manifest.effect in entry.effects}

    def _check_trust(self, condition: Condition, entry: RuleEntry, reach: Sequence[str]) -> None:
        """Refuse a grant that needs distrust (5)."""
        looked_at = [name for name in reach if not entry.effects or self.described[name].effect in entry.effects]
        for name in looked_at[:MAX_TOOLS_TRIED]:
            for trial in trials(condition, self.offered[name], self.described[name]):
                if trial.if_told is True and trial.if_user_said is not True:
                    call = f"`{name}` with `{json.dumps(trial.arguments)}`"
                    what = f"it allows {call} on the word of an untrusted text, and not on the user's"
                    raise _Fault("when", f"{what}: turn the condition round, or make the rule a `deny`")


class _Fault(Exception):
    """What is wrong with a rule, and the key at which it shows."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.key = key


def _arguments(tool: Tool) -> Collection[str]:
    return cast("dict[str, object]", tool.spec.parameters.get("properties", {})).keys()
