"""Memory whose index lies in an object store: against a real S3 server, which commits rely on as on S3 itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from khala.assembly import Home
from khala.domain.selection import Selection
from khala.domain.tool import tool
from khala.errors import CallerError, MemoryUnusable
from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.place import Bucket, unusable
from khala.infrastructure.memory.terms import Unreachable
from khala.testing.memory_check import check_memory, example_result

HERE = Path(__file__).parent
REST_OF_TIME_S = 60.0
SECRET = "very-secret-access-key"
PAGE = HERE.parents[2] / "docs" / "how-to" / "keep-the-index-on-an-object-store.md"


class Lengths:
    """Two numbers for a text."""

    dims = 2
    max_tokens = 256

    def __init__(self, fingerprint: str = "lengths 1") -> None:
        self.fingerprint = fingerprint
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.embedded += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [1.0, len(text) / 1000]

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    missing = [library for library in ("moto", "boto3", "flask", "flask_cors") if find_spec(library) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}: pip install 'moto[s3]' flask flask-cors")
    process = subprocess.Popen([sys.executable, str(HERE / "s3_server.py")], stdout=subprocess.PIPE, text=True)
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def options(server: subprocess.Popen[str]) -> dict[str, str]:
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    if not port:
        pytest.skip("the S3 server did not start")
    return {
        "endpoint": f"http://127.0.0.1:{port}",
        "region": "us-east-1",
        "access_key_id": "k",
        "secret_access_key": SECRET,
    }


@pytest.fixture
def bucket(options: dict[str, str], request: pytest.FixtureRequest) -> Bucket:
    """A prefix of its own for each test."""
    return Bucket(f"s3://khala/{request.node.name}", options)


def settled(memory: LanceMemory, results: int) -> None:
    deadline = time.monotonic() + REST_OF_TIME_S
    while memory.stats().results < results or memory.stats().pending:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lake(number: int) -> Any:
    return example_result(f"The lake Saimaa{number} is deep.", number=number)


@tool(effect="read")
def open_letter(number: int) -> str:
    """Open a letter."""
    return f"Letter {number} says that swordfish{number} opens the vault of Kuopio."


def test_it_keeps_the_promises_of_a_memory(bucket: Bucket):
    numbers = count()
    opened: list[LanceMemory] = []

    def fresh() -> LanceMemory:
        opened.append(LanceMemory(Bucket(f"{bucket.url}/{next(numbers)}", bucket.options)))
        return opened[-1]

    check_memory(fresh)
    for memory in opened:
        memory.close()


def test_what_lies_there_is_found_by_the_next_process_and_not_embedded_again(bucket: Bucket):
    embedders = [Lengths(), Lengths()]
    for embedder in embedders:
        with closing(LanceMemory(bucket, embedder=embedder, catch_up=lambda known: [lake(1), lake(2)])) as memory:
            settled(memory, 2)
            assert memory.recall("Saimaa2", limit=1)[0].result_id == "run-2"
            memory.remember(lake(1))
            memory.recall("Saimaa1")
    assert [len(embedder.embedded) for embedder in embedders] == [2, 0]


def test_vectors_of_another_embedder_are_refused(bucket: Bucket):
    for embedder in (Lengths(), Lengths()):
        with closing(LanceMemory(bucket, embedder=embedder)) as memory:
            assert memory.stats().results == 0
    with (
        closing(LanceMemory(bucket, embedder=Lengths("lengths 2"))) as memory,
        pytest.raises(MemoryUnusable, match=r"another embedder .*lengths 1.*lengths 2.*khala memory reindex") as caught,
    ):
        memory.stats()
    assert not isinstance(caught.value, Unreachable)


def test_processes_that_write_at_once_lose_nothing(bucket: Bucket, tmp_path: Path):
    place = json.dumps([bucket.url, dict(bucket.options)])
    children = [
        subprocess.Popen(
            [sys.executable, str(HERE / "remembering_child.py"), str(tmp_path), f"p{number}", "40", "0.01", place],
            stdout=subprocess.DEVNULL,
        )
        for number in range(3)
    ]
    assert [child.wait(REST_OF_TIME_S) for child in children] == [0, 0, 0]
    with closing(LanceMemory(bucket)) as memory:  # without what was stored: the table alone has them all
        assert memory.stats().results == 120
        assert {one.run_id for one in memory.recall("p0lake7 p1lake39 p2lake40", limit=3)} == {"p0", "p1", "p2"}


def test_changes_that_meet_are_made_one_after_the_other(bucket: Bucket):
    import lancedb

    def opened() -> Any:
        return lancedb.connect(bucket.url, storage_options=bucket.storage_options)

    table = opened().create_table("rows", [{"times": 0}])
    for _ in range(19):
        table.add([{"times": 0}])
    lost: list[str] = []

    def change(number: int) -> None:  # without `committed` about one in ten folds here ends as a conflict
        mine = opened().open_table("rows")
        for _ in range(3):
            try:
                if number % 3:
                    committed(lambda: (mine.checkout_latest(), mine.update(values_sql={"times": "times + 1"})))
                else:
                    committed(lambda: (mine.checkout_latest(), mine.optimize()))
            except RuntimeError as error:
                lost.append(str(error))

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(REST_OF_TIME_S)
    assert lost == []
    assert opened().open_table("rows").to_arrow()["times"].to_pylist() == [12] * 20


def test_other_errors_of_a_commit_are_not_repeated():
    tries: list[int] = []

    def commit() -> None:
        tries.append(1)
        raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        committed(commit)
    assert len(tries) == 1


def test_while_the_store_is_away_nothing_is_lost(
    bucket: Bucket, server: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
):
    hasty = {"timeout": "300ms", "client_max_retries": "0", "client_retry_timeout": "1"}
    with closing(LanceMemory(Bucket(bucket.url, {**bucket.options, **hasty}), wait_s=0.1)) as memory:
        memory.remember(lake(1))
        settled(memory, 1)
        server.send_signal(signal.SIGSTOP)
        try:
            start = time.perf_counter()
            for number in range(2, 30):
                memory.remember(lake(number))
            assert time.perf_counter() - start < 0.5
            with pytest.raises(Unreachable, match=r"`s3://khala/.*` cannot be reached \(.*\): check bucket, endpoint"):
                memory.recall("Saimaa1")
            deadline = time.monotonic() + REST_OF_TIME_S
            said = ""
            while "memory finds less for now" not in said:
                assert time.monotonic() < deadline
                time.sleep(0.05)
                said += capsys.readouterr().out
        finally:
            server.send_signal(signal.SIGCONT)
        settled(memory, 29)
        assert memory.recall("Saimaa17", limit=1)[0].result_id == "run-17"


@pytest.mark.parametrize(
    ("url", "wrong", "told"),
    [
        ("s3://no-such-bucket/memory", {}, r"no-such-bucket/memory` cannot be reached \(NoSuchBucket\): check bucket"),
        ("s3://khala/memory", {"endpoint": "http://127.0.0.1:1"}, r"cannot be reached \(Connection refused\): check"),
    ],
)
def test_a_wrong_address_is_told_with_the_next_step(
    options: dict[str, str], url: str, wrong: dict[str, str], told: str
):
    with closing(LanceMemory(Bucket(url, {**options, **wrong, "client_max_retries": "0"}))) as memory:
        memory.remember(lake(1))
        with pytest.raises(Unreachable, match=told):
            memory.recall("Saimaa")


@pytest.mark.parametrize(
    "url", ["", "khala", "gs://khala/x", "s3://", "s3://k/x", "s3://khala/x?key=1", "s3://a:b@khala"]
)
def test_what_cannot_be_a_bucket_is_refused(url: str):
    with pytest.raises(CallerError, match="write s3://BUCKET/PREFIX"):
        Bucket(url)


def test_keys_are_shown_nowhere(tmp_path: Path):
    bucket = Bucket("s3://khala/memory", {"secret_access_key": SECRET})
    shown = f"{bucket!r} {bucket} {unusable(bucket, 'x')}"
    assert SECRET not in shown


def test_what_is_forgotten_leaves_the_bucket_and_that_nobody_looked_there_is_said(bucket: Bucket, tmp_path: Path):
    with Home(tmp_path, semantic=False) as home, home.session("open it", [open_letter]) as session:
        session.protect(open_letter)(1)
        home.memory.recall("swordfish1")
    with Home(tmp_path, semantic=False, index=bucket) as home:
        with home.session("open them", [open_letter]) as session:
            for number in range(2, 9):
                session.protect(open_letter)(number)
        settled(home.memory, 8)
        forgotten = home.forget(Selection(ids=frozenset({f"{session.run_id}-1"})))
        assert [place.partition("`")[2][:5] for place in forgotten.remains] == ["s3://", str(tmp_path)[:5]]
        assert f"{session.run_id}-1" not in {one.result_id for one in home.memory.recall("swordfish2", limit=99)}
        assert home.memory.stats().results == 7
        assert home.memory.recall("swordfish3", limit=1)[0].result_id == f"{session.run_id}-2"
        table = PassageTable(bucket, dims=None)
        assert len(table._table.list_versions()) == 1
        assert table._table.list_versions()[0]["metadata"]["total_deletion_file_rows"] == "0"


def test_a_home_without_a_folder_of_memory(bucket: Bucket, tmp_path: Path):
    with Home(tmp_path, semantic=False, index=bucket) as home:
        home.memory.remember(lake(1))
        assert home.memory.recall("Saimaa1", limit=1)[0].result_id == "run-1"
    assert not (tmp_path / "memory").exists()
    assert SECRET.encode() not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


@pytest.mark.slow
def test_the_page_says_what_happens(options: dict[str, str], tmp_path: Path):
    """Its program, with the address and keys in the environment, as the page has it."""
    page = PAGE.read_text("utf-8")
    for name in ("agent_log.json", "tower.py"):
        (tmp_path / name).write_text(page.partition(f"{name}\n")[2].partition("```")[0], "utf-8")
    environment = {
        "AWS_ENDPOINT": options["endpoint"],
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    shown = page.partition("$ python tower.py\n")[2].partition("```")[0]
    done = subprocess.run(
        [sys.executable, "tower.py"],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == shown.splitlines()
    assert all(f"`{name}`" in page for name in environment)
