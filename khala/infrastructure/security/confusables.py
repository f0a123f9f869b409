"""Whether a text may look to a person like another text, or holds what a person cannot see.

After Unicode's security profile (UTS 39), cut down to what a policy needs. A text is confusable when

1. it holds what nobody sees: format, bidi and tag characters, fillers, controls, unassigned and private characters,
   spaces other than the plain one. A joiner between letters of a script that needs it, or between the parts of an
   emoji, is no such thing, nor is the selector that makes an emoji of a symbol;
2. it holds a character that is a variant of an ASCII one (full width, mathematical, ligature ...) or drawn like one;
3. one word of it mixes scripts, other than those that are written together in Chinese, Japanese and Korean, or is
   written in a script outside everyday use, which few people can read;
4. a word is written in another script with nothing but letters that look Latin, and no other letter of that script in
   the text shows that the script is meant;
5. its digits come from more than one set.

It is made for names, addresses and paths, which people compare by eye; running text in technical or phonetic notation
may be called confusable by it. Look-alikes within one script (`rn` and `m`, `l` and `1`, the Turkish dotless i) are not
found. The script of a letter is the first word of its Unicode name, which is how the standard names letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["FILLERS", "confusable"]

_PLAIN = re.compile(r"[\t\n\r -~]*\Z")
_WORD = re.compile(r"[^\W_]+(?:[^\W_]|[\u0300-\u036f])*")
FILLERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""What is invisible although its category does not say so."""

_JOINERS = "\u200c\u200d"
_EMOJI_SELECTOR = "\ufe0f"
_JOINED_SCRIPTS = frozenset(
    ["ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA",
     "MALAYALAM", "SINHALA"]
)  # fmt: skip
"""Scripts in which a joiner, or its absence, changes how a word is written."""

_DRAWN_LIKE_ASCII = frozenset(
    "\u0185\u0251\u0261\u0269\u0196\u01c0\u01a8\u01a7\u01bd\u01c3"  # b a g i l l s S 5 !
    "\u2010\u2011\u2212\u02d7\u2043"  # hyphens
    "\u2215\u2044\u29f8\u2216\u29f5"  # slashes
    "\u2236\ua789\u02d0\u02f8"  # colons
    "\u0335\u0336\u0337\u0338"  # strokes that are laid over a letter
)

_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_EAST_ASIAN_MARKS = str.maketrans("", "", "\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f")
"""The wide `! ( ) , : ; ?` that East Asian text is ordinarily written with."""

_EVERYDAY = frozenset(
    ["LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "THAANA", "ETHIOPIC", "DEVANAGARI",
     "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO",
     "TIBETAN", "MYANMAR", "KHMER", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"]
)  # fmt: skip
"""The scripts that UAX 31 recommends."""

_WRITTEN_TOGETHER = (
    frozenset(["LATIN", "CJK", "HIRAGANA", "KATAKANA"]),
    frozenset(["LATIN", "CJK", "HANGUL"]),
    frozenset(["LATIN", "CJK", "BOPOMOFO"]),
)
"""The combinations that UTS 39 calls highly restrictive."""

_OF_NO_SCRIPT = frozenset(["MODIFIER", "MICRO", "OHM", "FEMININE", "MASCULINE", "KATAKANA-HIRAGANA"])
_SCRIPTS_NAMED_OTHERWISE = {"IDEOGRAPHIC": "CJK", "HALFWIDTH": "KATAKANA"}

_LOOKS_LATIN = {
    "CYRILLIC": frozenset("асеорхуіјѕһԁԛԝӏгѵүѡҽАВЕКМНОРСТХУІЈЅԌԚԜӀҮЗЬѴ"),
    "GREEK": frozenset("αγικνορστυχηϳϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿϜϒ"),
    "ARMENIAN": frozenset("աոսօհցգզքյռՍՕՏԼ"),
}
"""The letters of these scripts that pass for Latin ones at a glance."""


def confusable(text: str) -> bool:
    """Whether the text mixes scripts, or holds look-alike or invisible characters."""
    if _PLAIN.match(text):
        return False
    drawn = text.translate(_EAST_ASIAN_MARKS) if _EAST_ASIAN.search(text) else text
    return _holds_unseen(text) or any(map(_is_variant, set(drawn))) or _mixes(text)


def _holds_unseen(text: str) -> bool:
    """Whether a character of the text cannot be seen (1)."""
    return any(map(_is_unseen, set(text))) or any(
        not _belongs(text[place], text[place - 1 : place] or " ", text[place + 1 : place + 2] or " ")
        for place in (found.start() for found in _MAY_BELONG.finditer(text))
    )


_MAY_BELONG = re.compile(f"[{_JOINERS}{_EMOJI_SELECTOR}]")


@lru_cache(maxsize=4_096)
def _is_unseen(character: str) -> bool:
    if character in " \t\n\r" or _MAY_BELONG.match(character):
        return False
    return unicodedata.category(character)[0] in "CZ" or character in FILLERS


def _belongs(character: str, before: str, after: str) -> bool:
    """Whether a joiner or selector does its work between its neighbours."""
    if character == _EMOJI_SELECTOR:
        return unicodedata.category(before) in ("So", "Sm")
    if unicodedata.category(after) == "So":
        return before == _EMOJI_SELECTOR or unicodedata.category(before) in ("So", "Sk")
    return _script(before) == _script(after) and _script(after) in _JOINED_SCRIPTS


@lru_cache(maxsize=4_096)
def _is_variant(character: str) -> bool:
    """Whether the character is a variant of ASCII ones or drawn like one (2)."""
    if character.isascii():
        return False
    if character in _DRAWN_LIKE_ASCII or unicodedata.name(character, "").startswith("LATIN LETTER SMALL CAPITAL"):
        return True
    if unicodedata.decomposition(character).startswith(("<super>", "<sub>", "<fraction>", "<noBreak>")):
        return False
    plain = unicodedata.normalize("NFKC", character)
    return (len(plain) == 1 and plain.isascii()) or any(each.isascii() and each.isalnum() for each in plain)


def _mixes(text: str) -> bool:
    """Whether a word mixes scripts or only looks Latin, or the digits are of several sets (3 to 5)."""
    only_looks_latin: set[str] = set()
    is_meant: set[str] = set()
    digits: set[int] = set()
    for word in set(_WORD.findall(unicodedata.normalize("NFC", text))):
        letters = {letter for letter in word if letter.isalpha()}
        scripts = {_script(letter) for letter in letters} - {""}
        if not scripts <= _EVERYDAY:
            return True
        if len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER):
            return True
        for script in scripts & _LOOKS_LATIN.keys():
            (only_looks_latin if letters <= _LOOKS_LATIN[script] else is_meant).add(script)
        digits |= {ord(each) - unicodedata.decimal(each) for each in word if each.isdecimal()}
    return bool(only_looks_latin - is_meant) or len(digits) > 1


@lru_cache(maxsize=4_096)
def _script(letter: str) -> str:
    """The script of a letter; empty for what every script may use, such as modifier letters and the micro sign."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "" if script in _OF_NO_SCRIPT else _SCRIPTS_NAMED_OTHERWISE.get(script, script)
