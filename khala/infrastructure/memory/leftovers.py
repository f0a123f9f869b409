"""What still lies in the folder of a LanceDB table after something was taken out of it, and belongs to it no more.

LanceDB compresses what it stores, so looking for words byte by byte would find none, there or not. What is looked at
instead is which files the newest version of the table names: what stands in no other file, and in no row that is only
marked as deleted, is gone.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from khala.infrastructure.memory.place import Bucket, Place

__all__ = ["leftovers"]

_ABANDONED_S = 3_600.0
"""Age of a file that no commit named: whoever wrote it was killed. A commit takes seconds."""


def leftovers(table: Any, place: Place, *, version: int) -> Sequence[str]:
    """Where rows that are gone from a table since a version of it may still stand; what was abandoned is deleted."""
    left = [f"version {one['version']} of the index" for one in table.list_versions() if one["version"] < version]
    if int(table.list_versions()[-1]["metadata"]["total_deletion_file_rows"]):
        left.append("rows of the index that are only marked as deleted")
    if isinstance(place, Bucket):
        return [*left, f"`{place}`, whose objects cannot be looked through"]
    return [*left, *_unnamed(place / f"{table.name}.lance")]


def _unnamed(folder: Path) -> list[str]:
    """What the newest version does not name, without what was abandoned, which goes."""
    lying = [*(folder / "data").glob("*"), *(folder / "_indices").glob("*")]
    newest = min((folder / "_versions").glob("*.manifest"))  # they count down
    named = newest.read_bytes()
    left: list[str] = []
    for path in sorted(each for each in lying if not _is_named(each, named)):
        with suppress(FileNotFoundError):  # another process is at it too
            if time.time() - path.stat().st_mtime <= _ABANDONED_S:
                left.append(f"{'folder' if path.is_dir() else 'file'} `{path}`")
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    return left


def _is_named(path: Path, named: bytes) -> bool:
    if path.parent.name == "data":
        return path.name.encode() in named
    try:
        return uuid.UUID(path.name).bytes in named
    except ValueError:
        return False
