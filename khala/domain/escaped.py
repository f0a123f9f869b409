"""Texts that somebody else wrote, made safe to show: what does not print is spelled out."""

from __future__ import annotations

__all__ = ["escaped"]


def escaped(text: str, *, spared: str = "") -> str:
    r"""The text with control, direction, invisible and half characters as `\x1b` or `\u202e`; `spared` ones stay.

    A line end or a text-direction mark in a file name or a result must not forge output or drive a terminal.
    """
    return "".join(
        sign if sign.isprintable() or sign in spared else sign.encode("unicode_escape", "surrogatepass").decode("ascii")
        for sign in text
    )
