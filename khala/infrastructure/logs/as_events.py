"""A foreign run as events of khala's own, in the order in which a trajectory takes them.

What was decided, started or approved is not said: no guard of khala's was there. Words of the user, or of the
framework, between two replies are kept as requests for an answer. Every text is untrusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from khala.domain.budget import InteractionBudget
from khala.domain.call import CallStatus, ToolCall, call_id
from khala.domain.events import (
    AnswerDrafted,
    AnswerRequested,
    CallFinished,
    Event,
    Imported,
    ModelReplied,
    RunEnded,
    RunStarted,
    TurnRolledBack,
)
from khala.domain.label import Label
from khala.domain.retention import Retention
from khala.infrastructure.logs.foreign_run import ForeignCall, ForeignRun, ForeignTurn

__all__ = ["events_of", "ids_of_calls"]

_NO_RESULT: dict[CallStatus, str] = {
    "skipped": "not run: the imported log does not show that this call was ever made",
    "unknown": "the imported log holds no result of this call",
}
_OWN_WORDS = Label(origins=("import", "khala"))


def ids_of_calls(run: ForeignRun, run_id: str) -> list[list[str]]:
    """For each turn the ids its calls have in the ledger."""
    ids: list[list[str]] = []
    number = 0
    for turn in run.turns:
        ids.append([call_id(run_id, number + place) for place in range(1, len(turn.calls) + 1)])
        number += len(turn.calls)
    return ids


def events_of(run: ForeignRun, run_id: str, imported: Imported, keep_text: Callable[[str], str]) -> Iterator[Event]:
    """All events of the run; `keep_text` stores the text of a result and gives its SHA-256."""
    yield RunStarted(
        task=run.task,
        system=run.system,
        model=run.model,
        tools=(),
        policy="",
        budget=InteractionBudget(),
        retention=Retention(),
        imported=imported,
    )
    for number, (turn, ids) in enumerate(zip(run.turns, ids_of_calls(run, run_id), strict=True), start=1):
        for words in turn.words_before:
            yield AnswerRequested(reason="draft", text=words)
        yield from _events_of_turn(turn, number, ids, keep_text)
    for words in run.words_after:
        yield AnswerRequested(reason=run.limit, text=words)
    yield RunEnded(status=run.status, answer=run.answer, reason=run.reason)


def _events_of_turn(turn: ForeignTurn, number: int, ids: list[str], keep_text: Callable[[str], str]) -> Iterator[Event]:
    yield ModelReplied(
        turn=number,
        text=turn.text,
        thinking=turn.thinking,
        calls=tuple(
            ToolCall(id=name, tool=call.tool, arguments=call.arguments)
            for name, call in zip(ids, turn.calls, strict=True)
        ),
        malformed=tuple(turn.malformed),
        usage=turn.usage,
        happened_at_ms=turn.replied_at_ms,
    )
    if turn.rolled_back is not None:
        cause, note = turn.rolled_back
        yield TurnRolledBack(turn=number, cause=cause, note=note)
        return
    if not turn.calls:
        yield AnswerDrafted(turn=number, text=turn.text)
    for name, call in zip(ids, turn.calls, strict=True):
        yield _finished(call, name, (ids[call.shares],) if call.shares >= 0 else (), keep_text)


def _finished(call: ForeignCall, name: str, derived_from: tuple[str, ...], keep_text: Callable[[str], str]) -> Event:
    status: CallStatus = "failed" if call.failed else "ok"
    label, text = Label(origins=("import", f"tool:{call.tool}")), call.result
    if text is None:
        status = "unknown" if call.was_made else "skipped"
        label, text = _OWN_WORDS, _NO_RESULT[status]
    return CallFinished(
        call_id=name,
        status=status,
        digest=keep_text(text),
        chars=len(text),
        shown_chars=len(text),
        label=label,
        derived_from=derived_from,
        elapsed_ms=call.elapsed_ms,
        happened_at_ms=call.finished_at_ms,
    )
