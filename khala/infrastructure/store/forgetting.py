"""Forgets results for good: their texts, every copy of them, and the right to be found again.

1. A copy is a text that repeats a forgotten result: what `recall` and `read_result` told of it, the evidence put back
   before an answer, what a verifier quoted to the model. Copies come after what they repeat, so one reading in order
   finds them all.
2. Texts, and the list of what may not come back, change in one transaction that is synced to the disk. The index is
   told afterwards; should that be interrupted, `unremoved` says what is left to tell.
3. A text that a result not forgotten holds too stays for that one, and is named.
4. The events stay, so runs still verify. What the model wrote stands in them and stays with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from khala.domain.call import ToolResult
from khala.domain.events import CallFinished, EvidenceRecalled, Recorded, Verified
from khala.domain.memory_limits import Held, MemoryLimits
from khala.infrastructure.store.database import Database

__all__ = ["Erased", "Forgetting", "TextUse", "text_use"]

_BATCH = 256
"""Events read at once."""


@dataclass(frozen=True)
class TextUse:
    """An event that names a text, and the results whose words that text holds."""

    run_id: str
    seq: int
    digest: str
    holds: frozenset[str]
    result_id: str | None = None
    """Of the result it is the text of, if it is one's."""


@dataclass(frozen=True)
class Erased:
    """What was forgotten in the store."""

    results: frozenset[str]
    texts: int
    is_in_log: bool
    """Whether the write-ahead log may still hold them, because another process kept it from being emptied."""
    shared: frozenset[str]
    """Digests of texts that stay, because results that were not forgotten hold them too."""


def text_use(record: Recorded) -> TextUse | None:
    """The text an event names; `None` where it names none."""
    match record.event:
        case CallFinished(call_id=call_id, digest=digest, derived_from=derived_from):
            return TextUse(record.run_id, record.seq, digest, frozenset({call_id, *derived_from}), call_id)
        case EvidenceRecalled(digest=digest, passages=passages):
            return TextUse(record.run_id, record.seq, digest, frozenset(each.result_id for each in passages))
        case Verified(digest=str(digest), findings=findings):
            told = frozenset(passage.result_id for finding in findings for passage in finding.passages)
            return TextUse(record.run_id, record.seq, digest, told)
        case _:
            return None


class Forgetting:
    """What was forgotten in one home, and may not be found again."""

    def __init__(
        self, database: Database, read: Callable[[bytes], Recorded | None], tenant_of: Callable[[str], str]
    ) -> None:
        self._database = database
        self._read = read
        self._tenant_of = tenant_of

    def is_forgotten(self, result: ToolResult) -> bool:
        """Whether a result was forgotten, or the very words it brings were, for its tenant."""
        with self._database.reading() as db:
            known = db.execute(
                "SELECT 1 FROM forgotten_results WHERE result_id = ?"
                " UNION ALL SELECT 1 FROM forgotten_texts WHERE digest = ? AND tenant = ?",
                (result.call.id, bytes.fromhex(result.digest), result.namespace.tenant),
            ).fetchone()
        return known is not None

    def erase(self, chosen: AbstractSet[str], *, may_return: bool = False) -> Erased:
        """Forget results and all copies of their texts; with `may_return` the same words may come with later ones.

        Copies that a run made of what was forgotten before, while it was being forgotten, go too. Raises
        `HomeUnusable`.
        """
        before = self.results()
        gone, going, staying = {*chosen, *before}, set[tuple[str, str]](), set[tuple[str, str]]()
        for use in self.uses():
            text = (use.digest, self._tenant_of(use.run_id))
            if use.result_id in before:
                continue
            if use.holds.isdisjoint(gone):
                staying.add(text)
            else:
                going.add(text)
                gone |= set() if use.result_id is None else {use.result_id}
        shared = going & staying
        rows = [(bytes.fromhex(digest), tenant) for digest, tenant in going - shared]
        with self._database.writing(durable=True) as db:
            db.executemany("INSERT OR IGNORE INTO forgotten_results VALUES (?, 0)", [(one,) for one in gone - before])
            if not may_return:
                db.executemany("INSERT OR IGNORE INTO forgotten_texts VALUES (?, ?)", rows)
            texts = db.executemany(
                "UPDATE texts SET content = NULL WHERE digest = ? AND tenant = ? AND content IS NOT NULL", rows
            ).rowcount
            db.executemany("DELETE FROM pins WHERE result_id = ?", [(one,) for one in gone])
        is_in_log = not self._database.forget_erased()
        return Erased(frozenset(gone - before), max(0, texts), is_in_log, frozenset(digest for digest, _ in shared))

    def of_tenant(self, tenant: str) -> frozenset[str]:
        """Ids of all results of a tenant, forgotten ones too."""
        return frozenset(
            use.result_id for use in self.uses() if use.result_id is not None and self._tenant_of(use.run_id) == tenant
        )

    def results(self) -> frozenset[str]:
        """Ids of all forgotten results."""
        with self._database.reading() as db:
            return frozenset(result_id for (result_id,) in db.execute("SELECT result_id FROM forgotten_results"))

    def has(self, result_id: str) -> bool:
        """Whether this result was forgotten."""
        with self._database.reading() as db:
            row = db.execute("SELECT 1 FROM forgotten_results WHERE result_id = ?", (result_id,)).fetchone()
        return row is not None

    def unremoved(self) -> frozenset[str]:
        """Forgotten results that the index may still hold."""
        with self._database.reading() as db:
            rows = db.execute("SELECT result_id FROM forgotten_results WHERE NOT removed").fetchall()
        return frozenset(result_id for (result_id,) in rows)

    def removed(self, result_ids: AbstractSet[str]) -> None:
        """Take down that the index has let go of them."""
        with self._database.writing(durable=True) as db:
            db.executemany("UPDATE forgotten_results SET removed = 1 WHERE result_id = ?", [(o,) for o in result_ids])
        self._database.forget_erased()  # again, for whoever was killed before it was done

    def pin(self, result_id: str) -> None:
        """Keep a result out of what limits take away."""
        with self._database.writing(durable=True) as db:
            db.execute("INSERT OR IGNORE INTO pins VALUES (?)", (result_id,))

    def unpin(self, result_id: str) -> bool:
        """Let limits take a result away again; whether it was pinned."""
        with self._database.writing(durable=True) as db:
            return db.execute("DELETE FROM pins WHERE result_id = ?", (result_id,)).rowcount > 0

    def pins(self) -> frozenset[str]:
        """Pinned results."""
        with self._database.reading() as db:
            return frozenset(result_id for (result_id,) in db.execute("SELECT result_id FROM pins"))

    @property
    def limits(self) -> MemoryLimits:
        """How much this home keeps, and for how long."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM settings WHERE name = 'memory_limits'").fetchone()
        return MemoryLimits() if row is None else MemoryLimits.model_validate_json(row[0])

    def set_limits(self, limits: MemoryLimits) -> None:
        """Keep no more than this from now on."""
        with self._database.writing(durable=True) as db:
            db.execute("REPLACE INTO settings VALUES ('memory_limits', ?)", (limits.model_dump_json(),))

    def beyond_limits(self, now_ms: int) -> frozenset[str]:
        """Results to let go of."""
        limits = self.limits
        return (
            frozenset() if limits == MemoryLimits() else limits.beyond(self.held(), pinned=self.pins(), now_ms=now_ms)
        )

    def held(self) -> list[Held]:
        """Every result that brought words of its own and was not forgotten, in the order they finished."""
        forgotten = self.results()
        return [
            Held(
                result_id=event.call_id,
                tenant=self._tenant_of(record.run_id),
                chars=event.chars,
                at_ms=record.at_ms,
            )
            for record in self._records("'call_finished'")
            if isinstance(event := record.event, CallFinished)
            and (event.status, event.derived_from) == ("ok", ())
            and event.call_id not in forgotten
        ]

    def uses(self) -> Iterator[TextUse]:
        """Every event of all runs that names a text, in order."""
        uses = map(text_use, self._records("'call_finished', 'evidence_recalled', 'verified'"))
        return (use for use in uses if use is not None)

    def _records(self, kinds: str) -> Iterator[Recorded]:
        """The events of some kinds, of all runs, in order; what cannot be read is left out, and nothing is verified."""
        named = f"SELECT number, record FROM events WHERE number > ? AND kind IN ({kinds}) ORDER BY number LIMIT ?"  # noqa: S608 (see above)
        stored = self._database.in_batches(named, rows=_BATCH)
        return (record for _, row in stored if (record := self._read(row)) is not None)
