"""Where a value stands inside JSON, and how a written path picks values.

A path is written as in `recipients`, `order.items[].sku`, `shared_with{}` or `prices.*`: names joined by dots, `[]` for
every item of a list, `*` for every member of an object, `{}` for its keys, `.` for all there is. A path picks what it
names and all below it; of two that fit, the longer counts. A list of one and the one alone are picked by the same path.
Keys are picked by `{}` alone, unless all below a path is wanted with its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from pydantic import JsonValue

__all__ = ["Leaf", "PathMap", "as_text", "is_path"]

MAX_DEPTH = 64
"""Levels of nesting that are walked; for what is deeper nobody can vouch."""

MAX_KNOWN = 10_000
"""Places whose mark is kept; strangers can make up more."""

_TOKEN = re.compile(r"\[\]|\{\}|[^.\[\]{}]+")
_PATH = re.compile(r"(?:[^.\[\]{}]+|\[\])(?:\[\]|\.[^.\[\]{}]+)*(?:\{\})?|\{\}|\.")

Mark = TypeVar("Mark")
Leaf = str | int | float | bool
Tokens = tuple[str, ...]


def is_path(text: str) -> bool:
    """Whether the text is a path as this module reads it."""
    return _PATH.fullmatch(text) is not None


def as_text(leaf: Leaf) -> str:
    """A leaf as people write it."""
    match leaf:
        case bool():
            return "true" if leaf else "false"
        case float() if leaf.is_integer():
            return str(int(leaf))  # whoever writes 10 means 10.0 as well
        case _:
            return str(leaf)


class PathMap(Generic[Mark]):
    """Marks for values, by the paths that pick them."""

    def __init__(self, marks: Mapping[str, Mark], *, with_keys: bool = False) -> None:
        self._marks = {_tokens(path): mark for path, mark in marks.items() if path}
        self._marks |= {(path,): mark for path, mark in marks.items()}  # a name may look like a path
        self._with_keys = with_keys
        self._found: dict[Tokens, Mark | None] = {}

    def walk(self, value: JsonValue, at: str = "") -> Iterator[tuple[str, Leaf, Mark | None]]:
        """Every leaf of a value with its place, as in `items[2].sku`, and the mark of the path that picks it.

        Raises `ValueError` for a value that nests deeper than 64 levels.
        """
        yield from self._walk(value, at, (), 0)

    def _walk(self, value: JsonValue, at: str, tokens: Tokens, depth: int) -> Iterator[tuple[str, Leaf, Mark | None]]:
        match value:
            case None:
                return
            case dict() if depth < MAX_DEPTH:
                keys = self._mark((*tokens, "{}")) if value else None
                for name, member in value.items():
                    if keys is not None:
                        yield f"{at}{{}}", name, keys
                    yield from self._walk(member, f"{at}.{name}" if at else name, (*tokens, name), depth + 1)
            case list() if depth < MAX_DEPTH:
                for position, item in enumerate(value):
                    yield from self._walk(item, f"{at}[{position}]", (*tokens, "[]"), depth + 1)
            case dict() | list():
                raise ValueError(f"values nest deeper than {MAX_DEPTH} levels")
            case _:
                yield at, value, self._mark(tokens)

    def _mark(self, tokens: Tokens) -> Mark | None:
        if tokens not in self._found:
            if len(self._found) >= MAX_KNOWN:
                self._found.clear()
            is_key = tokens[-1:] == ("{}",) and not self._with_keys
            fitting = [path for path in self._marks if _fits(path, tokens) and (not is_key or path[-1:] == ("{}",))]
            best = max(fitting, key=lambda path: (len(path), -path.count("*")), default=None)
            self._found[tokens] = None if best is None else self._marks[best]
        return self._found[tokens]


def _tokens(path: str) -> Tokens:
    return tuple(_TOKEN.findall(path))


def _fits(path: Tokens, tokens: Tokens) -> bool:
    """Whether a path picks what stands at `tokens` or above it; whether in a list or alone."""
    names, here = [[each for each in steps if each != "[]"] for steps in (path, tokens)]
    return len(names) <= len(here) and all(
        wanted == name or (wanted == "*" and name != "{}") for wanted, name in zip(names, here, strict=False)
    )
