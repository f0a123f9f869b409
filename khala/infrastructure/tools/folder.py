"""Lists the files of a corpus folder that may be read, without following any link and without opening anything."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePath

from khala.domain.escaped import escaped
from khala.errors import CorpusUnreadable
from khala.infrastructure.tools.documents import MAX_FILE_BYTES, READABLE_SUFFIXES, SkippedFile, too_large

__all__ = ["FolderListing", "ListedFile", "listed_folder", "printable"]


@dataclass(frozen=True)
class ListedFile:
    """One file that may be read, and what shows that it changed."""

    id: str
    path: Path
    mtime_ns: int
    bytes: int


@dataclass(frozen=True)
class FolderListing:
    """The files of a folder, in the order of their ids, and what was left out."""

    files: tuple[ListedFile, ...]
    skipped: tuple[SkippedFile, ...]
    other_kinds: int
    """Files of a kind that is not read; too many in most folders to name each."""


def listed_folder(folder: Path, *, max_bytes: int = MAX_FILE_BYTES) -> FolderListing:
    """The readable files below `folder`; names that begin with a dot are left out, links are not followed.

    Raises `CorpusUnreadable` when the folder itself cannot be listed.
    """
    _check(folder)
    files: list[ListedFile] = []
    skipped: list[SkippedFile] = []
    kinds: Counter[bool] = Counter()

    def unreadable(problem: OSError) -> None:
        skipped.append(SkippedFile(_id(Path(str(problem.filename)), folder), f"cannot be listed: {_said(problem)}"))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        here = Path(parent)
        skipped += [
            SkippedFile(_id(here / name, folder), "a link, not followed")
            for name in folders
            if not name.startswith(".") and (here / name).is_symlink()
        ]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith("."):
                continue
            is_readable_kind = PurePath(name).suffix.lower() in READABLE_SUFFIXES
            kinds[is_readable_kind] += 1
            if is_readable_kind:
                found = _listed(here / name, _id(here / name, folder), max_bytes)
                (files if isinstance(found, ListedFile) else skipped).append(found)  # type: ignore[arg-type]
    return FolderListing(tuple(sorted(files, key=lambda file: file.id)), tuple(skipped), kinds[False])


def printable(name: str) -> str:
    """A name as it may stand in a line of text: what does not print is escaped, and so is the escape sign."""
    return escaped(name.replace("\\", "\\\\"))


def _check(folder: Path) -> None:
    try:
        about = folder.stat()
        if not stat.S_ISDIR(about.st_mode):
            raise CorpusUnreadable(f"`{folder}` is not a folder: name the folder that holds the documents")
        with os.scandir(folder):
            pass
    except (FileNotFoundError, ValueError):
        raise CorpusUnreadable(
            f"no folder `{printable(str(folder))}`: name a folder with documents, or `python-docs`"
        ) from None
    except OSError as problem:
        raise CorpusUnreadable(
            f"`{folder}` cannot be read ({_said(problem)}): check its rights, or name another folder"
        ) from None


def _listed(path: Path, document_id: str, max_bytes: int) -> ListedFile | SkippedFile:
    try:
        about = path.lstat()
    except OSError as problem:
        return SkippedFile(document_id, f"cannot be read: {_said(problem)}")
    if stat.S_ISLNK(about.st_mode):
        return SkippedFile(document_id, "a link, not followed")
    if not stat.S_ISREG(about.st_mode):
        return SkippedFile(document_id, "not a regular file")
    if about.st_size > max_bytes:
        return too_large(document_id, max_bytes)
    return ListedFile(document_id, path, about.st_mtime_ns, about.st_size)


def _id(path: Path, folder: Path) -> str:
    return printable(path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name)


def _said(problem: OSError) -> str:
    return (problem.strerror or "unknown reason").lower()
