"""Takes in what another home exported, as runs of this one.

1. The whole file is read, checked and laid aside before anything is kept, so what is damaged, cut off or no export at
   all leaves no trace.
2. A run of the other home becomes one here, marked as imported: nobody decided anything in it, nobody resumes it. The
   numbers of its results stay, so `(run, number, text)` names a result in both homes, and one that is here already is
   not taken in again, be the file another one or this its own home.
3. The file is something anybody can write. Its labels can only restrict: readers and origins stay, `import` joins the
   origins, and nothing is trusted.
4. What was forgotten here, the result or its very words, stays out.
5. Interrupted, the runs written so far are whole; the same import once more takes in the rest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from khala.domain.budget import InteractionBudget
from khala.domain.events import CallFinished, Imported, ModelReplied, RunEnded, RunStarted
from khala.domain.namespace import Namespace
from khala.domain.retention import Retention
from khala.errors import ImportRefused, LogDamaged
from khala.infrastructure.models.openai.plain_text import sound
from khala.infrastructure.store.sqlite_store import SqliteStore
from khala.infrastructure.transfer.memory_record import FIRST_LINE, MemoryRecord, read_line, stated_count
from khala.infrastructure.transfer.record_file import lines_in

__all__ = ["ImportedMemories", "import_memory"]


@dataclass(frozen=True)
class ImportedMemories:
    """What became of an export."""

    results: int
    """Taken in."""
    runs: tuple[str, ...]
    """Ids of the runs they are in."""
    known: int
    """That were here already, and were not taken in again."""
    forgotten: int
    """That were forgotten here, they or their very words, and stay out."""


_Name = tuple[str, int, str]
"""The run in its first home, the number in it, and the digest of the text: what a result is known by everywhere."""


@dataclass(frozen=True)
class _LaidAside:
    """A checked record, and where it lies."""

    name: _Name
    namespace: Namespace
    offset: int
    length: int


def import_memory(store: SqliteStore, source: Path) -> ImportedMemories:
    """Take in an export. Raises `ImportRefused` before anything is kept, `HomeUnusable`, `MissingExtra`."""
    with tempfile.TemporaryFile() as aside:
        held, digest = _checked(source, aside)
        here = _names_here(store)
        new = [one for one in held if (one.name, one.namespace) not in here]
        groups: dict[tuple[str, Namespace], list[_LaidAside]] = {}
        forgotten = 0
        for one in new:
            record = _read(aside, one)
            if store.forgetting.is_forgotten(record.result(record.run_id)):
                forgotten += 1
            else:
                groups.setdefault((record.run_id, record.namespace), []).append(one)
        runs: list[str] = []
        for (run_id, namespace), members in groups.items():
            origin = Imported(format="memory", file=sound(source.name), digest=digest, memories_of=run_id)
            runs.append(_written(store, namespace, origin, (_read(aside, one) for one in members)))
    taken = len(new) - forgotten
    return ImportedMemories(taken, tuple(runs), known=len(held) - len(new), forgotten=forgotten)


def _checked(source: Path, aside: IO[bytes]) -> tuple[list[_LaidAside], str]:
    """Lay the records of a file aside; also the SHA-256 of its lines, hex."""
    whole = sha256()
    held: dict[str, _LaidAside] = {}
    lines = enumerate(lines_in(source), start=1)
    if next(lines, (0, b""))[1] != FIRST_LINE:
        raise ImportRefused(f"`{source}` is no export of a khala memory: `khala memory export` writes them")
    read, stated = 0, None
    for number, line in lines:
        if stated is not None:
            raise ImportRefused(f"`{source}` goes on after its last line: line {number}")
        whole.update(line + b"\n")
        try:
            stated = stated_count(line)
            if stated is not None:
                continue
            record = read_line(line)
        except ValueError as error:
            raise ImportRefused(f"line {number} of `{source}` cannot be taken in: {error}") from None
        name = (record.run_id, record.number, record.digest)
        read += 1
        before = held.get(record.id)
        if before is not None and (before.name, before.namespace) != (name, record.namespace):
            raise ImportRefused(f"line {number} of `{source}` is another result `{record.id}` than one before")
        if before is None:
            held[record.id] = _LaidAside(name, record.namespace, aside.tell(), len(line))
            aside.write(line)
    if stated != read:
        ends = "it has no last line" if stated is None else f"it says it has {stated}"
        raise ImportRefused(f"`{source}` was cut off or changed: {read} results can be read, and {ends}")
    return list(held.values()), whole.hexdigest()


def _read(aside: IO[bytes], one: _LaidAside) -> MemoryRecord:
    aside.seek(one.offset)
    return read_line(aside.read(one.length))


def _names_here(store: SqliteStore) -> set[tuple[_Name, Namespace]]:
    """What every result of this home is known by, of forgotten ones too."""
    first_home = {run.run_id: run.memories_of or run.run_id for run in store.runs()}
    names: set[tuple[_Name, Namespace]] = set()
    for use in store.forgetting.uses():
        number = "" if use.result_id is None else use.result_id.rpartition("-")[2]
        if number.isdigit() and use.run_id in first_home:
            try:
                namespace = store.namespace(use.run_id)
            except LogDamaged:
                continue
            names.add(((first_home[use.run_id], int(number), use.digest), namespace))
    return names


def _written(store: SqliteStore, namespace: Namespace, origin: Imported, records: Iterator[MemoryRecord]) -> str:
    with store.create() as log:
        log.append(
            RunStarted(
                task=f"memories of run `{origin.memories_of}`, taken in from `{origin.file}`",
                system="",
                model="",
                tools=(),
                policy="",
                budget=InteractionBudget(),
                retention=Retention(),
                namespace=namespace,
                imported=origin,
            )
        )
        for turn, record in enumerate(records, start=1):
            result = record.result(log.run_id)
            at_ms = result.happened_at_ms
            log.append(ModelReplied(turn=turn, text="", calls=(result.call,), happened_at_ms=at_ms))
            log.append(
                CallFinished(
                    call_id=result.call.id,
                    status="ok",
                    digest=store.keep_text(result.text, tenant=namespace.tenant),
                    chars=len(result.text),
                    shown_chars=len(result.text),
                    label=result.label,
                    happened_at_ms=at_ms,
                )
            )
        log.append(RunEnded(status="unanswered", answer="", reason="only its memories were taken in"), durable=True)
        return log.run_id
