from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path
from typing import Any

import lancedb
import pytest

from khala.domain.call import ToolResult
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.sentence_embedder import SentenceEmbedder
from khala.infrastructure.memory.terms import CatchUp, Embedder, MemoryStats
from khala.testing.memory_check import check_memory, example_result

CHILD = Path(__file__).with_name("remembering_child.py")
REST_OF_TIME_S = 60.0


class LengthEmbedder:
    """Two numbers for a text; waits for `go` before each batch, and fails when told to."""

    fingerprint = "length 1"
    dims = 2
    max_tokens = 256

    def __init__(self) -> None:
        self.go = threading.Event()
        self.failure: Exception | None = None
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if list(texts) != ["ready"]:
            assert self.go.wait(REST_OF_TIME_S)
            self.embedded += texts
        if self.failure is not None:
            raise self.failure
        return [[1.0, len(text) / 1000] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [1.0, len(text) / 1000]

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


class OtherEmbedder(LengthEmbedder):
    fingerprint = "length 2"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[..., LanceMemory]]:
    """Opens memories in folders of their own, and closes them."""
    opened: list[LanceMemory] = []

    def fresh_memory(embedder: Embedder | None = None, wait_s: float = 10.0) -> LanceMemory:
        opened.append(LanceMemory(tmp_path / f"memory-{len(opened)}", embedder=embedder, wait_s=wait_s))
        return opened[-1]

    yield fresh_memory
    for memory in opened:
        memory.close()


def stored(file: Path) -> CatchUp:
    def missing(known: AbstractSet[str]) -> Iterable[ToolResult]:
        results = map(ToolResult.model_validate_json, file.read_text("utf-8").splitlines())
        return (result for result in results if result.call.id not in known)

    return missing


def settled(memory: LanceMemory) -> MemoryStats:
    """The stats once everything is indexed."""
    deadline = time.monotonic() + REST_OF_TIME_S
    while memory.stats().pending:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return memory.stats()


def test_it_keeps_the_promises_of_a_memory_by_meaning(fresh: Callable[..., LanceMemory], minilm: SentenceEmbedder):
    check_memory(lambda: fresh(minilm))


def test_it_keeps_the_promises_of_a_memory_by_words(fresh: Callable[..., LanceMemory]):
    check_memory(fresh)


def test_a_paraphrase_without_a_common_word_is_found(fresh: Callable[..., LanceMemory], minilm: SentenceEmbedder):
    memory = fresh(minilm, wait_s=REST_OF_TIME_S)
    for number, text in enumerate(
        (
            "Cats are popular house animals.",
            "The bond market fell by two percent on Monday.",
            "A socket raises ConnectionRefusedError when nobody listens.",
        ),
        start=1,
    ):
        memory.remember(example_result(text, number=number))
    assert [one.result_id for one in memory.recall("feline pets", limit=1)] == ["run-1"]
    stats = memory.stats()
    assert (stats.results, stats.chunks, stats.pending, stats.semantic) == (3, 3, 0, True)
    assert stats.embedder == minilm.fingerprint


def test_what_is_not_embedded_yet_is_found_by_its_words(fresh: Callable[..., LanceMemory]):
    slow = LengthEmbedder()
    memory = fresh(slow, wait_s=0.05)
    for number in range(1, 101):
        memory.remember(example_result(f"The valve V{number} leaks.", number=number))
    [found] = memory.recall("V77", limit=1)
    assert (found.result_id, found.passage) == ("run-77", "The valve V77 leaks.")
    assert memory.stats().pending == 100
    slow.go.set()
    assert memory.recall("V77", limit=1)[0].result_id == "run-77"


def test_remember_never_waits(fresh: Callable[..., LanceMemory]):
    stuck = LengthEmbedder()
    memory = fresh(stuck)
    result = example_result("word " * 800_000)
    start = time.perf_counter()
    for number in range(200):
        memory.remember(result.model_copy(update={"call": result.call.model_copy(update={"id": f"run-{number}"})}))
    assert time.perf_counter() - start < 0.5  # 200 texts of 4 MB: reading them alone would take longer
    stuck.failure = RuntimeError("stopped by the test")
    stuck.go.set()


def test_a_failing_worker_stops_recall_and_not_remember(fresh: Callable[..., LanceMemory]):
    broken = LengthEmbedder()
    broken.failure = OSError("No space left on device")
    broken.go.set()
    memory = fresh(broken)
    memory.remember(example_result("A result."))
    for _ in range(2):
        with pytest.raises(MemoryUnusable, match=r"No space left on device.*give it space"):
            memory.recall("result")
    memory.remember(example_result("Another result.", number=2))


def test_nothing_is_embedded_twice(tmp_path: Path):
    results = [example_result(f"The lake Saimaa{number} is deep.", number=number) for number in range(1, 6)]
    results.append(example_result(" ", number=6))
    for embedder in (LengthEmbedder(), LengthEmbedder()):
        embedder.go.set()
        asked: list[AbstractSet[str]] = []

        def missing(known: AbstractSet[str], asked: list[AbstractSet[str]] = asked) -> Iterable[ToolResult]:
            asked.append(known)
            return results  # a careless store: names everything each time

        with closing(LanceMemory(tmp_path, embedder=embedder, catch_up=missing)) as memory:
            memory.remember(results[0])
            assert memory.recall("Saimaa4", limit=1)[0].result_id == "run-4"
            assert (settled(memory).results, memory.stats().chunks) == (6, 5)
        if asked[0]:
            assert asked == [{result.call.id for result in results}]
            assert embedder.embedded == []
        else:
            assert len(embedder.embedded) == 5


def test_a_pending_result_is_not_preferred_for_words_that_stand_everywhere(tmp_path: Path):
    slow = LengthEmbedder()
    slow.go.set()
    results = [example_result(f"The lake Saimaa{number} is deep.", number=number) for number in range(1, 151)]
    with closing(LanceMemory(tmp_path, embedder=slow, catch_up=lambda known: results, wait_s=0.05)) as memory:
        settled(memory)
        slow.go.clear()
        memory.remember(example_result("The lake, the lake Inari is deep.", number=151))
        assert memory.recall("lake Saimaa7", limit=1)[0].result_id == "run-7"
        assert memory.recall("lake Inari", limit=1)[0].result_id == "run-151"
        slow.go.set()


def test_a_table_being_rebuilt_neither_hides_nor_delays(tmp_path: Path):
    results = [example_result(f"The lake Saimaa{number} is deep.", number=number) for number in range(1, 401)]
    slow = LengthEmbedder()
    with closing(LanceMemory(tmp_path, embedder=slow, catch_up=lambda known: results, wait_s=REST_OF_TIME_S)) as memory:
        start = time.monotonic()
        assert memory.recall("Saimaa400", limit=1)[0].result_id == "run-400"
        assert time.monotonic() - start < REST_OF_TIME_S / 2
        assert memory.stats().pending == 400
        slow.go.set()
        memory.remember(example_result("The lake Inari is far.", number=401))
        assert memory.recall("Inari", limit=1)[0].result_id == "run-401"
        assert settled(memory).results == 401


def test_closing_indexes_what_is_pending(tmp_path: Path):
    memory = LanceMemory(tmp_path)
    memory.remember(example_result("The lake Saimaa is deep."))
    memory.close(timeout_s=REST_OF_TIME_S)
    with pytest.raises(MemoryUnusable, match="closed"):
        memory.recall("lake")
    with closing(LanceMemory(tmp_path)) as again:
        assert again.stats().results == 1


def test_closing_does_not_wait_for_a_long_embedding(tmp_path: Path):
    slow = LengthEmbedder()
    memory = LanceMemory(tmp_path, embedder=slow)
    memory.remember(example_result("word " * 100_000))
    start = time.monotonic()
    threading.Timer(0.3, slow.go.set).start()
    memory.close(timeout_s=0.1)
    assert time.monotonic() - start < 3
    assert len(slow.embedded) <= 32


def test_closing_sends_a_waiting_recall_home(tmp_path: Path):
    slow = LengthEmbedder()
    memory = LanceMemory(tmp_path, embedder=slow, wait_s=REST_OF_TIME_S)
    memory.remember(example_result("The lake Saimaa is deep."))
    threading.Timer(0.3, memory.close, kwargs={"timeout_s": 0.0}).start()
    start = time.monotonic()
    with pytest.raises(MemoryUnusable, match="closed"):
        memory.recall("lake")
    memory.close(timeout_s=REST_OF_TIME_S)  # a second time it has nothing to wait for
    assert time.monotonic() - start < 3
    slow.go.set()


def test_vectors_of_another_embedder_are_refused(tmp_path: Path):
    LanceMemory(tmp_path, embedder=LengthEmbedder()).close()
    with pytest.raises(MemoryUnusable, match=r"another embedder .*length 1.*khala memory reindex"):
        LanceMemory(tmp_path, embedder=OtherEmbedder())
    with closing(LanceMemory(tmp_path)) as by_words:  # words need no vectors
        assert by_words.recall("anything") == []


@pytest.mark.parametrize("damage", ["manifests", "texts", "note"])
def test_a_damaged_folder_is_refused_with_the_next_step(tmp_path: Path, damage: str):
    embedder = LengthEmbedder()
    embedder.go.set()
    with closing(LanceMemory(tmp_path, embedder=embedder)) as memory:
        memory.remember(example_result("The lake Saimaa is deep."))
    pattern = {"manifests": "passages.lance/_versions/*", "texts": "passages.lance/data/*", "note": "embedder.json"}
    for file in tmp_path.glob(pattern[damage]):
        file.write_bytes(b"\xff" * (file.stat().st_size // 2))
    with (
        pytest.raises(MemoryUnusable, match="khala memory reindex"),
        closing(LanceMemory(tmp_path, embedder=embedder)) as memory,
    ):
        memory.recall("lake")


def test_a_table_of_an_earlier_version_is_refused_with_the_next_step(tmp_path: Path):
    lancedb.connect(tmp_path).create_table("words", data=[{"result_id": "run-1", "words": "The lake Saimaa is deep."}])
    with (
        closing(LanceMemory(tmp_path)) as memory,
        pytest.raises(MemoryUnusable, match=r"does not match existing table schema.*khala memory reindex"),
    ):
        memory.recall("lake")


def test_many_small_commits_do_not_pile_up(tmp_path: Path):
    with closing(LanceMemory(tmp_path)) as memory:
        for number in range(1, 121):
            memory.remember(example_result(f"The lake Saimaa{number} is deep.", number=number))
            memory.recall("deep", limit=1)  # makes a commit of each
        assert memory.recall("Saimaa3", limit=1)[0].result_id == "run-3"
        assert memory.stats().results == 120
    table: Any = lancedb.connect(tmp_path).open_table("words")
    assert table.stats()["fragment_stats"]["num_fragments"] <= 100


def test_a_killed_process_loses_nothing_and_repeats_nothing(tmp_path: Path):
    acknowledged: dict[str, int] = {}
    for run, kill_after in enumerate((1, 25, 60)):
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(tmp_path), f"r{run}", "100000", "0.02"], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("acknowledged"):
                acknowledged[f"r{run}"] = int(line.split()[1])
                if acknowledged[f"r{run}"] >= kill_after:
                    break
        child.kill()
        child.wait()
        child.stdout.close()
    store = tmp_path / "store.jsonl"
    lines = store.read_text("utf-8").splitlines()
    with closing(LanceMemory(tmp_path / "memory", catch_up=stored(store))) as memory:
        for run_id, last in acknowledged.items():
            for number in (1, last):
                found = memory.recall(f"{run_id}lake{number}", limit=1)
                assert [one.result_id for one in found] == [f"{run_id}-{number}"]
        assert (settled(memory).results, memory.stats().chunks) == (len(lines), len(lines))
        assert len(lines) >= sum(acknowledged.values()) >= 86


def test_leaving_without_closing_neither_hangs_nor_crashes(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, str(CHILD), str(tmp_path), "r", "40", "0"],
        capture_output=True,
        text=True,
        timeout=REST_OF_TIME_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with closing(LanceMemory(tmp_path / "memory", catch_up=stored(tmp_path / "store.jsonl"))) as memory:
        assert memory.recall("rlake40", limit=1)[0].result_id == "r-40"
        assert settled(memory).results == 40


def test_processes_share_one_folder(tmp_path: Path):
    children = [
        subprocess.Popen(
            [sys.executable, str(CHILD), str(tmp_path), f"p{number}", "20", "0.05"], stdout=subprocess.DEVNULL
        )
        for number in range(2)
    ]
    assert [child.wait(REST_OF_TIME_S) for child in children] == [0, 0]
    with closing(LanceMemory(tmp_path / "memory", catch_up=stored(tmp_path / "store.jsonl"))) as memory:
        assert {one.run_id for one in memory.recall("p0lake7 p1lake9", limit=2)} == {"p0", "p1"}
        assert settled(memory).results == 40


def test_the_note_beside_the_table_names_the_embedder(tmp_path: Path, minilm: SentenceEmbedder):
    LanceMemory(tmp_path, embedder=minilm).close()
    assert json.loads((tmp_path / "embedder.json").read_text("utf-8"))["embedder"] == minilm.fingerprint
