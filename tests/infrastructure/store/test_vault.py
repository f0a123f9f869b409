from __future__ import annotations

import sqlite3
import sys
from functools import partial

import pytest
from letters import ACME, OTHER, files_with, indexed, open_letter
from letters import told as told_to

from khala.assembly import Home
from khala.domain.selection import Selection
from khala.errors import CallerError, HomeUnusable, LogDamaged
from khala.infrastructure.store.vault import master_key

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))

told = partial(told_to, namespace=ACME)


@pytest.fixture(params=["lance", "lance, words only", "sqlite"])
def open_home(request, tmp_path, monkeypatch):
    if request.param == "sqlite":
        monkeypatch.setitem(sys.modules, "lancedb", None)
    return lambda key=KEY: Home(tmp_path, semantic=request.param == "lance", master_key=key)


def test_a_sealed_home_is_searched_like_any_other_and_shows_nothing_on_disk(open_home, tmp_path):
    with open_home() as home:
        ids = told(home, *range(5))
        indexed(home)
    assert files_with(tmp_path, "swordfish3", "Kuopio", "kuopio", "vault of") == []
    with open_home() as home:
        found = home.memory_of(ACME).recall("what opens with swordfish3?", limit=1)
        assert [(one.result_id, one.passage) for one in found] == [(ids[3], open_letter.function(number=3))]
        assert home.memory.recall("swordfish3", limit=1)[0].result_id == ids[3]
        assert not home.memory_of(OTHER).recall("swordfish3")
        assert home.store.verify(ids[0].rpartition("-")[0]).erased_texts == 0


def test_dropping_a_tenants_key_shreds_what_it_sealed_in_every_copy(open_home, tmp_path):
    with open_home() as home:
        (mine,), (theirs,) = told(home, 1), told(home, 2, namespace=OTHER)
        indexed(home)
        copy = (tmp_path / "khala.db").read_bytes()
        assert home.shred("acme")
        assert not home.shred("acme")
        assert home.memory.recall("swordfish1 swordfish2")[0].result_id == theirs
        assert mine not in {one.result_id for one in home.memory.recall("swordfish1", limit=9)}
        assert home.store.tool_result(mine) is None
        assert home.store.verify(mine.rpartition("-")[0]).erased_texts == 1
        (again,) = told(home, 1)
        assert home.memory_of(ACME).recall("swordfish1")[0].result_id == again
    assert b"swordfish1" not in copy


def test_the_master_key_can_be_changed_without_sealing_anything_anew(open_home, tmp_path):
    with open_home() as home:
        (result_id,) = told(home, 1)
        with sqlite3.connect(tmp_path / "khala.db") as db:
            before = db.execute("SELECT content FROM texts").fetchall()
        home.store.vault.rewrap(OTHER_KEY)
        assert "swordfish1" in home.store.tool_result(result_id).text
        assert db.execute("SELECT content FROM texts").fetchall() == before
        db.close()
    with pytest.raises(HomeUnusable, match="another master key"):
        open_home()
    with open_home(OTHER_KEY) as home:
        assert home.memory_of(ACME).recall("swordfish1")[0].result_id == result_id


@pytest.mark.parametrize(("begun_with", "opened_with", "said"), [
    (KEY, OTHER_KEY, "another master key"),
    (KEY, None, "give its master key in `KHALA_MASTER_KEY`"),
    (None, KEY, "begun without a master key"),
])  # fmt: skip
def test_a_home_and_its_master_key_belong_together(tmp_path, begun_with, opened_with, said):
    with Home(tmp_path, semantic=False, master_key=begun_with) as home:
        told(home, 1)
    with pytest.raises(HomeUnusable, match=said):
        Home(tmp_path, semantic=False, master_key=opened_with)
    with Home(tmp_path, semantic=False, master_key=begun_with):
        pass


def test_the_key_may_come_from_a_function_a_variable_or_a_file(tmp_path, monkeypatch):
    with Home(tmp_path / "home", semantic=False, master_key=lambda: KEY) as home:
        (result_id,) = told(home, 1)
    file = tmp_path / "key"
    file.write_text(KEY.hex() + "\n", encoding="ascii")
    monkeypatch.setenv("KHALA_MASTER_KEY_FILE", str(file))
    with Home(tmp_path / "home", semantic=False) as home:
        assert home.store.tool_result(result_id)
    monkeypatch.setenv("KHALA_MASTER_KEY", OTHER_KEY.hex())
    with pytest.raises(HomeUnusable, match="another master key"):
        Home(tmp_path / "home", semantic=False)


@pytest.mark.parametrize("text", ["short", "zz" * 32, KEY.hex()[:-2], "AAAA" * 9, "é" * 64, "\0" * 32])
def test_what_is_no_key_is_refused(tmp_path, text):
    with pytest.raises(CallerError, match="no key of 32 bytes"):
        master_key({"KHALA_MASTER_KEY": text})
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="ascii")
    for path, words in (
        (empty, "holds no master key"),
        (tmp_path / "nowhere", "cannot be read"),
        (tmp_path, "cannot be"),
    ):
        with pytest.raises(CallerError, match=words):
            master_key({"KHALA_MASTER_KEY_FILE": str(path)})
    with pytest.raises(CallerError, match="has 3 bytes"):
        Home(tmp_path / "home", semantic=False, master_key=b"abc")


@pytest.mark.parametrize("change", [
    "UPDATE texts SET content = CAST(substr(content, 1, 40) || x'0000' AS BLOB)",
    "UPDATE texts SET content = (SELECT content FROM texts AS o WHERE o.digest <> texts.digest)",
    "UPDATE texts SET tenant = 'other'",
    "UPDATE texts SET content = substr(content, 1, 9)",
])  # fmt: skip
def test_a_sealed_text_that_was_changed_or_put_elsewhere_is_damage(tmp_path, change):
    with Home(tmp_path, semantic=False, master_key=KEY) as home:
        ids = told(home, 1, 2)
        with sqlite3.connect(tmp_path / "khala.db") as db:
            db.execute(change)
        db.close()
        run_id = ids[0].rpartition("-")[0]
        with pytest.raises(LogDamaged, match="changed"):
            home.store.verify(run_id)
        assert home.store.tool_result(ids[0]) is None


def test_two_homes_of_one_folder_share_the_keys_that_either_makes_or_drops(tmp_path):
    with Home(tmp_path, semantic=False, master_key=KEY) as one, Home(tmp_path, semantic=False, master_key=KEY) as other:
        (first,) = told(one, 1)
        (second,) = told(other, 2)
        assert one.store.tool_result(second)
        assert other.store.tool_result(first)
        one.shred("acme")
        (third,) = told(other, 3)
        assert one.store.tool_result(third)
        assert other.store.tool_result(third)
        assert one.store.tool_result(second) is None


def test_what_was_shredded_does_not_come_back_by_another_tenant_or_another_process(tmp_path):
    with Home(tmp_path, semantic=False, master_key=KEY) as one, Home(tmp_path, semantic=False, master_key=KEY) as other:
        (shared,), (theirs,) = told(one, 1), told(one, 1, namespace=OTHER)
        assert other.memory_of(ACME).recall("swordfish1")
        pending = told(other, 2, 3)
        assert one.shred("acme")
        assert other.memory_of(ACME).recall("swordfish1 swordfish2 vault") == []
        assert [one.store.tool_result(each) for each in (shared, *pending)] == [None] * 3
    with Home(tmp_path, semantic=False, master_key=KEY) as home:
        assert home.memory_of(ACME).recall("swordfish1 swordfish2 vault") == []
        assert [one.result_id for one in home.memory.recall("swordfish1 swordfish2 vault")] == [theirs]


def test_whoever_still_has_the_old_master_key_makes_no_key_that_the_new_one_cannot_open(tmp_path):
    third = bytes(range(2, 34))
    with Home(tmp_path, semantic=False, master_key=KEY) as one, Home(tmp_path, semantic=False, master_key=KEY) as late:
        told(one, 1)
        one.store.vault.rewrap(OTHER_KEY)
        with pytest.raises(HomeUnusable, match="another master key"):
            told(late, 2, namespace=OTHER)
        with pytest.raises(HomeUnusable, match="another master key"):
            late.store.vault.rewrap(third)
        late.stop_indexing()
    with Home(tmp_path, semantic=False, master_key=OTHER_KEY) as home:
        told(home, 3, namespace=OTHER)
        assert {result.text[:8] for _, result in home.store.tool_results()} == {"Letter 1", "Letter 3"}


def test_forgetting_in_a_sealed_home_leaves_nothing_either(tmp_path):
    with Home(tmp_path, semantic=False, master_key=KEY) as home:
        ids = told(home, 1, 2)
        indexed(home)
        assert home.forget(Selection(ids=frozenset({ids[0]}))).remains == ()
        assert [one.result_id for one in home.memory_of(ACME).recall("swordfish1 swordfish2 vault")] == [ids[1]]
