"""Where a value may begin and end inside a text: not within a word, an address, a path, a URL or a number."""

from __future__ import annotations

import re

__all__ = ["is_whole"]

_UNSEEN = "\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
"""Characters that alter or hide inside a word without being letters: combining, zero width, bidi, tags."""

_GROUPED = r"[,'\u2019]\d"
_AFTER_A_GROUP = r"(?<=\d[,'\u2019])\d|(?:(?<=(?<!\d)\d )|(?<=(?<!\d)\d\d )|(?<=(?<!\d)\d\d\d ))\d{3}(?!\d)"
"""How 50,000 and 50'000 and 50 000 go on, and what their later groups come after."""

_START = re.compile(rf"(?<![\w.@/\\+\-\u2044\u2212{_UNSEEN}])(?!{_AFTER_A_GROUP})")
_END = re.compile(
    rf"(?![\w@/\\+\-\u2044{_UNSEEN}]|[.:?&=#~%]\w)(?!(?<=\d){_GROUPED}|(?<=\d)(?<!\d{{4}}) \d{{3}}(?!\d))"
)


def is_whole(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is no part of something longer."""
    return _START.match(text, start) is not None and _END.match(text, end) is not None
