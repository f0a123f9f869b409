from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from khala.errors import HomeTooNew, HomeUnusable
from khala.infrastructure.store.home import HomeFolder, open_home
from khala.infrastructure.store.sqlite_store import SqliteStore

NOBODY = 65534


def refusal(path: Path) -> str:
    """What is said when a store is opened at the path: one line, whatever went wrong."""
    with pytest.raises(HomeUnusable) as raised, SqliteStore(open_home(path)):
        pass
    assert "\n" not in str(raised.value)
    assert f"home `{path}`: " in str(raised.value)
    return str(raised.value)


@contextmanager
def without_rights() -> Generator[None, None, None]:
    """As a user whom file modes bind; root is not bound."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_only_the_owner_can_enter_a_new_home_and_read_its_files(tmp_path: Path, write_run: Callable[..., str]):
    before = os.umask(0)
    try:
        home = open_home(tmp_path / "deep" / "home")
        with SqliteStore(home) as store:
            write_run(store, 1)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.path.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert modes == {
        "khala.db": 0o600,
        "khala.db-wal": 0o600,
        "khala.db-shm": 0o600,
        "khala.key": 0o600,
        "leases": 0o700,
    }


def test_a_folder_that_was_there_keeps_its_rights_and_files(tmp_path: Path):
    (tmp_path / "home").mkdir(mode=0o755)
    (tmp_path / "home" / "note.txt").write_text("mine")
    SqliteStore(open_home(tmp_path / "home")).close()
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o755
    assert (tmp_path / "home" / "note.txt").read_text() == "mine"


def test_a_file_where_a_folder_is_needed_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert "a file stands where a folder is needed" in refusal(tmp_path / "file")
    assert "a file stands where a folder is needed" in refusal(tmp_path / "file" / "home")


def test_a_folder_where_a_file_is_needed_is_said(home: HomeFolder):
    home.database.mkdir()
    assert "a folder stands where a file is needed" in refusal(home.path)


def test_a_place_where_nothing_can_be_made_is_said():
    assert "choose another folder" in refusal(Path("/proc/khala"))
    assert "choose another folder" in refusal(Path("/dev/null/home"))


def test_a_home_that_may_not_be_written_is_said(open_folder: Path, write_run: Callable[..., str]):
    home = open_home(open_folder / "home")
    with SqliteStore(home) as store:
        write_run(store, 1)
    before = home.database.read_bytes()
    for path in (home.path, home.leases):
        path.chmod(0o555)
    for path in (home.database, home.signing_key):
        path.chmod(0o444)
    with without_rights():
        assert "no right to write there; change the rights, or choose another folder" in refusal(home.path)
        assert "no right to write there" in refusal(open_folder / "home" / "inner")
    assert home.database.read_bytes() == before


def test_a_file_in_a_folder_that_may_not_be_written_is_said(open_folder: Path):
    home = open_home(open_folder / "home")
    SqliteStore(home).close()
    home.database.chmod(0o666)
    home.path.chmod(0o555)
    with without_rights():
        message = refusal(home.path)
    assert "no right to write there" in message or "it is read-only" in message


def test_a_newer_home_is_refused_and_left_alone(home: HomeFolder, write_run: Callable[..., str]):
    with SqliteStore(home) as store:
        write_run(store, 1)
    with closing(sqlite3.connect(home.database)) as db:
        db.execute("PRAGMA user_version=3")
    before = home.database.read_bytes()
    with pytest.raises(HomeTooNew, match="has format 3, this khala reads up to 2; update khala"):
        SqliteStore(home)
    assert home.database.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(home: HomeFolder):
    home.database.write_text("to whom it may concern" * 300)
    assert "`khala.db` is not a database" in refusal(home.path)
    assert home.database.read_text() == "to whom it may concern" * 300


def test_another_programs_database_is_refused_and_left_alone(home: HomeFolder):
    with closing(sqlite3.connect(home.database)) as db:
        db.execute("CREATE TABLE recipes (name)")
    before = home.database.read_bytes()
    assert "another program's database" in refusal(home.path)
    assert home.database.read_bytes() == before


def test_a_database_that_stays_locked_is_said(home: HomeFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("khala.infrastructure.store.database._LOCK_WAIT_S", 0.1)
    with SqliteStore(home) as store, closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HomeUnusable, match=r"another process keeps `khala\.db` locked; wait"):
            store.keep_text("words")
        other.execute("ROLLBACK")
        assert store.read_text(store.keep_text("words")) == "words"


def test_a_closed_store_says_so(home: HomeFolder):
    store = SqliteStore(home)
    store.close()
    store.close()
    with pytest.raises(HomeUnusable, match="closed"):
        store.keep_text("words")


def test_processes_that_start_together_make_one_home_with_one_key(tmp_path: Path):
    program = (
        "import sys\n"
        "from khala.infrastructure.store.home import open_home\n"
        "from khala.infrastructure.store.sqlite_store import SqliteStore\n"
        "sys.stdin.readline()\n"
        "with SqliteStore(open_home(sys.argv[1])) as store, store.create() as log:\n"
        "    print(log.run_id)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "home")]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    run_ids = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * 6
    with SqliteStore(open_home(tmp_path / "home")) as store:
        assert len({store.verify(run_id).public_key for run_id in run_ids}) == 1
    assert len(set(run_ids)) == 6
