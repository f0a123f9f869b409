"""Conditions of rules, written in CEL: checked when a policy is loaded, evaluated on the facts of one call.

1. Only a text that compiles, asks for known names and yields a bool becomes a condition.
2. The runtime reports an error as a value, not as an exception; whatever is not a bool counts as `None`.
3. The runtime cuts a text at its first NUL character and recurses without limit into nested values. Arguments that hold
   the one or the other are not shown to it: no condition on them can be evaluated.
4. Conditions on one call share one activation, so that its arguments are converted once, and one evaluation where all
   of them have an answer; the answers are those that each gives by itself.

A condition knows `tool` and `effect` (text), `args` (map of the canonical arguments), what CEL knows, and the functions
that docs/policy-functions.md explains. A function that cannot answer for certain raises; the runtime takes that for an
error, so that the condition cannot be evaluated (2).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cel_expr_python import cel
from pydantic import JsonValue

from khala.domain.budget import Spend
from khala.domain.policy import Condition, Facts, Judge
from khala.domain.value import JsonObject
from khala.errors import PolicyInvalid

from .argument_kinds import Kind
from .compiler_words import PLACE, condensed
from .condition_text import mentions
from .confusables import confusable
from .path_under import under
from .policy_document import suggestion
from .private_address import private_address
from .shell_words import argv
from .web_host import host

__all__ = ["FUNCTIONS", "compile_condition", "faults_with", "together"]

MAX_CONDITION_CHARS = 4_000
"""Characters; a longer condition is a program, and nobody reviews it."""

MAX_TOGETHER = 32
"""Conditions in one expression; their answers are the bits of its number, of which the runtime has 63."""

MAX_FAILURES = 8
"""Evaluations of a batch without an answer after which its conditions are asked one by one for good."""

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
        raise PolicyInvalid(condensed(str(error))) from None
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
        answer = _evaluated(self.program, facts)
        return answer if isinstance(answer, bool) else None


def together(conditions: Sequence[Condition]) -> Judge:
    """The answers to several conditions, most of them from one evaluation."""
    batches = [_Batch(conditions[at : at + MAX_TOGETHER]) for at in range(0, len(conditions), MAX_TOGETHER)]
    if len(batches) == 1:
        return batches[0].answers
    return lambda facts: [answer for batch in batches for answer in batch.answers(facts)]


class _Batch:
    """Conditions that one expression answers together, as the bits of a number.

    Where one of them has no answer, the expression has none either, and each is asked by itself. So is each once that
    came to pass too often: an argument that is left out most of the time would make every decision pay for both.
    """

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._conditions = conditions
        self._failures_left = MAX_FAILURES
        self._program: cel.Expression | None = None
        if len(conditions) > 1 and all(isinstance(each, _CelCondition) for each in conditions):
            bits = (f"(({each.text}\n) ? {1 << place} : 0)" for place, each in enumerate(conditions))
            try:
                self._program = _ENVIRONMENT.compile(" + ".join(bits))
            except Exception:  # noqa: BLE001 (too long together: each is asked by itself)
                self._program = None

    def answers(self, facts: Facts) -> list[bool | None]:
        """What each condition says."""
        if self._program is not None:
            answer = _evaluated(self._program, facts)
            if isinstance(answer, int):
                return [answer >> place & 1 == 1 for place in range(len(self._conditions))]
            self._failures_left -= 1
            if self._failures_left == 0:
                self._program = None
        return [condition(facts) for condition in self._conditions]


def _evaluated(program: cel.Expression, facts: Facts) -> object:
    """What an expression yields; `None` for an error and for arguments that the runtime cannot hold (3)."""
    try:
        activation = _LATEST.activation(facts)
        return None if activation is None else program.eval(activation).value()
    except Exception:  # noqa: BLE001 (2: whatever goes wrong, the condition could not be evaluated)
        return None


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


def _sources(value: JsonValue) -> list[str]:
    return sorted(_LATEST.current.grounding.origins(value))


def _asked() -> bool:
    return _LATEST.current.is_asked_for()


def _discloses() -> bool:
    return bool(_LATEST.current.disclosed())


def _calls(tool: str) -> int:
    return _LATEST.current.calls.get(tool, 0)


def _spent(name: str) -> float:
    return float(_LATEST.current.spend[name])


def _matches_whole(text: str, pattern: str) -> bool:
    answer = _BOTH_MATCH.eval(_PATTERNS.Activation({"text": text, "pattern": pattern})).value()
    if not isinstance(answer, bool):
        raise TypeError(f"`{pattern}` is no pattern")
    return answer


_TEXT, _YES_OR_NO, _TEXTS = cel.Type.STRING, cel.Type.BOOL, cel.Type.List(cel.Type.STRING)

_PATTERNS = cel.NewEnv(variables={"text": _TEXT, "pattern": _TEXT})
_BOTH_MATCH = _PATTERNS.compile(r"[text.matches(pattern), text.matches('\\A(?:' + pattern + ')\\z')] == [true, true]")
"""The pattern must be one alone: `a)|(b` is none, and would be one between brackets."""


def _on_texts(name: str, function: Callable[..., object], *, texts: int, result: cel.Type) -> cel.FunctionDecl:
    """A function of one or two texts; of two, it can also be written `first.name(second)`."""
    overload = cel.Overload(f"{name}_string", return_type=result, parameters=[_TEXT] * texts, impl=function)
    if texts == 1:
        return cel.FunctionDecl(name, [overload])
    member = cel.Overload(
        f"string_{name}_string", return_type=result, parameters=[_TEXT] * texts, is_member=True, impl=function
    )
    return cel.FunctionDecl(name, [overload, member])


def _on_the_call(name: str, function: Callable[[], bool]) -> cel.FunctionDecl:
    """A function of the whole call."""
    return cel.FunctionDecl(name, [cel.Overload(f"{name}_call", return_type=_YES_OR_NO, parameters=[], impl=function)])


def _on_any(name: str, function: Callable[[JsonValue], object], *, result: cel.Type) -> cel.FunctionDecl:
    """A function of any JSON value; the runtime finds no overload for a dynamic parameter, so each type has one."""
    kinds = {
        "string": _TEXT,
        "int": cel.Type.INT,
        "uint": cel.Type.UINT,
        "double": cel.Type.DOUBLE,
        "bool": cel.Type.BOOL,
        "null": cel.Type.NULL,
        "list": cel.Type.List(cel.Type.DYN),
        "map": cel.Type.Map(cel.Type.DYN, cel.Type.DYN),
    }
    overloads = [
        cel.Overload(f"{name}_{kind}", return_type=result, parameters=[parameter], impl=function)
        for kind, parameter in kinds.items()
    ]
    return cel.FunctionDecl(name, overloads)


_DECLARED = {
    "asked": _on_the_call("asked", _asked),
    "argv": _on_texts("argv", argv, texts=1, result=_TEXTS),
    "calls": _on_texts("calls", _calls, texts=1, result=cel.Type.INT),
    "confusable": _on_texts("confusable", confusable, texts=1, result=_YES_OR_NO),
    "discloses": _on_the_call("discloses", _discloses),
    "from_user": _on_any("from_user", _from_user, result=_YES_OR_NO),
    "grounded": _on_any("grounded", _grounded, result=_YES_OR_NO),
    "host": _on_texts("host", host, texts=1, result=_TEXT),
    "matches_whole": _on_texts("matches_whole", _matches_whole, texts=2, result=_YES_OR_NO),
    "private_address": _on_texts("private_address", private_address, texts=1, result=_YES_OR_NO),
    "sources": _on_any("sources", _sources, result=_TEXTS),
    "spent": _on_texts("spent", _spent, texts=1, result=cel.Type.DOUBLE),
    "under": _on_texts("under", under, texts=2, result=_YES_OR_NO),
}

FUNCTIONS = frozenset(_DECLARED)
"""Names of the functions that conditions know beside those of CEL itself."""

_VARIABLES = {"tool": _TEXT, "effect": _TEXT, "args": cel.Type.Map(_TEXT, cel.Type.DYN)}
_ENVIRONMENT = cel.NewEnv(variables=_VARIABLES, functions=list(_DECLARED.values()))

_SPENT_NAMES = Spend().amounts.keys()


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


def faults_with(text: str, variable: str, kind: Kind) -> list[str]:
    """What the compiler has against a condition that reads one more variable, of a kind; each with its place."""
    try:
        _environment_with(variable, kind).compile(text)
    except Exception as error:  # noqa: BLE001 (the runtime does not say what it raises)
        return [found[0] for found in PLACE.finditer(str(error))]
    return []


@lru_cache(maxsize=256)
def _environment_with(variable: str, kind: Kind) -> cel.Env:
    return cel.NewEnv(variables=_VARIABLES | {variable: _type(kind)}, functions=list(_DECLARED.values()))


def _type(kind: Kind) -> cel.Type:
    """The type of values of a kind; simple ones may also be compared with null."""
    match kind.name:
        case "string" | "int" | "double" | "bool":
            wrapped = {"string": "String", "int": "Int64", "double": "Double", "bool": "Bool"}[kind.name]
            return cel.Type(f"google.protobuf.{wrapped}Value")
        case "null":
            return cel.Type.NULL
        case "list":
            return cel.Type.List(cel.Type.DYN if kind.items is None else _type(kind.items))
        case "map":
            return cel.Type.Map(_TEXT, cel.Type.DYN)
        case "anything":
            return cel.Type.DYN


def _check_names(text: str, arguments: Collection[str] | None, tools: Collection[str] | None) -> None:
    """A misspelt name would make a condition that never holds or a limit never reached; so would a broken pattern."""
    for mention in mentions(text):
        value = _value(mention.literal) if mention.of in _CHECKED else None
        if not isinstance(value, str):
            continue
        match mention.of:
            case "args" if arguments is not None and value not in arguments:
                raise PolicyInvalid(f"no tool of this rule has an argument `{value}`: {suggestion(value, arguments)}")
            case "calls" if tools is not None and value not in tools:
                raise PolicyInvalid(f"there is no tool `{value}` to count: {suggestion(value, tools)}")
            case "spent" if value not in _SPENT_NAMES:
                raise PolicyInvalid(f"a run does not count `{value}`: {suggestion(value, _SPENT_NAMES)}")
            case "matches" | "matches_whole" if not isinstance(_value(f"''.{mention.of}({mention.literal})"), bool):
                raise PolicyInvalid(f"`{value}` is no pattern: write one in RE2's syntax")
            case "under" if not value.startswith("/"):
                raise PolicyInvalid(f"`{value}` is no root: begin it with `/`")
            case _:
                pass


_CHECKED = frozenset(["args", "calls", "spent", "matches", "matches_whole", "under"])


def _value(text: str) -> object:
    """What an expression without variables yields; not a text nor a bool when it is in error."""
    return _ENVIRONMENT.compile(text).eval(_ENVIRONMENT.Activation({})).value()
