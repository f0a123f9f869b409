"""`khala view` as a person and as a program use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import structlog

from khala.cli.main import main

TALL = [{"role": "user", "content": "How tall?"}, {"role": "assistant", "content": "330 metres."}]
OLD = [{"role": "user", "content": "How old?"}, {"role": "assistant", "content": "From 1889."}]


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()  # `main` points them at the standard error of this test


@pytest.fixture
def home(tmp_path):
    return str(tmp_path / "home")


@pytest.fixture
def runs(home, tmp_path, capsys):
    ids = []
    for messages in (TALL, OLD):
        (tmp_path / "log.json").write_text(json.dumps(messages))
        assert main(["import", str(tmp_path / "log.json"), "--home", home, "--json"]) == 0
        ids.append(json.loads(capsys.readouterr().out)["run_id"])
    return ids


@pytest.fixture
def nowhere_to_open(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.mark.usefixtures("nowhere_to_open")
def test_view_writes_a_page_of_one_run_or_two(home, runs, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["view", runs[0], "--home", home]) == 0
    assert capsys.readouterr().out == f"khala-{runs[0]}.html: open it in a browser\n"
    one = (tmp_path / f"khala-{runs[0]}.html").read_text(encoding="utf-8")
    assert one.startswith("<!doctype html>")
    assert "330 metres." in one
    both = tmp_path / "both.html"
    assert main(["view", *runs, "--home", home, "-o", str(both), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run_ids": runs, "file": str(both), "bytes": both.stat().st_size}
    assert "From 1889." in both.read_text(encoding="utf-8")


def test_view_opens_a_browser_only_where_there_is_a_display_and_it_may(home, runs, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {tmp_path}/opened\n')
    browser.chmod(0o700)
    page = tmp_path / "a page.html"

    def view(*more, **environment):
        kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        command = [sys.executable, "-m", "khala.cli.main", "view", runs[0], "--home", home, "-o", str(page), *more]
        environment = kept | {"BROWSER": str(browser)} | environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    assert view().endswith("open it in a browser\n")
    assert view("--no-open", DISPLAY=":0").endswith("open it in a browser\n")
    view("--json", DISPLAY=":0")
    assert not (tmp_path / "opened").exists()
    assert view(DISPLAY=":0") == f"{page}\n"
    assert (tmp_path / "opened").read_text().splitlines() == [page.as_uri()]


def test_view_says_what_is_wrong(home, runs, tmp_path, capsys):
    assert main(["view", "nothere0", "--home", home]) == 1
    assert "no run `nothere0`" in capsys.readouterr().err
    assert main(["view", runs[0], runs[0], "--home", home]) == 1
    assert "named twice" in capsys.readouterr().err
    assert main(["view", runs[0], "--home", home, "-o", str(tmp_path)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main(["view", runs[0], "--home", str(tmp_path / "none")]) == 1
    assert "there is no home" in capsys.readouterr().err
