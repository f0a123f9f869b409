"""Whether a path leads anywhere in the arguments that a JSON schema describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import cast

from pydantic import JsonValue

from khala.domain.value import JsonObject

__all__ = ["unknown_step"]

MAX_DEPTH = 16
"""References and alternatives that are followed; a schema that needs more says nothing here."""


def unknown_step(path: str, schema: JsonObject) -> tuple[str, Sequence[str]] | None:
    """The first step of a path that the schema rules out, with the steps it knows there; `None` when it may lead on.

    Only the first step of a path must be known for certain; below it, what the schema leaves open is possible.
    """
    steps = re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path)
    here: list[JsonObject] = [schema]
    for step in steps:
        open_ended = [each for each in here if not _is_closed(each)]
        known = [name for each in here for name in _names(each)]
        here = [below for each in here for below in _below(each, step, schema)]
        if not here and not open_ended:
            return step, known
        if not here:
            return None
    return None


def _names(schema: JsonObject) -> list[str]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        return list(properties)
    return ["[]"] if schema.get("type") == "array" else []


def _is_closed(schema: JsonObject) -> bool:
    """Whether the schema says for certain what is below it."""
    if schema.get("type") == "object" or "properties" in schema:
        return "properties" in schema and schema.get("additionalProperties", False) is False
    return schema.get("type") in ("string", "number", "integer", "boolean", "null") or (
        schema.get("type") == "array" and "items" in schema
    )


def _below(schema: JsonObject, step: str, root: JsonObject) -> Iterator[JsonObject]:
    properties = schema.get("properties")
    members = cast("JsonObject", properties) if isinstance(properties, dict) else {}
    if step == "[]":
        yield from _resolved(schema.get("items"), root, 0)
    elif step in ("*", "{}"):
        for member in (*members.values(), schema.get("additionalProperties")):
            yield from _resolved(member, root, 0)
    else:
        yield from _resolved(members.get(step), root, 0)


def _resolved(schema: JsonValue, root: JsonObject, depth: int) -> Iterator[JsonObject]:
    """A schema without references and alternatives."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return
    referred = re.fullmatch(r"#/\$defs/([^/]+)", str(schema.get("$ref")))
    definitions = root.get("$defs")
    if referred and isinstance(definitions, dict):
        yield from _resolved(definitions.get(referred[1]), root, depth + 1)
        return
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list):
        for each in alternatives:
            yield from _resolved(each, root, depth + 1)
        return
    yield schema
