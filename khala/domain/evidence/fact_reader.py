"""Takes a passage or claim apart in one pass over its tokens.

This is lexical: it knows capital letters, punctuation and a few dozen words, and reads no meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest

from .dates import DATE, Date, date_of
from .facts import Anchor, Facts
from .quantities import QUANTITY, Quantity, grouped, quantity_of, with_plain_units, with_unit_of
from .records import spelled_out
from .wording import STOP_WORDS, folded, stem, straightened, with_numbers_apart, words

__all__ = ["facts_of"]

_TOKEN = re.compile(
    rf"(?P<date>{DATE})|(?P<quantity>{QUANTITY})|(?P<word>\w+(?:[.'\-/:@]\w+)*(?:\(\))?)|(?P<mark>[.!?;:,()\"]|\s-\s)"
)
_QUOTATION = re.compile(r'"([^"]{2,})"|`+([^`]{2,})`+')
_OMISSION = re.compile(r"\.\.\.|…|\[[^\]]*\]")
_MARKUP = str.maketrans("", "", "`*\u00ad\u200b\u2060\ufeff")
_PARTICLES = frozenset(["van", "von", "de", "der", "den", "da", "di", "du", "la", "le", "bin", "ibn", "al"])
_DENIALS = frozenset(
    ["not", "never", "no", "none", "nobody", "nor", "neither", "without", "cannot", "hardly", "rarely", "seldom"]
)
_DENYING_CHARACTERS = frozenset("不没沒未无無非")
"""Chinese characters that a denial begins with."""
_DENIES_ALL = frozenset(["neither", "nor", "nobody", "none"])
"""Denials of whatever their clause goes on to say."""
_CONJUNCTIONS = frozenset(["and", "but", "while", "whereas", "although", "though"])
DENIED_WORDS = 2
"""Content words after a denial that it is taken to deny: `did not acquire YouTube`."""


def facts_of(text: str, *, is_row: bool = False) -> Facts:
    """The facts of a passage or claim; `is_row` for a row of a table."""
    plain = straightened(unicodedata.normalize("NFKC", grouped(text)))
    reader = _Reader(with_plain_units(with_numbers_apart(spelled_out(plain))))
    return reader.read(is_row=is_row, is_record='":' in plain)


class _Reader:
    """One pass over a text, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[str] = []
        self._quantities: list[Quantity] = []
        self._quantity_places: list[tuple[int, int]] = []
        self._dates: list[Date] = []
        self._date_places: list[tuple[int, int]] = []
        self._exact: list[str] = []
        self._opening = ""
        self._denials: list[int] = []
        self._anchors: list[Anchor] = []
        self._clause = 0
        self._clauses: list[int] = []
        self._numeric: set[int] = set()
        self._sentence_ends: set[int] = set()
        self._mays: set[int] = set()
        self._initial = True
        self._run: list[str] = []
        """Capitalised words in a row, so far."""
        self._run_is_initial = False

    def read(self, *, is_row: bool, is_record: bool) -> Facts:
        for quoted in _QUOTATION.finditer(self._text):
            for part in _OMISSION.split(quoted[1] or quoted[2]):
                self._exact.append(" ".join(words(folded(part))))
        quoted = tuple(run for run in self._exact if run)
        tokens = list(_TOKEN.finditer(self._text.translate(_MARKUP)))
        for token, following in zip_longest(tokens, tokens[1:]):
            if token["word"]:
                self._take_word(token["word"], following)
            else:
                self._end_run()
                if token["mark"]:
                    self._take_mark(token["mark"].strip(), following)
                else:
                    self._take_number(token)
        self._end_run()
        return Facts(
            words=tuple(self._words),
            quantities=tuple(self._quantities),
            quantity_places=tuple(self._quantity_places),
            dates=tuple(self._dates),
            date_places=tuple(self._date_places),
            exact=tuple(run for run in self._exact if run),
            opening=self._opening,
            quoted=quoted,
            denied=tuple(self._denied()),
            denying_clauses=frozenset(self._clauses[at] for at in self._denials),
            anchors=tuple(self._anchors),
            clauses=tuple(self._clauses),
            sentence_ends=frozenset(self._sentence_ends),
            numeric=frozenset(self._numeric),
            mays=frozenset(self._mays),
            is_row=is_row,
            is_record=is_record,
        )

    def _take_word(self, word: str, following: re.Match[str] | None) -> None:
        parts = words(folded(word.removesuffix("'s")))
        plain = " ".join(parts)
        if plain in _CONJUNCTIONS and not (self._run and _is_capitalised(following)):
            self._clause += 1
        is_adding = following is not None and following[0] == "only" and "but" in self._text[following.end() :]
        if (plain in _DENIALS or word.endswith("n't")) and not is_adding:
            self._denials.append(len(self._words))
        is_name = word[:1].isupper() and plain not in STOP_WORDS
        if is_name or (self._run and plain in _PARTICLES and _is_capitalised(following)):
            if not self._run:
                self._run_is_initial = self._initial
            self._say(parts)
            self._run.extend(parts)
            if word.endswith("'s"):
                self._end_run()
                self._say(["s"])
        else:
            self._end_run()
            said = words(folded(word))
            self._denials.extend(
                len(self._words) + at for at, part in enumerate(said) if part[0] in _DENYING_CHARACTERS
            )
            self._say(said)
            if _is_identifier(word):
                self._exact.append(plain)
                first = len(self._words) - len(parts)
                self._anchors.append(Anchor("code", frozenset(parts), first, len(self._words) - 1, self._clause))
            if word == "May" and not self._initial:
                self._mays.add(len(self._words) - 1)
        if self._initial and is_name and following is not None and following["mark"] == "," and len(self._run) == 1:
            self._run = []  # "Typically, ...": no name
        self._initial = False

    def _end_run(self) -> None:
        run, self._run = self._run, []
        if not run:
            return
        last = len(self._words) - 1
        self._anchors.append(Anchor("name", frozenset(run), last - len(run) + 1, last, self._clause))
        if self._run_is_initial:
            if not self._opening and last - len(run) + 1 == 0:
                self._opening = stem(run[0])
            run = run[1:]
        if run:
            self._exact.append(" ".join(run))

    def _take_number(self, token: re.Match[str]) -> None:
        spelled = words(folded(token[0]))
        place = (len(self._words), len(self._words) + len(spelled) - 1)
        if token["date"]:
            date = date_of(token)
            self._dates.append(date)
            self._date_places.append(place)
            if date.year:
                year = str(date.year)
                self._quantities.append(Quantity(year, "", is_spelled=False, written=year, said=year))
                self._quantity_places.append(place)
            value = f"{date.year}-{date.month}-{date.day}"
        else:
            quantity = quantity_of(token)
            self._complete_range(quantity)
            self._quantities.append(quantity)
            self._quantity_places.append(place)
            value = quantity.value
        self._numeric.update(range(len(self._words), len(self._words) + len(spelled)))
        self._say(spelled)
        last = len(self._words) - 1
        if not (token["quantity"] and token["spelled"]):
            self._anchors.append(Anchor("number", frozenset((value,)), last - len(spelled) + 1, last, self._clause))
        self._initial = False

    def _complete_range(self, quantity: Quantity) -> None:
        """Give the unit of `90 %` to the 80 in `from 80 to 90 %`."""
        if not quantity.unit or not self._quantities or self._quantities[-1].unit:
            return
        between = self._words[self._quantity_places[-1][1] + 1 :]
        if between in (["to"], ["or"], []) or (between == ["and"] and "between" in self._words):
            self._quantities[-1] = with_unit_of(self._quantities[-1], quantity)

    def _take_mark(self, mark: str, following: re.Match[str] | None) -> None:
        between_names = (
            bool(self._anchors) and self._anchors[-1].last == len(self._words) - 1 and _is_capitalised(following)
        )
        if mark != '"' and not (mark == "," and between_names and self._anchors[-1].kind == "name"):
            self._clause += 1
        if mark in ".!?":
            self._sentence_ends.add(len(self._words) - 1)
        self._initial = mark != ","

    def _say(self, parts: list[str]) -> None:
        self._words.extend(parts)
        self._clauses.extend([self._clause] * len(parts))

    def _denied(self) -> Iterator[frozenset[str]]:
        for at in self._denials:
            scope: list[str] = []
            most = len(self._words) if self._words[at] in _DENIES_ALL else DENIED_WORDS
            for place in range(at + 1, len(self._words)):
                if self._clauses[place] != self._clauses[at] or len(scope) == most:
                    break
                if self._words[place] not in STOP_WORDS:
                    scope.append(stem(self._words[place]))
            yield frozenset(scope or map(stem, self._words[at + 1 : at + 2]))


def _is_capitalised(token: re.Match[str] | None) -> bool:
    return token is not None and bool(token["word"]) and token["word"][0].isupper()


def _is_identifier(word: str) -> bool:
    """Whether a word that is not capitalised is a name of code, a file, an address, or carries a number."""
    return any(mark in word for mark in "_.@/:()") or any(letter.isdigit() or letter.isupper() for letter in word[1:])
