"""The folder that holds everything khala keeps: what lies where, and what is said when it cannot be used.

    HOME/khala.db     runs, events, heads and texts (with -wal and -shm beside it while in use)
    HOME/khala.key    the key that signs heads; whoever has it can rewrite runs unnoticed
    HOME/leases/      one file for each run that is being driven
    HOME/memory/      the index of past results
    HOME/corpus/      search indexes of document folders
    HOME/notes/       notes that agents wrote

A folder khala makes can be entered by its owner alone. A folder that is there already keeps the rights it has.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from khala.errors import HomeUnusable

__all__ = ["HomeFolder", "open_home", "usable"]


@dataclass(frozen=True)
class HomeFolder:
    """Where the parts of one home lie."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file of runs, events and texts."""
        return self.path / "khala.db"

    @property
    def signing_key(self) -> Path:
        """The private key, readable by its owner alone."""
        return self.path / "khala.key"

    @property
    def leases(self) -> Path:
        """The folder of lock files."""
        return self.path / "leases"

    @property
    def memory(self) -> Path:
        """The folder of the memory's index; whoever uses it makes it."""
        return self.path / "memory"

    @property
    def corpus(self) -> Path:
        """The folder of search indexes over documents; whoever uses it makes it."""
        return self.path / "corpus"

    @property
    def notes(self) -> Path:
        """The folder of notes; whoever writes the first one makes it."""
        return self.path / "notes"


def open_home(path: str | os.PathLike[str]) -> HomeFolder:
    """The home at `path`, made if it is not there. Raises `HomeUnusable`."""
    # not `Path.expanduser`, which raises for `~nobody`: a folder may be called so
    home = HomeFolder(Path(os.path.expanduser(path)).absolute())  # noqa: PTH111
    with usable(home):
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.leases.mkdir(mode=0o700, exist_ok=True)
    return home


@contextmanager
def usable(home: HomeFolder) -> Generator[None, None, None]:
    """Turns errors of the operating system and of SQLite into `HomeUnusable`, one line with the next step."""
    try:
        yield
    except sqlite3.Error as error:
        # the low byte is the primary code; an error of the module itself has none
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        fault = _SQLITE_FAULTS.get(code, f"`khala.db` cannot be used ({error}); restore it from a copy")
        raise HomeUnusable(f"home `{home.path}`: {fault}") from error
    except UnicodeDecodeError as error:
        # the module cannot spell what SQLite says about a damaged file
        raise HomeUnusable(f"home `{home.path}`: {_DAMAGED}") from error
    except OSError as error:
        fault = _SYSTEM_FAULTS.get(error.errno or 0, f"{(error.strerror or str(error)).lower()}; choose another folder")
        raise HomeUnusable(f"home `{home.path}`: {fault}") from error


_NO_SPACE = "the disk is full; make room and run again, nothing that was written is lost"
_NO_RIGHT = "no right to write there; change the rights, or choose another folder"
_READ_ONLY = "it is read-only; choose another folder"
_DAMAGED = "`khala.db` is damaged; restore it from a copy"

_SYSTEM_FAULTS = {
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: _READ_ONLY,
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
    errno.EFBIG: _NO_SPACE,
    errno.ENOTDIR: "a file stands where a folder is needed; choose another folder",
    errno.EEXIST: "a file stands where a folder is needed; choose another folder",
    errno.EISDIR: "a folder stands where a file is needed; choose another folder",
}

_SQLITE_FAULTS = {
    sqlite3.SQLITE_FULL: _NO_SPACE,
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written; check that it works and has room, and run again",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _NO_RIGHT,
    sqlite3.SQLITE_PERM: _NO_RIGHT,
    sqlite3.SQLITE_BUSY: "another process keeps `khala.db` locked; wait for it to end, and run again",
    sqlite3.SQLITE_NOTADB: "`khala.db` is not a database; choose another folder, or move that file away",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
}
