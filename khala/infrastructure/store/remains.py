"""Looks whether words that were to be erased still stand anywhere in a home.

A few windows of each text are looked for byte by byte: in the records of all events, in all stored texts, which are
compressed, and in every file. What is found is named; that nothing is left is never taken for granted. LanceDB
compresses too, so of its files the index itself says what is left (`memory/leftovers.py`).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from khala.infrastructure.store.database import Database
from khala.infrastructure.store.forgetting import TextUse
from khala.infrastructure.store.home import HomeFolder
from khala.infrastructure.store.texts import Texts

__all__ = ["Remains", "probes", "remains"]

_WINDOW_CHARS = 48
"""Characters of a window at most: so long that other words rarely hold it by chance."""

_PLAIN = re.compile(r'[^"\\\x00-\x1f\x7f]{8,}')
"""What reads the same inside JSON, and is long enough to be told from other words."""

_WINDOWS = 3
"""Looked for of one text."""


@dataclass(frozen=True)
class Remains:
    """Where words still stand."""

    places: tuple[str, ...] = ()
    """Events that quote them, and files that neither events nor stored texts explain."""
    results: tuple[str, ...] = ()
    """Ids of results that hold them too."""


_BATCH = 256
"""Events read at once."""

_RECORDS = "SELECT number, run_id, seq, record FROM events WHERE number > ? ORDER BY number LIMIT ?"


def probes(text: str) -> list[bytes]:
    """Windows of the longest lines of a text; none of a text of fewer than eight plain characters."""
    longest = sorted({part.strip() for part in _PLAIN.findall(text)}, key=len, reverse=True)[:_WINDOWS]
    middles = ((line, max(0, (len(line) - _WINDOW_CHARS) // 2)) for line in longest if line)
    return [line[first : first + _WINDOW_CHARS].encode(errors="surrogatepass") for line, first in middles]


def remains(
    sought: Sequence[bytes], *, home: HomeFolder, database: Database, texts: Texts, uses: Iterator[TextUse]
) -> Remains:
    """Where any of these windows still stands."""
    if not sought:
        return Remains()
    in_records, in_texts = set[bytes](), set[bytes]()
    found: list[str] = []
    for _, run_id, seq, record in database.in_batches(_RECORDS, rows=_BATCH):
        if held := [probe for probe in sought if probe in record]:
            in_records.update(held)
            found.append(f"event {seq} of run `{run_id}`")
    holding: set[str] = set()
    for digest, content in texts.contents():
        if held := [probe for probe in sought if probe in content]:
            in_texts.update(held)
            holding.add(digest)
    results = [use.result_id for use in uses if use.digest in holding and use.result_id is not None]
    for path in sorted(each for each in home.path.rglob("*") if each.is_file()):
        explained = in_records if path.name.startswith(home.database.name) else in_texts
        if any(probe not in explained for probe in _held(path, sought)):
            found.append(f"file `{path.relative_to(home.path)}`")
    return Remains(tuple(found), tuple(results))


def _held(path: Path, sought: Sequence[bytes]) -> list[bytes]:
    """Those of some windows that stand in a file; none in an empty one or one that is gone, all in a closed one."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return [probe for probe in sought if content.find(probe) >= 0]
    except (FileNotFoundError, ValueError):
        return []
    except OSError:
        return list(sought)
