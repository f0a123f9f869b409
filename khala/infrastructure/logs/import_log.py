"""Takes a log of another program into the store: one run for its main agent, one for each session of a sub-agent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from khala.domain.events import Imported, LogFormat, RunEnded, RunStatus
from khala.domain.ports import RunStore
from khala.infrastructure.logs.as_events import events_of, ids_of_calls
from khala.infrastructure.logs.foreign_run import Damage, ForeignRun
from khala.infrastructure.logs.log_file import LogFile, read_file
from khala.infrastructure.logs.read_log import read_log
from khala.infrastructure.models.openai.plain_text import sound

__all__ = ["ImportedLog", "ImportedRun", "import_log"]


@dataclass(frozen=True)
class ImportedRun:
    """One run out of a log, as it stands in the ledger."""

    run_id: str
    name: str
    """Of a sub-agent its session; empty for the main agent."""
    status: RunStatus
    turns: int
    """Replies of the model, those that were rolled back included."""
    tool_calls: int
    """Calls in these turns, whether they ran or not."""
    results: int
    """Calls whose result the log holds."""


@dataclass(frozen=True)
class ImportedLog:
    """What became of a log."""

    format: LogFormat
    main: ImportedRun
    sub_agents: tuple[ImportedRun, ...]
    warnings: tuple[str, ...]
    """What is damaged or missing, each in a sentence."""


def import_log(store: RunStore, path: str | os.PathLike[str]) -> ImportedLog:
    """Read a log and write its runs down. Raises `ImportRefused` before anything is written, and `HomeError`."""
    damage = Damage()
    file = read_file(Path(path), damage)
    read = read_log(file.document, damage)
    main, *subs = read.runs
    first = _written(store, main, _origin(main, file, read.format, damage.told()))
    ids = ids_of_calls(main, first.run_id)
    others: list[ImportedRun] = []
    for sub in subs:
        origin = _origin(sub, file, read.format, ())
        if sub.asked_by is not None:
            turn, place = sub.asked_by
            origin = origin.model_copy(update={"asked_by": ids[turn][place]})
        others.append(_written(store, sub, origin))
    return ImportedLog(read.format, first, tuple(others), damage.told())


def _origin(run: ForeignRun, file: LogFile, format_: LogFormat, warnings: tuple[str, ...]) -> Imported:
    return Imported(
        format=format_,
        file=sound(file.name),
        digest=file.digest,
        warnings=warnings,
        started_at_ms=run.started_at_ms,
        ended_at_ms=run.ended_at_ms,
    )


def _written(store: RunStore, run: ForeignRun, origin: Imported) -> ImportedRun:
    with store.create() as log:
        for event in events_of(run, log.run_id, origin, store.keep_text):
            log.append(event, durable=isinstance(event, RunEnded))
        return ImportedRun(
            run_id=log.run_id,
            name=run.name,
            status=run.status,
            turns=len(run.turns),
            tool_calls=len(run.calls),
            results=sum(call.result is not None for call in run.calls),
        )
