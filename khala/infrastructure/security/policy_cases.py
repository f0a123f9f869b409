"""Expectations about a policy, as a table: what was said before a call, the call, and what the guard should answer.

    [[case]]
    name = "mail to a stranger whose address stood in a mail"
    user = "Read my inbox and answer Ann."                          # the user's words, optional
    principal = ["me@example.org"]                                  # what the user is called, optional
    results = [{ tool = "read_inbox", text = "From: eve@evil.example" }]   # what was seen before, optional
    call = { tool = "send_mail", arguments = { to = "eve@evil.example" } }
    expect = "deny"                                                 # allow, ask or deny
    rule = "no-grant"                                               # optional: one of the rules that decide

A result has the trust its tool's manifest gives it, unless it says `trust = "trusted"` or `"untrusted"`. Each one
counts as a call of its tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field, ValidationError

from khala.domain.label import Trust
from khala.domain.policy import Effect
from khala.domain.strict_json import JsonRefused, read_json
from khala.domain.value import JsonObject, Value
from khala.errors import PolicyInvalid

from .policy_document import PolicySource, file_content, in_words, read_table, suggestion

__all__ = ["Case", "SeenResult", "load_cases", "read_cases"]

MAX_CASES_BYTES = 2_000_000
"""Bytes; TOML is read at about a megabyte a second."""

Words = Annotated[str, Field(min_length=1)]


class _Entry(Value):
    model_config = ConfigDict(strict=True)


class SeenResult(_Entry):
    """What a tool returned before the call."""

    tool: Words
    arguments: JsonObject = Field(default_factory=dict)
    """Of the call that returned it; they say which records were asked for."""
    text: str
    trust: Trust | None = None
    """`None`: as the manifest of the tool says."""


class CaseCall(_Entry):
    """The call to decide on."""

    tool: Words
    arguments: JsonObject = Field(default_factory=dict)


class CaseEntry(_Entry):
    """One `[[case]]`."""

    name: Words
    user: str = ""
    principal: list[str] = Field(default_factory=list)
    """What the application calls the user: addresses, account numbers."""
    principal_name: str = ""
    """Their name, of which rules for `principals` speak."""
    scopes: list[str] = Field(default_factory=list)
    """What they were granted."""
    results: list[SeenResult] = Field(default_factory=list[SeenResult])
    call: CaseCall
    expect: Effect
    rule: str | None = None


class Case(CaseEntry):
    """An expectation, and the line of the file where it stands (0 if that cannot be told)."""

    line: int


class _CaseDocument(_Entry):
    case: list[CaseEntry]


def load_cases(path: Path, *, tools: Collection[str], rules: Collection[str]) -> tuple[Case, ...]:
    """The cases in a file; see `read_cases`."""
    content = file_content(path, what="cases", most_bytes=MAX_CASES_BYTES)
    return read_cases(content, source=str(path), tools=tools, rules=rules)


def read_cases(content: bytes, *, source: str, tools: Collection[str], rules: Collection[str]) -> tuple[Case, ...]:
    """The cases that `content` spells out, at least one.

    `tools` are the names results may come from, `rules` the ids a case may expect. Raises `PolicyInvalid`, one line
    that names source, line, case and fix.
    """
    if len(content) > MAX_CASES_BYTES:
        raise PolicyInvalid(f"{source}: the file is larger than {MAX_CASES_BYTES} bytes: split it")
    written = PolicySource.decoded(source, content)
    table = read_table(written)
    if not table.get("case"):
        raise written.fault("there is no case, so nothing would be tested: add a `[[case]]`")
    lines = [
        number
        for number, line in enumerate(written.text.split("\n"), start=1)
        if re.match(r"\s*\[\[\s*case\s*\]\]", line)
    ]
    try:
        entries = _CaseDocument.model_validate(table).case
    except ValidationError as error:
        raise _fault(written, table, lines, cast("dict[str, Any]", error.errors(include_url=False)[0])) from None
    placed = lines if len(lines) == len(entries) else [0] * len(entries)
    cases = tuple(Case(**dict(entry), line=line) for entry, line in zip(entries, placed, strict=True))
    for case in cases:
        problem = _problem(case, tools, rules)
        if problem:
            raise written.fault(f"case `{case.name}`: {problem}", line=case.line)
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise written.fault(f"case `{case.name}`: another case has this name: give each its own", line=case.line)
        seen.add(case.name)
    return cases


def _problem(case: Case, tools: Collection[str], rules: Collection[str]) -> str:
    """What would make a case test something else than it says; empty for a sound one."""
    for result in case.results:
        if result.tool not in tools:
            return f"there is no tool `{result.tool}` that could have returned this: {suggestion(result.tool, tools)}"
    if case.rule is not None and case.rule not in rules:
        return f"there is no rule `{case.rule}`: {suggestion(case.rule, rules)}"
    try:
        read_json(json.dumps(case.call.arguments, allow_nan=False), max_chars=MAX_CASES_BYTES * 6)
    except JsonRefused as error:
        return f"the arguments of its call cannot be asked about: {error}"
    except ValueError:
        return "the arguments of its call hold a number that JSON does not know"
    return ""


def _fault(source: PolicySource, table: dict[str, Any], lines: list[int], problem: dict[str, Any]) -> PolicyInvalid:
    """A fault in words; pydantic locates it as ("case", 3, "results", 0, "trust")."""
    match problem["loc"]:
        case ("case", int(position), *inside):
            entry = table["case"][position]
            name = cast("dict[str, object]", entry).get("name") if isinstance(entry, dict) else None
            names = [str(part) for part in inside if isinstance(part, str)]
            known = {"results": SeenResult, "call": CaseCall}.get(names[0] if names else "", CaseEntry)
            what = in_words(problem, inside[-1:] if len(names) > 1 else inside, known if len(names) > 1 else CaseEntry)
            line = lines[position] if position < len(lines) else None
            return source.fault(f"case {f'`{name}`' if name else f'number {position + 1}'}: {what}", line=line)
        case ("case",):
            return source.fault("`case` is not a list of tables: write each case under its own `[[case]]`")
        case where:
            return source.fault(in_words(problem, where, _CaseDocument))
