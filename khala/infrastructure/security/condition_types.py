"""Whether a condition uses arguments as what they are: `args.count > "3"` compares a whole number with a text.

The runtime knows arguments only as values of any type, so that such a condition compiles and never has an answer. Here
it is compiled again for each place where it reads an argument, that place alone given a type:

1. the types are those that the schemas of all tools allow which the rule looks at, one after the other;
2. a place is at fault when it does not compile with any of them: whatever value reaches it, it has no answer. So
   `tool == "a" && args.x > 3 || tool == "b" && args.x == "y"` is sound, and so is `args.x == null || args.x > 3`;
3. nothing is at fault that the runtime has an answer to: numbers of all types may be compared with one another, what is
   null with anything, and the two sides of a choice may differ;
4. a place where a value may be anything is never at fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from khala.domain.value import JsonObject

from .argument_kinds import ANYTHING, Kind, kinds_at
from .cel_conditions import faults_with
from .condition_text import ArgumentUse, argument_uses

__all__ = ["type_fault"]

_MISMATCH = re.compile(r"found no matching overload for '(?P<function>[^']*)' applied to '(?P<types>.*)'")
_PLACE = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<problem>.*?)(?: \[[A-Z_]+\])?$")
_WRAPPED = re.compile(r"wrapper\((\w+)\)")
_NUMBER = re.compile(r"\b(?:int|uint|double)\b")

_SIGNS = {
    "_==_": "==", "_!=_": "!=", "_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">=", "@in": "in", "_+_": "+",
    "_-_": "-", "_*_": "*", "_/_": "/", "_%_": "%", "_&&_": "&&", "_||_": "||", "!_": "!", "-_": "-",
    "_[_]": "[]", "_?_:_": "?:",
}  # fmt: skip
"""How the language writes what the compiler names otherwise."""


def type_fault(text: str, schemas: Mapping[str, JsonObject]) -> str | None:
    """What is wrong with a condition that compiles, in one line; `schemas` are of canonical arguments, by tool."""
    for use in argument_uses(text):
        fault = _fault_at(use, text, schemas)
        if fault is not None:
            return fault
    return None


def _fault_at(use: ArgumentUse, text: str, schemas: Mapping[str, JsonObject]) -> str | None:
    """What is wrong with one place (2)."""
    found: list[tuple[int, Kind, str]] = []
    for end, kind in _readings(use, schemas.values()):
        faults = [] if kind == ANYTHING else _faults(use.start, end, text, kind)
        if not faults:
            return None
        found.append((end, kind, faults[0]))
    if not found:
        return None
    end, _, fault = found[0]
    kinds = " or ".join(dict.fromkeys(kind.name for _, kind, _ in found))
    return f"`{text[use.start : end]}` is {kinds}: {_told(fault)}"


def _readings(use: ArgumentUse, schemas: Iterable[JsonObject]) -> Sequence[tuple[int, Kind]]:
    """Where what is read here can end, and what it then can be (1)."""
    found: set[tuple[int, Kind]] = set()
    for schema in schemas:
        followed, kinds = kinds_at(use.steps, schema)
        found |= {(use.ends[followed - 1], kind) for kind in kinds}
    return sorted(found, key=lambda each: (each[0], each[1] != ANYTHING, repr(each[1])))


def _faults(start: int, end: int, text: str, kind: Kind) -> list[str]:
    variable = "_" * (end - start)  # as long as what it stands for: the compiler tells places
    while variable in text:
        variable += "_"
    faults = faults_with(text[:start] + variable + text[end:], variable, kind)
    return [each for each in faults if not _has_answer(each)]


def _has_answer(fault: str) -> bool:
    """Whether the runtime takes what the compiler refuses (3)."""
    mismatch = _MISMATCH.search(fault)
    if mismatch is None:
        return False
    types = _split(_NUMBER.sub("number", _WRAPPED.sub(r"\1", mismatch["types"]))[1:-1])
    match mismatch["function"], types:
        case (("_==_" | "_!=_"), [one, other]):
            return one == other or "null_type" in (one, other)
        case (("_<_" | "_<=_" | "_>_" | "_>=_"), [one, other]):
            return one == other == "number"
        case "@in", [one, other]:
            return other.startswith((f"list({one})", f"map({one}, ")) or (one == "null_type" and "(" in other)
        case "_[_]", [one, other]:
            return other == "number" and one.startswith(("list(", "map(number, "))
        case "_?_:_", [one, _, _]:
            return one in ("bool", "dyn")
        case _:
            return False


def _split(types: str) -> list[str]:
    """The types in a list of them, not those inside others."""
    found, depth = [""], 0
    for character in types:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [each.strip() for each in found]


def _told(fault: str) -> str:
    place = _PLACE.match(fault)
    problem = fault if place is None else place["problem"]
    where = "" if place is None else f" (line {place['line']}, column {place['column']} of the condition)"
    mismatch = _MISMATCH.search(problem)
    if mismatch is None:
        return _WRAPPED.sub(r"\1", problem) + where
    function = mismatch["function"]
    what = f"`{_SIGNS[function]}`" if function in _SIGNS else f"`{function}`"
    types = _WRAPPED.sub(r"\1", mismatch["types"])
    fix = "use values of one type, or convert one, as in `string(x)`, `int(x)`, `double(x)`"
    return f"{what} does not take {types}{where}: {fix}"
