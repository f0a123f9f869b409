"""A memory that has outgrown RAM: searched by the indexes of its table."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import lancedb
import pytest

from khala.domain.selection import EVERYTHING, Selection
from khala.infrastructure.memory import arrivals, lance_indexes, lance_memory
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.mirror import Mirror
from khala.infrastructure.memory.passages import passages
from khala.testing.memory_check import check_memory, example_result

RESULTS = 1_200


class LetterEmbedder:
    """A text by the letters it begins with."""

    fingerprint = "letters"
    dims = 16
    max_tokens = 256

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self.embed_query(text.partition("\n")[2] or text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        chance = random.Random(text[:10])
        return [chance.gauss(0, 1) for _ in range(self.dims)]

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tables count as large."""
    monkeypatch.setattr(lance_indexes, "LARGE_ROWS", 1_000)
    monkeypatch.setattr(lance_memory, "Mirror", lambda dims, most: Mirror(dims=dims, most=min(most, 0)))


def indexes(folder: Path) -> set[str]:
    table: Any = lancedb.connect(folder).open_table("passages")
    return {index.name for index in table.list_indices()}


@pytest.mark.usefixtures("large")
def test_a_table_that_has_grown_large_is_indexed_while_the_memory_is_used(tmp_path: Path):
    results = [
        example_result(f"lake{number} is deep and cold.", number=number, tool=f"tool{number % 3}", at_ms=number)
        for number in range(RESULTS)
    ]
    with closing(LanceMemory(tmp_path, embedder=LetterEmbedder(), wait_s=60)) as memory:
        for result in results:
            memory.remember(result)
        assert memory.recall("lake77")
        deadline = time.monotonic() + 60
        while "vector_idx" not in indexes(tmp_path):
            assert memory.recall("lake77 is deep")[0].result_id == "run-77"
            assert time.monotonic() < deadline
        assert {"terms_idx", "result_id_idx", "tenant_idx", "tool_idx"} <= indexes(tmp_path)
        table = memory._indexer.table()
        for number in (0, 500, 1_199):
            [(passage, cosine)] = table.by_meaning(LetterEmbedder().embed_query(results[number].text), 1, EVERYTHING)
            assert (passage.result_id, round(cosine, 3)) == (f"run-{number}", 1.0)  # refined: the index knows bits only
        where = Selection(tools=frozenset({"tool1"}), since_ms=900)
        found = memory.recall("deep cold lake", limit=1_000_000, where=where)
        assert found
        assert {one.result_id for one in found} <= {one.call.id for one in results if where.holds(one)}
        memory.remember(example_result("fjord is new.", number=RESULTS))
        assert memory.recall("fjord is new.")[0].result_id == f"run-{RESULTS}"


@pytest.mark.usefixtures("large")
def test_a_large_memory_keeps_the_promises_of_a_memory(tmp_path: Path):
    count = 0
    opened: list[LanceMemory] = []

    def fresh() -> LanceMemory:
        nonlocal count
        count += 1
        opened.append(LanceMemory(tmp_path / str(count)))
        return opened[-1]

    check_memory(fresh)
    for memory in opened:
        memory.close()


@pytest.mark.usefixtures("large")
def test_a_text_that_came_a_thousand_times_leaves_room_for_others(tmp_path: Path):
    with closing(LanceMemory(tmp_path, wait_s=60)) as memory:
        for number in range(1_000):
            memory.remember(example_result("The lake is deep, the lake is cold.", number=number))
        for number in range(1_000, 1_020):
            memory.remember(example_result(f"The lake is far, says letter {number} of many.", number=number))
        found = memory.recall("the lake", limit=10, where=EVERYTHING)
        assert len({one.passage for one in found}) == len(found) == 10
        assert len(found[0].also_in) >= 10


def test_a_quiet_memory_is_tidied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arrivals, "_QUIET_S", 0.2)
    with closing(LanceMemory(tmp_path)) as memory:
        for number in range(20):
            memory.remember(example_result(f"lake{number}", number=number))
            memory.recall("lake")
        table: Any = lancedb.connect(tmp_path).open_table("words")
        deadline = time.monotonic() + 30
        while table.stats()["fragment_stats"]["num_fragments"] > 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
            table.checkout_latest()
        assert memory.recall("lake7")[0].result_id == "run-7"


@pytest.mark.usefixtures("large")
def test_a_term_that_every_passage_holds_is_looked_up_only_when_nothing_else_is_asked(tmp_path: Path):
    table = PassageTable(tmp_path, dims=None)
    results = [example_result(f"Order {number} is open.", number=number) for number in range(RESULTS)]
    table.add([(one.call.id, [(passage, None) for passage in passages(one)]) for one in results])
    found = table.by_words(["order", "open", "77"], 100, EVERYTHING)
    assert [passage.result_id for passage, _ in found] == ["run-77"]
    assert len(table.by_words(["order", "open"], 100, EVERYTHING)) == 100
    small = Selection(ids=frozenset({"run-5"}))
    assert [passage.result_id for passage, _ in table.by_words(["order"], 100, small)] == ["run-5"]
