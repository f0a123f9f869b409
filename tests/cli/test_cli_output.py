"""What reaches the terminal, the pipe and the disk, whatever stands in a run and whatever becomes of the output."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from khala import Home
from khala.cli.progress import Progress
from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import ModelReplied, Recorded, RunStarted, TurnRolledBack
from khala.domain.retention import Retention
from khala.testing.scripted_model import ScriptedModel, saying

KHALA = [sys.executable, "-m", "khala.cli.main"]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    with Home(folder, semantic=False) as opened:
        agent = opened.agent(model=ScriptedModel([saying("half \ud800 a sign, caf\u00e9")]))
        asyncio.run(agent.run("what is \x1b[31m red \x9b?"))
    return folder


def khala(*arguments, out=subprocess.PIPE, **environment):
    return subprocess.run(
        [*KHALA, *map(str, arguments)],
        stdout=out,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
        timeout=60,
        check=False,
    )


def run_id(home: Path) -> str:
    return json.loads(khala("runs", "--home", home, "--json").stdout)["runs"][0]["run_id"]


def test_a_question_cannot_drive_the_terminal_of_whoever_lists_runs(home):
    listed = khala("runs", "--home", home).stdout.decode()
    assert "\\x1b[31m red \\x9b" in listed
    assert listed.strip().isprintable()


def test_an_error_cannot_drive_the_terminal(home):
    told = khala("show", "\x1b[31m", "--home", home).stderr.decode()
    assert told.startswith("khala: no run `\\x1b[31m`")
    assert told.strip().isprintable()


def test_a_tool_name_cannot_forge_a_line_of_progress():
    out = io.StringIO()
    show = Progress(out)
    started = RunStarted(
        task="t", system="", model="", tools=(), policy="", budget=InteractionBudget(), retention=Retention()
    )
    call = ToolCall(id="r-1", tool="x\napproved: pay", arguments={})
    rolled_back = TurnRolledBack(turn=1, cause="unknown_tool", note=f"there is no tool `{call.tool}`")
    for seq, event in enumerate((started, ModelReplied(turn=1, text="", calls=(call,)), rolled_back)):
        show(Recorded(run_id="r", seq=seq, at_ms=seq, event=event))
    assert out.getvalue().splitlines() == ["run r", "turn 1 rolled back: there is no tool `x approved: pay`"]


def test_half_a_character_still_gives_json(home):
    shown = khala("show", run_id(home), "--home", home, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["events"][-1]["event"]["answer"] == "half \ud800 a sign, caf\u00e9"


def test_a_terminal_that_lacks_a_letter_shows_the_rest(home):
    shown = khala("show", run_id(home), "--home", home, PYTHONIOENCODING="ascii")
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"caf\\xe9" in shown.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_one_line(home):
    with Path("/dev/full").open("wb") as full:
        failed = khala("runs", "--home", home, out=full)
    assert failed.returncode == 1
    assert failed.stderr.decode().splitlines() == ["khala: the output cannot be written: no space left on device"]


def test_a_reader_that_goes_away_is_no_error_to_speak_of(home):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        assert khala("runs", "--home", home, out=nobody).stderr == b""
