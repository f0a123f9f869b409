"""Where the sentences of a text begin and end.

`passages` cuts any text, `sentences` an answer: it leaves out what claims nothing. No claim is

- a heading, a rule, a code block, a line that only cites, names an address or frames a table;
- a question, or a line that only introduces what follows (it ends in a colon and quotes and cites nothing);
- a paragraph or list item that stands whole in parentheses or square brackets: an aside, the place for notices about
  the answer itself;
- a sentence with fewer than two content words and no number in it, unless it is all the answer says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal, NamedTuple

from .wording import STOP_WORDS, content_stems, folded

__all__ = ["Span", "citations", "is_only_notice", "passages", "sentences", "without_citations"]

MAX_PASSAGE_CHARS = 600
"""A longer sentence (a table without lines, minified JSON) is cut at white space: it would carry any claim."""
LEAST_CONTENT_WORDS = 2
"""`Done.` and `Here it is.` claim nothing; a subject and a word about it do."""
SHORT_LINE_CHARS = 45
"""A line shorter than this was hardly wrapped by its author: prose is wrapped at 60 to 80 columns."""

_IDS = r"\[[\w.:#/-]+(?:[,;]\s*[\w.:#/-]+)*\]"
_TITLE = r"\[\w{1,30}:\s*[\"“][^\[\]\n]{1,300}[\"”],\s*chunk\s+\d+\]"
"""The title and part of a document in brackets, as MiroThinker's tools name them."""
_CITATION = rf"(?:{_IDS}|{_TITLE})"
_CITATIONS = re.compile(
    rf"\s*(?:(?<![^\s.!?…,;:)\]”»。]){_IDS}(?=[\s.!?…,;:)\[。！？，；]|$)|{_TITLE})"  # noqa: RUF001 (Chinese)
)
_MARK = rf"""(?P<mark>[.!?…][.!?…]*)["'”’»)*_`\]]*(?:\s*{_CITATION})*(?=\s|$)"""  # noqa: RUF001 (quotes)
"""Begins with a set of characters and not with a repeated one: only then does `re` skip to the next of them."""
_END = re.compile(_MARK)
_END_OR_UNSPACED = re.compile(rf"(?:{_MARK}|[。！？]+[”’」』）]*)")  # noqa: RUF001 (Chinese)
_MARKER = re.compile(r"\s*(?:>\s*)*(?P<bullet>(?:[-*+•‣▪]|\(?\d{1,3}[.)]|\(?[A-Za-z]\))\s+)?")
_LOG_LINE = re.compile(
    r"(?:FAILED|PASSED|SKIPPED|ERROR|WARNING|WARN|INFO|DEBUG|FATAL|TRACE|NOTE)\b|={3,}\s|\[?\d{4}-\d\d-\d\d[T ]\d\d:"
    r"|[\w./-]+\.\w+(?:::|:\d)"
)
"""How lines of a program's output begin, each of which stands for itself."""
_RULE = re.compile(r"""([=\-~^*_+#"'`:.])\1{2,}""")
_FRAME = re.compile(r"[\s|:+]*[-=][\s|:+=-]*")
_BOLD_LINE = re.compile(r"(\*\*|__)(?:(?!\1).)+\1:?")
_ADDRESS = re.compile(r"<?\w+://\S+>?")
_NEVER_LAST = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "gen",
        "sen",
        "rep",
        "gov",
        "capt",
        "col",
        "lt",
        "sgt",
        "vs",
        "cf",
        "e.g",
        "i.e",
        "viz",
        "approx",
        "ca",
    ]
)
_LAST_UNLESS_NUMBER = frozenset(
    [
        "no",
        "nos",
        "fig",
        "figs",
        "vol",
        "p",
        "pp",
        "sec",
        "eq",
        "ch",
        "art",
        "ref",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
    ]
)
_LAST_UNLESS_LOWER = frozenset(["etc", "inc", "ltd", "co", "corp", "jr", "sr", "al", "ed", "eds", "dept", "est"])

_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ABBREVIATIONS = _NEVER_LAST | _LAST_UNLESS_NUMBER | _LAST_UNLESS_LOWER


class Span(NamedTuple):
    """`text[start:end]`."""

    start: int
    end: int


class _Block(NamedTuple):
    start: int
    end: int
    kind: Literal["prose", "heading", "code", "row"]


def is_only_notice(text: str) -> bool:
    """Whether every paragraph stands whole in parentheses: the text says something about itself and answers nothing."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return bool(paragraphs) and all(part.startswith("(") and part.endswith(")") for part in paragraphs)


def passages(text: str) -> tuple[Span, ...]:
    """Every sentence, heading, line of code and table row of a text, in order; longer ones in parts."""
    return tuple(
        part
        for block in _blocks(text)
        for span in _split(text, block)
        for part in ((span,) if span.end - span.start <= MAX_PASSAGE_CHARS else _parts(text, span))
    )


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of an answer that claim something, in order; citations that follow a sentence belong to it."""
    said = [
        span
        for block in _blocks(text)
        if block.kind in ("prose", "row") and not _is_aside(text[block.start : block.end])
        for span in _split(text, block)
        if _says_something(text[span.start : span.end])
    ]
    least = 1 if len(said) == 1 else LEAST_CONTENT_WORDS
    return tuple(span for span in said if _weight(text[span.start : span.end]) >= least)


def citations(sentence: str) -> tuple[str, ...]:
    """What stands in square brackets like an id, in order: the results a sentence cites, if it cites any."""
    brackets = _CITATIONS.findall(sentence) if "[" in sentence else ()
    return tuple(part for bracket in brackets for part in re.split(r"[,;\s]+", bracket.strip()[1:-1]) if part)


def without_citations(sentence: str) -> str:
    """The sentence without what `citations` finds."""
    return (_CITATIONS.sub("", sentence) if "[" in sentence else sentence).strip()


def _blocks(text: str) -> Iterator[_Block]:
    """Paragraphs, list items, headings, table rows and lines of code."""
    start = end = -1
    last_line = ""
    in_code = False
    at = 0
    lines = text.splitlines(keepends=True)
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        here, at = at, at + len(line)
        bare = line.strip()
        fence = bare.startswith(("```", "~~~"))
        rule = not fence and _RULE.fullmatch(bare) is not None
        marker = _MARKER.match(line)
        stands_alone = not bare or fence or in_code or rule or bare.startswith(("#", "|")) or _BOLD_LINE.fullmatch(bare)
        begins = stands_alone or (marker is not None and marker["bullet"]) or _breaks(last_line, bare)
        if begins and start >= 0:
            underlined = rule and "\n" not in text[start:end]
            yield _Block(start, end, "heading" if underlined else "prose")
            start = -1
        if fence:
            in_code = not in_code
        elif stands_alone and bare and not rule:
            is_row = bare.startswith("|") and not _FRAME.fullmatch(following)
            kind = "code" if in_code else "row" if is_row else "heading"
            if in_code or not _FRAME.fullmatch(bare):
                yield _Block(here + line.index(bare), here + line.index(bare) + len(bare), kind)
        elif not stands_alone:
            if start < 0:
                start = here + (marker.end() if marker else 0)
            end = here + len(line.rstrip())
            start = start if start < end else -1  # a bullet without text
            last_line = bare
    if start >= 0:
        yield _Block(start, end, "prose")


def _breaks(line: str, following: str) -> bool:
    """Whether a new line inside a paragraph ends a sentence that has no full stop."""
    if line.endswith(":") or _LOG_LINE.match(following):
        return True
    last = line.rsplit(None, 1)[-1] if line else ""
    return (
        len(line) < SHORT_LINE_CHARS
        and not following[:1].islower()
        and not line.endswith((",", "-"))
        and last.casefold() not in STOP_WORDS
    )


def _split(text: str, block: _Block) -> list[Span]:
    start, end = block.start, block.end
    found: list[Span] = []
    if block.kind == "prose":
        has_brackets = text.find("[", start, end) >= 0
        cited = [match.span() for match in _CITATIONS.finditer(text, start, end)] if has_brackets else ()
        for match in (_END if text.isascii() else _END_OR_UNSPACED).finditer(text, start, end):
            if cited and any(first < match.start() < last for first, last in cited):
                continue  # a title may ask a question
            if _ends_sentence(text, start, match, end):
                found.extend(_stripped(text, start, match.end()))
                start = match.end()
    found.extend(_stripped(text, start, end))
    return found


def _ends_sentence(text: str, start: int, match: re.Match[str], end: int) -> bool:
    mark = match["mark"]
    if mark is None:
        return True
    before = text[max(start, match.start() - 40) : match.start()].rsplit(None, 1) if mark == "." else ()
    word = before[-1].lstrip("(\"'“[").casefold() if before else ""
    if len(word) > 1 and word.isalpha() and word not in _ABBREVIATIONS:
        return True
    following = text[match.end() : min(end, match.end() + 40)].lstrip()[:1]
    if mark != ".":
        return not following.islower()
    if (len(word) == 1 and word.isalpha()) or ("." in word and _INITIALS.fullmatch(word)) or word in _NEVER_LAST:
        return not following
    if word.isdigit() and text[start : match.start()].strip() == word:
        return not following
    if word in _LAST_UNLESS_NUMBER:
        return not following.isdigit()
    return not (word in _LAST_UNLESS_LOWER and following.islower())


def _stripped(text: str, start: int, end: int) -> tuple[Span, ...]:
    """A span without the white space at its ends; none if nothing else is in it."""
    rest = text[start:end].lstrip()
    first, bare = end - len(rest), rest.rstrip()
    return (Span(first, first + len(bare)),) if bare else ()


def _parts(text: str, span: Span) -> Iterator[Span]:
    """A long span in pieces that are not."""
    start = span.start
    while span.end - start > MAX_PASSAGE_CHARS:
        limit = start + MAX_PASSAGE_CHARS
        cut = max(text.rfind(" ", start + 1, limit), text.rfind("\n", start + 1, limit))
        cut = cut if cut > start else limit
        yield from _stripped(text, start, cut)
        start = cut
    yield from _stripped(text, start, span.end)


def _is_aside(block: str) -> bool:
    return (block[0], block[-1]) in (("(", ")"), ("[", "]"))


def _says_something(sentence: str) -> bool:
    bare = without_citations(sentence)
    if not bare or bare.endswith(("?", "？")) or _ADDRESS.fullmatch(bare):  # noqa: RUF001 (Chinese)
        return False
    return not bare.endswith((":", "：")) or bare != sentence or any(mark in bare for mark in '"“«')  # noqa: RUF001 (Chinese)


def _weight(sentence: str) -> int:
    """Content words, a number counting as two: it claims something on its own."""
    stems = content_stems(folded(without_citations(sentence)))
    return len(stems) + any(word.isdigit() for word in stems)
