"""Ids that a person can read out and type: runs and questions go by them."""

from __future__ import annotations

import secrets

__all__ = ["is_short_id", "new_short_id"]

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is taken for another one."""

_LENGTH = 8
"""40 bits: with a million runs in a home, one new id in a million is taken and drawn again."""


def new_short_id() -> str:
    """A random id; whoever stores it draws again if it is taken."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def is_short_id(text: str) -> bool:
    """Whether the text can be such an id."""
    return len(text) == _LENGTH and set(text) <= set(_LETTERS)
