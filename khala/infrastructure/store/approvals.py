"""Questions whether a call may run, and their answers, in the home's file: asked by one process, answered by another.

Why a yes that `use_answer` gives out is a person's yes to this very call:

1. Question and answer are statements signed with the home's key, so a row that was changed or made by hand is none.
   A statement says what it is; a signed head, or a question, never passes for an answer.
2. The answer names the question, the run and the digests of call, tool and policy, and says how far the yes reaches.
   They are compared with what the asking guard decided on, not with what the file says it asked.
3. An answer ends when its question does, and counts once: it is verified and used up in one transaction.

What does not hold all of this is no answer, and no answer in time is no. What cannot be found: somebody who puts the
whole file back to an earlier state, for as long as the answer in it has not expired; and whoever holds the key.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Literal, Self, TypeVar

from khala.domain.call import ToolCall
from khala.domain.decision import Consent, Decision, Offence, Traced
from khala.domain.manifest import ToolEffect
from khala.domain.value import JsonObject, Value
from khala.errors import CallerError, QuestionUnknown
from khala.infrastructure.store.canonical import canonical_json, from_canonical
from khala.infrastructure.store.database import Database
from khala.infrastructure.store.run_log import now_ms
from khala.infrastructure.store.short_ids import new_short_id
from khala.infrastructure.store.signing import SigningKey

__all__ = ["Answer", "Approvals", "OpenQuestion", "Question"]

Answer = Consent | Literal["no"]
"""No, or a yes and how far it reaches."""

Statement = TypeVar("Statement", bound=Value)


class Question(Value):
    """A call that waits for a person, with all an answer is bound to."""

    kind: Literal["question"] = "question"
    id: str
    run_id: str
    call_id: str
    tool: str
    arguments: JsonObject
    call_digest: str
    tool_digest: str
    policy_digest: str
    rules: tuple[str, ...]
    reason: str
    offences: tuple[Offence, ...]
    """The values that a rule does not accept."""
    values: tuple[Traced, ...]
    """The values that have a role."""
    tool_effect: ToolEffect | None
    asked_at_ms: int
    """Milliseconds since the epoch."""
    expires_at_ms: int

    @property
    def decision(self) -> Decision:
        """The decision that asks."""
        return Decision(effect="ask", **{name: getattr(self, name) for name in _OF_DECISION})

    def is_about_the_same(self, other: Question) -> bool:
        """Whether both ask about one call of one run, under one tool and one policy, for the same values."""
        return all(getattr(self, name) == getattr(other, name) for name in _BOUND)


_BOUND = ("run_id", "call_id", "call_digest", "tool_digest", "policy_digest", "rules", "offences", "tool_effect")
"""What makes two questions the same one; two guards that decide alike ask alike. The offences are part of it because a
yes may reach to their sources, which a run can come to see otherwise after it was killed."""


_OF_DECISION = (
    "rules", "reason", "offences", "values", "call_digest", "tool_effect", "tool_digest", "policy_digest",
)  # fmt: skip
"""What a question keeps of its decision."""


class _Answer(Value):
    kind: Literal["answer"] = "answer"
    question_id: str
    run_id: str
    call_digest: str
    tool_digest: str
    policy_digest: str
    answer: Answer
    not_after_ms: int
    nonce: str
    """Makes every answer a statement of its own."""

    @classmethod
    def to(cls, question: Question, answer: Answer, nonce: str) -> Self:
        """An answer bound to the question and to nothing else (2, 3)."""
        return cls(
            question_id=question.id,
            run_id=question.run_id,
            call_digest=question.call_digest,
            tool_digest=question.tool_digest,
            policy_digest=question.policy_digest,
            answer=answer,
            not_after_ms=question.expires_at_ms,
            nonce=nonce,
        )

    def counts_for(self, question: Question) -> bool:
        """Whether it answers this question, and still does."""
        is_offered = self.answer == "no" or self.answer in question.decision.consents
        return is_offered and self == self.to(question, self.answer, self.nonce) and now_ms() < self.not_after_ms


class OpenQuestion(Value):
    """A question that has not expired and whose answer nobody used yet."""

    question: Question
    answer: Answer | None = None
    """What was answered while no process was there to take it."""


class Approvals:
    """The questions of a home, for any thread."""

    def __init__(self, database: Database, key: SigningKey) -> None:
        self._database = database
        self._key = key

    def ask(self, call: ToolCall, decision: Decision, *, timeout_s: float) -> Question:
        """Put a question, or find the one that an earlier process of the run put and that is still open.

        Raises `HomeUnusable`.
        """
        asked_at_ms = now_ms()
        question = Question(
            id=new_short_id(),
            run_id=call.id.rpartition("-")[0],
            call_id=call.id,
            tool=call.tool,
            arguments=call.arguments,
            asked_at_ms=asked_at_ms,
            expires_at_ms=asked_at_ms + round(timeout_s * 1000),
            **{name: getattr(decision, name) for name in _OF_DECISION},
        )
        with self._database.writing() as db:
            _forget_expired(db, asked_at_ms)
            for each in self._open(db):
                if each.question.is_about_the_same(question):
                    return each.question
            while db.execute("SELECT 1 FROM questions WHERE id = ?", (question.id,)).fetchone():
                question = question.model_copy(update={"id": new_short_id()})
            statement = canonical_json(question)
            db.execute(
                "INSERT INTO questions VALUES (?, ?, ?, ?)",
                (question.id, question.expires_at_ms, statement, self._key.sign(statement)),
            )
        return question

    def open(self) -> list[OpenQuestion]:
        """All open questions, oldest first. Raises `HomeUnusable`."""
        with self._database.reading() as db:
            return self._open(db)

    def answer(self, question_id: str, answer: Answer) -> Question:
        """Answer a question; the process that asked takes it from here.

        Raises `QuestionUnknown` when it is not open, or answered already; `CallerError` when a yes to it cannot reach
        that far; `HomeUnusable`.
        """
        with self._database.writing(durable=True) as db:
            found = next((each for each in self._open(db) if each.question.id == question_id), None)
            if found is None:
                raise QuestionUnknown(f"no open question `{question_id}`; `khala approvals` lists them")
            if found.answer is not None:
                raise QuestionUnknown(f"question `{question_id}` was answered already: {found.answer}")
            consents = found.question.decision.consents
            if answer != "no" and answer not in consents:
                offered = " or ".join(f"`--{each}`" for each in consents)
                raise CallerError(f"a yes to question `{question_id}` cannot be `--{answer}`: answer with {offered}")
            statement = canonical_json(_Answer.to(found.question, answer, secrets.token_hex(16)))
            db.execute("REPLACE INTO answers VALUES (?, ?, ?)", (question_id, statement, self._key.sign(statement)))
        return found.question

    def use_answer(self, question: Question) -> Answer | None:
        """The answer to a question, used up with this; `None` while there is none that counts.

        Raises `HomeUnusable`.
        """
        with self._database.reading() as db:
            if self._answer(db, question) is None:  # most of the time: a waiting process keeps nobody from writing
                return None
        with self._database.writing(durable=True) as db:
            answer = self._answer(db, question)
            if answer is None:
                return None
            used = db.execute("INSERT OR IGNORE INTO used_answers VALUES (?, ?)", (question.id, question.expires_at_ms))
            return answer.answer if used.rowcount else None  # 3

    def _open(self, db: sqlite3.Connection) -> list[OpenQuestion]:
        rows = db.execute(
            "SELECT statement, signature FROM questions"
            " WHERE expires_at > ? AND id NOT IN (SELECT question_id FROM used_answers) ORDER BY rowid",
            (now_ms(),),
        ).fetchall()
        found: list[OpenQuestion] = []
        for statement, signature in rows:
            question = self._stated(Question, statement, signature)
            if question is not None and question.expires_at_ms > now_ms():  # the columns beside it are not signed
                answer = self._answer(db, question)
                found.append(OpenQuestion(question=question, answer=answer.answer if answer else None))
        return found

    def _answer(self, db: sqlite3.Connection, question: Question) -> _Answer | None:
        row = db.execute(
            "SELECT statement, signature FROM answers WHERE question_id = ?"
            " AND question_id NOT IN (SELECT question_id FROM used_answers)",
            (question.id,),
        ).fetchone()
        answer = self._stated(_Answer, *row) if row else None
        return answer if answer is not None and answer.counts_for(question) else None

    def _stated(self, kind: type[Statement], statement: object, signature: object) -> Statement | None:
        """What a row says, if this home signed it (1)."""
        if not isinstance(statement, bytes) or not isinstance(signature, bytes):
            return None
        if not self._key.is_signed(statement, signature):
            return None
        try:
            return kind.model_validate(from_canonical(statement))
        except ValueError:  # of a newer khala
            return None


def _forget_expired(db: sqlite3.Connection, at_ms: int) -> None:
    """Remove what can no longer count; what became of a call stands in the log."""
    expired = "(SELECT id FROM questions WHERE expires_at <= ?)"
    db.execute(f"DELETE FROM answers WHERE question_id IN {expired}", (at_ms,))  # noqa: S608 (no value in it)
    db.execute("DELETE FROM used_answers WHERE expires_at <= ?", (at_ms,))
    db.execute("DELETE FROM questions WHERE expires_at <= ?", (at_ms,))
