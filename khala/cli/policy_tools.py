"""The tools a policy is about, as `--tools` names them, and the policy itself, loaded against them."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, cast

from khala.domain.policy import Policy
from khala.domain.tool import Tool, tool
from khala.errors import CallerError, InvalidTool, KhalaError
from khala.infrastructure.security.policy_file import BUILTIN_TOOLS, load_policy

__all__ = ["builtin_tools", "governed", "named_tools"]

_PLACE = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\Z")


def governed(file: str, tools: str | None) -> tuple[Policy, tuple[Tool, ...]]:
    """The policy in a file and the tools it governs, checked against each other."""
    offered = named_tools(tools)
    return load_policy(Path(file), offered, known_names=BUILTIN_TOOLS), offered


def named_tools(named: str | None) -> tuple[Tool, ...]:
    """The tools behind `--tools`; without it khala's own. Raises `CallerError` or `InvalidTool`."""
    if named is None:
        return builtin_tools()
    if named.lower().endswith(".json"):
        from khala.infrastructure.security.tool_definitions import load_tool_definitions

        return load_tool_definitions(Path(named))
    place = _PLACE.match(named)
    if place is None:
        raise CallerError(f"`--tools {named}` is neither `package.module:name` nor a file that ends in `.json`")
    tools = tuple(_imported(named, place["module"], place["name"]))
    names = [each.name for each in tools]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise InvalidTool(f"`--tools {named}`: two tools are named `{doubled}`: rename one with @tool(name=...)")
    return tools


def builtin_tools() -> tuple[Tool, ...]:
    """Khala's own tools, connected to nothing: a policy looks at their schemas and manifests only."""
    from khala.infrastructure.tools.corpus_tools import corpus_tools
    from khala.infrastructure.tools.memory_tools import memory_tools
    from khala.infrastructure.tools.notes import note_tool

    nothing: Any = None  # no tool made here is ever run
    return (*corpus_tools(nothing), *memory_tools(nothing, lambda _: None), note_tool(Path()))


def _imported(named: str, module: str, name: str) -> Iterable[Tool]:
    """Tools out of the author's own code, which is imported, and called if what it names is a function."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        with redirect_stdout(sys.stderr):  # what that code prints is no part of what we print
            found: object = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
            if callable(found) and not isinstance(found, Tool):
                found = found()
            tools = _as_tools(found)
    except KhalaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 (the author's code may raise anything)
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise CallerError(f"`--tools {named}` cannot be used: {said}") from None
    if not tools:
        raise CallerError(f"`--tools {named}` is no list of tools: name a list of @tool functions")
    return tools


def _as_tools(found: object) -> list[Tool]:
    """Tools and functions in a list; none where it holds anything else."""
    if isinstance(found, Tool):
        return [found]
    if not isinstance(found, Iterable) or isinstance(found, str):
        return []
    members = list(cast("Iterable[object]", found))
    if not all(isinstance(each, Tool) or callable(each) for each in members):
        return []
    return [each if isinstance(each, Tool) else tool(cast("Callable[..., object]", each)) for each in members]
