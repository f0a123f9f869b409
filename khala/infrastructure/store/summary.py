"""What is said about a run from outside: one line of a list, and the outcome of a verification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from khala.domain.events import RunEnded, RunStarted, RunStatus
from khala.domain.value import JsonObject
from khala.errors import CallerError, HomeTooNew
from khala.infrastructure.store.canonical import from_canonical
from khala.infrastructure.store.ledger import recorded

__all__ = ["ExportedHead", "RunSummary", "VerifiedRun", "read_head", "summary"]

MAX_HEAD_CHARS = 10_000
"""Characters of an exported head; a real one has some 300."""


@dataclass(frozen=True)
class RunSummary:
    """One line about a run, not verified."""

    run_id: str
    task: str
    """Empty for a ledger that no agent wrote."""
    status: RunStatus | Literal["unfinished", "damaged"]
    """An `unfinished` run can be resumed; a `damaged` one cannot be read, `verify` says where."""
    started_at_ms: int
    """Milliseconds since the epoch."""
    events: int
    is_imported: bool = False
    """It was read from another program's log; khala guarded none of its calls."""
    asked_by: str = ""
    """Of a sub-agent's run: the call of another run that asked for it."""
    memories_of: str = ""
    """Of imported memories: the run in the other home."""


@dataclass(frozen=True)
class VerifiedRun:
    """A run whose ledger verified."""

    run_id: str
    events: int
    head_hash: str
    """SHA-256 of the last record, hex: it stands for the whole run."""
    public_key: str
    """The key the head is signed with, hex."""
    erased_texts: int
    """Texts the run names that were erased since."""
    is_imported: bool = False
    """As in `RunSummary`."""


class ExportedHead(BaseModel):
    """A head that was kept elsewhere: what `khala verify RUN --json` printed some time ago."""

    model_config = ConfigDict(frozen=True, strict=True)

    run_id: str
    events: NonNegativeInt
    head: str
    public_key: str


def read_head(text: str) -> ExportedHead:
    """An exported head. Raises `CallerError` for what is none."""
    try:
        return ExportedHead.model_validate_json(text[:MAX_HEAD_CHARS])
    except ValidationError:
        raise CallerError("this is no exported head: keep what `khala verify RUN --json` prints") from None


def summary(run_id: str, events: int, first: bytes, last: bytes) -> RunSummary:
    """The line about a run, from the records of its first and its last event."""
    try:
        start, end = (recorded(cast("JsonObject", from_canonical(record))) for record in (first, last))
    except (ValueError, AttributeError, TypeError, HomeTooNew):
        return RunSummary(run_id, "", "damaged", 0, events)
    begun = start.event if isinstance(start.event, RunStarted) else None
    task, is_imported = (begun.task, begun.imported is not None) if begun else ("", False)
    status = end.event.status if isinstance(end.event, RunEnded) else "unfinished"
    imported = begun.imported if begun else None
    asked_by = "" if begun is None else begun.asked_by or (imported.asked_by if imported else "")
    memories_of = imported.memories_of if imported else ""
    return RunSummary(run_id, task, status, start.at_ms, events, is_imported, asked_by, memories_of)
