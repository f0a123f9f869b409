"""What the text of a condition names in so many words: arguments, and the last argument of a call when it is a literal.

The compiler cannot know that `args.too` is misspelt or that a pattern is broken; whoever knows the names can, and asks
here what to check. The text is taken to be a condition that compiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["ArgumentUse", "Mention", "argument_uses", "mentions"]

_TOKEN = re.compile(
    r"""
    \s+ | //[^\n]*
    | (?P<literal>
        [bB]?[rR][bB]?(?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
        | [bB]?(?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<name>[A-Za-z_]\w*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Mention:
    """One thing that a condition names."""

    of: str
    """`args` for the name of an argument, else the function that is called."""
    literal: str
    """The name or the function's last argument, as a literal of the condition's language, quotes included."""


@dataclass(frozen=True)
class ArgumentUse:
    """One place where a condition reads an argument, or a member of one."""

    start: int
    """Of `args` in the text."""
    steps: tuple[str, ...]
    """Names, the argument's first: `args.order["sku"]` has two."""
    ends: tuple[int, ...]
    """Where each step ends in the text."""


@dataclass
class _Call:
    function: str = ""
    """Empty for a bracket that calls nothing."""
    argument: list[re.Match[str]] = field(default_factory=list[re.Match[str]])
    """Tokens of the argument that is being read."""


def mentions(text: str) -> Iterator[Mention]:
    """Everything the condition names, in the order of the text."""
    tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup]
    open_calls = [_Call()]
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        if token["name"] == "args" and (before is None or before["sign"] != "."):
            yield from _argument(tokens[place + 1 : place + 4])
        match token["sign"]:
            case "(" | "[" | "{":
                calls = token["sign"] == "(" and before is not None
                open_calls[-1].argument.append(token)
                open_calls.append(_Call((before["name"] or "") if before is not None and calls else ""))
            case ")" | "]" | "}" if len(open_calls) > 1:
                closed = open_calls.pop()
                if closed.function and [each.lastgroup for each in closed.argument] == ["literal"]:
                    yield Mention(closed.function, closed.argument[0][0])
            case ",":
                open_calls[-1].argument.clear()
            case _:
                open_calls[-1].argument.append(token)


def argument_uses(text: str) -> list[ArgumentUse]:
    """Where a condition reads arguments, in the order of the text.

    `has(args.order.sku)` reads `args.order`. Nothing is known where the condition calls something else `args`.
    """
    tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup]
    signs = [token[0] for token in tokens]
    found: list[ArgumentUse] = []
    for place, token in enumerate(tokens):
        if token["name"] != "args" or signs[place - 1 : place] == ["."]:
            continue
        if signs[place + 1 : place + 2] == [","]:
            return []
        steps = list(_steps(tokens, place + 1))
        if signs[max(place - 2, 0) : place] == ["has", "("] and signs[place - 3 : place - 2] != ["."]:
            steps = steps[:-1]
        if steps:
            names, ends = zip(*steps, strict=True)
            found.append(ArgumentUse(token.start(), names, ends))
    return found


def _steps(tokens: list[re.Match[str]], place: int) -> Iterator[tuple[str, int]]:
    """The names that follow from `place` on, each with its end; a name that is called is none."""
    while True:
        match [each[0] for each in tokens[place : place + 3]]:
            case [".", name, *rest] if tokens[place + 1]["name"] and rest != ["("]:
                yield name, tokens[place + 1].end()
                place += 2
            case ["[", literal, "]"] if _PLAIN_TEXT.fullmatch(literal):
                yield literal[1:-1], tokens[place + 2].end()
                place += 3
            case _:
                return


_PLAIN_TEXT = re.compile(r"""(['"])[^'"\\\n]+\1""")


def _argument(following: list[re.Match[str]]) -> Iterator[Mention]:
    """The argument that the tokens after `args` ask for; `args.size()` asks for none."""
    match [each[0] for each in following]:
        case [".", name, *rest] if rest != ["("]:
            yield Mention("args", f"'{name}'")
        case ["[", literal, "]"] if following[1]["literal"]:
            yield Mention("args", literal)
        case _:
            return
