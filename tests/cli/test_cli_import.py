"""`khala import` as a person and as a program use it."""

from __future__ import annotations

import json

import pytest
import structlog

from khala.cli.main import main

MESSAGES = [
    {"role": "user", "content": "How tall is the tower?"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "a", "function": {"name": "look", "arguments": '{"at": "tower"}'}}],
    },
    {"role": "tool", "tool_call_id": "a", "content": "The tower is 330 metres tall."},
    {"role": "tool", "tool_call_id": "b\x1b[31m", "content": "lost"},
    {"role": "assistant", "content": "The tower is 330 metres tall."},
]


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()  # `main` points them at the standard error of this test


@pytest.fixture
def home(tmp_path):
    return str(tmp_path / "home")


@pytest.fixture
def file(tmp_path):
    written = tmp_path / "log\x1b[31m.json"
    written.write_text(json.dumps(MESSAGES))
    return str(written)


@pytest.fixture
def run_id(home, file, capsys):
    assert main(["import", file, "--home", home, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["run_id"]


def printed(capsys, *arguments):
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_import_tells_a_program_what_came_in(home, file, capsys):
    told = json.loads(printed(capsys, "import", file, "--home", home, "--json"))
    assert set(told) == {"run_id", "status", "turns", "tool_calls", "results", "warnings", "format", "sub_agents"}
    assert (told["status"], told["turns"], told["tool_calls"], told["results"]) == ("answered", 2, 1, 1)
    assert told["warnings"] == [
        "message 4 is the result of `b\\x1b[31m`, which no call waits for: its 4 characters are left out"
    ]


def test_import_tells_a_person_what_is_damaged_and_what_comes_next(home, file, capsys):
    told = printed(capsys, "import", file, "--home", home)
    assert "answered, 2 turns, 1 calls, 1 results" in told
    assert "warning: message 4 is the result of" in told
    assert "khala show" in told
    assert told.replace("\n", "").isprintable()


def test_an_imported_run_never_passes_for_one_that_khala_guarded(home, run_id, capsys):
    shown = printed(capsys, "show", run_id, "--home", home)
    assert shown.startswith(
        "imported from `log\\x1b[31m.json` (messages); khala guarded none of its calls\n  warning: "
    )
    assert "(imported)" in printed(capsys, "runs", "--home", home)
    assert json.loads(printed(capsys, "runs", "--home", home, "--json"))["runs"][0]["imported"] is True
    assert "imported: the log was not changed since" in printed(capsys, "verify", run_id, "--home", home)
    assert json.loads(printed(capsys, "verify", run_id, "--home", home, "--json"))["imported"] is True


def test_an_imported_run_cannot_be_resumed_from_the_command_line(home, run_id, capsys):
    assert main(["resume", run_id, "--home", home]) == 1
    assert "was imported from a log" in capsys.readouterr().err


def test_a_file_that_is_no_log_is_refused(home, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("dear diary")
    for name in ("notes.txt", "absent.json"):
        assert main(["import", str(tmp_path / name), "--home", home]) == 1
        assert capsys.readouterr().err.startswith("khala: ")
