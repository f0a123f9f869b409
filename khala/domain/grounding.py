"""Where a value came from, decided on the value itself and not on the model's word.

What may live here: the vocabulary of origins, how values are normalised, and the index that answers. A value is
grounded when it stands, as whole words, in the user's words or in a trusted result. Standing only in untrusted free
text does not ground it; neither does a value the model made up or re-spelled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from .label import Label

__all__ = ["Grounding", "Origin", "normalised"]

Origin = Literal["user", "trusted", "said"]
"""`user`: the user's words. `trusted`: a trusted result. `said`: only free text of untrusted results."""

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
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", folded)).strip()  # folding can take letters apart again


@dataclass
class Grounding:
    """The index of one run: what the user said, what trusted results said, what untrusted ones said."""

    _raw: dict[Origin, list[str]] = field(default_factory=dict[Origin, list[str]])
    _indexed: dict[Origin, _Texts] = field(default_factory=dict[Origin, "_Texts"])
    """What was normalised so far; most texts of a run are never asked about."""

    def add_user_words(self, text: str) -> None:
        """The user's task, or a later word of the user."""
        self._add("user", text)

    def add_result(self, text: str, label: Label) -> None:
        """The text of a result; its label says on which side it counts."""
        self._add("trusted" if label.trust == "trusted" else "said", text)

    def origins(self, value: JsonValue) -> frozenset[Origin]:
        """Where a value stands; for a list or object, the origins that hold for every leaf in it.

        An empty text has no origin, nor has one without a letter or digit: nothing vouches for it.
        """
        leaves = list(_leaves(value))
        if not leaves:
            return frozenset()
        return frozenset(origin for origin in self._raw if all(map(self._texts(origin).hold, leaves)))

    def is_from_user(self, value: JsonValue) -> bool:
        """Whether every leaf of the value stands in the user's words."""
        return self._vouched(value, "user")

    def is_grounded(self, value: JsonValue) -> bool:
        """Whether every leaf of the value stands in the user's words or in a trusted result."""
        return self._vouched(value, "user", "trusted")

    def _vouched(self, value: JsonValue, *origins: Origin) -> bool:
        leaves = list(_leaves(value))
        return bool(leaves) and all(any(self._texts(origin).hold(leaf) for origin in origins) for leaf in leaves)

    def _add(self, origin: Origin, text: str) -> None:
        self._raw.setdefault(origin, []).append(text)

    def _texts(self, origin: Origin) -> _Texts:
        texts = self._indexed.setdefault(origin, _Texts())
        for text in self._raw.get(origin, [])[len(texts.clean) :]:
            texts.add(normalised(text))
        return texts


@dataclass
class _Texts:
    """Normalised texts, found by their words: where a value stands as whole words, each word of it stands as well."""

    clean: list[str] = field(default_factory=list[str])
    _with_word: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def add(self, clean: str) -> None:
        for word in set(_WORD.findall(clean)):
            self._with_word.setdefault(word, []).append(len(self.clean))
        self.clean.append(clean)

    def hold(self, leaf: str) -> bool:
        """Whether the value stands in one of the texts; one without a letter or digit stands nowhere."""
        clean = normalised(leaf)
        if not any(map(str.isalnum, clean)):
            return False
        places = [self._with_word.get(word, []) for word in _WORD.findall(clean)]
        return any(_stands_in(clean, self.clean[place]) for place in min(places, key=len, default=()))


def _stands_in(clean: str, text: str) -> bool:
    """Whether the value stands in the text as whole words."""
    start = text.find(clean)
    while start >= 0:
        if _WORD_START.match(text, start) and _WORD_END.match(text, start + len(clean)):
            return True
        start = text.find(clean, start + 1)
    return False


def _leaves(value: JsonValue) -> Iterable[str]:
    match value:
        case None:
            return
        case bool():
            yield "true" if value else "false"
        case str():
            yield value
        case float() if value.is_integer():
            yield str(int(value))  # whoever writes 10 means 10.0 as well
        case int() | float():
            yield str(value)
        case list():
            for item in value:
                yield from _leaves(item)
        case dict():
            for item in value.values():
                yield from _leaves(item)
