"""The words of a shell text that is one simple command, as any POSIX shell would see them; anything else is refused.

A shell text is a program, and programs that read shell text are wrong about it now and then. Nothing is interpreted
here: a text that only holds what has no meaning to a shell is split at its spaces, and a text that holds anything else
raises `ValueError`.

1. Outside quotes: ASCII letters, digits and `_ @ % + = : , . / -`; words end at spaces and tabs.
2. In single quotes: every printable character. In double quotes: the same without the dollar sign, backquote,
   backslash and `!`.
3. The first word is the command: not empty, without `=` (an assignment), no job (`%1`), no word that begins or ends a
   compound command.

That the words are certain says nothing good about the command: `sh -c "..."`, `env`, `xargs` and `eval` are simple
commands whose words are a program again. A policy lists the commands it allows.
"""

from __future__ import annotations

import re

__all__ = ["argv"]

_PIECE = re.compile(
    r"""
    (?P<gap>[ \t]+)
    | (?P<bare>[A-Za-z0-9_@%+=:,./-]+)
    | '(?P<single>[^']*)'
    | "(?P<double>[^"$`\\!]*)"
    """,
    re.VERBOSE,
)

_RESERVED = frozenset(
    ["case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select", "then",
     "time", "until", "while"]
)  # fmt: skip
"""Words that are grammar instead of a command in POSIX, bash or ksh; those with other characters are refused anyway."""


def argv(text: str) -> list[str]:
    """The words of the one simple command that `text` is; the first is the command.

    Raises `ValueError` unless it is certain what a POSIX shell would run.
    """
    words: list[str] = []
    word: str | None = None
    end = 0
    for piece in _PIECE.finditer(text):
        if piece.start() != end:
            break
        end = piece.end()
        if piece["gap"] is None:
            word = (word or "") + piece[piece.lastgroup or 0]
        elif word is not None:
            words.append(word)
            word = None
    if word is not None:
        words.append(word)
    if end != len(text) or not "".join(words).isprintable():  # 1, 2
        raise ValueError("the text holds what means something to a shell, or cannot be seen")
    if not words or not words[0] or "=" in words[0] or words[0].startswith("%") or words[0] in _RESERVED:  # 3
        raise ValueError("the text does not begin with the name of a command")
    return words
