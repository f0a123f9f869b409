"""`khala approvals`, `khala approve` and `khala deny`: answer, from any terminal, what a run waits for."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khala.infrastructure.store.approvals import Answer, OpenQuestion

__all__ = ["add_approvals"]

_CODES = """\
exit codes:
  0    done
  1    there is no such open question (never asked, expired, or answered already), a yes to it cannot reach that far,
       or the home cannot be used
  2    the command line itself is wrong
"""


def add_approvals(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the three commands."""
    add("approvals", "list the calls that wait for a person's answer", _CODES).set_defaults(command=_list)
    example = "example:\n  khala approve 4kx0v7rm\n\n"
    approve = add("approve", "let a call run that waits for an answer", example + _CODES)
    reach = approve.add_mutually_exclusive_group()
    for consent, about in _REACHES.items():
        reach.add_argument(f"--{consent}", dest="answer", action="store_const", const=consent, help=about)
    approve.set_defaults(answer="once")
    deny = add("deny", "refuse a call that waits for an answer", _CODES)
    deny.set_defaults(answer="no")
    for parser in (approve, deny):
        parser.add_argument("id", metavar="ID", help="of the question, as `khala approvals` lists it")
        parser.set_defaults(command=_answer)


_REACHES = {
    "once": "this very call and no other (the default)",
    "value": "also its values that were asked about, in their role and for this effect, until the run ends",
    "source": "also all that the source of those values says, in their role and for this effect, until the run ends",
}


def _list(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home
    from khala.cli.next_step import command
    from khala.cli.progress import printable
    from khala.cli.question import told_question, told_reach

    with Home.existing(parsed.home) as home:
        waiting = home.store.approvals.open()
    if parsed.json:
        print(json.dumps({"questions": [_as_json(each) for each in waiting]}))
        return 0
    for each in waiting:
        question = each.question
        lines = [
            *told_question(question.tool, question.arguments, question.decision).splitlines(),
            f"call {question.call_id}; without an answer by {_moment(question.expires_at_ms)} it is denied",
        ]
        if each.answer is None:
            yes, no = (command(name, question.id, home.folder.path) for name in ("approve", "deny"))
            lines += [f"{yes} or {no}", *(f"  --{name}: {what}" for name, what in told_reach(question.decision))]
        else:
            answered = "no" if each.answer == "no" else f"yes, {each.answer}"
            lines.append(f"answered {answered}; run {question.run_id} has not taken the answer yet")
        # a line end in what a model wrote must not begin a line that looks like ours
        print(printable("\n".join((question.id, *(f"  {line}" for line in lines), ""))))
    if not waiting:
        print(f"no call waits for an answer in `{parsed.home}`")
    return 0


def _answer(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home
    from khala.cli.progress import printable, short

    answer: Answer = parsed.answer
    with Home.existing(parsed.home) as home:
        question = home.store.approvals.answer(parsed.id, answer)
    if parsed.json:
        print(json.dumps({"id": question.id, "run_id": question.run_id, "call_id": question.call_id, "answer": answer}))
        return 0
    done = "denied" if answer == "no" else f"approved ({answer})"
    print(printable(f"{done}: {question.tool} {short(json.dumps(question.arguments))}"))
    return 0


def _as_json(each: OpenQuestion) -> dict[str, object]:
    question = each.question
    return {
        **question.model_dump(exclude={"kind", "asked_at_ms", "expires_at_ms"}),
        "consents": question.decision.consents,
        "asked": _moment(question.asked_at_ms),
        "expires": _moment(question.expires_at_ms),
        "answer": each.answer,
    }


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
