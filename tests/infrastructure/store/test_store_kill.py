"""What survives when the process that writes is ended without warning."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from khala.domain.events import RunStarted
from khala.errors import RunBusy
from khala.infrastructure.store.home import HomeFolder
from khala.infrastructure.store.sqlite_store import SqliteStore

WRITER = """
import json, os, sys, time
from khala.domain.events import CallStarted
from khala.errors import HomeUnusable
from khala.infrastructure.store.home import open_home
from khala.infrastructure.store.sqlite_store import SqliteStore
home, run_id, task = sys.argv[1:]
def call(number, durable=False):
    return log.append(CallStarted(call_id=str(number), tool="t", side_effect=durable), durable=durable).seq
with SqliteStore(open_home(home)) as store, store.reopen(run_id) as log:
    print(json.dumps("open"), flush=True)
    if task == "hold":
        time.sleep(60)
    if task == "write":
        number = 0
        while True:
            number += 1
            digest = store.keep_text(f"text {number} of {os.getpid()} " + "x" * 3000)
            print(json.dumps([call(number, durable=number % 10 == 0), digest]), flush=True)
    if task == "fill":
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        try:
            while True:
                print(json.dumps(call(0)), flush=True)
        except HomeUnusable as error:
            print(json.dumps(str(error)), flush=True)
        os._exit(0)
    if task == "sync":
        call(0)  # a new log begins with a sync of its first page
        for durable in (False, True):
            os.write(2, b"durable\\n" if durable else b"plain\\n")
            for number in range(5):
                call(number, durable)
        os.write(2, b"end\\n")
"""


def writer(home: HomeFolder, run_id: str, task: str, *before: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*before, sys.executable, "-c", WRITER, str(home.path), run_id, task], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == '"open"\n'
    return process


@pytest.fixture
def run_id(home: HomeFolder, started: RunStarted) -> str:
    with SqliteStore(home) as store, store.create() as log:
        log.append(started)
    return log.run_id


def test_a_killed_writer_loses_nothing_it_acknowledged(home: HomeFolder, run_id: str):
    chance = random.Random()
    acknowledged: dict[int, str] = {}
    for _ in range(8):
        with SqliteStore(home) as store:
            before = len(store.records(run_id))
        process = writer(home, run_id, "write")
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        lines = process.communicate()[0].splitlines(keepends=True)
        new: dict[int, str] = dict(json.loads(line) for line in lines if line.endswith("\n"))
        acknowledged |= new
        with SqliteStore(home) as store:
            records = store.records(run_id)
            assert list(new) == list(range(before, before + len(new)))
            # the one event in flight may be there without having been acknowledged, and nothing else
            assert len(records) - before - len(new) in (0, 1)
            assert store.verify(run_id).events == len(records)
            for digest in new.values():
                assert store.read_text(digest).startswith("text ")
            with store.reopen(run_id) as log:
                assert log.run_id == run_id
    assert len(acknowledged) > 8


def test_a_run_belongs_to_one_process_until_that_is_gone(home: HomeFolder, run_id: str, store: SqliteStore):
    process = writer(home, run_id, "hold")
    try:
        with pytest.raises(RunBusy, match=f"driven by process {process.pid}; wait until it ends"), store.reopen(run_id):
            pass
        assert len(store.records(run_id)) == 1  # reading needs no lease
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(RunBusy), store.reopen(run_id):
            pass
    finally:
        process.kill()
        process.communicate()
    with store.reopen(run_id) as log:
        assert log.run_id == run_id
    assert not list(home.leases.iterdir())


def test_a_child_that_outlives_its_parent_does_not_hold_the_run(home: HomeFolder, run_id: str, store: SqliteStore):
    with store.reopen(run_id):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with store.reopen(run_id) as log:
            assert log.run_id == run_id
    finally:
        child.kill()
        child.wait()


def test_a_disk_that_takes_no_more_ends_the_run_in_one_line_and_keeps_the_rest(
    home: HomeFolder, run_id: str, store: SqliteStore
):
    output = writer(home, run_id, "fill").communicate()[0].splitlines()
    *acknowledged, message = map(json.loads, output)
    assert f"home `{home.path}`: the disk " in message
    assert len(acknowledged) > 5
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert store.verify(run_id).events == len(acknowledged) + 1


@pytest.mark.skipif(shutil.which("strace") is None, reason="system calls are seen with strace alone")
def test_a_durable_append_syncs_the_log_and_a_plain_one_does_not(home: HomeFolder, run_id: str, tmp_path: Path):
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", str(trace)]
    process = writer(home, run_id, "sync", *command)
    process.communicate()
    text = trace.read_text()
    plain, durable = re.split(r'"durable\\n"', text[text.index('"plain\\n"') : text.index('"end\\n"')])
    synced = re.compile(r"(?:fsync|fdatasync)\(\d+<[^>]*khala\.db-wal>")
    assert len(synced.findall(plain)) == 0
    assert len(synced.findall(durable)) == 5
    assert os.fspath(home.database) in text
