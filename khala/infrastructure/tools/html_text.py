"""Takes the visible text out of HTML: no tags, scripts, styles or comments; headings keep their rank as `#` marks.

One pass that never goes back, so that a hostile page costs no more than an honest one of its size: the parser of the
standard library needs minutes for some 180 kB of unclosed tags (measured on Python 3.11.7).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

__all__ = ["html_text"]

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object"})
_PARAGRAPHS = re.compile(r"(?:p|blockquote|table|ul|ol|dl|pre|h[1-6]|section|article)\Z")
_LINES = re.compile(
    r"(?:address|aside|br|caption|dd|details|div|dt|figcaption|figure|footer|form|header|hr|legend|li|main|nav|option"
    r"|summary|td|th|tr|body)\Z"
)
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/>]{0,63}+)(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+>""")
_BARE_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]{0,63}+)[^>]*+>")


def html_text(source: str) -> tuple[str, str]:
    """Title and visible text of an HTML page; any text is taken for HTML, however broken."""
    title, pieces = "", [""]
    in_title, in_pre = False, False
    for kind, value in _tokens(source):
        name = value.lower()
        if kind == "text":
            words = html.unescape(value)
            if in_title:
                title += words
            else:
                pieces.append(words if in_pre else re.sub(r"\s+", " ", words))
        elif name == "title":
            in_title = kind == "start"
        elif _PARAGRAPHS.match(name):
            in_pre = kind == "start" if name == "pre" else in_pre
            is_heading = kind == "start" and name[0] == "h"
            pieces.append(f"\n\n{'#' * int(name[1])} " if is_heading else "\n\n")
        elif _LINES.match(name):
            pieces.append("\n")
    lines = "".join(pieces).replace("\0", "").split("\n")
    tidy = "\n".join(line.rstrip() if line[:2].isspace() else line.strip() for line in lines)
    return " ".join(title.split()), re.sub(r"\n{3,}", "\n\n", tidy).strip()


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    """Texts, and names of tags that start or end; what is never seen is left out."""
    position, pattern, last_close = 0, _TAG, source.rfind(">")
    while position < len(source):
        mark = source.find("<", position)
        if mark < 0:
            break
        yield "text", source[position:mark]
        if source.startswith(("<!", "<?"), mark):
            position = _after(source, "-->" if source.startswith("<!--", mark) else ">", mark)
            continue
        found = pattern.match(source, mark) if mark < last_close else None
        if found is None and pattern is _TAG and mark < last_close and _BARE_TAG.match(source, mark):
            pattern = _BARE_TAG  # a quote that never closes: from here on quotes mean nothing
            found = pattern.match(source, mark)
        if found is None:
            position = mark + 1
            yield "text", "<"
            if position > last_close:
                break
            continue
        position = found.end()
        if not found[1] and found[2].lower() in _UNSEEN and not found[0].endswith("/>"):
            close = re.compile(rf"</{re.escape(found[2])}\b", re.IGNORECASE).search(source, position)
            position = _after(source, ">", close.start()) if close else len(source)
        else:
            yield "end" if found[1] else "start", found[2]
    yield "text", source[position:]


def _after(source: str, mark: str, start: int) -> int:
    """Where the text goes on after the next `mark`; at the end when there is none."""
    found = source.find(mark, start)
    return len(source) if found < 0 else found + len(mark)
