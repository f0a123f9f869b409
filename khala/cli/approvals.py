"""`khala approvals`, `khala approve` and `khala deny`: answer, from any terminal, what a run waits for."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from khala.infrastructure.store.approvals import OpenQuestion, Question

__all__ = ["add_approvals", "told_question"]

_CODES = """\
exit codes:
  0    done
  1    there is no such open question (never asked, expired, or answered already), or the home cannot be used
  2    the command line itself is wrong
"""


def add_approvals(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the three commands."""
    add("approvals", "list the calls that wait for a person's answer", _CODES).set_defaults(command=_list)
    example = "example:\n  khala approve 4kx0v7rm\n\n"
    approve = add("approve", "let a call run that waits for an answer; once, and only this very call", example + _CODES)
    deny = add("deny", "refuse a call that waits for an answer", _CODES)
    for parser, command in ((approve, _approve), (deny, _deny)):
        parser.add_argument("id", metavar="ID", help="of the question, as `khala approvals` lists it")
        parser.set_defaults(command=command)


def told_question(question: Question) -> str:
    """A call that waits for an answer: what would run, why it is asked about, and until when."""
    arguments = json.dumps(question.arguments, indent=2)
    return (
        f"{question.tool} {arguments}\n"
        f"asked by rule {', '.join(question.rules)}: {question.reason}\n"
        f"call {question.call_id}; without an answer by {_moment(question.expires_at_ms)} it is denied"
    )


def _list(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home
    from khala.cli.next_step import command
    from khala.cli.progress import printable

    with Home.existing(parsed.home) as home:
        waiting = home.store.approvals.open()
    if parsed.json:
        print(json.dumps({"questions": [_as_json(each) for each in waiting]}))
        return 0
    for each in waiting:
        question = each.question
        state = f"answered {each.answer}; run {question.run_id} has not taken the answer yet"
        if each.answer is None:
            yes, no = (command(name, question.id, home.folder.path) for name in ("approve", "deny"))
            state = f"{yes} or {no}"
        # a line end in what a model wrote must not begin a line that looks like ours
        body = "\n".join(f"  {line}" for line in told_question(question).splitlines())
        print(printable(f"{question.id}\n{body}\n  {state}\n"))
    if not waiting:
        print(f"no call waits for an answer in `{parsed.home}`")
    return 0


def _approve(parsed: argparse.Namespace) -> int:
    return _answer(parsed, "yes")


def _deny(parsed: argparse.Namespace) -> int:
    return _answer(parsed, "no")


def _answer(parsed: argparse.Namespace, answer: Literal["yes", "no"]) -> int:
    from khala.assembly import Home
    from khala.cli.progress import printable, short

    with Home.existing(parsed.home) as home:
        question = home.store.approvals.answer(parsed.id, answer)
    if parsed.json:
        print(json.dumps({"id": question.id, "run_id": question.run_id, "call_id": question.call_id, "answer": answer}))
        return 0
    done = "approved" if answer == "yes" else "denied"
    print(printable(f"{done}: {question.tool} {short(json.dumps(question.arguments))}"))
    return 0


def _as_json(each: OpenQuestion) -> dict[str, object]:
    question = each.question
    return {
        **question.model_dump(exclude={"kind", "asked_at_ms", "expires_at_ms"}),
        "asked": _moment(question.asked_at_ms),
        "expires": _moment(question.expires_at_ms),
        "answer": each.answer,
    }


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
