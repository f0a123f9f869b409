"""The document that a passage of a result stands in, as far as the call or khala's own tools name one.

The corpus tools announce each passage with its document and its exact length, so what is written inside a passage can
announce nothing: who counts passes over it. Of other tools only the arguments of the call are believed, as their texts
are somebody's words.
"""

from __future__ import annotations

import re

from khala.domain.call import ToolCall

__all__ = ["document_of"]

_ANNOUNCING_TOOLS = ("search_corpus", "read_document")
_NAMING_ARGUMENTS = ("document", "path", "file_path", "file", "filename", "url")
_ANNOUNCED = re.compile(r"(?:\d+\. )?\[([^\n]*?)\] ([^\n]*) \(characters (\d+) to (\d+) of \d+[^\n]*\)\n")
_BETWEEN = "\n\n"
"""What stands between two announced passages, and before the first one of a search."""


def document_of(call: ToolCall, text: str, at: int) -> str:
    """The document that `text[at]` belongs to: its id and title, or its path or address; `""` where none is named."""
    if call.tool in _ANNOUNCING_TOOLS and (announced := _announced(text, at)):
        return announced
    named = (call.arguments.get(name) for name in _NAMING_ARGUMENTS)
    return next((name for name in named if isinstance(name, str) and name), "")


def _announced(text: str, at: int) -> str:
    begins = 0 if text.startswith("[") else text.find(_BETWEEN) + len(_BETWEEN)
    while found := _ANNOUNCED.match(text, begins):
        document, title, first, last = found.groups()
        ends = found.end() + int(last) - int(first)
        if found.start() <= at < ends:
            return document if title in ("", document) else f"{document} ({title})"
        begins = ends + len(_BETWEEN)
    return ""
