"""The command line as a person uses it: real processes, real homes, real documents."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from khala import Home

KHALA = [sys.executable, "-m", "khala.cli.main"]


def khala(*arguments, cwd=None, stdin=""):
    return subprocess.run(
        [*KHALA, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, input=stdin, timeout=110, check=False
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "rivers.md").write_text(
        "# Rivers\n\nThe Danube rises in the Black Forest and flows 2,850 kilometres to the Black Sea.\n\n"
        "The Volga is the longest river of Europe with 3,530 kilometres.\n"
    )
    (folder / "cities.txt").write_text("Vienna lies on the Danube. Its mayor in 1900 was Karl Lueger.\n")
    (folder / "image.png").write_bytes(b"\x89PNG\0\0\0")
    return folder


@pytest.fixture(scope="module")
def answered(corpus, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    done = khala("ask", "How long is the Volga?", "--corpus", corpus, "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    return home, json.loads(done.stdout)


def test_an_answer_names_its_sources_word_for_word(answered, corpus):
    home, outcome = answered
    assert list(outcome) == [
        "run_id", "status", "answer", "reason", "sources", "unsupported", "contradicted", "spend", "decisions", "home",
    ]  # fmt: skip
    assert outcome["status"] == "answered"
    assert "3,530 kilometres" in outcome["answer"]
    texts = [path.read_text() for path in (corpus / "rivers.md", corpus / "cities.txt")]
    assert outcome["sources"]
    for source in outcome["sources"]:
        assert any(source["quote"] in text for text in texts)
        assert source["document"].startswith(("rivers.md", "cities.txt"))
    assert outcome["unsupported"] == []
    assert set(outcome["spend"]) == {"turns", "tool_calls", "prompt_tokens", "completion_tokens", "seconds"}
    assert outcome["decisions"]["allow"] == outcome["spend"]["tool_calls"] > 0
    assert outcome["home"] == str(home)


def test_runs_show_and_verify_speak_of_the_run(answered):
    home, outcome = answered
    run_id = outcome["run_id"]
    assert run_id in khala("runs", "--home", home).stdout
    (listed,) = json.loads(khala("runs", "--home", home, "--json").stdout)["runs"]
    assert (listed["run_id"], listed["status"]) == (run_id, "answered")
    told = khala("show", run_id, "--home", home).stdout
    assert "search_corpus" in told
    assert "3,530 kilometres" in told
    assert f"search_corpus {outcome['sources'][0]['document']}: " in told
    shown = json.loads(khala("show", run_id, "--home", home, "--json").stdout)
    assert shown["events"][0]["event"]["kind"] == "run_started"
    graph = json.loads(khala("show", run_id, "--home", home, "--graph", "json").stdout)
    assert {"nodes", "links"} <= set(graph)
    assert khala("show", run_id, "--home", home, "--graph", "mermaid").stdout.startswith("flowchart")
    verified = json.loads(khala("verify", run_id, "--home", home, "--json").stdout)
    assert verified["verified"] is True
    assert verified["events"] == len(shown["events"])


def test_resuming_a_run_that_ended_reports_it_again(answered):
    home, outcome = answered
    again = json.loads(khala("resume", outcome["run_id"], "--home", home, "--json").stdout)
    assert again["answer"] == outcome["answer"]


def test_a_changed_log_is_found_and_named(corpus, tmp_path):
    done = khala("ask", "How long is the Volga?", "--corpus", corpus, "--home", tmp_path, "--words-only", "--json")
    run_id = json.loads(done.stdout)["run_id"]
    with sqlite3.connect(tmp_path / "khala.db") as database:
        database.execute(
            "UPDATE events SET record = CAST(replace(CAST(record AS TEXT), 'Volga', 'Rhine') AS BLOB) WHERE seq = 0"
        )
    database.close()
    checked = khala("verify", run_id, "--home", tmp_path)
    assert checked.returncode == 5
    assert "event 0" in checked.stderr
    assert len(checked.stderr.splitlines()) == 1


def test_progress_is_plain_lines_in_a_pipe(corpus, tmp_path):
    done = khala("ask", "How long is the Volga?", "--corpus", corpus, "--home", tmp_path, "--words-only")
    assert "\nrun " in done.stderr
    assert done.stderr.count("memory finds by words only") == 1
    assert "turn 1: search_corpus" in done.stderr
    assert "\r" not in done.stderr
    assert "evidence" in done.stdout
    assert f" --home {tmp_path}` checks its log" in done.stdout


def test_files_that_cannot_be_read_are_named_and_hide_no_other(corpus, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "rivers.md").write_text((corpus / "rivers.md").read_text())
    (folder / "binary.txt").write_bytes(b"a\0b")
    (folder / "link.txt").symlink_to(corpus / "cities.txt")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(1_000_000_000)
    done = khala("ask", "How long is the Volga?", "--corpus", folder, "--home", tmp_path / "home")
    assert done.returncode == 0
    assert "3,530 kilometres" in done.stdout
    assert done.stderr.splitlines()[0] == (
        "not read: binary.txt (binary, not text), huge.txt (larger than 20,000,000 bytes),"
        " link.txt (a link, not followed)"
    )


BAD = {
    "an empty question": (["ask", "  ", "--corpus", "{corpus}"], 1, "question is empty"),
    "a missing corpus": (["ask", "x", "--corpus", "{corpus}/nowhere"], 1, "no folder"),
    "a file as corpus": (["ask", "x", "--corpus", "{corpus}/cities.txt"], 1, "folder"),
    "a corpus of nothing readable": (["ask", "x", "--corpus", "{empty}"], 1, "nothing to read"),
    "an unknown model host": (
        ["ask", "x", "--corpus", "{corpus}", "--model", "http://127.0.0.1:9/v1", "--model-name", "m"],
        4,
        "127.0.0.1:9",
    ),
    "a model without a name": (
        ["ask", "x", "--corpus", "{corpus}", "--model", "http://127.0.0.1:9/v1"],
        1,
        "--model-name",
    ),
    "a model without an endpoint": (["ask", "x", "--corpus", "{corpus}", "--model-name", "m"], 1, "needs `--model`"),
    "a run of no home": (["show", "nothing"], 1, "there is no home at"),
    "a folder that is no home": (["runs", "--home", "{corpus}"], 1, "there is no home at"),
    "a home under a file": (["runs", "--home", "{corpus}/cities.txt"], 1, "home"),
    "a home of somebody unknown": (["runs", "--home", "~nobody-of-that-name/khala"], 1, "no home"),
    "a home with an endless name": (["runs", "--home", "h" * 300], 1, "no home"),
    "a policy with an unknown key": (["ask", "x", "--corpus", "{corpus}", "--policy", "{policy}"], 1, "colour"),
    "a policy that is not there": (
        ["ask", "x", "--corpus", "{corpus}", "--policy", "{corpus}/none.toml"],
        1,
        "none.toml",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_that_names_the_next_step(name, corpus, tmp_path):
    arguments, code, words = BAD[name]
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "only.png").write_bytes(b"\0\0")
    policy = tmp_path / "policy.toml"
    policy.write_text('version = 1\n[[rule]]\nid = "a"\neffect = "allow"\ntools = ["*"]\ncolour = "blue"\n')
    filled = [each.format(corpus=corpus, empty=empty, policy=policy) for each in arguments]
    if "--home" not in filled:
        (tmp_path / "home").mkdir(exist_ok=True)
        filled += ["--home", str(tmp_path / "home")]
    done = khala(*filled)
    assert done.returncode == code, done.stderr
    complaint = done.stderr.splitlines()[-1]
    assert complaint.startswith("khala: ")
    assert words in complaint
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "option", [["--max-calls", "0"], ["--max-calls", "x"], ["--keep-results", "-2"], ["--context-tokens", "100"]]
)
def test_a_number_that_makes_no_sense_is_refused_by_the_command_line(option, corpus):
    done = khala("ask", "x", "--corpus", corpus, *option)
    assert done.returncode == 2
    assert option[0] in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("option", ["--home", "--corpus"])
def test_an_empty_folder_name_does_not_mean_this_folder(option, corpus, tmp_path):
    done = khala("ask", "x", "--corpus", corpus, "--home", tmp_path, option, "", cwd=tmp_path)
    assert done.returncode == 2
    assert option in done.stderr.splitlines()[-1]


def test_help_names_every_command_and_the_exit_codes():
    told = khala("--help").stdout
    for name in ("ask", "resume", "runs", "show", "verify", "exit codes"):
        assert name in told
    for name in ("ask", "resume", "runs", "show", "verify"):
        assert "--json" in khala(name, "--help").stdout


def test_a_run_whose_model_is_away_names_the_command_that_goes_on(corpus, tmp_path):
    home = tmp_path / "my home"
    endpoint = ["--model", "http://127.0.0.1:9/v1", "--model-name", "m"]
    done = khala("ask", "x", "--corpus", corpus, "--home", home, *endpoint)
    (listed,) = json.loads(khala("runs", "--home", home, "--json").stdout)["runs"]
    next_step = f"`khala resume {listed['run_id']} --home '{home}'` goes on"
    assert done.stderr.splitlines()[-1].endswith(next_step)
    assert next_step in khala("show", listed["run_id"], "--home", home).stdout


def test_looking_at_a_folder_that_is_no_home_leaves_it_as_it_is(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ann")
    assert khala("runs", "--home", tmp_path).returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_unknown_run_of_a_home_is_named(answered):
    done = khala("show", "nothing", "--home", answered[0])
    assert done.returncode == 1
    assert "no run `nothing`" in done.stderr


def test_a_home_of_another_format_is_left_alone(tmp_path):
    Home(tmp_path).close()
    assert khala("runs", "--home", tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "khala.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    done = khala("runs", "--home", tmp_path)
    assert done.returncode == 1
    assert "format 999" in done.stderr
    assert "update khala" in done.stderr
