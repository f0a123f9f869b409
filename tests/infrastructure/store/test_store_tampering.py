# pyright: reportPrivateUsage=false
from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from khala.domain.events import Recorded, RunResumed
from khala.errors import CallerError, KhalaError, LogDamaged
from khala.infrastructure.store.home import HomeFolder, open_home
from khala.infrastructure.store.ledger import record_hash
from khala.infrastructure.store.run_log import sign_head
from khala.infrastructure.store.sqlite_store import SqliteStore
from khala.infrastructure.store.summary import ExportedHead, read_head

WriteRun = Callable[[SqliteStore, int], str]
TURNS = 8
EVENTS = 3 * TURNS + 2


@pytest.fixture
def run_id(store: SqliteStore, write_run: WriteRun) -> str:
    return write_run(store, TURNS)


@pytest.fixture
def outsider(home: HomeFolder, run_id: str) -> Iterator[sqlite3.Connection]:
    """Somebody who can write the file and does not have the key; the rules of the tables do not bind them."""
    with closing(sqlite3.connect(home.database, isolation_level=None)) as db:
        db.execute("CREATE TABLE loose AS SELECT * FROM events")
        db.execute("DROP TABLE events")
        db.execute("ALTER TABLE loose RENAME TO events")
        yield db


def flipped(data: bytes, place: int, chance: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1 :]


def blamed(store: SqliteStore, run_id: str) -> str:
    with pytest.raises(LogDamaged) as raised:
        store.verify(run_id)
    with pytest.raises(LogDamaged):
        store.records(run_id)
    with pytest.raises(LogDamaged), store.reopen(run_id):
        pass
    return str(raised.value)


def test_a_flipped_byte_in_any_event_is_found_and_named(store: SqliteStore, outsider: sqlite3.Connection, run_id: str):
    chance = random.Random(1)
    for seq in range(EVENTS):
        for column in ("record", "hash"):
            (data,) = outsider.execute(f"SELECT {column} FROM events WHERE seq = ?", (seq,)).fetchone()
            changed = flipped(data, chance.randrange(len(data)), chance)
            outsider.execute(f"UPDATE events SET {column} = ? WHERE seq = ?", (changed, seq))
            assert f"event {seq} of run `{run_id}` was changed" in blamed(store, run_id)
            outsider.execute(f"UPDATE events SET {column} = ? WHERE seq = ?", (data, seq))
    assert store.verify(run_id).events == EVENTS


def test_an_event_changed_together_with_its_hash_is_named(
    store: SqliteStore, outsider: sqlite3.Connection, run_id: str
):
    for seq in range(EVENTS):
        data, digest = outsider.execute("SELECT record, hash FROM events WHERE seq = ?", (seq,)).fetchone()
        changed = data.replace(b'"kind"', b'"kinD"')
        row = (changed, bytes.fromhex(record_hash(changed)), seq)
        outsider.execute("UPDATE events SET record = ?, hash = ? WHERE seq = ?", row)
        assert f"event {seq} of run `{run_id}` was changed" in blamed(store, run_id)
        outsider.execute("UPDATE events SET record = ?, hash = ? WHERE seq = ?", (data, digest, seq))


def test_every_byte_of_the_head_counts(store: SqliteStore, outsider: sqlite3.Connection, run_id: str):
    chance = random.Random(2)
    for column in ("statement", "signature"):
        (data,) = outsider.execute(f"SELECT {column} FROM heads").fetchone()
        for place in range(0, len(data), 7):
            outsider.execute(f"UPDATE heads SET {column} = ?", (flipped(data, place, chance),))
            assert f"signed head after event {EVENTS - 1} does not carry a signature" in blamed(store, run_id)
        outsider.execute(f"UPDATE heads SET {column} = ?", (data,))
    outsider.execute("DELETE FROM heads")
    assert f"signed head after event {EVENTS - 1} is missing" in blamed(store, run_id)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM events WHERE seq = 0", "event 0 of run `RUN` is missing"),
        ("DELETE FROM events WHERE seq = 7", "event 7 of run `RUN` is missing"),
        ("DELETE FROM events WHERE seq >= 20", "event 20 of run `RUN` is missing: the signed head says that event 25"),
        ("DELETE FROM events", "event 0 of run `RUN` is missing"),
        (
            "UPDATE events SET seq = 16 - seq WHERE seq IN (7, 9)",
            "event 7 of run `RUN` is out of order: event 9",
        ),
        ("INSERT INTO events SELECT * FROM events WHERE seq = 5", "event 5 of run `RUN` stands there twice"),
        (
            "INSERT INTO events SELECT number + 100, run_id, 26, kind, hash, record FROM events WHERE seq = 5",
            "event 26 of run `RUN` is out of order: event 5 stands in its place",
        ),
        ("UPDATE events SET seq = seq + 1", "event 0 of run `RUN` is missing"),
        ("UPDATE events SET seq = seq - 1", "event -1 of run `RUN` cannot have a number below 0"),
        ("UPDATE events SET kind = 'run_ended' WHERE seq = 3", "event 3 of run `RUN` was changed: it is filed as"),
        ("UPDATE events SET record = 'text' WHERE seq = 3", "event 3 of run `RUN` cannot be read"),
        ("UPDATE events SET hash = NULL WHERE seq = 3", "event 3 of run `RUN` cannot be read"),
        ("UPDATE heads SET statement = 'text'", "its signed head after event 25 is missing"),
    ],
)
def test_rows_taken_moved_doubled_or_misfiled_are_named(
    store: SqliteStore, outsider: sqlite3.Connection, run_id: str, change: str, words: str
):
    outsider.execute(change)
    assert words.replace("RUN", run_id) in blamed(store, run_id)


def test_an_event_taken_from_another_run_is_named(
    store: SqliteStore, outsider: sqlite3.Connection, run_id: str, write_run: WriteRun
):
    other = write_run(store, TURNS)
    outsider.execute("DELETE FROM events WHERE run_id = ? AND seq = 4", (run_id,))
    outsider.execute("UPDATE events SET run_id = ? WHERE run_id = ? AND seq = 4", (run_id, other))
    assert f"event 4 of run `{run_id}` was replaced by one of run `{other}`" in blamed(store, run_id)
    assert f"event 4 of run `{other}` is missing" in blamed(store, other)


def test_a_changed_or_removed_text_is_never_given_out(store: SqliteStore, outsider: sqlite3.Connection, run_id: str):
    digest = store.keep_text(f"result 2 of {run_id}")
    key = bytes.fromhex(digest)
    outsider.execute(
        "UPDATE texts SET content = (SELECT content FROM texts WHERE digest <> ? LIMIT 1) WHERE digest = ?", (key, key)
    )
    with pytest.raises(LogDamaged, match="was changed"):
        store.read_text(digest)
    with pytest.raises(LogDamaged, match=f"event 6 of run `{run_id}` names a text in vain"):
        store.verify(run_id)
    assert len(list(store.tool_results())) == TURNS - 1
    outsider.execute("DELETE FROM texts WHERE digest = ?", (key,))
    with pytest.raises(LogDamaged, match="is not in the store"):
        store.read_text(digest)


def test_no_flipped_byte_of_the_file_ever_gives_other_events(home: HomeFolder, write_run: WriteRun, tmp_path: Path):
    with SqliteStore(home) as store:
        run_id = write_run(store, TURNS)
        before = store.records(run_id)
    content = home.database.read_bytes()
    chance = random.Random(3)
    found = 0
    for _ in range(250):
        copy = open_home(tmp_path / "copy")
        shutil.copy(home.signing_key, copy.signing_key)
        copy.database.write_bytes(flipped(content, chance.randrange(len(content)), chance))
        try:
            assert read_all(copy, run_id) == before
        except KhalaError:
            found += 1
        shutil.rmtree(copy.path)
    assert found > 30  # the others hit free space, an index that was not needed, or a header field without effect


def read_all(home: HomeFolder, run_id: str) -> list[Recorded]:
    with SqliteStore(home) as store:
        store.verify(run_id)
        store.runs()
        list(store.tool_results())
        return store.records(run_id)


def head_of(store: SqliteStore, run_id: str) -> ExportedHead:
    told = store.verify(run_id)
    return ExportedHead(run_id=run_id, events=told.events, head=told.head_hash, public_key=told.public_key)


def test_an_exported_head_shows_what_the_holder_of_the_key_cut(
    store: SqliteStore, outsider: sqlite3.Connection, run_id: str
):
    before = head_of(store, run_id)
    assert store.verify(run_id, exported=before).events == EVENTS
    outsider.execute("DELETE FROM events WHERE seq >= ?", (EVENTS - 2,))
    (last,) = outsider.execute("SELECT hash FROM events WHERE seq = ?", (EVENTS - 3,)).fetchone()
    sign_head(outsider, store._key, run_id=run_id, seq=EVENTS - 3, last_hash=last.hex(), at_ms=1)
    assert store.verify(run_id).events == EVENTS - 2
    with pytest.raises(LogDamaged, match=f"has {EVENTS - 2} events and had {EVENTS}: its end was cut off"):
        store.verify(run_id, exported=before)


def test_an_exported_head_holds_for_a_run_that_went_on_and_for_no_other(
    store: SqliteStore, run_id: str, write_run: WriteRun
):
    early = head_of(store, run_id).model_copy(update={"events": 3})
    with pytest.raises(LogDamaged, match=r"event 2 of run `.*` is not the one"):
        store.verify(run_id, exported=early)
    with store.reopen(write_run(store, 1)) as log:
        head = head_of(store, log.run_id)
        log.append(RunResumed(model="m", policy="p"))
    assert store.verify(head.run_id, exported=head).events == head.events + 1
    with pytest.raises(LogDamaged, match="name the run it is of"):
        store.verify(run_id, exported=head)
    with pytest.raises(LogDamaged, match="another key"):
        store.verify(head.run_id, exported=head.model_copy(update={"public_key": "00"}))


def test_what_is_no_exported_head_is_refused():
    for text in ("", "[]", "{", '{"run_id": "a", "events": -1, "head": "", "public_key": ""}', '{"events": "3"}'):
        with pytest.raises(CallerError, match="no exported head"):
            read_head(text)
