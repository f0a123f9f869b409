"""Texts in which values are found again: as whole words, or as another writing of the same value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from .shapes import keys_in, keys_of

__all__ = ["Texts", "normalised", "stands_in"]

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")

_UNSEEN = "\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
"""Characters that alter or hide inside a word without being letters: combining, zero width, bidi, tags."""

_GROUPED = r"[,'\u2019]\d"
_AFTER_A_GROUP = r"(?<=\d[,'\u2019])\d|(?:(?<=(?<!\d)\d )|(?<=(?<!\d)\d\d )|(?<=(?<!\d)\d\d\d ))\d{3}(?!\d)"
"""How 50,000 and 50'000 and 50 000 go on, and what their later groups come after."""

_WORD_START = re.compile(rf"(?<![\w.@/\\+\-\u2044\u2212{_UNSEEN}])(?!{_AFTER_A_GROUP})")
_WORD_END = re.compile(
    rf"(?![\w@/\\+\-\u2044{_UNSEEN}]|[.:?&=#~%]\w)(?!(?<=\d){_GROUPED}|(?<=\d)(?<!\d{{4}}) \d{{3}}(?!\d))"
)
"""Where a value may begin and end inside a text: not within a word, an address, a path, a URL or a number."""


def normalised(text: str) -> str:
    """Unicode NFKC, case folded, white space runs as one space: equal when a reader sees the same."""
    if text.isascii():
        return _SPACE.sub(" ", text.lower()).strip()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", folded)).strip()  # folding can take letters apart again


def stands_in(clean: str, text: str) -> bool:
    """Whether a value stands in a text as whole words; both normalised."""
    start = text.find(clean)
    while start >= 0:
        if _WORD_START.match(text, start) and _WORD_END.match(text, start + len(clean)):
            return True
        start = text.find(clean, start + 1)
    return False


@dataclass
class Texts:
    """Normalised texts, found by their words: where a value stands as whole words, each word of it stands as well."""

    clean: list[str] = field(default_factory=list[str])
    _with_word: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    _with_key: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    _keyed: int = 0
    """Texts whose other writings were looked for; most are never asked about a value that has any."""

    def add(self, clean: str) -> int:
        """Take in a text; its position, which `places` gives."""
        place = len(self.clean)
        for word in set(_WORD.findall(clean)):
            self._with_word.setdefault(word, []).append(place)
        self.clean.append(clean)
        return place

    def has_word(self, word: str) -> bool:
        """Whether a word stands in any text."""
        return word in self._with_word

    def hold(self, clean: str) -> bool:
        """Whether a value stands in one of the texts; one without a letter or digit stands nowhere."""
        return next(self.places(clean), None) is not None

    def places(self, clean: str) -> Iterator[int]:
        """Positions of the texts in which a value stands; a position may come twice."""
        words = _WORD.findall(clean)
        if not words or not any(map(str.isalnum, clean)):
            return
        fewest = min((self._with_word.get(word, []) for word in words), key=len)
        for place in fewest:
            if stands_in(clean, self.clean[place]):
                yield place
        keys = keys_of(clean)
        if keys:
            self._look_for_keys()
            for key in keys:
                yield from self._with_key.get(key, ())

    def _look_for_keys(self) -> None:
        for place in range(self._keyed, len(self.clean)):
            for key in set(keys_in(self.clean[place])):
                self._with_key.setdefault(key, []).append(place)
        self._keyed = len(self.clean)
