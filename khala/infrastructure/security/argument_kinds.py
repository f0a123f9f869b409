"""What kinds of values stand in the arguments of a tool, read from the schema of what will be executed.

What the schema leaves open, or says in a way not known here, may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue, PydanticUserError

from khala.domain.tool import Tool
from khala.domain.value import JsonObject

__all__ = ["ANYTHING", "Kind", "canonical_schema", "kinds_at"]

MAX_DEPTH = 16
"""References, alternatives and lists that are followed; what is deeper may be anything."""


@dataclass(frozen=True)
class Kind:
    """One kind of value, as conditions tell kinds apart."""

    name: Literal["anything", "string", "int", "double", "bool", "null", "list", "map"]
    items: Kind | None = None
    """What a list holds."""


ANYTHING = Kind("anything")

_SIMPLE = {
    "string": Kind("string"),
    "integer": Kind("int"),
    "number": Kind("double"),
    "boolean": Kind("bool"),
    "null": Kind("null"),
    "object": Kind("map"),
}
_OF_CONSTANTS: dict[type, Kind] = {
    str: Kind("string"),
    int: Kind("int"),
    float: Kind("double"),
    bool: Kind("bool"),
    type(None): Kind("null"),
}


def canonical_schema(tool: Tool) -> JsonObject:
    """The schema of a tool's canonical arguments, which is not always that of the arguments a model writes."""
    try:
        return tool.arguments_model.model_json_schema(mode="serialization")
    except (PydanticUserError, ValueError):  # then nothing is known of them
        return {}


def kinds_at(steps: Sequence[str], schema: JsonObject) -> tuple[int, frozenset[Kind]]:
    """How many of the steps, names of members, the schema follows, and the kinds of what stands there.

    No kinds at all when there is no such argument.
    """
    here = [*_resolved(schema, schema, 0)]
    followed = 0
    for step in steps:
        below = [found for each in here for found in _member(each, step, schema)]
        if not below:
            break
        here, followed = below, followed + 1
    return followed, frozenset(_kind(each, schema, 0) for each in here) if followed else frozenset()


def _member(schema: JsonValue, name: str, root: JsonObject) -> Iterator[JsonValue]:
    members = schema.get("properties") if isinstance(schema, dict) else None
    if isinstance(members, dict) and name in members:
        yield from _resolved(members[name], root, 0)


def _resolved(schema: JsonValue, root: JsonObject, depth: int) -> Iterator[JsonValue]:
    """The alternatives of a schema, references followed; at least one."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        yield None
        return
    match str(schema.get("$ref", "")).split("/"):
        case ["#", "$defs" | "definitions" as place, name]:
            definitions = root.get(place)
            yield from _resolved(definitions.get(name) if isinstance(definitions, dict) else None, root, depth + 1)
            return
        case _:
            pass
    named = schema.get("type")
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(alternatives, list):
        for each in alternatives:
            yield from _resolved(each, root, depth + 1)
    elif isinstance(named, list) and named:
        yield from ({**schema, "type": each} for each in named)
    elif isinstance(choice := schema.get("enum"), list) and choice:
        yield from ({"const": each} for each in choice)
    else:
        yield schema


def _kind(schema: JsonValue, root: JsonObject, depth: int) -> Kind:
    """The kind of one alternative."""
    if not isinstance(schema, dict) or "$ref" in schema or "allOf" in schema:
        return ANYTHING
    if "const" in schema:
        return _OF_CONSTANTS.get(type(schema["const"]), ANYTHING)
    named = schema.get("type")
    if named != "array":
        return _SIMPLE.get(named, ANYTHING) if isinstance(named, str) else ANYTHING
    items = frozenset(
        ANYTHING if depth > MAX_DEPTH else _kind(each, root, depth + 1)
        for each in _resolved(schema.get("items"), root, depth + 1)
    )
    return Kind("list", next(iter(items)) if len(items) == 1 else ANYTHING)
