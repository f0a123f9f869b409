"""`khala watch` beside a run that another process drives."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog

from khala.cli.main import main

DRIVER = Path(__file__).parents[1] / "driven_run.py"
KHALA = [sys.executable, "-m", "khala.cli.main"]


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()  # `main` points them at the standard error of this test


@pytest.fixture
def driven(tmp_path):
    """A run that goes on: its id and the process that drives it."""
    command = [sys.executable, str(DRIVER), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as driver:
        assert driver.stdout
        run_id = next(line.split()[1] for line in driver.stdout if line.startswith("run "))
        yield run_id, driver
        driver.kill()


def test_watch_follows_a_run_to_its_end_and_shows_a_finished_one(driven, tmp_path, capsys):
    run_id, driver = driven
    watched = subprocess.run(
        [*KHALA, "watch", run_id, "--home", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    events = [json.loads(line) for line in watched.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[-1]["event"]["kind"] == "run_ended"
    assert driver.wait(timeout=30) == 0
    assert main(["watch", run_id, "--home", str(tmp_path)]) == 0
    lines = capsys.readouterr().out
    assert "turn 30: step number=59" in lines
    assert lines.endswith("answered: all steps are done\n")


def test_watch_once_tells_where_a_run_stands_and_leaves(driven, tmp_path, capsys):
    run_id, driver = driven
    next(line for line in driver.stdout if line.startswith("finished "))
    driver.send_signal(signal.SIGSTOP)  # a run that stands still in the middle
    assert main(["watch", run_id, "--home", str(tmp_path), "--once"]) == 0
    shown = capsys.readouterr().out
    assert f"run {run_id}  next: " in shown
    assert "of 600" in shown
    assert "step number=0 -> ok" in shown
    assert main(["watch", run_id, "--home", str(tmp_path), "--once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["event"]["kind"] == "run_started"


def test_watch_draws_on_a_terminal_and_leaves_the_run_alone_when_interrupted(driven, tmp_path):
    run_id, driver = driven
    next(line for line in driver.stdout if line.startswith("finished "))
    driver.send_signal(signal.SIGSTOP)
    ours, theirs = pty.openpty()
    command = [*KHALA, "watch", run_id, "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stderr
        os.close(theirs)
        drawn = b""
        until = time.monotonic() + 30
        while b"tool calls" not in drawn and time.monotonic() < until:
            drawn += os.read(ours, 4096)
        assert b"\x1b[?1049h" in drawn
        watcher.send_signal(signal.SIGINT)
        errors = watcher.stderr.read()
        assert watcher.wait(timeout=30) == 130
        while b"\x1b[?1049l" not in drawn and time.monotonic() < until:
            drawn += os.read(ours, 4096)
    os.close(ours)
    assert "the run goes on" in errors
    driver.send_signal(signal.SIGCONT)
    assert driver.stdout
    assert driver.stdout.read().endswith("ended answered 60\n")


def test_watch_says_what_is_wrong(driven, tmp_path, capsys):
    assert main(["watch", "nothere0", "--home", str(tmp_path)]) == 1
    assert "no run `nothere0`" in capsys.readouterr().err
