"""What the compiler of conditions says, told in one line."""

from __future__ import annotations

import re

__all__ = ["PLACE", "condensed"]

_KNOWN_NAMES = (
    "`tool`, `effect`, `args`, `argv(text)`, `asked()`, `calls(tool)`, `confusable(text)`, `discloses()`, "
    "`from_user(x)`, `grounded(x)`, `host(url)`, `matches_whole(text, pattern)`, `private_address(url)`, "
    "`sources(x)`, `spent(name)`, `under(path, root)`"
)
PLACE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
"""A problem with its line and column; there may be several in one message."""

_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")


def condensed(message: str) -> str:
    """What the compiler said, in one line with the place and, for an unknown name, the known ones."""
    found = PLACE.search(message)
    if found is None:
        return re.sub(r"\s+", " ", re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", message)).strip().lower()
    line, column, problem = found.groups()
    unknown = _UNDECLARED.match(problem)
    if unknown:
        problem = f"`{unknown[1]}` is not known with these parameters: conditions know {_KNOWN_NAMES}"
    problem = re.sub(r" \[[A-Z_]+\]$", "", problem.split(" expecting {")[0])
    if re.search(r"'\((double, int|int, double)\)'$", problem):
        problem += ": write the whole number with a decimal point, as in `3.0`"
    place = f" (line {line}, column {column} of the condition)" if int(line) > 0 else ""
    return f"{problem[:1].lower()}{problem[1:]}{place}"
