"""An answer comes too late, or is kept for later."""

from __future__ import annotations

import time

import pytest
from approval_door import ApprovalDoor

from khala.errors import QuestionUnknown


@pytest.fixture
def door(tmp_path):
    opened = ApprovalDoor(tmp_path, timeout_s=0.5)
    yield opened
    opened.store.close()


def test_no_answer_in_time_is_no(door) -> None:
    began = time.monotonic()
    assert door.ask() is False
    assert time.monotonic() - began < 3


def test_an_expired_question_cannot_be_answered(door) -> None:
    question = door.put()
    time.sleep(0.6)
    assert door.store.approvals.open() == []
    with pytest.raises(QuestionUnknown, match=f"no open question `{question.id}`"):
        door.store.approvals.answer(question.id, "once")


def test_a_yes_nobody_took_in_time_counts_no_more(door) -> None:
    question = door.put()
    door.store.approvals.answer(question.id, "once")
    time.sleep(0.6)
    door.write("UPDATE questions SET expires_at = expires_at + 3600000")
    assert door.store.approvals.use_answer(question) is None
    assert door.ask() is False


def test_a_yes_in_time_counts(tmp_path) -> None:
    door = ApprovalDoor(tmp_path)
    door.store.approvals.answer(door.put().id, "once")
    assert door.ask() is True
    door.store.close()
