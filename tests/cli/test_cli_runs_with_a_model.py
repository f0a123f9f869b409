"""`khala ask` and `khala resume` with an endpoint that can be slow, and a person at the terminal."""

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

from khala.testing.openai_server import Say, ScriptedOpenAIServer

KHALA = [sys.executable, "-m", "khala.cli.main"]


@pytest.fixture
def corpus(tmp_path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "rivers.md").write_text("The Danube flows 2,850 kilometres to the Black Sea.\n")
    return folder


def ask(corpus, server, *more):
    return [
        *KHALA, "ask", "How far does the Danube flow?", "--corpus", str(corpus), "--home", str(corpus.parent / "home"),
        "--words-only", "--model", server.url, "--model-name", "scripted", *more,
    ]  # fmt: skip


SEARCH = Say("", calls=[("search_corpus", {"query": "Danube"})])
ANSWER = Say("The Danube flows 2,850 kilometres to the Black Sea.")


@pytest.mark.parametrize("calls", ["native", "mcp-xml"])
def test_a_model_answers_and_its_sentence_is_tied_to_the_document(corpus, calls):
    with ScriptedOpenAIServer([SEARCH, ANSWER], calls=calls) as server:
        done = subprocess.run(
            ask(corpus, server, "--calls", calls, "--stream", "--json"),
            capture_output=True, text=True, check=False, env={**os.environ, "KHALA_API_KEY": "sk-secret"},
        )  # fmt: skip
        keys = {request.headers["authorization"] for request in server.requests}
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["sources"][0]["quote"] in (corpus / "rivers.md").read_text()
    assert outcome["unsupported"] == []
    assert keys == {"Bearer sk-secret"}
    files = b"".join(path.read_bytes() for path in (corpus.parent / "home").rglob("*") if path.is_file())
    assert b"sk-secret" not in files


def test_running_out_of_calls_is_a_best_effort_and_exit_code_3(corpus):
    with ScriptedOpenAIServer([SEARCH, ANSWER]) as server:
        done = subprocess.run(ask(corpus, server, "--max-calls", "1"), capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "best effort (the tool calls are used up)" in done.stdout


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_run_that_was_stopped_goes_on_where_it_stood(corpus, stop, code):
    home = str(corpus.parent / "home")
    with ScriptedOpenAIServer([SEARCH, Say("too late", delay_s=60), ANSWER]) as server:
        process = subprocess.Popen(ask(corpus, server), stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        while len(server.requests) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(stop)
        told = process.communicate(timeout=60)[1]
        assert process.returncode == code
        assert "Traceback" not in told
        listed = json.loads(subprocess.check_output([*KHALA, "runs", "--home", home, "--json"], text=True))["runs"]
        assert [run["status"] for run in listed] == ["unfinished"]
        resumed = subprocess.run(
            [*KHALA, "resume", listed[0]["run_id"], "--home", home, "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert resumed.returncode == 0, resumed.stderr
    outcome = json.loads(resumed.stdout)
    assert (outcome["status"], outcome["spend"]["tool_calls"]) == ("answered", 1)


def test_two_processes_cannot_drive_one_run(corpus):
    home = str(corpus.parent / "home")
    with ScriptedOpenAIServer([SEARCH, Say("slow", delay_s=60), ANSWER]) as server:
        process = subprocess.Popen(ask(corpus, server), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while len(server.requests) < 2:
            time.sleep(0.05)
        (run,) = json.loads(subprocess.check_output([*KHALA, "runs", "--home", home, "--json"], text=True))["runs"]
        second = subprocess.run(
            [*KHALA, "resume", run["run_id"], "--home", home], capture_output=True, text=True, check=False
        )
        process.kill()
        process.wait()
    assert second.returncode == 1
    assert second.stderr.splitlines()[-1].startswith(f"khala: run `{run['run_id']}`")


@pytest.mark.parametrize(("typed", "status"), [("y\n", "ok"), ("\n", "denied")])
def test_a_person_at_the_terminal_is_asked_and_sees_the_arguments_escaped(corpus, tmp_path, typed, status):
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'version = 1\n[[rule]]\nid = "a"\neffect = "allow"\neffects = ["read"]\n'
        '[[rule]]\nid = "b"\neffect = "ask"\ntools = ["search_corpus"]\nreason = "really search?"\n'
    )
    search = Say("", calls=[("search_corpus", {"query": "Danube\x1b[2J\u202e"})])
    terminal, theirs = pty.openpty()
    with ScriptedOpenAIServer([search, ANSWER]) as server:
        process = subprocess.Popen(
            ask(corpus, server, "--policy", str(policy)), stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
        )
        os.close(theirs)
        shown, answered = b"", False
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if b"[N]o" in shown and not answered:
                answered = True
                os.write(terminal, typed.encode())
        process.wait(60)
    os.close(terminal)
    told = shown.decode()
    assert "really search?" in told
    assert "\x1b[2J" not in told
    assert "\u202e" not in told
    runs = json.loads(
        subprocess.check_output([*KHALA, "runs", "--home", str(corpus.parent / "home"), "--json"], text=True)
    )["runs"]
    events = json.loads(
        subprocess.check_output(
            [*KHALA, "show", runs[0]["run_id"], "--home", str(corpus.parent / "home"), "--json"], text=True
        )
    )["events"]
    assert [each["event"]["status"] for each in events if each["event"]["kind"] == "call_finished"] == [status]


def test_a_mistyped_endpoint_is_corrected_when_the_run_is_resumed(corpus):
    home = str(corpus.parent / "home")
    with ScriptedOpenAIServer([SEARCH, ANSWER]) as server:
        command = [part.replace(server.url, "http://127.0.0.1:9/v1") for part in ask(corpus, server)]
        failed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert failed.returncode == 4
        (run,) = json.loads(subprocess.check_output([*KHALA, "runs", "--home", home, "--json"], text=True))["runs"]
        assert f"khala resume {run['run_id']}" in failed.stderr
        resumed = subprocess.run(
            [*KHALA, "resume", run["run_id"], "--home", home, "--model", server.url],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    assert "2,850 kilometres" in resumed.stdout
