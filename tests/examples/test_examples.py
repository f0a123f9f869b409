"""The examples and the README show what exists: each is run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(script: Path, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=110, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_demo_answers_refuses_and_verifies(tmp_path):
    told = run(ROOT / "examples" / "demo.py", tmp_path)
    assert "most derived metaclass is used" in told
    assert "denied: write_note by rule note-not-asked-for-by-user" in told
    assert "notes written: 0; calls refused: 1" in told
    assert re.search(r"run \w{8}: \d+ events verified", told)
    assert "after one change: event 0 of run" in told


@pytest.mark.slow
def test_the_quickstart_quotes_the_documents(tmp_path):
    told = run(ROOT / "examples" / "quickstart.py", tmp_path)
    assert told.startswith("answered")
    assert "the most derived metaclass is used" in " ".join(told.split())
    assert "without evidence: ()" in told


def test_a_tool_of_ones_own_mails_only_whom_the_user_named(tmp_path):
    told = run(ROOT / "examples" / "own_tool.py", tmp_path)
    assert "deny ('no-grant',)" in told
    assert "allow ('mail-to-people-the-user-named',)" in told
    assert "answered The report went to ann@corp.example." in told


def test_the_guard_alone_runs_in_ten_lines(tmp_path):
    shutil.copy(ROOT / "examples" / "policy.toml", tmp_path)
    told = run(ROOT / "examples" / "guard_only.py", tmp_path).splitlines()
    assert told[0] == "sent 10 characters to ann@corp.example"
    assert told[1].startswith("`send_mail` was refused by policy rule `no-grant`")


def test_memory_alone_runs_in_ten_lines(tmp_path):
    told = run(ROOT / "examples" / "memory_only.py", tmp_path).splitlines()
    assert "Cranes nest in the bogs of Hossa, from April on. search True untrusted" in told


@pytest.mark.parametrize("name", ["quickstart.py", "own_tool.py", "guard_only.py", "memory_only.py"])
def test_the_readme_shows_the_examples_word_for_word(name):
    assert (ROOT / "examples" / name).read_text().partition('"""\n\n')[2] in (ROOT / "README.md").read_text()
