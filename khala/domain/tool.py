"""A typed function, sync or async, becomes a tool the model can call.

The JSON schema comes from the signature and the docstring, through pydantic. What the tool does to the world
(effect), what its arguments mean (roles) and how far its results may be trusted stand in its manifest, which the
policy reads; a tool cannot grant itself anything.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_type_hints, overload

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

from khala.errors import InvalidTool

from .budget import Spend
from .label import Label
from .manifest import ResultTrust, ToolEffect, ToolManifest
from .strict_json import JsonRefused, check_shape, check_written
from .value import JsonObject, Value

__all__ = ["TOOL_NAME", "ArgumentsInvalid", "Tool", "ToolOutput", "ToolSpec", "tool"]

TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}\Z")
"""ASCII only, so that no look-alike letter can make two names look the same; 64 is the limit of OpenAI's API."""

MAX_RESULT_CHARS = 20_000
"""Default cap on what one result shows in the context, characters; about 5,000 tokens of English."""

TIMEOUT_S = 60.0
"""Default seconds a call may take."""


class ToolOutput(Value):
    """What a tool returns when plain text does not say it all."""

    text: str
    label: Label | None = None
    """Label of this very text, joined to the one the manifest gives; it can only restrict, unless the manifest
    says `results = "labelled"`."""
    derived_from: tuple[str, ...] = ()
    """Ids of earlier results whose words the text repeats."""
    spend: Spend | None = None
    """What an agent that was asked used of its caller's budget."""


class ToolSpec(Value):
    """What the model is told about a tool."""

    name: str
    description: str
    parameters: JsonObject
    """JSON schema of the arguments, closed to unknown ones."""


class ArgumentsInvalid(ValueError):
    """The arguments do not fit the tool's schema; the message names the argument and the reason."""


@dataclass(frozen=True)
class Tool:
    """A function the agent may call, its schema, its limits and its manifest."""

    spec: ToolSpec
    function: Callable[..., object]
    arguments_model: type[BaseModel]
    manifest: ToolManifest | None
    timeout_s: float = TIMEOUT_S
    max_result_chars: int = MAX_RESULT_CHARS
    is_async: bool = field(default=False)
    pinned: bool = True
    """Whether a definition that is not the one accepted before asks; only for a definition that is part of the
    program's own code is it safe to say no."""

    @property
    def name(self) -> str:
        """The name the model calls it by."""
        return self.spec.name

    @property
    def definition(self) -> JsonObject:
        """All that is said of the tool: what the model is told, and what its own manifest claims."""
        manifest = None if self.manifest is None else self.manifest.model_dump(mode="json", exclude_defaults=True)
        return {**self.spec.model_dump(mode="json"), "manifest": manifest}

    def canonical_arguments(self, arguments: Mapping[str, JsonValue]) -> JsonObject:
        """The arguments as they will be executed: checked, coerced once, defaults filled in.

        Raises `ArgumentsInvalid` naming each argument that does not fit. What is decided on is executed: arguments that
        their own types would turn into others when they are bound do not fit, nor do NaN and infinities, which compare
        as no policy expects, nor whatever else no JSON with one reading stands for.
        """
        try:
            check_shape(dict(arguments))  # before anything walks them, or writes a half character otherwise
            canonical = self._coerced(arguments)
            if _is_settled(canonical, arguments):
                return canonical
            check_written(canonical)
        except JsonRefused as error:
            raise ArgumentsInvalid(str(error)) from None
        if self._coerced(canonical) != canonical:
            raise ArgumentsInvalid("their types change them again when they are executed")
        return canonical

    def _coerced(self, arguments: Mapping[str, JsonValue]) -> JsonObject:
        try:
            checked = self.arguments_model.model_validate(dict(arguments))
        except ValidationError as error:
            problems = "; ".join(
                f"`{'.'.join(str(part) for part in problem['loc']) or 'arguments'}`: {problem['msg'].lower()}"
                for problem in error.errors(include_url=False, include_input=False)
            )
            raise ArgumentsInvalid(problems) from None
        return cast("JsonObject", checked.model_dump(mode="json", by_alias=True))

    def bound(self, arguments: JsonObject) -> dict[str, object]:
        """Keyword arguments for the function, typed, from canonical arguments."""
        checked = self.arguments_model.model_validate(arguments)
        return {str(about.alias): getattr(checked, name) for name, about in type(checked).model_fields.items()}


def _is_settled(canonical: JsonValue, given: object) -> bool:
    """Whether nothing was changed, so that nothing would change again: the same types and values, numbers finite."""
    if type(canonical) is not type(given):
        return False
    if isinstance(canonical, str):
        return canonical == given
    if isinstance(canonical, dict) and isinstance(given, dict):
        others = cast("dict[str, object]", given)
        return canonical.keys() == others.keys() and all(
            _is_settled(member, others[key]) for key, member in canonical.items()
        )
    if isinstance(canonical, list) and isinstance(given, list):
        items = cast("list[object]", given)
        return len(canonical) == len(items) and all(map(_is_settled, canonical, items))
    return canonical == given and not (isinstance(canonical, float) and not math.isfinite(canonical))


@overload
def tool(function: Callable[..., object], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    effect: ToolEffect | None = None,
    roles: Mapping[str, str] | None = None,
    trust: ResultTrust = "untrusted",
    polling: bool = False,
    idempotent: bool = False,
    timeout_s: float = TIMEOUT_S,
    max_result_chars: int = MAX_RESULT_CHARS,
    pinned: bool = True,
) -> Callable[[Callable[..., object]], Tool]: ...
def tool(
    function: Callable[..., object] | None = None,
    /,
    *,
    name: str | None = None,
    effect: ToolEffect | None = None,
    roles: Mapping[str, str] | None = None,
    trust: ResultTrust = "untrusted",
    polling: bool = False,
    idempotent: bool = False,
    timeout_s: float = TIMEOUT_S,
    max_result_chars: int = MAX_RESULT_CHARS,
    pinned: bool = True,
) -> Tool | Callable[[Callable[..., object]], Tool]:
    """Turn a typed function into a `Tool`; use it bare or with arguments.

    `effect` is what the tool does to the world; without it the tool has no manifest, and a guard denies it until
    the policy describes it. `roles` says what each argument means. `timeout_s` is in seconds, `max_result_chars`
    in characters. With `pinned=False` a home does not ask when docstring, signature or manifest change: for functions
    that change with the program around them. Raises `InvalidTool` for a function without annotations, with `*args`,
    or with a bad name.
    """

    def build(decorated: Callable[..., object]) -> Tool:
        if not inspect.isroutine(decorated):
            raise InvalidTool(f"`{decorated!r}` is no function: write one with @tool that calls it")
        tool_name = name or decorated.__name__
        if not TOOL_NAME.match(tool_name):
            raise InvalidTool(f"`{tool_name}` cannot name a tool: use up to 64 ASCII letters, digits, `_` and `-`")
        if timeout_s <= 0 or max_result_chars <= 0:
            raise InvalidTool(f"tool `{tool_name}`: `timeout_s` and `max_result_chars` must be above 0")
        model, description = _arguments_model(decorated, tool_name)
        unknown_roles = set(roles or {}) - {str(about.alias) for about in model.model_fields.values()}
        if unknown_roles:
            raise InvalidTool(f"tool `{tool_name}` has no argument `{min(unknown_roles)}` to give a role to")
        manifest = (
            ToolManifest(
                tool=tool_name,
                effect=effect,
                roles=dict(roles or {}),
                results=trust,
                polling=polling,
                idempotent=idempotent,
            )
            if effect is not None
            else None
        )
        schema = cast("JsonObject", model.model_json_schema())
        schema.pop("title", None)
        return Tool(
            spec=ToolSpec(name=tool_name, description=description, parameters=schema),
            function=decorated,
            arguments_model=model,
            manifest=manifest,
            timeout_s=timeout_s,
            max_result_chars=max_result_chars,
            is_async=inspect.iscoroutinefunction(decorated),
            pinned=pinned,
        )

    return build if function is None else build(function)


def _arguments_model(function: Callable[..., object], tool_name: str) -> tuple[type[BaseModel], str]:
    """The pydantic model of a function's arguments, and its description without the section on arguments."""
    doc = inspect.getdoc(function) or ""
    description, notes = _split_docstring(doc)
    if not description:
        raise InvalidTool(f"tool `{tool_name}` needs a docstring: it is all the model knows about it")
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise InvalidTool(f"tool `{tool_name}`: its annotations cannot be read: {error}") from None
    fields: dict[str, Any] = {}  # pydantic's create_model takes (type, default) pairs of any type
    for position, parameter in enumerate(inspect.signature(function).parameters.values()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise InvalidTool(f"tool `{tool_name}`: `{parameter}` cannot be described to a model; name each argument")
        if parameter.name not in hints:
            raise InvalidTool(f"tool `{tool_name}`: argument `{parameter.name}` needs a type annotation")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        # an alias, because an argument may carry a name pydantic keeps for itself (`copy`, `schema`, `json`)
        about = Field(
            default=default, alias=parameter.name, title=parameter.name, description=notes.get(parameter.name)
        )
        fields[f"argument_{position}"] = (hints[parameter.name], about)
        _check_annotation(tool_name, parameter, hints[parameter.name])
    closed = ConfigDict(extra="forbid", validate_default=True)
    return create_model(f"{tool_name}_arguments", __config__=closed, **fields), description


def _check_annotation(tool_name: str, parameter: inspect.Parameter, annotation: Any) -> None:
    """Raise `InvalidTool` for a type that no JSON can carry, or a default that does not fit its own type."""
    try:
        adapter = TypeAdapter[object](annotation)  # Any: an annotation can be anything
        adapter.json_schema()
        if parameter.default is not inspect.Parameter.empty:
            adapter.dump_json(adapter.validate_python(parameter.default))
    except ValidationError:
        raise InvalidTool(f"tool `{tool_name}`: the default of `{parameter.name}` does not fit its type") from None
    except (PydanticUserError, ValueError):
        raise InvalidTool(f"tool `{tool_name}`: give `{parameter.name}` a type and default JSON can carry") from None


def _split_docstring(doc: str) -> tuple[str, dict[str, str]]:
    """The text before `Args:`, and what `Args:` says of each argument."""
    head, _, tail = doc.partition("\nArgs:\n")
    notes: dict[str, str] = {}
    current = ""
    for line in tail.splitlines():
        if line and not line.startswith(" "):
            break
        named = re.match(r"\s{2,}(\w+)(?:\s*\([^)]*\))?:\s*(.+)", line)
        if named:
            current = named[1]
            notes[current] = named[2].strip()
        elif current and line.strip():
            notes[current] += " " + line.strip()
    return head.strip(), notes
