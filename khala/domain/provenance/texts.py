"""Texts in which values are found again: as whole words, or as another writing of the same value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from .boundaries import is_whole
from .shapes import keys_in, keys_of

__all__ = ["Texts", "normalised", "stands_in"]

_WORD = re.compile(r"\w+")


def normalised(text: str) -> str:
    """Unicode NFKC, lower case, white space runs as one space: equal when a reader sees the same.

    Lower case and not folded: `strasse.example` and `straße.example` belong to different people.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    lower = unicodedata.normalize("NFKC", text).lower()
    return " ".join(unicodedata.normalize("NFKC", lower).split())  # lower case can take letters apart again


def stands_in(clean: str, text: str) -> bool:
    """Whether a value stands in a text as whole words; both normalised."""
    start = text.find(clean)
    while start >= 0:
        if is_whole(text, start, start + len(clean)):
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
        return bool(self.clean) and next(self.places(clean), None) is not None

    def places(self, clean: str) -> Iterator[int]:
        """Positions of the texts in which a value stands; a position may come twice."""
        words = _WORD.findall(clean)
        if not words or not any(map(str.isalnum, clean)):
            return
        found = [self._with_word.get(word, []) for word in words]
        fewest = found[0] if len(found) == 1 else min(found, key=len)
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
