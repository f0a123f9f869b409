"""Who drives a run: one process at a time, proven by an exclusive `flock` on a file of the run's name.

The kernel gives the lock back at the very moment its holder dies, however it dies. So a killed run can be resumed at
once, and there is no expiry, no renewal, no clock and no guess whether a process id still means the same process. A
home lives on one host anyway, since SQLite's write-ahead log needs shared memory.

The file goes away with the lease. Whoever locks a file that lost its name meanwhile starts over. If somebody deletes
the file of a running lease, two processes can hold a lease on one run; the store still lets only one of them write
the next event. A child that was forked without `exec` shares the lock until it ends; programs started by
`subprocess` do not.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from khala.errors import RunBusy
from khala.infrastructure.store.home import HomeFolder, usable

__all__ = ["leased"]


@contextmanager
def leased(home: HomeFolder, run_id: str) -> Generator[None, None, None]:
    """Holds the lease on a run. Raises `RunBusy` naming the process that holds it, or `HomeUnusable`."""
    path = home.leases / run_id
    with usable(home):
        descriptor = _locked(path, run_id)
    try:
        yield
    finally:
        if _has_name(descriptor, path):
            path.unlink()
        os.close(descriptor)


def _locked(path: Path, run_id: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _has_name(descriptor, path):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
                return descriptor
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode(errors="replace") or "unknown"
            os.close(descriptor)
            raise RunBusy(f"run `{run_id}` is driven by process {owner}; wait until it ends, or end it") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _has_name(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
