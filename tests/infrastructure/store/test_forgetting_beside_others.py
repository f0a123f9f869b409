"""Forgetting while another process, or a run, still has in hand what is forgotten."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from letters import told

from khala.assembly import Home
from khala.domain.selection import Selection
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.passages import passages
from khala.testing.memory_check import example_result
from khala.testing.scripted_model import ScriptedModel, calling, saying


def test_a_copy_made_while_it_was_being_forgotten_goes_with_the_next_forgetting(tmp_path, monkeypatch):
    with Home(tmp_path, semantic=False) as home:
        (first,) = told(home, 1)
        keep, only = home.store.keep_text, Selection(ids=frozenset({first}))
        forgotten = []

        def forget_and_keep(text, *, tenant=""):
            if "swordfish1" in text and not forgotten:
                forgotten.append(home.forget(only))
            return keep(text, tenant=tenant)

        monkeypatch.setattr(home.store, "keep_text", forget_and_keep)
        script = [calling(("recall", {"query": "swordfish1 vault"})), saying("No."), saying("No.")]
        report = asyncio.run(home.agent(model=ScriptedModel(script)).run("What is said?"))
        assert forgotten[0].results == (first,)
        copy = f"{report.run_id}-1"
        kept = home.store.tool_result(copy)
        assert kept is not None
        assert "swordfish1" in kept.text
        again = home.forget(only)
        assert (again.results, again.texts) == ((copy,), 1)
        assert home.store.tool_result(copy) is None
        assert (home.forget(only).results, home.forget(only).texts) == ((), 0)


class Lost:
    """An `IsWanted` that another process changes between two questions."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def __call__(self, result):
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def test_what_another_process_forgets_while_it_is_committed_does_not_stay_in_the_table(tmp_path):
    # wanted when remembered and just before the commit, forgotten after it
    with closing(LanceMemory(tmp_path, is_wanted=Lost(True, True, False))) as memory:
        memory.remember(example_result("swordfish opens the vault"))
        assert memory.recall("swordfish") == []
        assert memory.stats().results == 0


def test_what_another_process_forgot_is_not_told_though_it_is_still_held_here(tmp_path):
    forgotten = set()
    with closing(LanceMemory(tmp_path, is_wanted=lambda result: result.call.id not in forgotten)) as memory:
        for number in range(3):
            memory.remember(example_result(f"swordfish {number} opens the vault", number=number))
        assert len(memory.recall("swordfish vault")) == 3
        forgotten.add("run-1")
        assert {one.result_id for one in memory.recall("swordfish vault", limit=2)} == {"run-0", "run-2"}


@pytest.mark.parametrize("slow", [0.0, 0.3])
def test_two_who_forget_at_once_put_nothing_back_for_each_other(tmp_path: Path, monkeypatch, slow):
    tables = [PassageTable(tmp_path, dims=None) for _ in range(2)]
    results = [example_result(f"swordfish {number}", number=number) for number in range(40)]
    tables[0].add([(one.call.id, [(part, None) for part in passages(one)]) for one in results])
    add = type(tables[0]._table).add

    def add_late(self, rows):
        time.sleep(slow)
        return add(self, rows)

    monkeypatch.setattr(type(tables[0]._table), "add", add_late)
    both = [
        threading.Thread(target=table.remove, args=({f"run-{number}"},)) for number, table in enumerate(tables, start=2)
    ]
    for one in both:
        one.start()
        time.sleep(0.1)
    for one in both:
        one.join()
    assert tables[0].known() == {one.call.id for one in results} - {"run-2", "run-3"}


@pytest.mark.parametrize(("said", "is_read"), [("Not found: 1.manifest", True), ("no right to read 1.manifest", False)])
def test_who_reads_a_version_that_another_takes_away_reads_the_newest(tmp_path: Path, monkeypatch, said, is_read):
    table = PassageTable(tmp_path, dims=None)
    table.add([("run-1", [(part, None) for part in passages(example_result("swordfish"))])])
    search, gone = type(table._table).search, [RuntimeError(said)] * 3

    def searched(self, *args, **named):
        if gone:
            raise gone.pop()
        return search(self, *args, **named)

    monkeypatch.setattr(type(table._table), "search", searched)
    if is_read:
        assert table.known() == {"run-1"}
        return
    with pytest.raises(MemoryUnusable, match="no right"):
        table.known()
    assert len(gone) == 2
