"""A `RunStore` that forgets everything with the process: for tests, and for a guard whose decisions need no proof.

It keeps the whole contract of `check_run_store` within one process. It has no ledger: nothing is hashed or signed.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256

from khala.domain.events import Event, Recorded
from khala.errors import LogDamaged, RunBusy, RunUnknown

__all__ = ["InMemoryRunLog", "InMemoryStore"]


class InMemoryRunLog:
    """The `RunLog` of a run in an `InMemoryStore`."""

    def __init__(self, run_id: str, records: list[Recorded]) -> None:
        self._run_id = run_id
        self._records = records
        self._is_leased = True

    @property
    def run_id(self) -> str:
        """The run."""
        return self._run_id

    def append(self, event: Event, *, durable: bool = False) -> Recorded:  # noqa: ARG002 (nothing here is durable)
        """Take in the next event. Raises `RunBusy` after the context it came from has ended."""
        if not self._is_leased:
            raise RunBusy(f"run `{self._run_id}` is no longer leased to this log; reopen it")
        recorded = Recorded(run_id=self._run_id, seq=len(self._records), at_ms=time.time_ns() // 1_000_000, event=event)
        self._records.append(recorded)
        return recorded

    def end_lease(self) -> None:
        """Refuse every further event."""
        self._is_leased = False


class InMemoryStore:
    """Runs named `run1`, `run2` ..., their events and texts, as long as the process lives."""

    def __init__(self) -> None:
        self._records: dict[str, list[Recorded]] = {}
        self._texts: dict[str, str] = {}
        self._leased: set[str] = set()

    @contextmanager
    def create(self) -> Generator[InMemoryRunLog, None, None]:
        """A new run, leased until the context ends."""
        run_id = f"run{len(self._records) + 1}"
        self._records[run_id] = []
        with self.reopen(run_id) as log:
            yield log

    @contextmanager
    def reopen(self, run_id: str) -> Generator[InMemoryRunLog, None, None]:
        """An existing run, leased until the context ends. Raises `RunUnknown`, `RunBusy`."""
        records = self._known(run_id)
        if run_id in self._leased:
            raise RunBusy(f"run `{run_id}` is driven by someone else in this process; wait until that ends")
        self._leased.add(run_id)
        log = InMemoryRunLog(run_id, records)
        try:
            yield log
        finally:
            log.end_lease()
            self._leased.discard(run_id)

    def records(self, run_id: str) -> list[Recorded]:
        """All events of a run, in order. Raises `RunUnknown`."""
        return list(self._known(run_id))

    def keep_text(self, text: str, *, tenant: str = "") -> str:  # noqa: ARG002 (nothing here outlives the process)
        """Store a text once; its SHA-256, hex."""
        digest = sha256(text.encode(errors="surrogatepass")).hexdigest()
        self._texts[digest] = text
        return digest

    def read_text(self, digest: str) -> str:
        """A stored text. Raises `LogDamaged` when there is none."""
        if digest not in self._texts:
            raise LogDamaged(f"text `{digest}` is not in the store")
        return self._texts[digest]

    def _known(self, run_id: str) -> list[Recorded]:
        if run_id not in self._records:
            raise RunUnknown(f"no run `{run_id}` in this store")
        return self._records[run_id]
