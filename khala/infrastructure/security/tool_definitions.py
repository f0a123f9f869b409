"""Tools known by their definitions only: enough to check, explain and test a policy, and nothing to run.

Three shapes are read: a list of {name, description, parameters, effect, roles}, the `tools` of a request to an
OpenAI-compatible endpoint, and the answer of an MCP server to `tools/list`. An effect or a role counts in the first
shape only: what a server says of its own tools, annotations included, never grants anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn, cast

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from khala.domain.manifest import ToolEffect, ToolManifest
from khala.domain.strict_json import JsonRefused, read_json
from khala.domain.tool import TOOL_NAME, Tool, ToolSpec
from khala.domain.value import JsonObject, Value
from khala.errors import InvalidTool, ToolFailed

from .argument_schema import arguments_model
from .policy_document import in_words, plain

__all__ = ["load_tool_definitions", "read_tool_definitions"]

MAX_DEFINITIONS_BYTES = 5_000_000
"""Bytes; the definitions of a thousand tools take a fifth of it."""


class _Definition(Value):
    """A tool as its user describes it."""

    model_config = ConfigDict(strict=True)

    name: str
    description: str = ""
    parameters: JsonObject = Field(default_factory=dict)
    effect: ToolEffect | None = None
    roles: dict[str, str] = Field(default_factory=dict)


def load_tool_definitions(path: Path) -> tuple[Tool, ...]:
    """The tools defined in a file; see `read_tool_definitions`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_DEFINITIONS_BYTES + 1)
    except OSError as error:
        raise InvalidTool(f"{path}: the tools cannot be read ({(error.strerror or str(error)).lower()})") from None
    if len(content) > MAX_DEFINITIONS_BYTES:
        raise InvalidTool(f"{path}: the file is larger than {MAX_DEFINITIONS_BYTES} bytes: split it")
    try:
        return read_tool_definitions(content.decode("utf-8"), source=str(path))
    except UnicodeDecodeError as error:
        raise InvalidTool(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from None


def read_tool_definitions(text: str, *, source: str) -> tuple[Tool, ...]:
    """The tools that `text` defines, none of which can be run.

    Raises `InvalidTool`, one line that names `source`, the tool and the fix.
    """
    try:
        document = read_json(text, max_chars=MAX_DEFINITIONS_BYTES)
        tools = tuple(_tool(entry, position) for position, entry in enumerate(_definitions(document), start=1))
    except (JsonRefused, _Fault, InvalidTool) as fault:
        raise InvalidTool(f"{source}: {plain(str(fault))}") from None
    seen: set[str] = set()
    for each in tools:
        if each.name in seen:
            raise InvalidTool(f"{source}: two tools are named `{each.name}`: rename one")
        seen.add(each.name)
    return tools


class _Fault(Exception):
    """What is wrong with the definitions."""


def _definitions(document: JsonValue) -> list[JsonObject]:
    """The definitions in a list, in a `tools/list` result or request, or in the message such a result came in.

    Where one of them comes from a server or a request, they all do: a server could leave out what shows it.
    """
    if isinstance(document, dict) and isinstance(document.get("result"), dict):
        document = document["result"]
    is_wrapped = isinstance(document, dict)
    if isinstance(document, dict):
        if document.get("nextCursor"):
            raise _Fault("the list goes on at `nextCursor`: put all of its pages into one list")
        document = document.get("tools")
    if not isinstance(document, list):
        raise _Fault(f"there is no list of tools: write `[{_SHAPE}]`")
    if not document:
        raise _Fault("the list of tools is empty: define at least one")
    entries = [each for each in document if isinstance(each, dict)]
    if len(entries) != len(document):
        raise _Fault(f"a tool in the list is no object: write `{_SHAPE}`")
    if is_wrapped or any("inputSchema" in each or each.get("type") == "function" for each in entries):
        return [_without_claims(each) for each in entries]
    return entries


_SHAPE = '{"name": ..., "description": ..., "parameters": ...}'


def _without_claims(entry: JsonObject) -> JsonObject:
    """Name, description and schema of a tool, and nothing else its server says of it."""
    inner = entry.get("function")
    entry = inner if isinstance(inner, dict) else entry
    schema = entry.get("inputSchema", entry.get("parameters"))
    taken = {"name": entry.get("name"), "description": entry.get("description"), "parameters": schema}
    return {key: value for key, value in taken.items() if value is not None}


def _tool(entry: JsonObject, position: int) -> Tool:
    try:
        definition = _Definition.model_validate(entry)
    except ValidationError as error:
        problem = cast("dict[str, Any]", error.errors(include_url=False)[0])
        raise _Fault(f"{_named(entry, position)}: {in_words(problem, problem['loc'], _Definition)}") from None
    name = definition.name
    if not TOOL_NAME.match(name):
        fix = "use up to 64 ASCII letters, digits, `_` and `-`"
        raise _Fault(f"tool number {position}: `{name[:100]}` cannot name a tool: {fix}")
    schema: JsonObject = {"type": "object", "properties": {}, **definition.parameters, "additionalProperties": False}
    model = arguments_model(name, schema)
    unknown = set(definition.roles) - {str(about.alias) for about in model.model_fields.values()}
    if unknown:
        raise _Fault(f"tool `{name}`: it has no argument `{min(unknown)}` to give a role to")
    if definition.roles and definition.effect is None:
        raise _Fault(f"tool `{name}`: `roles` need an `effect` beside them")
    manifest = None
    if definition.effect is not None:
        manifest = ToolManifest(tool=name, effect=definition.effect, roles=definition.roles)
    return Tool(
        spec=ToolSpec(name=name, description=definition.description, parameters=schema),
        function=_not_here,
        arguments_model=model,
        manifest=manifest,
    )


def _named(entry: JsonObject, position: int) -> str:
    name = entry.get("name")
    return f"tool `{name[:100]}`" if isinstance(name, str) else f"tool number {position}"


def _not_here(**_: object) -> NoReturn:
    raise ToolFailed("only the definition of this tool is here")
