from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from khala.domain.call import ToolResult
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.open_memory import open_memory
from khala.infrastructure.memory.word_memory import WordMemory
from khala.testing.listed_memory import ListedMemory
from khala.testing.memory_check import check_memory, example_result

RESULTS = [example_result(f"The lake Saimaa{number} is deep.", number=number) for number in range(1, 31)]


def stored(known: AbstractSet[str]) -> Iterable[ToolResult]:
    return (result for result in RESULTS if result.call.id not in known)


def test_it_keeps_the_promises_of_a_memory():
    check_memory(WordMemory)


def test_the_listed_memory_keeps_them_too():
    check_memory(ListedMemory)


def test_what_was_stored_before_is_found_and_filed_once(tmp_path: Path):
    for _ in range(3):
        memory = WordMemory(tmp_path, catch_up=stored)
        memory.remember(RESULTS[3])
        assert [one.result_id for one in memory.recall("Saimaa17", limit=1)] == ["run-17"]
        memory.close()
    memory = WordMemory(tmp_path)
    assert (memory.stats().results, memory.stats().chunks) == (30, 30)
    memory.close()


def test_several_open_memories_of_one_folder_file_each_result_once(tmp_path: Path):
    memories = [WordMemory(tmp_path, catch_up=stored) for _ in range(3)]
    with ThreadPoolExecutor() as threads:
        found = list(threads.map(lambda memory: memory.recall("saimaa5", limit=30), memories))
    ids = [[one.result_id for one in answer] for answer in found]
    assert [answer[0] for answer in ids] == ["run-5"] * 3
    assert all(len({*answer}) == len(answer) == len(RESULTS) for answer in ids)
    assert memories[0].stats().results == 30
    for memory in memories:
        memory.close()


def test_word_forms_do_not_matter():
    memory = WordMemory()
    memory.remember(example_result("The engineers were connecting both lakes."))
    assert memory.recall("who connected a lake?")
    memory.close()


def test_a_damaged_file_is_refused_with_the_next_step(tmp_path: Path):
    (tmp_path / "words.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(MemoryUnusable, match="khala memory reindex"):
        WordMemory(tmp_path)


def test_an_unwritable_file_never_fails_remember(tmp_path: Path):
    memory = WordMemory(tmp_path)
    with sqlite3.connect(tmp_path / "words.db") as other:
        other.execute("DROP TABLE passages")
    other.close()
    memory.remember(RESULTS[0])
    with pytest.raises(MemoryUnusable, match=r"words\.db"):
        memory.recall("lake")


def test_without_lancedb_memory_goes_by_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "lancedb", None)
    memory = open_memory(tmp_path, catch_up=stored)
    assert isinstance(memory, WordMemory)
    assert memory.recall("Saimaa9")[0].result_id == "run-9"
    assert not memory.stats().semantic
    memory.close()


def test_without_an_embedder_memory_goes_by_words(tmp_path: Path):
    memory = open_memory(tmp_path, catch_up=stored, find=lambda: None)
    assert isinstance(memory, LanceMemory)
    assert memory.recall("Saimaa9")[0].result_id == "run-9"
    assert not memory.stats().semantic
    memory.close()
