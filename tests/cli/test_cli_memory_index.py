"""`khala memory reindex` and `khala memory optimise`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import structlog
from remembering_home import Memory, files_with, open_letter, told

from khala.assembly import Home
from khala.cli.main import main
from khala.domain.selection import Selection
from khala.errors import MemoryUnusable, RunBusy
from khala.infrastructure.store.lease import leased
from khala.testing.openai_server import Embed, ScriptedOpenAIServer


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def memory(path, capsys):
    return Memory(path, capsys)


@pytest.mark.parametrize("has_lancedb", [True, False])
def test_a_damaged_index_is_built_anew_from_the_texts(path, memory, monkeypatch, has_lancedb):
    if not has_lancedb:
        monkeypatch.setitem(sys.modules, "lancedb", None)
    letters = told(path, *range(3))
    for file in (path / "memory").rglob("*"):
        if file.is_file() and file.suffix not in {".db-wal", ".db-shm"}:
            file.write_bytes(b"damaged" * 99)
    complaint = memory("search", "swordfish1", "--words-only", code=1)
    assert complaint.endswith("`khala memory reindex`")
    assert memory.json("reindex", "--words-only")["results"] == 3
    [found] = memory.json("search", "swordfish1", "-k", 1, "--words-only")["passages"]
    assert found["result_id"] == letters[1]
    assert sorted(each.name for each in path.iterdir() if each.name.startswith("memory")) == ["memory"]


def test_another_embedder_is_told_the_command_and_then_taken(path, memory, capsys):
    letters = told(path, *range(3))
    with ScriptedOpenAIServer(lambda _: Embed(lambda text: [1.0, float("vault" in text)])) as server:
        one, other = (
            ["--embeddings", server.url, "--embeddings-name", name, "--embeddings-dims", "2"]
            for name in ("one", "other")
        )
        built = memory.json("reindex", *one)
        assert (built["results"], built["chunks"], built["pending"], built["semantic"]) == (3, 3, 0, True)
        assert "`khala memory reindex`" in memory("search", "vault", *other, code=1)
        assert memory.json("reindex", *other)["embedder"].startswith("other dims:2")
        assert {each["result_id"] for each in memory.json("search", "vault", *other)["passages"]} == {*letters}
        # stats, forget and optimise need no embedder, whoever's vectors there are
        assert memory.json("stats")["index"]["embedder"].startswith("other dims:2")
        assert memory.json("forget", "--id", letters[0], "--yes")["forgotten"] == [letters[0]]
        assert files_with(path, "swordfish0") == []
        assert memory.json("optimise")["after"]["files"] > 0
        assert len(memory.json("search", "vault", *other)["passages"]) == 2


def test_progress_is_told_on_standard_error(path, capsys):
    told(path, *range(3))
    capsys.readouterr()
    assert main(["memory", "reindex", "--words-only", "--home", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == "indexed 3 passages of 3 results, found by words only\n"
    assert "indexed 3 of 3 results" in err


def test_optimise_folds_many_small_commits(path, memory):
    with Home(path, semantic=False) as home, home.session("open them", [open_letter]) as session:
        for number in range(6):
            session.protect(open_letter)(number)
            home.memory.recall("vault")  # commits
    before = memory.json("stats")["index"]
    disk = memory.json("optimise")
    after = memory.json("stats")["index"]
    assert before["fragments"] > after["fragments"] == 1
    assert (before["unindexed"], after["unindexed"]) == (6, 0)
    assert disk["before"]["files"] > disk["after"]["files"]
    assert memory("optimise").startswith("before: ")


def test_what_is_forgotten_while_the_index_is_built_does_not_come_back(path):
    letters = told(path, *range(3))
    with Home(path, semantic=False) as home:
        forgotten = []

        def forget_one(done):
            if done and not forgotten:
                forgotten.extend(home.forget(Selection(ids=frozenset({letters[1]}))).results)

        home.reindex(forget_one)
        assert forgotten == [letters[1]]
        assert {each.result_id for each in home.memory.recall("vault")} == {letters[0], letters[2]}
    assert files_with(path, "swordfish1") == []


def test_an_index_is_built_by_one_process_at_a_time(path):
    told(path, 1)
    with Home(path, semantic=False) as home, leased(home.folder, "reindex"), pytest.raises(RunBusy, match="reindex"):
        home.reindex()


def test_one_that_fails_leaves_the_old_index_in_use(path, monkeypatch):
    letters = told(path, *range(2))

    class Broken:
        fingerprint, dims, max_tokens = "broken", 2, 100

        def embed_query(self, text):
            return [1.0, 0.0]

        def embed(self, texts):
            raise MemoryUnusable("the model broke")

        def count_tokens(self, text):
            return len(text) // 4

    with Home(path, embedder=Broken()) as home, pytest.raises(MemoryUnusable, match="the model broke"):
        home.reindex()
    with Home(path, semantic=False) as home:
        assert home.memory.recall("swordfish1")[0].result_id == letters[1]
    assert not (path / "memory.new").exists()


@pytest.mark.slow
def test_an_interruption_keeps_the_old_index(path):
    letters = told(path, 1)
    slow = """
import sys, time
from khala.assembly import Home
from khala.cli.main import main
class Slow:
    fingerprint, dims, max_tokens = "slow", 2, 100
    def embed_query(self, text): return [1.0, 0.0]
    def embed(self, texts):
        time.sleep(4); return [[1.0, 0.0] for _ in texts]
    def count_tokens(self, text): return len(text) // 4
Home._found_embedder = lambda self: Slow()
sys.exit(main(sys.argv[1:]))
"""
    child = subprocess.Popen(
        [sys.executable, "-c", slow, "memory", "reindex", "--home", str(path)],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ},
    )  # fmt: skip
    while not list(path.glob("memory.new/passages.lance")):
        assert child.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, complaint = child.communicate(timeout=60)
    assert (child.returncode, complaint.splitlines()[-1]) == (130, "khala: interrupted; the index is as it was")
    with Home(path, semantic=False) as home:
        assert home.memory.recall("swordfish1")[0].result_id == letters[0]
