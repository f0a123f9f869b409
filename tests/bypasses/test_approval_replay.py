"""An answer is used a second time, or made by somebody without the key."""

from __future__ import annotations

import pytest
from approval_door import ApprovalDoor, reworded
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from khala.errors import QuestionUnknown


@pytest.fixture
def door(tmp_path):
    opened = ApprovalDoor(tmp_path)
    yield opened
    opened.store.close()


def test_a_yes_lets_the_call_run_it_was_given_for(door) -> None:
    door.store.approvals.answer(door.put().id, "once")
    assert door.ask() is True


def test_a_no_refuses_it(door) -> None:
    door.store.approvals.answer(door.put().id, "no")
    assert door.ask() is False


def test_an_answer_counts_once(door) -> None:
    question = door.put()
    door.store.approvals.answer(question.id, "once")
    rows = door.write("SELECT * FROM answers")
    assert door.store.approvals.use_answer(question) == "once"
    assert door.store.approvals.use_answer(question) is None
    door.write("REPLACE INTO answers VALUES (?, ?, ?)", *rows[0])
    assert door.store.approvals.use_answer(question) is None
    assert door.look() is None  # asked anew, and nobody answered that


def test_a_used_answer_filed_under_the_next_question_is_none(door) -> None:
    first = door.put()
    door.store.approvals.answer(first.id, "once")
    assert door.store.approvals.use_answer(first) == "once"
    second = door.put()
    assert second.id != first.id
    door.write("UPDATE answers SET question_id = ?", second.id)
    assert door.look() is None


def test_an_answered_question_is_not_answered_again(door) -> None:
    question = door.put()
    door.store.approvals.answer(question.id, "no")
    with pytest.raises(QuestionUnknown, match="answered already: no"):
        door.store.approvals.answer(question.id, "once")
    assert door.ask() is False


def test_a_no_changed_to_yes_is_no_answer_and_a_person_can_answer_again(door) -> None:
    question = door.put()
    door.store.approvals.answer(question.id, "no")
    ((statement,),) = door.write("SELECT statement FROM answers")
    changed = reworded(statement, answer="once")
    door.write("UPDATE answers SET statement = ?", changed)
    assert door.store.approvals.use_answer(question) is None
    assert door.store.approvals.open()[0].answer is None
    door.store.approvals.answer(question.id, "once")
    assert door.ask() is True


def test_a_yes_signed_with_another_key_is_none(door) -> None:
    question = door.put()
    door.store.approvals.answer(question.id, "no")
    ((statement,),) = door.write("SELECT statement FROM answers")
    changed = reworded(statement, answer="once")
    signature = Ed25519PrivateKey.generate().sign(changed)
    door.write("UPDATE answers SET statement = ?, signature = ?", changed, signature)
    assert door.look() is None


def test_what_the_home_signed_as_something_else_is_no_answer(door) -> None:
    question = door.put()
    ((statement, signature),) = door.write("SELECT statement, signature FROM questions")
    door.write("INSERT INTO answers VALUES (?, ?, ?)", question.id, statement, signature)
    assert door.look() is None


@pytest.mark.parametrize("junk", [b"", b"\xff", "yes", None, 1])
def test_junk_in_the_place_of_an_answer_is_none(door, junk) -> None:
    question = door.put()
    door.write("INSERT INTO answers VALUES (?, coalesce(?, x''), x'00')", question.id, junk)
    assert door.store.approvals.use_answer(question) is None
    assert len(door.store.approvals.open()) == 1
