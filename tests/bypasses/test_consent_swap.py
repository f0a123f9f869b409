"""A yes to one call is made into one that reaches further: by replay, or in the stored answer."""

from __future__ import annotations

import asyncio

import pytest
from approval_door import reworded
from asking_door import AskingDoor, guard

from khala.domain.call import ToolCall
from khala.domain.decision import Consent
from khala.domain.label import Label
from khala.errors import CallerError
from khala.infrastructure.store.approvals import Approvals, Question
from khala.infrastructure.store.database import Database
from khala.infrastructure.store.home import open_home
from khala.infrastructure.store.queue_approver import QueueApprover
from khala.infrastructure.store.signing import load_or_make_key

BOB = {"to": "bob@else.example"}


class Queue:
    """A home whose questions are about one run."""

    def __init__(self, folder) -> None:
        home = open_home(folder)
        self.door = AskingDoor()
        self.database = Database(home)
        self.approvals = Approvals(self.database, load_or_make_key(home.signing_key))

    def put(self, arguments=BOB, name: str = "send") -> Question:
        """The question about a call."""
        call = ToolCall(id=f"{self.door.run_id}-2", tool=name, arguments=dict(arguments))
        return self.approvals.ask(call, self.door.decide(name, dict(arguments)).decision, timeout_s=60)

    def write(self, statement: str, *values: object) -> list:
        """What an attacker does to the file."""
        with self.database.writing() as db:
            return db.execute(statement, values).fetchall()

    def taken(self) -> Consent | bool:
        """What an asking guard gets of the answer to the call, within a moment."""
        approver = QueueApprover(self.approvals, timeout_s=0.1)
        call = ToolCall(id=f"{self.door.run_id}-2", tool="send", arguments=dict(BOB))
        decision = self.door.decide("send", dict(BOB)).decision
        return asyncio.run(asyncio.wait_for(approver(call, decision), 1.0))


@pytest.fixture
def queue(tmp_path):
    opened = Queue(tmp_path)
    yield opened
    opened.database.close()


@pytest.mark.parametrize("consent", ["once", "value", "source"])
def test_a_yes_reaches_as_far_as_the_person_said(queue, consent: Consent) -> None:
    queue.approvals.answer(queue.put().id, consent)
    assert queue.taken() == consent


@pytest.mark.parametrize("wider", ["value", "source"])
def test_a_yes_once_reworded_in_the_file_is_none(queue, wider: str) -> None:
    question = queue.put()
    queue.approvals.answer(question.id, "once")
    ((statement,),) = queue.write("SELECT statement FROM answers")
    queue.write("UPDATE answers SET statement = ?", reworded(statement, answer=wider))
    assert queue.approvals.use_answer(question) is None


def test_a_wide_yes_to_one_question_replayed_for_the_next_is_none(queue) -> None:
    first = queue.put()
    queue.approvals.answer(first.id, "source")
    rows = queue.write("SELECT statement, signature FROM answers")
    assert queue.approvals.use_answer(first) == "source"
    second = queue.put()
    assert second.id != first.id
    queue.approvals.answer(second.id, "once")
    queue.write("UPDATE answers SET statement = ?, signature = ? WHERE question_id = ?", *rows[0], second.id)
    assert queue.approvals.use_answer(second) is None


def test_a_wide_yes_to_another_call_is_none_to_this_one(queue) -> None:
    other = queue.put({"path": "notes/a.md"}, "change")
    queue.approvals.answer(other.id, "source")
    wanted = queue.put()
    queue.write("UPDATE answers SET question_id = ?", wanted.id)
    assert queue.approvals.use_answer(wanted) is None


@pytest.mark.parametrize(("name", "arguments"), [("pay", {"payee": "eve@else.example"}), ("delete", {"path": "a.md"})])
def test_no_yes_can_reach_to_the_source_of_what_is_costly(queue, name, arguments) -> None:
    question = queue.put(arguments, name)
    with pytest.raises(CallerError, match="cannot be `--source`: answer with `--once` or `--value`"):
        queue.approvals.answer(question.id, "source")
    queue.approvals.answer(question.id, "value")
    assert queue.approvals.use_answer(question) == "value"


def test_a_yes_to_one_source_is_none_once_the_value_has_come_to_stand_in_another(queue) -> None:
    queue.approvals.answer(queue.put().id, "source")
    call = ToolCall(id="run00001-3", tool="read_ticket", arguments={"id": "T-2"})
    queue.door.grounding.add_result("tell bob@else.example", Label(), call=call)
    assert queue.approvals.use_answer(queue.put()) is None


def test_what_an_approver_says_beyond_the_offer_is_cut_to_it() -> None:
    door = AskingDoor()
    answering = guard(answer="source")
    call = ToolCall(id="run00001-2", tool="pay", arguments={"payee": "eve@else.example"})
    ruling = asyncio.run(answering.ask(answering.decide(call, door.grounding)))
    assert [(each.role, each.value, each.source) for each in ruling.endorsements] == [
        ("payee", "eve@else.example", None)
    ]


@pytest.mark.parametrize("answer", ["yes", "all", "", "SOURCE", 1])
def test_no_other_word_is_a_yes(answer) -> None:
    door = AskingDoor()
    answering = guard(answer=answer)
    call = ToolCall(id="run00001-2", tool="send", arguments=dict(BOB))
    assert asyncio.run(answering.ask(answering.decide(call, door.grounding))).permit is None
