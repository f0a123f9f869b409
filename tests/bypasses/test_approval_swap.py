"""A yes to one call is to let another one run: other arguments, another run, another policy, another tool."""

from __future__ import annotations

import pytest
from approval_door import ANNA, POLICY, ApprovalDoor, reworded


@pytest.fixture
def door(tmp_path):
    opened = ApprovalDoor(tmp_path)
    yield opened
    opened.store.close()


OTHERS = [
    pytest.param({"arguments": {"payee": "Eve Mallory", "amount": 50}}, id="other arguments"),
    pytest.param({"call_id": "run00002-1"}, id="other run"),
    pytest.param({"call_id": "run00001-2"}, id="other call"),
    pytest.param({"policy": POLICY + "\n# one more word\n"}, id="other policy"),
]


@pytest.mark.parametrize("other", OTHERS)
def test_a_yes_to_one_call_is_none_to_another(door, other) -> None:
    door.store.approvals.answer(door.put().id, "once")
    assert door.look(**other) is None


@pytest.mark.parametrize("other", OTHERS)
def test_nor_when_it_is_filed_as_the_answer_to_the_other(door, other) -> None:
    answered, wanted = door.put(), door.put(**other)
    door.store.approvals.answer(answered.id, "once")
    door.write("UPDATE answers SET question_id = ?", wanted.id)
    assert door.look(**other) is None


def test_the_same_call_after_a_restart_has_its_answer(door) -> None:
    question = door.put()
    door.store.approvals.answer(question.id, "once")
    assert door.put() == question
    assert door.ask() is True


def test_another_definition_of_the_tool_is_another_question(door) -> None:
    ruling = door.ruling()
    assert ruling.pending is not None
    question = door.put()
    changed = ruling.decision.model_copy(update={"tool_digest": "0" * 64})
    assert door.store.approvals.ask(ruling.pending.call, changed, timeout_s=60).id != question.id


def test_a_question_whose_arguments_were_changed_is_not_shown(door) -> None:
    question = door.put({"payee": "Eve Mallory", "amount": 5000})
    ((statement,),) = door.write("SELECT statement FROM questions")
    door.write("UPDATE questions SET statement = ?", reworded(statement, arguments=ANNA))
    assert question.id not in {each.question.id for each in door.store.approvals.open()}
