"""Policy files: TOML in, a `Policy` out, checked against the tools it will govern before any of it counts.

Beyond the shape of the file (see `policy_document`), loading refuses what would silently do nothing, or something else
than it says:

1. a name that no tool carries: a misspelt `deny` would protect nothing; there are no patterns, `"*"` stands alone;
2. an argument that does not exist, in a role, a condition or a count; a role in a rule that nothing carries;
3. two rules of one id, or an id that khala's own decisions carry: the ledger names decisions by it;
4. a rule that can never apply: an `allow` for a tool nobody described, or for an effect its tools do not have;
5. a rule whose every call other rules deny without a condition; only `tools = ["*"]` may, to stop everything at once;
6. a condition that uses an argument as what it is not: it would have no answer (see `condition_types`);
7. an `allow` that untrusted text can bring about and the user's own words cannot: a `!` too many, most of the time.

What may be meant so, such as a tool that no rule allows, is told by `policy_review`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import cast

from khala.domain.limits import AMOUNT, Limit
from khala.domain.manifest import ResultField, ToolManifest
from khala.domain.policy import GUARD_FAILED, NO_GRANT, NO_MANIFEST, Condition, Policy, Rule
from khala.domain.provenance.paths import is_path
from khala.domain.tool import Tool
from khala.domain.value import JsonObject
from khala.errors import PolicyInvalid

from .argument_kinds import canonical_schema
from .argument_paths import unknown_step
from .cel_conditions import compile_condition, together
from .condition_trials import speaks_of_trust, trials
from .condition_types import type_fault
from .policy_document import (
    MAX_POLICY_BYTES,
    FieldEntry,
    LimitEntry,
    PolicySource,
    RuleEntry,
    ToolEntry,
    file_content,
    suggestion,
)
from .policy_parts import PolicyPart, builtin_source, read_parts

__all__ = ["BUILTIN_TOOLS", "ROLES", "builtin_policy", "load_policy", "parse_policy"]

BUILTIN_TOOLS = frozenset({"search_corpus", "read_document", "recall", "read_result", "write_note"})
"""Tools khala brings itself; a policy may speak of them in a run that does not offer them."""

ROLES = frozenset([
    "recipient", "payee", "url", "path", "handle", "amount", "secret", "content", "title", "query", "document",
    "container", "command", "time", "link", "contact", "account",
])  # fmt: skip
"""Roles that khala knows; a manifest may name others. The last three are of what texts mention."""

MAX_TOOLS_TRIED = 20
"""Tools on which one condition is tried while a policy is loaded; each takes about a millisecond."""


def load_policy(path: Path, tools: Sequence[Tool], *, known_names: Collection[str] = ()) -> Policy:
    """The policy in a file; see `parse_policy`. Files it includes are looked for beside it."""
    content = file_content(path, what="policy", most_bytes=MAX_POLICY_BYTES)
    return parse_policy(content, source=str(path), tools=tools, known_names=known_names, folder=path.parent)


def builtin_policy(tools: Sequence[Tool]) -> Policy:
    """The policy for khala's own tools: reading is allowed, a note may be written where the user's words name it."""
    content = builtin_source("khala:tools")
    return parse_policy(content, source="builtin_policy.toml", tools=tools, known_names=BUILTIN_TOOLS)


def parse_policy(
    text: bytes | str,
    *,
    source: str,
    tools: Sequence[Tool],
    known_names: Collection[str] = (),
    folder: Path | None = None,
) -> Policy:
    """The policy written in `text`, checked against `tools`.

    `source` is what messages call the text. `known_names` are tools it may speak of although they are not among
    `tools`; what it says of them is not checked against their arguments. `folder` is where files it includes stand.
    Raises `PolicyInvalid`, one line that names source, line, rule and fix.
    """
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    parts, digest = read_parts(content, source=source, folder=folder)
    offered = {tool.name: tool for tool in tools}
    manifests: dict[str, ToolManifest] = {}
    for part in parts:
        for name, manifest in _manifests(part, offered, known_names):
            if name in manifests:
                raise part.source.tool_fault(name, "another file describes it as well: keep one of the two")
            manifests[name] = manifest
    described = {name: tool.manifest for name, tool in offered.items() if tool.manifest is not None} | manifests
    check = _Check(offered, frozenset({*offered, *known_names}), described)
    rules = tuple(rule for part in parts for rule in check.rules(part))
    for part in parts:
        check.refuse_shadowed(part, rules)
    if not rules:
        raise parts[0].source.fault("there is no rule, so everything would be denied: add a `[[rule]]` that allows")
    brought = frozenset(rule.id for part in parts if part.is_builtin for rule in part.document.rule)
    return Policy(rules=rules, manifests=manifests, digest=digest, brought=brought, together=together)


def _manifests(
    part: PolicyPart, offered: dict[str, Tool], known_names: Collection[str]
) -> Iterator[tuple[str, ToolManifest]]:
    """The manifests that one file gives, by tool."""
    source = part.source
    for name, entry in part.document.tool.items():
        if name not in offered and name not in known_names:
            names = {*offered, *known_names}
            raise source.tool_fault(name, f"there is no such tool: {suggestion(name, names)}")
        _check_paths(name, entry, offered.get(name), source)
        yield (
            name,
            ToolManifest(
                tool=name,
                effect=entry.effect,
                roles=entry.roles,
                results=entry.results,
                records=entry.records,
                fields={path: _field(each) for path, each in entry.fields.items()},
                readers=None if entry.readers is None else frozenset(entry.readers),
                polling=entry.polling,
                idempotent=entry.idempotent,
            ),
        )


def _field(entry: str | FieldEntry) -> ResultField:
    if isinstance(entry, FieldEntry):
        return ResultField(kind=entry.kind, readers=None if entry.readers is None else frozenset(entry.readers))
    return ResultField.model_validate({"kind": entry})


def _check_paths(name: str, entry: ToolEntry, tool: Tool | None, source: PolicySource) -> None:
    arguments = () if tool is None else _arguments(tool)
    for key, paths in (("roles", entry.roles.keys() - arguments), ("fields", entry.fields)):
        for path in paths:
            if not is_path(path):
                how = "write names with dots, `[]` for items, `{}` for keys, `*` for any name"
                raise source.tool_fault(name, f"`{path}` is no path: {how}", key=key)
    for path in entry.roles.keys() - arguments if tool is not None else ():
        unknown = unknown_step(path, tool.spec.parameters) if tool is not None else None
        if unknown is not None:
            step, known = unknown
            what = f"it has no argument `{step}` to give a role to: {suggestion(step, known)}"
            raise source.tool_fault(name, what, key="roles")


@dataclass(frozen=True)
class _Check:
    """Turns the entries of files into rules, against the tools they will govern."""

    offered: dict[str, Tool]
    names: frozenset[str]
    described: dict[str, ToolManifest]
    seen: set[str] = dataclass_field(default_factory=set[str])
    """Ids of rules so far."""
    schemas: dict[str, JsonObject] = dataclass_field(default_factory=dict[str, JsonObject])
    """Of canonical arguments, by tool, as far as a condition was about them."""

    def rules(self, part: PolicyPart) -> Iterator[Rule]:
        """The rules and limits of a file, in their order, which means nothing."""
        for position, entry in enumerate(part.document.rule):
            try:
                self._check_id(entry.id)
                yield self._rule(entry, part)
            except _Fault as fault:
                raise part.source.rule_fault(position, entry.id, str(fault), key=fault.key) from None
        for position, limit in enumerate(part.document.limit):
            try:
                self._check_id(limit.id)
                yield self._limit(limit)
            except _Fault as fault:
                raise part.source.rule_fault(position, limit.id, str(fault), key=fault.key, table="limit") from None

    def refuse_shadowed(self, part: PolicyPart, rules: Sequence[Rule]) -> None:
        """Refuse a rule of a file that can decide nothing (5)."""
        by_id = {rule.id: rule for rule in rules}
        flat = [rule for rule in rules if rule.effect == "deny" and rule.is_unconditional and "*" not in rule.tools]
        for position, entry in enumerate(part.document.rule if flat and not part.is_builtin else ()):
            own = by_id[entry.id]
            reach = self._reach(entry) & self.described.keys()
            others = [rule for rule in flat if rule.id != entry.id]
            looked_at = [name for name in reach if own.looks_at(name, self.described[name].effect)]
            denying = {
                name: [rule.id for rule in others if rule.looks_at(name, self.described[name].effect)]
                for name in looked_at
            }
            if looked_at and all(denying.values()) and not (own.effect == "deny" and own.is_unconditional):
                ids = ", ".join(f"`{each}`" for each in sorted({each for ids in denying.values() for each in ids}))
                what = f"it never counts: {ids} denies whatever it looks at; take one of them out"
                raise part.source.rule_fault(position, entry.id, what)

    def _check_id(self, rule_id: str) -> None:
        if rule_id in self.seen:
            raise _Fault("id", "another rule has this id: give each its own")
        if rule_id in (NO_MANIFEST, NO_GRANT, GUARD_FAILED):
            raise _Fault("id", "khala's own decisions carry this id: choose another")
        self.seen.add(rule_id)

    def _rule(self, entry: RuleEntry, part: PolicyPart) -> Rule:
        if not entry.tools and not entry.effects and not entry.roles:
            raise _Fault("tools", "it selects nothing: give it `tools`, `effects` or `roles`")
        self._check_tools(entry)
        self._check_roles(entry, part)
        return Rule(
            id=entry.id,
            effect=entry.effect,
            tools=frozenset(entry.tools),
            effects=frozenset(entry.effects),
            roles=frozenset(entry.roles),
            origins=frozenset(each for each in entry.from_ or entry.unless_from or () if each != "computed"),
            or_computed="computed" in (entry.unless_from or ()),
            principals=frozenset(entry.principals),
            scopes=frozenset(entry.scopes),
            when=self._condition(entry),
            reason=entry.reason,
        )

    def _limit(self, entry: LimitEntry) -> Rule:
        if not entry.tools and not entry.effects:
            raise _Fault("tools", "it counts nothing: give it `tools` or `effects`")
        if entry.calls is None and entry.amount is None:
            raise _Fault("id", "it limits nothing: give it `calls` or `amount`")
        self._check_tools(entry)
        tools, effects = frozenset(entry.tools), frozenset(entry.effects)
        for name in self._reach(entry) & self.described.keys() if entry.amount is not None else ():
            if AMOUNT not in self.described[name].roles.values():
                raise _Fault(
                    "amount", f"tool `{name}` has no argument in the role `amount`: give it one, or count calls"
                )
        limit = Limit(tools, effects, calls=entry.calls, amount=entry.amount, within_s=entry.within_s)
        reason = entry.reason or f"the limit of {limit.text} is reached"
        return Rule(id=entry.id, effect=entry.effect, tools=tools, effects=effects, when=limit, reason=reason)

    def _check_tools(self, entry: RuleEntry | LimitEntry) -> None:
        if entry.tools == ["*"] or not entry.tools:
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

    def _check_roles(self, entry: RuleEntry, part: PolicyPart) -> None:
        if entry.effect == "allow":
            key, given, other, wrong, turned = "from", entry.from_, "unless_from", entry.unless_from, "grant distrust"
        else:
            key, given, other, wrong, turned = "unless_from", entry.unless_from, "from", entry.from_, "punish trust"
        if wrong is not None:
            raise _Fault(other, f"with `{other}` it would {turned}: write `{key}`")
        if given is not None and not given:
            raise _Fault(key, f"`{key}` is empty: name the origins that suffice, or take it out")
        if given and not entry.roles:
            raise _Fault(key, f"`{key}` needs `roles`: say which values it speaks of")
        if entry.unless_from and "computed" in entry.unless_from and entry.roles != [AMOUNT]:
            raise _Fault(key, 'only amounts can be `computed`: take it out, or make a rule of `roles = ["amount"]`')
        carried = {role for manifest in self.described.values() for role in manifest.roles.values()}
        for role in () if part.is_builtin else entry.roles:
            if role not in ROLES | carried:
                raise _Fault("roles", f"no argument has the role `{role}`: {suggestion(role, ROLES | carried)}")

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
        fault = type_fault(entry.when, {name: self._schema(name) for name in reach}) if known else None
        if fault is not None:
            raise _Fault("when", fault)
        if entry.effect == "allow" and speaks_of_trust(condition):
            self._check_trust(condition, entry, sorted(reach & self.offered.keys() & self.described.keys()))
        return condition

    def _schema(self, name: str) -> JsonObject:
        if name not in self.schemas:
            self.schemas[name] = canonical_schema(self.offered[name])
        return self.schemas[name]

    def _reach(self, entry: RuleEntry | LimitEntry) -> set[str]:
        """Names of the tools the rule looks at."""
        if entry.tools and entry.tools != ["*"]:
            return set(entry.tools)
        if not entry.effects:
            return set(self.offered)
        return {name for name, manifest in self.described.items() if manifest.effect in entry.effects}

    def _check_trust(self, condition: Condition, entry: RuleEntry, reach: Sequence[str]) -> None:
        """Refuse a grant that needs distrust (7)."""
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
