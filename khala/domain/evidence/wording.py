"""How two texts are compared by their words: folding, content words, stems.

What may live here: everything that makes two spellings of one wording equal. `folded` makes texts equal when a reader
sees the same (Unicode NFKC, case, white space, typographic quotes and dashes, Markdown emphasis); `stem` makes the
inflections of an English word equal. Folding can be traced back to the original characters, so that what is found in a
folded text can be quoted from the original one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

__all__ = [
    "BREAK",
    "STOP_WORDS",
    "TracedText",
    "content_stems",
    "folded",
    "stem",
    "straightened",
    "traced",
    "with_numbers_apart",
    "words",
    "words_of",
    "words_of_each",
]

STOP_WORDS = frozenset(
    """a about above across after again against all along already also although always am among an and another any are
    around as at away b back be became because become been before behind being below between both but by c came can
    could d did do does doing done down during e each either else enough even ever every everything few for from
    further get go got had has have having he hence her here hers herself him himself his how however i if
    in indeed instead into is it its itself just kept later less let likely ll made make makes many may me might
    mine more moreover most much must my myself near neither next nevertheless no nobody none nor not now of off often
    on once one only onto or other others otherwise our ours out over own per perhaps quite rather re really s same
    several shall she should since so some someone something sometimes still such t than that the their theirs them
    themselves then there thereby therefore these they this those though through throughout thus to together too toward
    towards under unless until up upon us usually ve very via was we well were what whatever when where whereas whether
    which while who whom whose why will with within without would year yes yet you your yours
    additionally besides consequently finally furthermore meanwhile namely notably overall similarly specifically
    subsequently ultimately e.g i.e etc
    according answer describe described describes documentation evidence explain explained explains mention mentioned
    mentions note noted notes report reported reports result results said say says source sources state stated states
    write writes""".split()  # noqa: SIM905 (a list of words reads best as words)
)
"""Words that carry no fact of their own: grammar, links between sentences, and words that report who said something."""

_SHORTEST_STEM = 3
"""Letters an ending must leave: `bed` keeps its end."""
_WORD = re.compile(r"[^\W_]+")
"""`order_id` is two words: names of fields are looked for by their words."""
_UNSPACED_LETTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Chinese characters and Japanese letters, which are written without spaces between the words."""
_UNSPACED = re.compile(f"([{_UNSPACED_LETTERS}]+)")
_BESIDE_NUMBER = re.compile(rf"(?<=[{_UNSPACED_LETTERS}])(?=\d)|(?<=\d)(?=[{_UNSPACED_LETTERS}])")
_BETWEEN_WORDS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})
"""What `_WORD` leaves out of ASCII text, where translating takes half the time of matching."""
_PLAIN = str.maketrans({chr(code): None if chr(code) in "`*" else chr(code).lower() for code in range(128)})
"""Folds ASCII text but for its white space."""
_PLAIN_WORDS = str.maketrans(
    {chr(code): chr(code).lower() if chr(code).isalnum() else None if chr(code) in "`*" else " " for code in range(128)}
)
"""Folds ASCII text and leaves only its words, in one pass."""
BREAK = "\0"
"""Stands between texts that are folded at once."""
_PLAIN_WORDS_AND_BREAKS = {**_PLAIN_WORDS, ord(BREAK): BREAK}
_DROPPED = "`*\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Markdown emphasis and code marks, and characters no reader sees."""
_QUOTES_AND_DASHES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2039\u203a", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
}
_STRAIGHT = str.maketrans(_QUOTES_AND_DASHES)
_DROP = str.maketrans("", "", _DROPPED)
_TO_ASCII = str.maketrans({**_QUOTES_AND_DASHES, **dict.fromkeys(_DROPPED, ""), "\u00a0": " ", "\u2026": "..."})
"""What makes most typographic text plain ASCII, the same way as NFKC and `_STRAIGHT` would one by one."""
_COMBINING = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u093c\u094d\u09bc\u0e38-\u0e3a"
    "\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f"
)
"""Characters that NFKC may merge with the one before them, in the scripts that use them most."""
_PIECE = re.compile(
    rf"(?P<gap>[\s{_DROPPED}]+)|(?P<plain>[!-)+-_a-~]+(?![{_COMBINING}]))|(?P<cluster>.[{_COMBINING}]*)", re.DOTALL
)


@dataclass(frozen=True)
class TracedText:
    """A folded text that knows where each of its characters came from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that `text[start:end]` was folded from; the span must not be empty."""
        return self.starts[start], self.ends[end - 1]


def straightened(text: str) -> str:
    """Typographic quotes and dashes as their plain forms; nothing moves."""
    return text if text.isascii() else text.translate(_STRAIGHT)


def with_numbers_apart(text: str) -> str:
    """The text with spaces around the numbers that stand in a run without spaces."""
    return text if text.isascii() else _BESIDE_NUMBER.sub(" ", text)


def folded(text: str) -> str:
    """The text as a reader compares it."""
    plain = text if text.isascii() else text.translate(_TO_ASCII)
    if plain.isascii():
        return " ".join(plain.translate(_PLAIN).split())
    return "".join(piece for piece, _, _ in _pieces(text)).strip()


def traced(text: str) -> TracedText:
    """`folded(text)` with the way back."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece, start, end in _pieces(text):
        pieces.append(piece)
        if len(piece) == end - start:
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.extend([start] * len(piece))
            ends.extend([end] * len(piece))
    whole = "".join(pieces)
    first, last = len(whole) - len(whole.lstrip()), len(whole.rstrip())
    return TracedText(whole[first:last], tuple(starts[first:last]), tuple(ends[first:last]))


def words(text: str) -> list[str]:
    """The words of a folded text, in order."""
    if text.isascii():
        return text.translate(_BETWEEN_WORDS).split()
    return [part for word in _WORD.findall(text) for part in (_unspaced(word) if _UNSPACED.search(word) else (word,))]


def words_of(text: str) -> list[str]:
    """The words of a text as it is written: `words(folded(text))`."""
    return text.translate(_PLAIN_WORDS).split() if text.isascii() else words(folded(text))


def words_of_each(texts: str) -> list[list[str]]:
    """`words_of` for each of many texts with `BREAK` between them, in less time than one by one."""
    if not texts.isascii():
        return list(map(words_of, texts.split(BREAK)))
    return list(map(str.split, texts.translate(_PLAIN_WORDS_AND_BREAKS).split(BREAK)))


def _unspaced(word: str) -> Iterator[str]:
    """The words of a run without spaces, as far as one can tell without a dictionary: each two characters in a row."""
    for part in _UNSPACED.split(word):
        if not _UNSPACED.fullmatch(part):
            yield from filter(None, (part,))
        elif len(part) == 1:
            yield part
        else:
            yield from map("".join, pairwise(part))


def content_stems(text: str) -> set[str]:
    """Stems of the words of a folded text that carry meaning."""
    return set(map(stem, set(words(text)) - STOP_WORDS))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """An English word without its inflection; crude, but the same for all forms of a regular word."""
    if len(word) <= _SHORTEST_STEM or not word.isalpha():
        return word
    for ending in ("ies", "ied"):
        if word.endswith(ending):
            return word[:-3] + "y"
    bare = word
    if bare.endswith("s") and not bare.endswith(("ss", "us", "is")):
        bare = bare[:-1]
    for ending in ("ing", "ed", "ly"):
        if (
            bare.endswith(ending)
            and len(bare) - len(ending) >= _SHORTEST_STEM
            and re.search("[aeiouy]", bare[: -len(ending)])
        ):
            bare = bare[: -len(ending)]
            if len(bare) > _SHORTEST_STEM and bare[-1] == bare[-2] and bare[-1] not in "sl":
                bare = bare[:-1]
            break
    if bare.endswith(("sse", "xe", "che", "she")) and word.endswith("es"):
        return bare[:-1]
    return bare[:-1] if bare.endswith("e") and len(bare) > _SHORTEST_STEM else bare


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _PIECE.finditer(text):
        piece = match[0]
        if match.lastgroup == "gap":
            piece = " " if piece.translate(_DROP) else ""
        elif match.lastgroup == "plain":
            piece = piece.lower()
        else:
            piece = unicodedata.normalize("NFKC", piece).translate(_STRAIGHT).casefold()
        yield piece, match.start(), match.end()
