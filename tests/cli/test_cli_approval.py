"""A person at a terminal who is asked whether a call may run."""

from __future__ import annotations

import os
import pty
import sys
import time
from pathlib import Path

import pytest

POLICY = """
version = 1
[[rule]]
id = "reading"
effect = "allow"
effects = ["read"]
[[rule]]
id = "searching"
effect = "ask"
tools = ["search_corpus"]
reason = "sure?"
"""
BY_ORIGIN = POLICY.replace('tools = ["search_corpus"]', 'roles = ["query"]\nunless_from = ["trusted", "endorsed"]')
QUESTION = b"[y]es once / [N]o "


class Terminal:
    """`khala ask` at a terminal of its own."""

    def __init__(self, folder: Path, policy: str) -> None:
        (folder / "corpus").mkdir()
        (folder / "corpus" / "rivers.txt").write_text("The Danube is long and wide and flows to the Black Sea.\n")
        (folder / "policy.toml").write_text(policy)
        ask = ["ask", "How long is the Danube?", "--corpus", "corpus", "--home", "home", "--policy", "policy.toml"]
        self.shown = b""
        self.process, self.screen = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.execv(sys.executable, [sys.executable, "-m", "khala.cli.main", *ask])

    def type(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def read_to(self, words: bytes, *, times: int = 1) -> None:
        while self.shown.count(words) < times:
            self.shown += os.read(self.screen, 4096)

    def exit_code(self) -> int:
        try:
            while more := os.read(self.screen, 4096):
                self.shown += more
        except OSError:  # Linux says so when the other side is gone
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


@pytest.fixture
def policy():
    return POLICY


@pytest.fixture
def terminal(tmp_path, policy):
    opened = Terminal(tmp_path, policy)
    yield opened
    os.close(opened.screen)


@pytest.mark.timeout(60)
def test_yes_lets_a_call_run_and_anything_else_does_not(terminal):
    for number, keys in enumerate((b"y\n", b"yes please\n", b"\n"), start=1):
        terminal.read_to(QUESTION, times=number)
        terminal.type(keys)
    terminal.exit_code()
    assert b"approved: search_corpus" in terminal.shown
    assert b"denied: search_corpus" in terminal.shown


@pytest.mark.timeout(60)
@pytest.mark.parametrize("policy", [BY_ORIGIN])
def test_a_value_is_shown_with_its_origin_and_can_be_endorsed(terminal):
    terminal.read_to(b"[y]es once / [v]alue / [N]o ")
    assert b"args.query (query) " in terminal.shown
    assert b": not enough for searching" in terminal.shown
    assert b"value: for the rest of this run also " in terminal.shown
    terminal.type(b"s\n")  # not offered here
    terminal.read_to(b"denied: search_corpus")
    terminal.read_to(b"[v]alue / [N]o ", times=2)
    terminal.type(b"v\n")
    terminal.read_to(b"approved: search_corpus")
    terminal.type(b"\x03")
    terminal.exit_code()


@pytest.mark.timeout(60)
def test_what_was_typed_before_the_question_is_no_answer(terminal):
    terminal.type(b"y\ny\ny\n")
    terminal.read_to(QUESTION)
    time.sleep(0.5)
    assert terminal.shown.count(QUESTION) == 1
    terminal.type(b"\x03")
    assert terminal.exit_code() == 130


@pytest.mark.timeout(60)
def test_an_interruption_at_the_question_ends_the_command_at_once(terminal):
    terminal.read_to(QUESTION)
    begun = time.monotonic()
    terminal.type(b"\x03")
    assert terminal.exit_code() == 130
    assert time.monotonic() - begun < 30
    assert b"interrupted" in terminal.shown
