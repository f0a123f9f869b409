"""Words that forgetting cannot reach by itself, and whether it goes there or says so."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from letters import files_with, indexed, open_letter, told

from khala.assembly import Home
from khala.domain.selection import EVERYTHING, Selection
from khala.infrastructure.store import database


def only(result_id):
    return Selection(ids=frozenset({result_id}))


@pytest.mark.parametrize("kind", ["data", "_indices"])
def test_what_a_killed_process_left_beside_the_index_is_deleted_once_nobody_can_be_writing_it(tmp_path, kind):
    with Home(tmp_path, semantic=False) as home:
        ids = told(home, 1, 2, 3)
        indexed(home)
        table = tmp_path / "memory" / "words.lance"
        source = next((table / kind).iterdir())
        young, old = (table / kind / name for name in ("0" * 48 + "aa.lance", "0" * 48 + "bb.lance"))
        for place in (young, old):
            if source.is_dir():
                shutil.copytree(source, place)
            else:
                shutil.copy(source, place)
        for path in [old, *old.rglob("*")]:
            os.utime(path, (0, 0))
        remains = home.forget(only(ids[0])).remains
        assert remains
        assert all(str(young.relative_to(tmp_path)) in each for each in remains)
        assert not old.exists()
        for path in [young, *young.rglob("*")]:
            os.utime(path, (0, 0))
        assert home.forget(only(ids[1])).remains == ()
        assert home.memory.recall("swordfish3")[0].result_id == ids[2]


@pytest.mark.parametrize("first", ["sqlite", "lance"])
def test_the_index_of_before_lancedb_was_installed_or_removed_goes_too(tmp_path, monkeypatch, first):
    without = pytest.MonkeyPatch()
    (without if first == "sqlite" else monkeypatch).setitem(sys.modules, "unused", None)
    if first == "sqlite":
        without.setitem(sys.modules, "lancedb", None)
    with Home(tmp_path, semantic=False) as home:
        ids = told(home, 1, 2)
        indexed(home)
    without.undo()
    if first == "lance":
        monkeypatch.setitem(sys.modules, "lancedb", None)
    assert files_with(tmp_path / "memory", "swordfish1")
    with Home(tmp_path, semantic=False) as home:
        assert home.forget(only(ids[0])).remains == ()
        assert files_with(tmp_path / "memory", "swordfish1") == []
        assert [one.result_id for one in home.memory.recall("swordfish1 swordfish2")] == [ids[1]]


def test_a_reader_that_keeps_the_log_from_being_emptied_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_LOCK_WAIT_S", 0.1)
    with Home(tmp_path, semantic=False) as home:
        (first,) = told(home, 1)
        reader = sqlite3.connect(tmp_path / "khala.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM texts").fetchall()
        forgotten = home.forget(only(first))
        assert forgotten.results == (first,)
        assert "khala.db-wal" in forgotten.remains[-1]
        reader.close()
        assert home.forget(only(first)).remains == ()
        assert not (tmp_path / "khala.db-wal").read_bytes()


def test_words_put_into_a_file_by_hand_are_found(tmp_path):
    with Home(tmp_path, semantic=False) as home:
        told(home, 1)
        note = tmp_path / "notes" / "copied.txt"
        note.parent.mkdir()
        note.write_text(f"so: {open_letter.function(number=1)}", encoding="utf-8")
        assert home.forget(EVERYTHING).remains == ("file `notes/copied.txt`",)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_file_that_cannot_be_read_is_told_of(tmp_path):
    with Home(tmp_path, semantic=False) as home:
        told(home, 1)
        closed = Path(tmp_path, "closed")
        closed.write_text("?", encoding="ascii")
        closed.chmod(0)
        assert home.forget(EVERYTHING).remains == ("file `closed`",)
