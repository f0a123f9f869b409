r"""Reads one file into the text that is searched, read and quoted.

Markdown, reStructuredText, plain text, JSON and Python stay word for word as they are written, so that a quote can be
found again in the file; of HTML the visible text is taken, of PDF the text layer. Only line ends are made `\n`.
What cannot be read is a `SkippedFile` with its reason and never an error: one bad file must not hide the others.
"""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath

from khala.errors import MissingExtra
from khala.infrastructure.tools.html_text import html_text
from khala.infrastructure.tools.pdf_text import pdf_text

__all__ = [
    "MAX_FILE_BYTES",
    "READABLE_SUFFIXES",
    "Document",
    "SkippedFile",
    "decoded",
    "read_bytes",
    "read_text",
    "too_large",
]

MAX_FILE_BYTES = 20_000_000
"""A larger file is skipped unread; about four times the complete works of Shakespeare, 5.4 MB."""

READABLE_SUFFIXES = frozenset({".md", ".txt", ".rst", ".html", ".htm", ".json", ".py", ".pdf"})
"""Kinds of files that are read, by lower-case suffix."""

_MAX_TITLE_CHARS = 120
_BOMS = (  # the longer mark first: UTF-32 in little-endian order begins like UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Document:
    """A text that can be searched and read, under the id the model calls it by."""

    id: str
    title: str
    text: str
    note: str = ""
    """What had to be guessed while reading it."""


@dataclass(frozen=True)
class SkippedFile:
    """A file that is not part of the corpus, and why."""

    id: str
    reason: str
    is_lasting: bool = False
    """The reason lies in the bytes of the file: reading it again changes nothing until they change."""


def read_bytes(path: Path, document_id: str, *, max_bytes: int = MAX_FILE_BYTES) -> bytes | SkippedFile:
    """The bytes of a regular file of at most `max_bytes`; a link, a device or a pipe is never opened for reading."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 (a descriptor, not a path)
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return SkippedFile(document_id, "not a regular file")
            if about.st_size > max_bytes:
                return too_large(document_id, max_bytes)
            content = file.read(max_bytes + 1)
    except OSError as problem:
        return SkippedFile(document_id, f"cannot be read: {(problem.strerror or 'unknown reason').lower()}")
    return content if len(content) <= max_bytes else too_large(document_id, max_bytes)


def too_large(document_id: str, max_bytes: int) -> SkippedFile:
    """Why a larger file is not read."""
    return SkippedFile(document_id, f"larger than {max_bytes:,} bytes")


def read_text(content: bytes, document_id: str) -> Document | SkippedFile:
    """The document that `content` holds; the suffix of its id says what kind it is."""
    suffix = PurePath(document_id).suffix.lower()
    title, note = "", ""
    if suffix == ".pdf":
        try:
            title, text = pdf_text(content)
        except MissingExtra as missing:
            return SkippedFile(document_id, str(missing))
        except ValueError as problem:
            return SkippedFile(document_id, str(problem), is_lasting=True)
    else:
        plain = decoded(content)
        if plain is None:
            return SkippedFile(document_id, "binary, not text", is_lasting=True)
        text, note = plain
        if suffix in {".html", ".htm"}:
            title, text = html_text(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return SkippedFile(document_id, "empty", is_lasting=True)
    return Document(document_id, title.strip() or _first_line(text) or PurePath(document_id).stem, text, note)


def decoded(content: bytes) -> tuple[str, str] | None:
    """The text of these bytes and a note when the encoding was guessed; `None` for what is no text."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, errors="replace")
            return None if "\0" in text else (text, "")
    if b"\0" in content:
        return None
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding), "" if encoding == "utf-8" else "not UTF-8: read as Windows-1252"
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "not UTF-8: read as Latin-1"


def _first_line(text: str) -> str:
    """The first line when it is short enough to be a title, without heading marks."""
    line = text.lstrip().split("\n", 1)[0].strip().lstrip("#").strip(" *_\"'")
    return line if len(line) <= _MAX_TITLE_CHARS and any(map(str.isalnum, line)) else ""
