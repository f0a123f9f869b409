"""What a condition says to made-up calls that fit a tool's schema.

Each call is put to it twice: once as if the user had said every value, once as if an untrusted text had. That shows,
before anything runs, a grant that only a lack of trust gives, and a condition that has no answer to anything. A finding
is proved by the call that shows it; no finding proves nothing, because not every call is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from pydantic import JsonValue

from khala.domain.budget import Spend
from khala.domain.grounding import Grounding
from khala.domain.label import Label
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Condition, Facts
from khala.domain.tool import ArgumentsInvalid, Tool
from khala.domain.value import JsonObject

__all__ = ["Trial", "speaks_of_trust", "trials"]

MAX_TRIALS = 48
"""Calls made up for one condition and one tool."""

MAX_DEPTH = 4
"""Levels of nesting in made-up values."""

_TRUST = re.compile(r"\b(?:grounded|from_user|sources)\s*\(")
_TEXT = re.compile(r"""(['"])((?:(?!\1)[^\\\n])*)\1""")
_NUMBER = re.compile(r"(?<![\w.])\d{1,15}(?:\.\d{1,15})?")

_TEXTS = ("khala", "/khala/a.txt", "https://khala.example/a", "ann@khala.example")
"""A word that is also a command, a path, an address of the web, an address of mail."""


@dataclass(frozen=True)
class Trial:
    """One made-up call and what a condition said to it."""

    arguments: JsonObject
    if_user_said: bool | None
    """When every value stands in the user's words."""
    if_told: bool | None
    """When every value stands in untrusted text alone."""


def speaks_of_trust(condition: Condition) -> bool:
    """Whether the condition asks where a value came from."""
    return _TRUST.search(condition.text) is not None


def trials(condition: Condition, tool: Tool, manifest: ToolManifest) -> Iterator[Trial]:
    """What the condition says to calls of a tool, values it names itself among them."""
    for arguments in _calls(tool, condition.text):
        words = " ; ".join(_leaves(arguments))
        by_user, told = Grounding(), Grounding()
        by_user.add_user_words(words)
        told.add_result(words, Label())
        yield Trial(
            arguments,
            *(condition(Facts(manifest, arguments, index, {}, Spend().amounts)) for index in (by_user, told)),
        )


def _calls(tool: Tool, text: str) -> Iterator[JsonObject]:
    """Canonical arguments: first those where every value is of one kind, then mixed ones."""
    schema = tool.spec.parameters
    properties = schema.get("properties")
    literals = _literals(text)
    values = {
        name: list(_values(about, schema, literals, 0))
        for name, about in (properties.items() if isinstance(properties, dict) else ())
    }
    longest = max(map(len, values.values()), default=1)
    alike = ({name: each[turn % len(each)] for name, each in values.items()} for turn in range(longest))
    mixed = (dict(zip(values, each, strict=True)) for each in product(*values.values()))
    for made_up in (*islice(alike, MAX_TRIALS // 2), *islice(mixed, MAX_TRIALS // 2)):
        try:
            yield tool.canonical_arguments(made_up)
        except ArgumentsInvalid:  # a made-up value need not fit; another may
            continue


def _literals(text: str) -> list[JsonValue]:
    """Texts and numbers that the condition itself names, and the numbers beside them."""
    texts: list[JsonValue] = [found[2] for found in _TEXT.finditer(text)]
    numbers = [float(found[0]) for found in _NUMBER.finditer(_TEXT.sub("", text))]
    near: list[JsonValue] = [int(each) if each.is_integer() else each for n in numbers for each in (n, n - 1, n + 1)]
    return texts + near


def _values(schema: JsonValue, root: JsonObject, literals: Sequence[JsonValue], depth: int) -> Iterable[JsonValue]:
    """Values that may fit a schema; at least one."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return ["khala"]
    texts = [each for each in literals if isinstance(each, str)]
    choice = schema.get("enum")
    if isinstance(choice, list) and choice:
        return choice
    if "const" in schema:
        return [schema["const"]]
    referred = re.fullmatch(r"#/\$defs/([^/]+)", str(schema.get("$ref")))
    definitions = root.get("$defs")
    if referred and isinstance(definitions, dict):
        return _values(definitions.get(referred[1]), root, literals, depth + 1)
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list) and alternatives:
        return [value for each in alternatives for value in _values(each, root, literals, depth + 1)]
    match schema.get("type"):
        case "boolean":
            return [True, False]
        case "integer" | "number":
            return [*(each for each in literals if not isinstance(each, str)), 1, 0]
        case "null":
            return [None]
        case "array":
            return [[each] for each in _values(schema.get("items"), root, literals, depth + 1)]
        case "object":
            members = schema.get("properties")
            names = members.items() if isinstance(members, dict) else [(each, None) for each in texts]
            return [{name: next(iter(_values(about, root, literals, depth + 1))) for name, about in names}]
        case _:
            return [*texts, *_TEXTS]


def _leaves(value: JsonValue) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case bool():
            yield str(value).lower()
        case float() if value.is_integer():
            yield str(int(value))
        case None:
            return
        case _:
            yield str(value)
