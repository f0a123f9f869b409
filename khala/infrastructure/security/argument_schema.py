"""The JSON schema of a tool's arguments becomes the closed model a guard checks arguments with.

Types, required names, defaults, choices and nesting are taken over; limits on length, size or pattern are left to the
tool itself. Arguments that are not named are refused, even where the schema would take them: nobody could have written
a rule about them. What the schema does not say, or says in a way not known here, may be any JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Union, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import MISSING

from khala.domain.value import JsonObject
from khala.errors import InvalidTool

from .policy_document import plain

__all__ = ["arguments_model"]

MAX_DEPTH = 16
"""Schemas within schemas, references followed; a value deeper down may be any JSON."""

MAX_SCHEMAS = 2_000
"""Schemas within the schema of one tool; references multiply them."""

_SIMPLE: dict[JsonValue, Any] = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None}


def arguments_model(tool: str, schema: JsonObject) -> type[BaseModel]:
    """The model of the arguments that `schema`, the schema of an object, describes.

    Raises `InvalidTool` for a schema that does not describe an object, or has a default that does not fit.
    """
    try:
        return _Reading(schema).model(schema, 0, extra="forbid")
    except (_SchemaFault, PydanticUserError, TypeError, ValueError) as error:
        why = error if isinstance(error, _SchemaFault) else "it is not JSON Schema"
        raise InvalidTool(
            f"tool `{plain(tool)}`: the schema of its arguments cannot be read: {plain(str(why))}"
        ) from None


class _SchemaFault(Exception):
    """What is wrong with a schema."""


@dataclass
class _Reading:
    """Turns the schemas inside one schema into types; Any: they are built here and known to no type checker."""

    root: JsonObject
    schemas: int = 0

    def model(self, schema: JsonObject, depth: int, *, extra: Literal["forbid", "allow"]) -> type[BaseModel]:
        if schema.get("type", "object") != "object":
            raise _SchemaFault("it is not the schema of an object")
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list):
            raise _SchemaFault("`properties` is no object, or `required` no list")
        fields: dict[str, Any] = {}
        for position, (name, about) in enumerate(properties.items()):
            kind, default = self._kind(about, depth + 1), ...
            if isinstance(about, dict) and "default" in about:
                default = _fitting(name, kind, about["default"])
            elif name not in required:
                kind, default = Union[kind, MISSING], MISSING  # noqa: UP007 (a value, not an annotation)
            fields[f"argument_{position}"] = (kind, Field(default=default, alias=name))
        return create_model("arguments", __config__=ConfigDict(extra=extra), **fields)

    def _kind(self, schema: JsonValue, depth: int) -> Any:
        """The type of the values a schema describes."""
        self.schemas += 1
        if self.schemas > MAX_SCHEMAS:
            raise _SchemaFault(f"it holds more than {MAX_SCHEMAS} schemas, references followed")
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return JsonValue
        if "$ref" in schema:
            return self._kind(self._referred(schema["$ref"]), depth + 1)
        if "const" in schema or "enum" in schema:
            return _choice([schema["const"]] if "const" in schema else schema["enum"])
        for alternatives in (schema.get("anyOf"), schema.get("oneOf")):
            if isinstance(alternatives, list) and alternatives:
                return Union[tuple(self._kind(each, depth + 1) for each in alternatives)]  # noqa: UP007 (the same)
        named = schema.get("type")
        if isinstance(named, list) and named:
            return Union[tuple(self._kind({**schema, "type": each}, depth + 1) for each in named)]  # noqa: UP007
        if named == "array":
            return list[self._kind(schema.get("items"), depth + 1)]
        if named == "object":
            if "properties" not in schema:
                return dict[str, JsonValue]
            closed = schema.get("additionalProperties") is False
            return self.model(schema, depth, extra="forbid" if closed else "allow")
        return _SIMPLE.get(named, JsonValue) if isinstance(named, str) else JsonValue

    def _referred(self, reference: JsonValue) -> JsonValue:
        """The schema that a reference within the same schema names; nothing known for any other."""
        match str(reference).split("/"):
            case ["#", "$defs" | "definitions" as place, name]:
                definitions = self.root.get(place)
                return definitions.get(name) if isinstance(definitions, dict) else None
            case _:
                return None


def _choice(values: JsonValue) -> Any:
    """One of some simple values; any JSON where a choice is not simple."""
    if not isinstance(values, list) or not values or any(isinstance(each, list | dict | float) for each in values):
        return JsonValue
    return Literal[tuple(cast("list[str | int | bool | None]", values))]


def _fitting(name: str, kind: Any, default: JsonValue) -> object:
    try:
        return TypeAdapter[object](kind).validate_python(default)
    except ValidationError:
        raise _SchemaFault(f"the default of `{name}` does not fit its type") from None
