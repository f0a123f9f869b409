from __future__ import annotations

import asyncio
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters import ACME, OTHER, files_with, indexed, open_letter, told

from khala.assembly import Home
from khala.domain.memory_limits import Held, MemoryLimits
from khala.domain.selection import EVERYTHING, Selection
from khala.errors import MemoryUnusable
from khala.infrastructure.store import forget_results as forgetting
from khala.infrastructure.store.remains import probes
from khala.testing.scripted_model import ScriptedModel, calling, saying


@pytest.fixture(params=["lance", "lance, words only", "sqlite"])
def home(request, tmp_path, monkeypatch):
    if request.param == "sqlite":
        monkeypatch.setitem(__import__("sys").modules, "lancedb", None)
    with Home(tmp_path, semantic=request.param == "lance") as opened:
        yield opened


def test_what_is_forgotten_stands_in_no_file_and_is_never_found_again(home):
    ids = told(home, *range(40))
    assert home.memory.recall("swordfish7")[0].result_id == ids[7]
    indexed(home)
    assert files_with(home.folder.path, "swordfish7")  # the index is not compressed, so a search of the bytes can fail
    forgotten = home.forget(Selection(ids=frozenset({ids[7]})))
    assert (forgotten.results, forgotten.texts, forgotten.remains) == ((ids[7],), 1, ())
    assert files_with(home.folder.path, "swordfish7") == []
    assert files_with(home.folder.path, "swordfish8")
    assert ids[7] not in {one.result_id for one in home.memory.recall("swordfish7", limit=99)}
    assert home.memory.recall("swordfish8")[0].result_id == ids[8]
    assert home.store.verify(ids[0].rpartition("-")[0]).erased_texts == 1
    assert home.store.tool_result(ids[7]) is None


def test_all_of_it_can_be_forgotten_at_once(home):
    ids = told(home, *range(12))
    home.memory.recall("swordfish1")
    assert sorted(home.forget(EVERYTHING).results) == sorted(ids)
    assert files_with(home.folder.path, "swordfish") == []
    assert home.memory.recall("swordfish vault") == []
    assert home.forget(EVERYTHING).results == ()


def test_what_repeats_it_goes_with_it(home):
    ids = told(home, 1, 2)
    script = [
        calling(("recall", {"query": "swordfish1 vault"})),
        calling(("read_result", {"id": ids[0]})),
        saying("Yes."),
    ]
    report = asyncio.run(home.agent(model=ScriptedModel(script)).run("What is said?"))
    forgotten = home.forget(Selection(ids=frozenset({ids[0]})))
    assert forgotten.results == tuple(sorted([ids[0], f"{report.run_id}-1", f"{report.run_id}-2"]))
    assert forgotten.remains == ()
    assert files_with(home.folder.path, "swordfish1 opens") == []
    assert home.store.verify(report.run_id).erased_texts == 2


def test_what_the_model_wrote_stays_and_is_named(home):
    script = [
        calling(("open_letter", {"number": 3})),
        saying("Letter 3 says that swordfish3 opens the vault of Kuopio."),
        saying("Letter 3 says that swordfish3 opens the vault of Kuopio."),
    ]
    report = asyncio.run(home.agent(model=ScriptedModel(script), tools=[open_letter]).run("What does it say?"))
    forgotten = home.forget(Selection(runs=frozenset({report.run_id})))
    quoting = [r.seq for r in home.store.records(report.run_id) if "swordfish3" in r.event.model_dump_json()]
    assert quoting
    assert forgotten.remains == tuple(f"event {seq} of run `{report.run_id}`" for seq in quoting)


def test_the_same_words_stay_with_another_tenant_and_with_other_results(home):
    (mine,), (theirs,) = told(home, 5, namespace=ACME), told(home, 5, namespace=OTHER)
    forgotten = home.forget(Selection(namespace=ACME))
    assert (forgotten.results, forgotten.texts) == ((mine,), 1)
    assert (forgotten.remains, forgotten.also_in) == ((), (theirs,))
    assert home.memory_of(OTHER).recall("swordfish5")[0].result_id == theirs
    again, kept = told(home, 6, 6)
    forgotten = home.forget(Selection(ids=frozenset({again})))
    assert (forgotten.texts, forgotten.shared) == (0, 1)
    assert kept in forgotten.also_in
    assert [one.result_id for one in home.memory_of().recall("swordfish6")] == [kept]


def test_words_that_several_results_hold_are_erased_with_the_last_of_them(home):
    first, second = told(home, 6, 6)
    assert home.forget(Selection(ids=frozenset({first}))).shared == 1
    forgotten = home.forget(Selection(ids=frozenset({second})))
    assert (forgotten.results, forgotten.texts, forgotten.shared, forgotten.also_in) == ((second,), 1, 0, ())
    assert home.store.verify(first.rpartition("-")[0]).erased_texts >= 1


def test_forgotten_words_that_come_again_are_not_remembered_but_can_be_read_in_their_run(home):
    told(home, 5)
    home.forget(EVERYTHING)
    (again,) = told(home, 5)
    assert home.memory.recall("swordfish5") == []
    assert "swordfish5" in home.store.tool_result(again).text
    assert home.memory_of(OTHER).recall("swordfish5") == []
    (theirs,) = told(home, 5, namespace=OTHER)
    assert home.memory_of(OTHER).recall("swordfish5")[0].result_id == theirs


def test_pinned_results_stay_unless_they_are_meant_too(home):
    first, second = told(home, 1, 2)
    home.store.forgetting.pin(first)
    forgotten = home.forget(EVERYTHING)
    assert (forgotten.results, forgotten.pinned) == ((second,), (first,))
    assert home.forget(EVERYTHING, pinned=True).results == (first,)
    assert home.store.forgetting.pins() == frozenset()


def test_what_is_beyond_the_limits_goes_when_the_home_is_closed(tmp_path):
    with Home(tmp_path, semantic=False) as home:
        ids = told(home, *range(6))
        home.store.forgetting.pin(ids[0])
        home.store.forgetting.set_limits(MemoryLimits(results=3))
    with Home(tmp_path, semantic=False) as home:
        assert {result.call.id for _, result in home.store.tool_results()} == {ids[0], ids[4], ids[5]}
        assert {one.result_id for one in home.memory.recall("swordfish vault", limit=9)} == {ids[0], ids[4], ids[5]}
        assert home.store.forgetting.limits.results == 3


def test_what_limits_took_away_is_remembered_when_it_comes_again(home):
    told(home, 1, 2)
    home.store.forgetting.set_limits(MemoryLimits(results=1))
    assert len(home.forget_beyond_limits().results) == 1
    (again,) = told(home, 1)
    assert home.memory.recall("swordfish1")[0].result_id == again


def test_a_pinned_copy_goes_with_what_it_repeats_and_is_not_said_to_stay(home):
    (told_first,) = told(home, 1)
    script = [calling(("read_result", {"id": told_first})), saying("Yes."), saying("Yes.")]
    report = asyncio.run(home.agent(model=ScriptedModel(script)).run("What is said?"))
    copy = f"{report.run_id}-1"
    home.store.forgetting.pin(copy)
    forgotten = home.forget(EVERYTHING)
    assert (forgotten.results, forgotten.pinned) == (tuple(sorted([told_first, copy])), ())


def test_an_interrupted_forgetting_is_ended_when_memory_is_opened_again(tmp_path, monkeypatch):
    with Home(tmp_path, semantic=False) as home:
        ids = told(home, 1, 2)
        home.memory.recall("swordfish1")

        def dies(*_):
            raise MemoryUnusable("the power went")

        monkeypatch.setattr(forgetting, "sweep", dies)
        with pytest.raises(MemoryUnusable):
            home.forget(Selection(ids=frozenset({ids[0]})))
        assert files_with(home.folder.path, "swordfish1")
    with Home(tmp_path, semantic=False) as home:
        assert [one.result_id for one in home.memory.recall("swordfish1 swordfish2")] == [ids[1]]
        assert files_with(home.folder.path, "swordfish1") == []


def test_it_is_gone_from_the_index_of_whoever_opened_the_home_otherwise(tmp_path):
    with Home(tmp_path) as home:
        ids = told(home, 1)
        assert home.memory.recall("swordfish1")
    with Home(tmp_path, semantic=False) as home:
        assert home.memory.recall("swordfish1")
    assert len(files_with(home.folder.path, "swordfish1")) >= 2
    with Home(tmp_path, semantic=False) as home:
        assert home.forget(Selection(ids=frozenset(ids))).remains == ()
        assert files_with(home.folder.path, "swordfish1") == []


def test_a_home_whose_texts_had_no_tenant_is_brought_up_to_date(tmp_path):
    with Home(tmp_path, semantic=False) as home:
        (result_id,) = told(home, 1)
    with sqlite3.connect(tmp_path / "khala.db") as db:
        db.execute("CREATE TABLE old (digest BLOB NOT NULL UNIQUE, content BLOB)")
        db.execute("INSERT INTO old SELECT digest, content FROM texts")
        db.execute("DROP TABLE texts")
        db.execute("ALTER TABLE old RENAME TO texts")
        db.execute("PRAGMA user_version = 1")
    db.close()
    with Home(tmp_path, semantic=False) as home:
        result = home.store.tool_result(result_id)
        assert result is not None
        assert "swordfish1" in result.text
        assert home.store.verify(result_id.rpartition("-")[0]).erased_texts == 0


@given(st.text(max_size=400))
def test_what_is_looked_for_stands_in_the_text_and_reads_the_same_inside_json(text):
    for probe in probes(text):
        assert probe in text.encode(errors="surrogatepass")
        assert 0 < len(probe.decode(errors="surrogatepass")) <= 48
        assert b'"' not in probe


HELD = st.lists(
    st.builds(
        Held,
        result_id=st.uuids().map(str),
        tenant=st.sampled_from(["", "acme"]),
        chars=st.integers(0, 50),
        at_ms=st.integers(0, 200_000_000),
    ),
    max_size=12,
    unique_by=lambda one: one.result_id,
)
LIMITS = st.builds(
    MemoryLimits,
    days=st.none() | st.floats(0.1, 3),
    results=st.none() | st.integers(0, 5),
    chars=st.none() | st.integers(0, 150),
)


@given(HELD, LIMITS, st.data())
def test_limits_keep_what_fits_the_latest_first_and_all_that_is_pinned(held, limits, data):
    pinned = frozenset(one.result_id for one in held if data.draw(st.booleans()))
    gone = limits.beyond(held, pinned=pinned, now_ms=200_000_000)
    assert not gone & pinned
    for tenant in ("", "acme"):
        kept = [one for one in held if one.tenant == tenant and one.result_id not in gone]
        loose = [one for one in kept if one.result_id not in pinned]
        if limits.days is not None:
            assert all(one.at_ms >= 200_000_000 - limits.days * 86_400_000 for one in loose)
        if loose and limits.results is not None:
            assert len(kept) <= limits.results
        if loose and limits.chars is not None and any(one.chars for one in loose):
            assert sum(one.chars for one in kept) <= limits.chars
    if limits == MemoryLimits():
        assert not gone
