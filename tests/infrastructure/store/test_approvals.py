"""Questions and answers in the file of a home."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from khala.domain.call import ToolCall
from khala.domain.policy import Decision
from khala.errors import QuestionUnknown
from khala.infrastructure.store.home import open_home
from khala.infrastructure.store.sqlite_store import SqliteStore

CALL = ToolCall(id="k21yahg8-1", tool="pay", arguments={"payee": "Änne\0\ud800", "amount": 2**70})
ASK = Decision(effect="ask", rules=("a", "b"), reason="sure?", call_digest="c", tool_digest="t", policy_digest="p")


@pytest.fixture
def home(tmp_path):
    return open_home(tmp_path / "home")


def test_a_question_comes_back_as_it_was_asked_in_another_process(home):
    with SqliteStore(home) as one, SqliteStore(home) as other:
        question = one.approvals.ask(CALL, ASK, timeout_s=60)
        (found,) = other.approvals.open()
    assert (found.question, found.answer) == (question, None)
    assert (question.run_id, question.arguments) == ("k21yahg8", CALL.arguments)


def test_a_home_that_began_without_questions_takes_them_and_keeps_its_format(home):
    SqliteStore(home).close()
    db = sqlite3.connect(home.database)
    before = db.execute("PRAGMA user_version").fetchone()
    for table in ("questions", "answers", "used_answers"):
        db.execute(f"DROP TABLE {table}")
    db.close()
    with SqliteStore(home) as store:
        store.approvals.answer(store.approvals.ask(CALL, ASK, timeout_s=60).id, "once")
        assert [each.answer for each in store.approvals.open()] == ["once"]
    db = sqlite3.connect(home.database)
    assert db.execute("PRAGMA user_version").fetchone() == before
    db.close()


def test_of_many_who_answer_and_of_many_who_take_the_answer_one_succeeds(home):
    stores = [SqliteStore(home) for _ in range(4)]
    question = stores[0].approvals.ask(CALL, ASK, timeout_s=60)

    def answer(store: SqliteStore) -> bool:
        try:
            store.approvals.answer(question.id, "once")
        except QuestionUnknown:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(answer, stores)) == [False, False, False, True]
        taken = list(threads.map(lambda store: store.approvals.use_answer(question), stores))
    assert sorted(map(str, taken)) == ["None", "None", "None", "once"]
    for store in stores:
        store.close()


def test_what_has_expired_leaves_the_file_with_the_next_question(home):
    with SqliteStore(home) as store:
        old = store.approvals.ask(CALL, ASK, timeout_s=60)
        store.approvals.answer(old.id, "once")
        store.approvals.use_answer(old)
        db = sqlite3.connect(home.database)
        for table in ("questions", "used_answers"):
            db.execute(f"UPDATE {table} SET expires_at = 0")
        db.commit()
        store.approvals.ask(CALL, ASK, timeout_s=60)
        counts = [
            db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("questions", "answers", "used_answers")
        ]
        db.close()
    assert counts == [1, 0, 0]
