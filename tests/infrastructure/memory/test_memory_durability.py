"""`kill -9` at random moments, and many processes on one folder: nothing that was acknowledged is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path

import pytest

from khala.domain.call import ToolResult
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable

CHILD = Path(__file__).with_name("remembering_child.py")
WORKING_S = 300.0


def start(folder: Path, run_id: str, results: int, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(CHILD), str(folder), run_id, str(results), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def stored(folder: Path) -> list[ToolResult]:
    return [ToolResult.model_validate_json(line) for line in (folder / "store.jsonl").read_text("utf-8").splitlines()]


def index_all(folder: Path) -> None:
    """Open the memory as the next process does, and hold the table to the store."""
    results = stored(folder)

    def missing(known: AbstractSet[str]) -> Iterable[ToolResult]:
        return [result for result in results if result.call.id not in known]

    with closing(LanceMemory(folder / "memory", catch_up=missing)) as memory:
        deadline = time.monotonic() + WORKING_S
        while memory.stats().pending:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert (memory.stats().results, memory.stats().chunks) == (len(results), len(results))


def killed_often(folder: Path, kills: int) -> None:
    chance = random.Random(20261122)
    acknowledged: set[str] = set()
    for run in range(kills):
        process = start(folder, f"r{run}", 100_000, 0.005)
        assert process.stdout is not None
        assert process.stdout.readline()  # it is under way
        threading.Timer(chance.uniform(0.0, 3.0), process.kill).start()  # while it imports, indexes, folds
        acknowledged |= {f"r{run}-{line.split()[1]}" for line in process.stdout if line.endswith("\n")}
        process.wait(60)
        process.stdout.close()
        if run % 5 == 4:
            index_all(folder)
    index_all(folder)
    assert acknowledged <= {result.call.id for result in stored(folder)}
    with closing(LanceMemory(folder / "memory")) as memory:
        for id_ in chance.sample(sorted(acknowledged), 20):
            run_id, number = id_.split("-")
            assert memory.recall(f"{run_id}lake{number}", limit=1)[0].result_id == id_


def test_a_few_kills_lose_nothing_acknowledged(tmp_path: Path):
    killed_often(tmp_path, 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_lose_nothing_acknowledged(tmp_path: Path):
    killed_often(tmp_path, 50)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_eight_processes_write_while_one_folds_and_nothing_is_lost(tmp_path: Path):
    processes = [start(tmp_path, f"p{number}", 150, 0.02) for number in range(8)]
    table = PassageTable(tmp_path / "memory", dims=None)
    folds = 0
    while any(process.poll() is None for process in processes):
        table.tidy()
        folds += 1
        time.sleep(0.05)
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.read().count("acknowledged") == 150
        process.stdout.close()
        assert process.returncode == 0
    assert folds >= 10
    index_all(tmp_path)  # what they had not indexed when they ended, the store has
    assert table.known() == {f"p{process}-{number}" for process in range(8) for number in range(1, 151)}
