"""Conditions of rules, written in CEL: checked when a policy is loaded, evaluated on the facts of one call.

1. Only a text that compiles, asks for known names and yields a bool becomes a condition.
2. The runtime reports an error as a value, not as an exception; whatever is not a bool counts as `None`.
3. The runtime cuts a text at its first NUL character and recurses without limit into nested values. Arguments that hold
   the one or the other are not shown to it: no condition on them can be evaluated.
4. Conditions on one call share one activation, so that its arguments are converted once.

A condition knows `tool` and `effect` (text), `args` (map of the canonical arguments), `calls(tool)` (how often that
tool ran so far), `grounded(x)` (every leaf of x stands in the user's words or in a trusted result) and `from_user(x)`
(every leaf stands in the user's words).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from cel_expr_python import cel
from pydantic import JsonValue

from khala.domain.policy import Condition, Facts
from khala.domain.value import JsonObject
from khala.errors import PolicyInvalid

from .policy_document import suggestion

__all__ = ["compile_condition"]

MAX_CONDITION_CHARS = 4_000
"""Characters; a longer condition is a program, and nobody reviews it."""

MAX_DEPTH = 64
"""Levels of nesting in arguments; the runtime overran its stack between 1,000 and 10,000."""


def compile_condition(
    text: str, *, arguments: Collection[str] | None = None, tools: Collection[str] | None = None
) -> Condition:
    """The condition written in `text`.

    `arguments` are the names it may ask for in `args`, `tools` those it may count with `calls("...")`; `None` leaves
    them unchecked. Raises `PolicyInvalid` with the reason in one line.
    """
    if len(text) > MAX_CONDITION_CHARS:
        raise PolicyInvalid(f"the condition has {len(text)} characters: at most {MAX_CONDITION_CHARS}, split the rule")
    try:
        program = _ENVIRONMENT.compile(text)
    except Exception as error:  # noqa: BLE001 (the runtime does not say what it raises)
        raise PolicyInvalid(_condensed(str(error))) from None
    if program.return_type() != cel.Type.BOOL:
        kind = program.return_type().name().lower()
        raise PolicyInvalid(f"the condition yields {kind}, not a bool: compare it, as in `args.flag == true`")
    _check_names(text, arguments, tools)
    return _CelCondition(text, program)


@dataclass(frozen=True)
class _CelCondition:
    text: str
    program: cel.Expression = field(repr=False, compare=False)

    def __call__(self, facts: Facts) -> bool | None:
        try:
            activation = _LATEST.activation(facts)
            answer = None if activation is None else self.program.eval(activation).value()
        except Exception:  # noqa: BLE001 (2: whatever goes wrong, the condition could not be evaluated)
            return None
        return answer if isinstance(answer, bool) else None


class _Latest(threading.local):
    """The call this thread evaluates conditions on (4); CEL functions look up their facts here."""

    facts: Facts | None = None
    prepared: cel.Activation | None = None

    def activation(self, facts: Facts) -> cel.Activation | None:
        """The variables of a call; `None` when the runtime cannot hold its arguments (3)."""
        if facts is not self.facts:
            self.facts = facts
            self.prepared = None
            if _can_hold(facts.arguments):
                variables = {"tool": facts.tool, "effect": facts.effect, "args": facts.arguments}
                self.prepared = _ENVIRONMENT.Activation(variables)
        return self.prepared

    @property
    def current(self) -> Facts:
        """The facts a function is asked about."""
        if self.facts is None:
            raise LookupError("no call is being decided")
        return self.facts


_LATEST = _Latest()


def _grounded(value: JsonValue) -> bool:
    return _LATEST.current.grounding.is_grounded(value)


def _from_user(value: JsonValue) -> bool:
    return _LATEST.current.grounding.is_from_user(value)


def _calls(tool: str) -> int:
    return _LATEST.current.calls.get(tool, 0)


def _about_any(name: str, function: Callable[[JsonValue], bool]) -> cel.FunctionDecl:
    """A predicate over any JSON value; the runtime finds no overload for a dynamic parameter, so each type has one."""
    kinds = {
        "string": cel.Type.STRING,
        "int": cel.Type.INT,
        "uint": cel.Type.UINT,
        "double": cel.Type.DOUBLE,
        "bool": cel.Type.BOOL,
        "null": cel.Type.NULL,
        "list": cel.Type.List(cel.Type.DYN),
        "map": cel.Type.Map(cel.Type.DYN, cel.Type.DYN),
    }
    overloads = [
        cel.Overload(f"{name}_{kind}", return_type=cel.Type.BOOL, parameters=[parameter], impl=function)
        for kind, parameter in kinds.items()
    ]
    return cel.FunctionDecl(name, overloads)


_ENVIRONMENT = cel.NewEnv(
    variables={
        "tool": cel.Type.STRING,
        "effect": cel.Type.STRING,
        "args": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    },
    functions=[
        _about_any("grounded", _grounded),
        _about_any("from_user", _from_user),
        cel.FunctionDecl(
            "calls",
            [cel.Overload("calls_string", return_type=cel.Type.INT, parameters=[cel.Type.STRING], impl=_calls)],
        ),
    ],
)

KNOWN_NAMES = "`tool`, `effect`, `args`, `calls(tool)`, `grounded(x)`, `from_user(x)`"


def _can_hold(arguments: JsonObject) -> bool:
    """Whether the runtime sees these arguments as they are (3); walks level by level, without recursion."""
    level: list[JsonValue] = [arguments]
    for _ in range(MAX_DEPTH):
        below: list[JsonValue] = []
        for value in level:
            if isinstance(value, str):
                if "\0" in value:
                    return False
            elif isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return True
        level = below
    return False


_REFERENCE = re.compile(
    r"""
    //[^\n]*
    | \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | (?<![\w.])args\s*(?:\.\s*(?P<name>[A-Za-z_]\w*) | \[\s*(?P<quote>["'])(?P<key>[^"'\\\n]*)(?P=quote)\s*\])
    | (?<![\w.])calls\s*\(\s*(?P<mark>["'])(?P<tool>[^"'\\\n]*)(?P=mark)\s*\)
    """,
    re.VERBOSE | re.DOTALL,
)
"""A comment, a text literal, an argument asked for by name, or a tool whose calls are counted."""


def _check_names(text: str, arguments: Collection[str] | None, tools: Collection[str] | None) -> None:
    """A misspelt name would make a condition that never holds, or a limit that is never reached."""
    for found in _REFERENCE.finditer(text):
        argument = found["name"] or found["key"]
        if argument is not None and arguments is not None and argument not in arguments:
            raise PolicyInvalid(f"no tool of this rule has an argument `{argument}`: {suggestion(argument, arguments)}")
        if found["tool"] is not None and tools is not None and found["tool"] not in tools:
            raise PolicyInvalid(f"there is no tool `{found['tool']}` to count: {suggestion(found['tool'], tools)}")


_PLACE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")


def _condensed(message: str) -> str:
    """What the compiler said, in one line with the place and, for an unknown name, the known ones."""
    found = _PLACE.search(message)
    if found is None:
        return re.sub(r"\s+", " ", re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", message)).strip().lower()
    line, column, problem = found.groups()
    unknown = _UNDECLARED.match(problem)
    if unknown:
        problem = f"`{unknown[1]}` is not known with these parameters: conditions know {KNOWN_NAMES}"
    problem = re.sub(r" \[[A-Z_]+\]$", "", problem.split(" expecting {")[0])
    place = f" (line {line}, column {column} of the condition)" if int(line) > 0 else ""
    return f"{problem[:1].lower()}{problem[1:]}{place}"
