"""A run asks, and another process answers: `khala approvals`, `approve` and `deny` against real runs."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from khala.testing.openai_server import Say, ScriptedOpenAIServer

KHALA = [sys.executable, "-m", "khala.cli.main"]
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
reason = "really search?"
"""
STRANGE_WORDS = """
version = 1
[[rule]]
id = "reading"
effect = "allow"
effects = ["read"]
[[rule]]
id = "strange-words"
effect = "ask"
roles = ["query"]
unless_from = ["user", "endorsed"]
reason = "the user did not say this"
"""
ANSWER = Say("The Danube flows 2,850 kilometres to the Black Sea.")

pytestmark = pytest.mark.timeout(60)


def search(query: str = "Danube", limit: int = 8) -> Say:
    return Say("", calls=[("search_corpus", {"query": query, "limit": limit})])


class Desk:
    """A folder with documents, a policy and a home."""

    def __init__(self, folder: Path) -> None:
        self.home = str(folder / "home")
        self._folder = folder
        (folder / "corpus").mkdir()
        (folder / "corpus" / "rivers.md").write_text("The Danube flows 2,850 kilometres to the Black Sea.\n")
        (folder / "policy.toml").write_text(POLICY)

    def begin(self, server: ScriptedOpenAIServer, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *KHALA, "ask", "How far does the Danube flow?", "--corpus", str(self._folder / "corpus"),
                "--home", self.home, "--policy", str(self._folder / "policy.toml"), "--words-only",
                "--model", server.url, "--model-name", "scripted", "--approvals", "queue", "--json", *more,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def say(self, *words: str, code: int = 0) -> str:
        done = subprocess.run([*KHALA, *words, "--home", self.home], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    def waiting(self) -> list[dict[str, object]]:
        """The open questions, once there is one that nobody answered."""
        while not self._has_question():
            time.sleep(0.05)
        while not (found := json.loads(self.say("approvals", "--json"))["questions"]) or found[-1]["answer"]:
            time.sleep(0.05)
        return found

    def statuses(self, run_id: str) -> list[str]:
        events = json.loads(self.say("show", run_id, "--json"))["events"]
        return [each["event"]["status"] for each in events if each["event"]["kind"] == "call_finished"]

    def _has_question(self) -> bool:
        try:
            db = sqlite3.connect(f"file:{self.home}/khala.db?mode=ro", uri=True)
            try:
                return bool(db.execute("SELECT 1 FROM questions").fetchall())
            finally:
                db.close()
        except sqlite3.OperationalError:  # not made yet
            return False


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(("command", "status"), [("approve", "ok"), ("deny", "denied")])
def test_another_process_answers_and_the_run_goes_on(desk, command, status):
    with ScriptedOpenAIServer([search("Danube\x1b[2J\u202e"), ANSWER]) as server:
        process = desk.begin(server)
        (question,) = desk.waiting()
        listed = desk.say("approvals")
        desk.say(command, str(question["id"]))
        out, told = process.communicate(timeout=30)
    assert "\x1b[2J" not in listed
    assert "\u202e" not in listed
    assert "really search?" in listed
    assert f"`khala approve {question['id']} --home {desk.home}`" in listed
    assert f"`khala approve {question['id']} --home {desk.home}`" in told
    assert (question["rules"], question["answer"]) == (["searching"], None)
    outcome = json.loads(out)
    assert outcome["decisions"]["ask"] == 1
    assert desk.statuses(outcome["run_id"]) == [status]
    assert desk.say("verify", outcome["run_id"])
    assert "no call waits" in desk.say("approvals")


def test_nobody_answers_in_time_and_the_call_is_denied(desk):
    with ScriptedOpenAIServer([search(), ANSWER]) as server:
        process = desk.begin(server, "--approval-timeout", "1")
        out, told = process.communicate(timeout=30)
    assert desk.statuses(json.loads(out)["run_id"]) == ["denied"]
    assert "denied: search_corpus" in told


@pytest.mark.parametrize("is_answered_before", [True, False])
def test_a_killed_run_finds_its_question_again_and_the_answer_counts(desk, is_answered_before):
    with ScriptedOpenAIServer([search(), ANSWER]) as server:
        process = desk.begin(server)
        (question,) = desk.waiting()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        run_id, question_id = str(question["run_id"]), str(question["id"])
        if is_answered_before:
            desk.say("approve", question_id)
        resumed = subprocess.Popen(
            [*KHALA, "resume", run_id, "--home", desk.home, "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if not is_answered_before:
            assert resumed.stderr is not None
            line = next(line for line in resumed.stderr if "waiting for an answer" in line)
            assert question_id in line
            assert [each["id"] for each in desk.waiting()] == [question_id]
            desk.say("approve", question_id)
        out, told = resumed.communicate(timeout=30)
    assert resumed.returncode == 0, told
    assert desk.statuses(json.loads(out)["run_id"]) == ["ok"]


def test_a_yes_given_under_one_policy_is_none_under_another(desk, tmp_path):
    with ScriptedOpenAIServer([search(), ANSWER]) as server:
        process = desk.begin(server)
        (question,) = desk.waiting()
        process.kill()
        process.communicate(timeout=30)
        desk.say("approve", str(question["id"]))
        (tmp_path / "policy.toml").write_text(POLICY.replace("really search?", "are you sure?"))
        run_id = str(question["run_id"])
        resumed = subprocess.run(
            [*KHALA, "resume", run_id, "--home", desk.home, "--approval-timeout", "1"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "are you sure?" in resumed.stderr
    assert desk.statuses(run_id) == ["denied"]


def test_an_answer_can_reach_to_the_value_and_says_so(desk, tmp_path):
    (tmp_path / "policy.toml").write_text(STRANGE_WORDS)
    with ScriptedOpenAIServer([search("Rhi\u200bne"), search("Rhi\u200bne", 2), ANSWER]) as server:
        process = desk.begin(server)
        (question,) = desk.waiting()
        listed = desk.say("approvals")
        refused = desk.say("approve", str(question["id"]), "--source", code=1)
        desk.say("approve", str(question["id"]), "--once", "--value", code=2)
        told = json.loads(desk.say("approve", str(question["id"]), "--value", "--json"))
        out, _ = process.communicate(timeout=30)
    assert question["consents"] == ["once", "value"]
    assert [(each["path"], each["origins"]) for each in question["offences"]] == [("args.query", [])]
    assert 'args.query (query) "Rhi\\u200bne" stands nowhere' in listed
    assert '--value: for the rest of this run also "Rhi\\u200bne" as query of a read call' in listed
    assert refused.endswith("cannot be `--source`: answer with `--once` or `--value`\n")
    assert (told["id"], told["answer"]) == (question["id"], "value")
    outcome = json.loads(out)
    assert (outcome["decisions"]["ask"], outcome["decisions"]["allow"]) == (1, 1)
    assert desk.statuses(outcome["run_id"]) == ["ok", "ok"]


@pytest.mark.parametrize("is_policy_changed", [False, True])
def test_an_endorsed_value_survives_a_kill_and_ends_with_its_policy(desk, tmp_path, is_policy_changed):
    (tmp_path / "policy.toml").write_text(STRANGE_WORDS)
    with ScriptedOpenAIServer([search("Rhine"), search("Elbe"), search("Rhine", 2), ANSWER]) as server:
        process = desk.begin(server)
        (question,) = desk.waiting()
        desk.say("approve", str(question["id"]), "--value")
        (second,) = desk.waiting()
        process.kill()
        process.communicate(timeout=30)
        desk.say("deny", str(second["id"]))
        if is_policy_changed:
            (tmp_path / "policy.toml").write_text(STRANGE_WORDS + "# reviewed\n")
        run_id = str(question["run_id"])
        subprocess.run(
            [*KHALA, "resume", run_id, "--home", desk.home, "--approval-timeout", "1"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert desk.statuses(run_id) == ["ok", "denied", "denied" if is_policy_changed else "ok"]
    assert desk.say("verify", run_id)


def test_of_two_who_answer_at_once_one_is_told_that_it_was_answered(desk):
    with ScriptedOpenAIServer([search(), ANSWER]) as server:
        process = desk.begin(server)
        (question,) = desk.waiting()
        answers = [
            subprocess.Popen(
                [*KHALA, command, str(question["id"]), "--home", desk.home], stderr=subprocess.PIPE, text=True
            )
            for command in ("approve", "deny")
        ]
        told = [each.communicate(timeout=30)[1] for each in answers]
        out, _ = process.communicate(timeout=30)
    assert sorted(each.returncode for each in answers) == [0, 1]
    assert any(line.startswith("khala: ") and str(question["id"]) in line for line in "".join(told).splitlines())
    assert desk.statuses(json.loads(out)["run_id"]) == ["ok" if answers[0].returncode == 0 else "denied"]


def test_a_question_that_is_not_open_and_a_missing_home_are_told_in_one_line(desk):
    assert desk.say("approve", "00000000", code=1).startswith(f"khala: there is no home at `{desk.home}`")
    with ScriptedOpenAIServer([Say("nothing to ask")]) as server:
        desk.begin(server).communicate(timeout=30)
    told = desk.say("deny", "no\x1bthing", code=1)
    assert told == "khala: no open question `no\\x1bthing`; `khala approvals` lists them\n"


def test_asking_at_a_terminal_that_is_none_is_refused(desk):
    with ScriptedOpenAIServer([search(), ANSWER]) as server:
        process = desk.begin(server, "--approvals", "terminal")
        _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told.splitlines()[-1].startswith("khala: `--approvals terminal` needs a terminal")


@pytest.mark.parametrize("seconds", ["0", "soon", "1" + "0" * 30])
def test_a_wait_that_is_none_is_refused(desk, seconds):
    told = desk.say("ask", "How far?", "--corpus", "python-docs", "--approval-timeout", seconds, code=2)
    assert "argument --approval-timeout: " in told
