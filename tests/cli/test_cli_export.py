"""`khala export` as a person and as a program use it."""

from __future__ import annotations

import json

import pytest
import structlog

from khala.cli.main import main

MESSAGES = [{"role": "user", "content": "How tall?"}, {"role": "assistant", "content": "330 metres."}]


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()  # `main` points them at the standard error of this test


@pytest.fixture
def home(tmp_path):
    return str(tmp_path / "home")


@pytest.fixture
def run_id(home, tmp_path, capsys):
    (tmp_path / "log.json").write_text(json.dumps(MESSAGES))
    assert main(["import", str(tmp_path / "log.json"), "--home", home, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["run_id"]


def printed(capsys, *arguments):
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_export_writes_to_a_file_to_the_terminal_and_for_a_program(home, run_id, tmp_path, capsys):
    to_terminal = printed(capsys, "export", run_id, "--to", "csv", "--home", home)
    assert to_terminal.startswith("call_id,turn,")
    target = tmp_path / "calls.csv"
    assert printed(capsys, "export", run_id, "--to", "csv", "--home", home, "-o", str(target)) == ""
    assert target.read_bytes().decode() == to_terminal
    told = json.loads(printed(capsys, "export", run_id, "--to", "csv", "--home", home, "--json"))
    assert told == {"run_id": run_id, "format": "csv", "text": to_terminal}
    told = json.loads(printed(capsys, "export", run_id, "--to", "csv", "--home", home, "--json", "-o", str(target)))
    assert told == {"run_id": run_id, "format": "csv", "file": str(target), "bytes": len(to_terminal.encode())}


def test_export_says_what_is_wrong(home, run_id, tmp_path, capsys):
    assert main(["export", "nothere0", "--to", "csv", "--home", home]) == 1
    assert "no run `nothere0`" in capsys.readouterr().err
    assert main(["export", run_id, "--to", "csv", "--home", home, "-o", str(tmp_path)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["export", run_id, "--to", "png", "--home", home])
    assert "otlp-json" in capsys.readouterr().err
