"""`khala memory search`, `show`, `stats`, `forget`, `pin` and `limits` as a person and as a program use them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
import structlog
from remembering_home import ACME, Memory, files_with, open_letter, open_parcel, told

from khala.assembly import Home
from khala.cli import memory_forget
from khala.cli.main import main


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()  # `main` points them at the standard error of this test


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def memory(path, capsys):
    return Memory(path, capsys)


@pytest.fixture
def letters(path):
    return told(path, *range(4))


def answered_with(monkeypatch, words):
    terminal = io.StringIO(words)
    terminal.isatty = lambda: True
    monkeypatch.setattr(memory_forget.sys, "stdin", terminal)


def test_search_finds_passages_with_all_that_is_known_of_them(memory, letters):
    [found] = memory.json("search", "swordfish2", "-k", 1, "--words-only")["passages"]
    assert (found["result_id"], found["tool"], found["start"], found["end"]) == (letters[2], "open_letter", 0, 81)
    assert found["passage"] == open_letter.function(2)
    assert found["label"] == {"trust": "untrusted", "readers": None, "origins": ["tool:open_letter"]}
    words = memory("search", "swordfish2", "-k", "1", "--words-only")
    assert words.startswith(f"{letters[2]}  open_letter  run {letters[2][:8]}  20")
    assert words.endswith(
        "untrusted  characters 0 to 81\n" + "".join(f"  {line}\n" for line in found["passage"].split("\n"))
    )
    assert memory("search", "swordfish2", "-k", 0, "--words-only").startswith("nothing in the memory of")


def test_a_selection_narrows_a_search_in_each_of_its_ways(path, memory, letters):
    (parcel,) = told(path, 7, opening=open_parcel, namespace=ACME)

    def found(*options):
        passages = memory.json("search", "opens vault clock", "-k", 9, "--words-only", *options)["passages"]
        return {each["result_id"] for each in passages}

    assert found() == {*letters, parcel}
    assert found("--tenant", "acme") == found("--tool", "open_parcel") == found("--run", parcel[:8]) == {parcel}
    assert found("--tenant", "") == found("--origin", "tool:open_letter") == {*letters}
    assert found("--tenant", "acme", "--agent", "other") == found("--trust", "trusted") == set()
    assert found("--id", letters[1], "--id", parcel) == {letters[1], parcel}
    assert found("--since", "2026-01-01", "--until", "2999-01-01T00:00+02:00") == {*letters, parcel}
    assert found("--since", "2999-01-01") == found("--until", "2026-01-01") == set()


def test_show_prints_a_result_word_for_word(memory, letters):
    shown = memory("show", letters[1])
    assert shown.endswith(f"characters 0 to 81 of 81:\n\n{open_letter.function(1)}\n")
    assert 'call: open_letter {"number": 1}' in shown
    assert "label: untrusted; from tool:open_letter; readers: everyone" in shown
    part = memory.json("show", letters[1], "--offset", 9, "--limit", 4)
    assert (part["text"], part["chars"], part["arguments"]) == ("says", 81, {"number": 1})
    assert "81 characters: use an `--offset` below that" in memory("show", letters[1], "--offset", 81, code=1)
    assert "no result `nothing-1`" in memory("show", "nothing-1", code=1)


def test_stats_count_by_tenant_and_say_how_the_index_stands(path, memory, letters):
    told(path, 7, opening=open_parcel, namespace=ACME)
    memory("pin", letters[0])
    counted = memory.json("stats")
    assert (counted["results"], counted["pinned"], counted["sealed"]) == (5, 1, False)
    assert [(each["tenant"], each["results"]) for each in counted["tenants"]] == [("", 4), ("acme", 1)]
    index = counted["index"]
    assert (index["results"], index["chunks"], index["pending"], index["semantic"]) == (5, 5, 0, False)
    assert index["disk"]["files"] > 3
    assert "by words only" in memory("stats")


def test_forget_shows_what_goes_asks_and_leaves_no_word_behind(path, memory, letters, monkeypatch):
    shown = memory("forget", "--id", letters[2], "--dry-run")
    assert shown.startswith(f"{letters[2]} ")
    assert "1 results would be forgotten" in shown
    assert memory.json("forget", "--id", letters[2], "--dry-run") == {"would_forget": [letters[2]], "pinned": []}
    assert "nobody is there to ask" in memory("forget", "--id", letters[2], code=1)
    answered_with(monkeypatch, "y\n")
    assert "not answered with `yes`: nothing was done" in memory("forget", "--id", letters[2], code=1)
    assert files_with(path, "swordfish2")
    answered_with(monkeypatch, "yes\n")
    done = memory("forget", "--id", letters[2])
    assert done == (
        "forgot 1 results and erased 1 texts\nother results with some of the same words, not forgotten:\n"
        f"  {letters[0]}\n  {letters[1]}\n  {letters[3]}\n"
    )
    assert files_with(path, "swordfish2") == []
    assert files_with(path, "swordfish3")
    assert f"result `{letters[2]}` was forgotten" in memory("show", letters[2], code=1)
    assert main(["verify", letters[2][:8], "--home", str(path)]) == 0


def test_forgetting_needs_a_selection_or_all(path, memory, letters):
    for nothing in ((), ("--yes",), ("--pinned",), ("--dry-run",)):
        assert "nothing is selected" in memory("forget", *nothing, code=1)
    assert files_with(path, "swordfish0")
    done = memory.json("forget", "--all", "--yes")
    assert (set(done["forgotten"]), done["remains"], done["also_in"]) == ({*letters}, [], [])
    assert files_with(path, "swordfish") == []
    assert memory("forget", "--all", "--yes") == "forgot 0 results and erased 0 texts\n"


def test_what_is_pinned_or_shared_stays_and_is_told(path, memory, letters):
    assert memory("pin", letters[0]) == f"pinned {letters[0]}\n"
    assert "pinned" in memory("show", letters[0]).splitlines()[0]
    (twin,) = told(path, 1)
    done = memory.json("forget", "--run", letters[0][:8], "--yes")
    assert (set(done["forgotten"]), done["pinned"], done["shared"]) == ({*letters[1:]}, [letters[0]], 1)
    assert twin in done["also_in"]
    assert memory.json("forget", "--id", letters[0], "--pinned", "--yes")["forgotten"] == [letters[0]]
    assert "no result `nothing-1`" in memory("pin", "nothing-1", code=1)
    assert "is not pinned" in memory("unpin", twin, code=1)


def test_limits_take_the_oldest_away_and_pins_hold_them(path, memory, letters):
    assert memory("limits") == "limits of each tenant: none\n"
    memory("pin", letters[0])
    told_ = memory("limits", "--results", 2)
    assert told_.startswith("limits of each tenant: 2 results\n2 results are beyond them")
    assert set(memory.json("forget", "--beyond-limits", "--dry-run")["would_forget"]) == {letters[1], letters[2]}
    assert memory.json("limits", "--days", 30) == {"days": 30.0, "results": 2, "chars": None, "beyond": 2}
    assert len(memory.json("forget", "--beyond-limits", "--yes")["forgotten"]) == 2
    assert memory.json("unpin", letters[0]) == {"result_id": letters[0], "pinned": False}
    assert memory.json("limits", "--none") == {"days": None, "results": None, "chars": None, "beyond": 0}
    assert "is no limit" in memory("limits", "--days", 0, code=1)
    assert "`--none` takes all limits away" in memory("limits", "--none", "--chars", 1, code=1)


def test_forgetting_while_a_run_goes_on_disturbs_neither(path, memory, letters):
    driving = """
import sys, time, structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from khala.assembly import Home
from remembering_home import open_parcel
with Home(sys.argv[1], semantic=False) as home, home.session("go on", [open_parcel]) as session:
    print(session.run_id, flush=True)
    for number in range(60):
        session.protect(open_parcel)(number)
        time.sleep(0.02)
    print(len(home.memory.recall("clock newspaper", limit=99)), flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", driving, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    run_id = child.stdout.readline().strip()
    assert set(memory.json("forget", "--tool", "open_letter", "--yes")["forgotten"]) == {*letters}
    out, _ = child.communicate(timeout=60)
    assert (child.returncode, int(out)) == (0, 60)
    assert files_with(path, "swordfish") == []
    assert len(memory.json("forget", "--run", run_id, "--dry-run")["would_forget"]) == 60


@pytest.mark.parametrize("command", [["search", "x"], ["show", "x"], ["stats"], ["forget", "--all"], ["pin", "x"],
    ["unpin", "x"], ["limits"], ["shred", "--tenant", "x"], ["export"], ["reindex"], ["optimise"]])  # fmt: skip
def test_a_folder_without_a_home_is_named_and_left_alone(command, tmp_path, capsys):
    assert "there is no home at" in Memory(tmp_path, capsys)(*command, code=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option",
    [["--since", "yesterday"], ["--until", "2026-13-01"], ["-k", "-1"], ["--trust", "some"], ["--tenant", "a b"]],
)
def test_an_option_that_makes_no_sense_is_refused_by_the_command_line(option, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["memory", "search", "x", "--home", str(tmp_path), *option])
    assert stopped.value.code == 2
    assert option[0] in capsys.readouterr().err.splitlines()[-1]


def test_each_command_explains_itself_with_an_example(capsys):
    for name in ("search", "show", "stats", "forget", "pin", "unpin", "limits", "shred", "rotate-key", "export",
                 "import", "reindex", "optimise"):  # fmt: skip
        with pytest.raises(SystemExit):
            main(["memory", name, "--help"])
        said = capsys.readouterr().out
        assert f"khala memory {name}" in said.partition("example")[2]
        assert "--json" in said
        assert "exit codes" in said


def test_words_that_would_drive_a_terminal_are_shown_and_not_obeyed(path, memory):
    from khala.domain.tool import tool

    @tool(effect="read")
    def evil() -> str:
        """Say evil things."""
        return "harmless \x1b[2J words \u202e here"

    with Home(path, semantic=False) as home, home.session("look", [evil]) as session:
        session.protect(evil)()
    result_id = f"{session.run_id}-1"
    for shown in (memory("search", "harmless", "--words-only"), memory("show", result_id)):
        assert "\\x1b[2J" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert json.loads(memory("show", result_id, "--json"))["text"] == "harmless \x1b[2J words \u202e here"
