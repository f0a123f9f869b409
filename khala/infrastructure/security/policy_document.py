"""The text of a policy file as closed, typed entries; every fault is one line that names file, line, rule and fix.

    version = 1
    include = ["khala:grounded", "more.toml"]   # khala's own rules, files beside this one; optional

    [[rule]]
    id = "mail-only-to-people-the-user-named"   # unique; letters, digits, `.`, `_`, `-`
    effect = "ask"                              # allow, ask or deny
    tools = ["send_mail"]                       # exact names, or "*" alone; and / or:
    effects = ["send"]                          # effects of tools; and / or:
    roles = ["recipient"]                       # only calls with a value in one of these roles
    unless_from = ["user", "directory"]         # origins such a value may have; in an allow: `from`
    principals = ["ann"]                        # only on behalf of these users
    scopes = ["mail.send"]                      # only on behalf of users who were granted all of these
    when = "args.body.size() > 0"               # CEL, optional
    reason = "the user did not name this one"   # for the model and the person, optional

    [[limit]]
    id = "ten-mails-an-hour"                    # as of a rule
    tools = ["send_mail"]                       # as of a rule, or `effects`
    calls = 10                                  # at most so many; and / or:
    amount = 500.0                              # at most so much, of the arguments in the role `amount`
    within_s = 3600.0                           # counts the last so many seconds; without it the whole run
    effect = "deny"                             # or "ask"; what happens beyond the limit
    reason = "enough mail for now"

    [tool.send_mail]                            # a manifest; stands above the one that came with the tool
    effect = "send"                             # read, write, send, pay, delete, grant, execute or network
    roles = { to = "recipient", "files[].id" = "handle" }       # path of an argument to role
    results = "untrusted"                       # or "trusted"
    records = "messages"                        # where the list of records stands in a result; without it the result
    fields = { "id" = "id", "from" = "author", "to[]" = "field", "cc" = { kind = "field", readers = [] } }
    readers = ["me@example.org"]                # who may read the results; without it everyone
    polling = false                             # asking the same again is meaningful
    idempotent = false                          # running the same call twice is the same as once

A file cannot say `results = "labelled"`: only khala's own tools, which give back earlier results, label each one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, ValidationError

from khala.domain.grounding import Origin
from khala.domain.manifest import FieldKind, ToolEffect
from khala.domain.policy import Effect
from khala.domain.value import Value
from khala.errors import PolicyInvalid

__all__ = [
    "FieldEntry",
    "LimitEntry",
    "PolicyDocument",
    "PolicySource",
    "RuleEntry",
    "ToolEntry",
    "file_content",
    "in_words",
    "plain",
    "read_document",
    "read_table",
    "suggestion",
]

MAX_POLICY_BYTES = 1_000_000
"""Bytes; a policy that people can review is a thousand times smaller."""


MAX_DOTS = 100
"""Dots in one line; the TOML reader takes memory with the square of a dotted key's parts, and dies at 1 MB of them."""

MAX_MESSAGE_CHARS = 1_000
"""Characters; beyond that a message is no longer read."""


class _Entry(Value):
    model_config = ConfigDict(strict=True)


RuleId = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]


class RuleEntry(_Entry):
    """One `[[rule]]`."""

    id: RuleId
    effect: Effect
    tools: list[str] = Field(default_factory=list)
    effects: list[ToolEffect] = Field(default_factory=list[ToolEffect])
    roles: list[str] = Field(default_factory=list)
    from_: list[Origin] | None = Field(default=None, alias="from")
    unless_from: list[Origin | Literal["computed"]] | None = None
    principals: list[str] = Field(default_factory=list)
    scopes: list[str] = Field(default_factory=list)
    when: str | None = None
    reason: str = ""


class LimitEntry(_Entry):
    """One `[[limit]]`."""

    id: RuleId
    effect: Literal["ask", "deny"] = "deny"
    tools: list[str] = Field(default_factory=list)
    effects: list[ToolEffect] = Field(default_factory=list[ToolEffect])
    calls: NonNegativeInt | None = None
    amount: NonNegativeFloat | None = None
    within_s: PositiveFloat | None = None
    reason: str = ""


class FieldEntry(_Entry):
    """A field of a result that is more than its kind."""

    kind: FieldKind
    readers: list[str] | None = None


class ToolEntry(_Entry):
    """One `[tool.NAME]`."""

    effect: ToolEffect
    roles: dict[str, str] = Field(default_factory=dict)
    results: Literal["trusted", "untrusted"] = "untrusted"
    records: str = ""
    fields: dict[str, FieldKind | FieldEntry] = Field(default_factory=dict[str, FieldKind | FieldEntry])
    readers: list[str] | None = None
    polling: bool = False
    idempotent: bool = False


class PolicyDocument(_Entry):
    """A whole policy file."""

    version: int
    include: list[str] = Field(default_factory=list)
    rule: list[RuleEntry]
    limit: list[LimitEntry] = Field(default_factory=list[LimitEntry])
    tool: dict[str, ToolEntry] = Field(default_factory=dict[str, ToolEntry])


@dataclass(frozen=True)
class PolicySource:
    """Where a policy was written: its file name and its text, for saying where a fault stands."""

    name: str
    text: str

    @classmethod
    def decoded(cls, name: str, content: bytes) -> Self:
        """The text of a file. Raises `PolicyInvalid` at the first byte that is not UTF-8."""
        try:
            return cls(name, content.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise PolicyInvalid(f"{name}:{line}: byte {error.start} is not UTF-8: save the file as UTF-8") from None

    def fault(self, what: str, *, line: int | None = None) -> PolicyInvalid:
        """A fault of the file as a whole, or of a line (from 1)."""
        return PolicyInvalid(f"{self.name}{f':{line}' if line else ''}: {plain(what)}")

    def rule_fault(
        self, position: int, rule_id: str, what: str, *, key: str = "", table: Literal["rule", "limit"] = "rule"
    ) -> PolicyInvalid:
        """A fault of the rule or limit at a position (from 0), at the line of one of its keys if it can be found."""
        headers = self._lines_like(rf"\[\[\s*{table}\s*\]\]")
        line = self._key_line(headers[position], key) if position < len(headers) else None
        called = f"{table} `{rule_id}`" if rule_id else f"{table} number {position + 1}"
        return self.fault(f"{called}: {what}", line=line)

    def tool_fault(self, tool: str, what: str, *, key: str = "") -> PolicyInvalid:
        """A fault of the manifest of a tool."""
        name = re.escape(tool)
        headers = self._lines_like(rf"\[\s*tool\s*\.\s*(?:{name}|\"{name}\"|'{name}')\s*\]")
        line = self._key_line(headers[0], key) if headers else None
        return self.fault(f"tool `{tool}`: {what}", line=line)

    def line_of(self, key: str) -> int | None:
        """The line of a key of the file as a whole."""
        return next(iter(self._lines_like(rf"{re.escape(key)}\s*=")), None)

    def _lines_like(self, pattern: str) -> list[int]:
        lines = self.text.split("\n")
        return [number for number, line in enumerate(lines, start=1) if re.match(rf"\s*{pattern}", line)]

    def _key_line(self, header: int, key: str) -> int:
        """The line of a key in the table that starts at `header`; the header's line when there is none."""
        for number, line in enumerate(self.text.split("\n")[header:], start=header + 1):
            if re.match(r"\s*\[", line):
                break
            if key and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return number
        return header


def file_content(path: Path, *, what: str, most_bytes: int) -> bytes:
    """The bytes of a file, one more than `most_bytes` where there are more. Raises `PolicyInvalid` naming `what`."""
    try:
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PolicyInvalid(f"{path}: the {what} cannot be read ({reason}): name a readable file") from None


def read_document(source: PolicySource) -> PolicyDocument:
    """The entries of a policy. Raises `PolicyInvalid` for anything that is not exactly such a file."""
    table = read_table(source)
    version = table.get("version")
    if version is None:
        raise source.fault("the version is missing: begin the file with `version = 1`")
    if type(version) is not int or version != 1:
        raise source.fault(f"version `{version}` is not known: this khala reads `version = 1`")
    try:
        document = PolicyDocument.model_validate({"rule": [], **table})
    except ValidationError as error:
        raise _entry_fault(source, table, cast("dict[str, Any]", error.errors(include_url=False)[0])) from None
    if not document.rule and not document.include:  # last: a misspelled `[[rules]]` is the reason why there is none
        raise source.fault("there is no rule, so everything would be denied: add a `[[rule]]` that allows something")
    return document


def read_table(source: PolicySource) -> dict[str, Any]:
    """The TOML of a file. Raises `PolicyInvalid` for what is none, or would take the reader out of all measure."""
    keys_only = _NO_KEY.sub(lambda found: "\n" * found[0].count("\n"), source.text)
    for line, content in enumerate(keys_only.split("\n"), start=1):
        if content.count(".") > MAX_DOTS:
            raise source.fault(f"there are more than {MAX_DOTS} dots in this line: break it up", line=line)
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        what = str(error)[: found.start()] if found else str(error)
        place = f" at column {found[2]}" if found else ""
        problem = f"this is not TOML: {what[:1].lower()}{what[1:]}{place}"
        raise source.fault(problem, line=int(found[1]) if found else None) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, tables nested without end
        raise source.fault("a number or a nesting in it is out of all measure: write what a person can read") from None


_NO_KEY = re.compile(
    r"""
    \#[^\n]* | \"{3}(?:\\.|[^\\])*?(?:\"{3,5}|\Z) | '{3}.*?(?:'{3,5}|\Z) | "(?:\\.|[^"\\\n])*"? | '[^'\n]*'?
    """,
    re.VERBOSE | re.DOTALL,
)
"""A comment, or a text whether it ends or not: dots in it are no dots of a key."""


def suggestion(name: str, known: Collection[str]) -> str:
    """The way out of an unknown name: the closest known one, or else all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(f"`{each}`" for each in sorted(known)) or "none"
    return f"did you mean `{near[0]}`? known: {listed}" if near else f"known: {listed}"


def _entry_fault(source: PolicySource, table: dict[str, Any], problem: dict[str, Any]) -> PolicyInvalid:
    """A fault of one entry in words; pydantic locates it as ("rule", 3, "effect") or ("tool", "send_mail", "roles")."""
    match problem["loc"]:
        case ("rule" | "limit" as kind, int(position), *inside):
            entry = table[kind][position]
            rule_id = cast("dict[str, object]", entry).get("id", "") if isinstance(entry, dict) else ""
            what = in_words(problem, inside, RuleEntry if kind == "rule" else LimitEntry)
            key = str(inside[0]) if inside else ""
            return source.rule_fault(position, str(rule_id), what, key=key, table=kind)
        case ("tool", str(tool), *inside):
            what = in_words(problem, inside, ToolEntry)
            return source.tool_fault(tool, what, key=str(inside[0]) if inside else "")
        case where:
            return source.fault(in_words(problem, where, PolicyDocument))


def in_words(problem: dict[str, Any], where: Sequence[int | str], table: type[Value]) -> str:
    """What pydantic found wrong with a table, and the way out; `where` is the place within the table."""
    key = str(where[0]) if where else "entry"
    match problem["type"]:
        case "extra_forbidden":
            known = [about.alias or name for name, about in table.model_fields.items()]
            return f"unknown key `{key}`: {suggestion(key, known)}"
        case "missing":
            return f"`{key}` is missing: add it"
        case "literal_error":
            return f"`{key}` cannot be `{problem['input']}`: use {problem['ctx']['expected']}"
        case "string_pattern_mismatch":
            return f"`{key}` cannot be `{problem['input']}`: use up to 64 ASCII letters, digits, `.`, `_` and `-`"
        case "list_type" if key == "rule":
            return "`rule` is not a list of tables: write each rule under its own `[[rule]]`"
        case "model_type":
            return f"`{key}` is not a table: write its keys below a header"
        case _:
            return f"`{key}` is of the wrong type: {problem['msg'].lower()}"


def plain(text: str) -> str:
    """One line of ASCII, so that neither a control character nor a look-alike letter can hide in a message."""
    escaped = re.sub(r"[^ -~]", lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return escaped if len(escaped) <= MAX_MESSAGE_CHARS else f"{escaped[:MAX_MESSAGE_CHARS]} ..."
