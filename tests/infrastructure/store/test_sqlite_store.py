# pyright: reportPrivateUsage=false
from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from khala.domain.call import ToolCall
from khala.domain.events import CallStarted, RunEnded, RunStarted
from khala.domain.ports import RunLog
from khala.errors import HomeTooNew, HomeUnusable, LogDamaged, RunBusy, RunUnknown
from khala.infrastructure.store.canonical import canonical_json
from khala.infrastructure.store.home import HomeFolder, open_home
from khala.infrastructure.store.ledger import NO_HASH, head_statement, record_hash
from khala.infrastructure.store.signing import is_signed_by, load_or_make_key
from khala.infrastructure.store.sqlite_store import SqliteStore
from khala.infrastructure.store.texts import ERASED
from khala.testing.run_store_check import check_run_store

WriteRun = Callable[[SqliteStore, int], str]
WriteTurn = Callable[[SqliteStore, RunLog, int], str]

A_CALL = CallStarted(call_id="c", tool="t", side_effect=True)


def test_it_keeps_the_contract_of_a_run_store(tmp_path: Path):
    stores: list[SqliteStore] = []

    def make_store() -> SqliteStore:
        stores.append(SqliteStore(open_home(tmp_path / str(len(stores)))))
        return stores[-1]

    check_run_store(make_store)
    for store in stores:
        store.close()


def test_a_run_is_the_same_after_the_home_was_closed(home: HomeFolder, write_run: WriteRun):
    with SqliteStore(home) as first:
        run_id = write_run(first, 3)
        before = first.records(run_id)
    with SqliteStore(home) as second:
        assert second.records(run_id) == before
        assert len(before) == 11
        assert second.verify(run_id).events == 11
    assert not list(home.leases.iterdir())


def test_the_chain_can_be_checked_with_the_public_key_and_plain_sqlite(home: HomeFolder, write_run: WriteRun):
    with SqliteStore(home) as store:
        run_id = write_run(store, 2)
        outcome = store.verify(run_id)
    with closing(sqlite3.connect(home.database)) as db:
        records = [row[0] for row in db.execute("SELECT record FROM events ORDER BY seq")]
        statement, signature = db.execute("SELECT statement, signature FROM heads").fetchone()
    assert is_signed_by(outcome.public_key, statement, signature)
    assert record_hash(records[-1]) == outcome.head_hash
    assert outcome.head_hash in statement.decode()
    for earlier, later in zip([None, *records], records, strict=False):
        assert (record_hash(earlier) if earlier else NO_HASH) in later.decode()


def test_an_append_is_synced_to_the_disk_only_when_asked(store: SqliteStore, started: RunStarted):
    levels: list[int] = []
    with store.create() as log:
        for durable in (False, True, False, True):
            log.append(A_CALL, durable=durable)
            with store._database.reading() as db:
                levels.append(db.execute("PRAGMA synchronous").fetchone()[0])
    normal, full = 1, 2
    assert levels == [normal, full, normal, full]


def test_of_two_writers_with_a_broken_lease_one_is_refused_and_writes_nothing(home: HomeFolder, store: SqliteStore):
    with SqliteStore(home) as other, store.create() as log:
        log.append(A_CALL)
        (home.leases / log.run_id).unlink()
        with other.reopen(log.run_id) as thief:
            thief.append(A_CALL)
            with pytest.raises(RunBusy, match="driven on by another process"):
                log.append(RunEnded(status="unanswered", answer=""))
            thief.append(A_CALL)
            assert store.verify(log.run_id).events == 3
        assert [record.event for record in store.records(log.run_id)] == [A_CALL] * 3


def test_runs_are_listed_with_what_a_person_wants_to_know(store: SqliteStore, started: RunStarted, write_run: WriteRun):
    done = write_run(store, 1)
    with store.create() as log:
        log.append(started)
    with store.create():
        pass  # nothing was ever written to it
    listed = store.runs()
    assert [(run.run_id, run.task, run.status, run.events) for run in listed] == [
        (done, "why?", "answered", 5),
        (log.run_id, "why?", "unfinished", 1),
    ]
    assert listed[0].started_at_ms == store.records(done)[0].at_ms


def test_an_unknown_run_is_named(store: SqliteStore):
    for ask in (store.records, store.verify):
        with pytest.raises(RunUnknown, match="no run `zzzzzzzz`"):
            ask("zzzzzzzz")


def test_an_erased_text_is_gone_from_the_disk_and_the_run_still_verifies(
    home: HomeFolder, store: SqliteStore, write_run: WriteRun
):
    run_id = write_run(store, 3)
    words = f"result 2 of {run_id}"
    digest = store.keep_text(words)
    with store._database.reading() as db:
        (content,) = db.execute("SELECT content FROM texts WHERE digest = ?", (bytes.fromhex(digest),)).fetchone()
    assert any(content in path.read_bytes() for path in home.path.glob("khala.db*"))
    store.erase_text(digest)
    assert not any(content in path.read_bytes() for path in home.path.glob("khala.db*"))
    assert store.read_text(digest) == ERASED
    assert store.verify(run_id).erased_texts == 1
    assert [result.text for _, result in store.tool_results()] == [f"result {n} of {run_id}" for n in (1, 3)]
    with pytest.raises(LogDamaged, match="nothing was erased"):
        store.erase_text("0" * 64)
    assert store.keep_text(words) == digest
    assert store.read_text(digest) == words


def test_finished_results_come_in_order_with_a_cursor(store: SqliteStore, write_run: WriteRun):
    first, second = write_run(store, 100), write_run(store, 2)
    everything = list(store.tool_results())
    assert [result.call.id for _, result in everything] == [
        *(f"{first}-{number}" for number in range(1, 101)),
        f"{second}-1",
        f"{second}-2",
    ]
    cursor, result = everything[100]
    assert result.call == ToolCall(id=f"{second}-1", tool="look", arguments={"n": 1, "big": 10**30})
    assert (result.text, result.status, result.run_id) == (f"result 1 of {second}", "ok", second)
    assert result.label.readers == {"ann", "bob", "cid"}
    assert list(store.tool_results(cursor)) == everything[101:]
    assert list(store.tool_results(everything[-1][0])) == []


def test_other_threads_read_while_the_loop_appends(store: SqliteStore, started: RunStarted, write_turn: WriteTurn):
    digests: list[str] = []
    faults: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                for digest in digests[-5:]:
                    assert store.read_text(digest).startswith("result")
                cursors = [cursor for cursor, _ in store.tool_results()]
                assert cursors == sorted(cursors)
                store.keep_text("the same text again")
        except Exception as error:  # noqa: BLE001 (whatever it is, the test shows it)
            faults.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    with store.create() as log:
        log.append(started)
        for thread in threads:
            thread.start()
        digests.extend(write_turn(store, log, number) for number in range(1, 61))
        done.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert store.verify(log.run_id).events == 181
    assert len(list(store.tool_results())) == 60


def test_a_full_disk_stops_the_run_and_loses_nothing(store: SqliteStore):
    with store.create() as log:
        log.append(A_CALL)
        with store._database.reading() as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count={pages + 4}")
        appended = 1
        message = ""
        while not message:
            try:
                appended = log.append(A_CALL).seq + 1
            except HomeUnusable as error:
                message = str(error)
        assert message.endswith("the disk is full; make room and run again, nothing that was written is lost")
        assert store.verify(log.run_id).events == appended
        with store._database.reading() as db:
            db.execute("PRAGMA max_page_count=1000000")
        assert log.append(A_CALL).seq == appended
        assert store.verify(log.run_id).events == appended + 1


def test_an_event_of_a_newer_khala_is_said_to_be_one(home: HomeFolder, store: SqliteStore):
    with store.create() as log:
        pass
    record = canonical_json(
        {"v": 1, "run_id": log.run_id, "seq": 0, "at_ms": 1, "prev": NO_HASH, "event": {"kind": "dreamt"}}
    )
    statement = head_statement(log.run_id, 0, record_hash(record), 1)
    signature = load_or_make_key(home.signing_key).sign(statement)
    with store._database.writing() as db:
        row = (log.run_id, 0, "dreamt", bytes.fromhex(record_hash(record)), record)
        db.execute("INSERT INTO events (run_id, seq, kind, hash, record) VALUES (?, ?, ?, ?, ?)", row)
        db.execute("REPLACE INTO heads VALUES (?, ?, ?)", (log.run_id, statement, signature))
    with pytest.raises(HomeTooNew, match=r"event 0 of run `[a-z0-9]{8}` is of a kind .*; update khala"):
        store.records(log.run_id)
    assert store.runs()[0].status == "damaged"


def test_a_home_with_another_key_is_not_resumed(home: HomeFolder, write_run: WriteRun):
    with SqliteStore(home) as store:
        run_id = write_run(store, 1)
    home.signing_key.unlink()
    with pytest.raises(HomeUnusable, match="put the key back"):
        SqliteStore(home)
    assert not home.signing_key.exists()
    load_or_make_key(home.signing_key)
    with SqliteStore(home) as store:
        with pytest.raises(LogDamaged, match="does not carry a signature of this home's key"), store.reopen(run_id):
            pass
        assert store.verify(write_run(store, 1)).events == 5


def test_a_result_is_found_again_by_its_id_alone(store: SqliteStore, write_run: WriteRun):
    run_id = write_run(store, 3)
    found = store.tool_result(f"{run_id}-2")
    assert found is not None
    assert (found.call.arguments["n"], found.text) == (2, f"result 2 of {run_id}")
    store.erase_text(found.digest)
    assert [store.tool_result(name) for name in (found.call.id, f"{run_id}-9", "nothing", "", "a-b-c")] == [None] * 5
