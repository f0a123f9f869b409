"""A contract check for whoever implements `RunStore`: run it on yours, it raises `AssertionError` saying what is wrong.

It needs no test framework. What it cannot see from inside one process (a kill, a power cut, a second process) remains
for tests of your own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from hashlib import sha256

from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import CallStarted, Event, ModelReplied, RunEnded, RunStarted, Usage
from khala.domain.ports import RunLog, RunStore
from khala.domain.retention import Retention
from khala.domain.value import JsonObject
from khala.errors import KhalaError, RunBusy, RunUnknown

__all__ = ["check_run_store"]


def check_run_store(make_store: Callable[[], RunStore]) -> None:
    """Check all that `RunStore` and `RunLog` promise.

    `make_store` gives an open, empty store; it is called once for each part of the contract. Closing the stores is up
    to the caller. Raises `AssertionError` naming the broken promise.
    """
    for check in (_check_order, _check_lease, _check_unknown, _check_values, _check_texts):
        check(make_store())


def _check_order(store: RunStore) -> None:
    written = [_started("first"), *(_call(number) for number in range(5)), RunEnded(status="answered", answer="42")]
    with store.create() as log:
        recorded = [log.append(event) for event in written[:3]]
        with store.create() as other:
            _require(other.run_id != log.run_id, "two runs must have different ids")
            other_recorded = [other.append(_started("second")), other.append(_call(9), durable=True)]
        recorded.append(log.append(written[3], durable=True))
        _require(store.records(log.run_id) == recorded, "`records` must show what was appended while the run is open")
    with store.reopen(log.run_id) as again:
        _require(again.run_id == log.run_id, "a reopened run must keep its id")
        recorded += [again.append(event) for event in written[4:]]
    _require([record.seq for record in recorded] == list(range(7)), "events must be numbered 0, 1, 2 ..., also on")
    _require([record.event for record in recorded] == written, "`append` must return the event it was given")
    _require(all(record.run_id == log.run_id for record in recorded), "`append` must name the run")
    _require(all(record.at_ms > 0 for record in recorded), "`append` must say when, in milliseconds")
    _require(list(store.records(log.run_id)) == recorded, "`records` must equal what `append` returned")
    _require(list(store.records(other.run_id)) == other_recorded, "runs must not mix")


def _check_lease(store: RunStore) -> None:
    with store.create() as log:
        log.append(_started("leased"))
        _require_error(RunBusy, store.reopen(log.run_id), "a run that is being created must not open a second time")
    _require_no_append(store, log)
    with store.reopen(log.run_id):
        _require_error(RunBusy, store.reopen(log.run_id), "a reopened run must not open a second time")
    with suppress(_Stop), store.reopen(log.run_id) as failing:
        failing.append(_call(1))
        raise _Stop
    with store.reopen(log.run_id) as again:
        again.append(_call(2))
    _require(len(store.records(log.run_id)) == 3, "what was appended before an exception must stay")  # noqa: PLR2004


def _check_unknown(store: RunStore) -> None:
    for run_id in ("", "00000000", "no such run", "\ud800", "\0", "../../x", "é" * 1000):
        _require_error(RunUnknown, store.reopen(run_id), f"`reopen` of the unknown run {run_id!r} must say so")
        try:
            store.records(run_id)
        except RunUnknown:
            continue
        raise AssertionError(f"`records` of the unknown run {run_id!r} must raise `RunUnknown`")


def _check_values(store: RunStore) -> None:
    deep: JsonObject = {}
    for _ in range(100):
        deep = {"in": [deep]}
    arguments: JsonObject = {
        "integers": [2**53, -(2**64), 10**400, 0],
        "floats": [1e300, 5e-324, 1e16, 0.1, 2.0**53],
        "infinite": [float("inf"), float("-inf")],
        "text": ["", "\0", "\0i7f", "\ud800", "\udc00\ud800", "\U0001f600", "é\u2028", "x" * 100_000],
        "\0": {"\ud800": {"": None}},
        "$int": "123",
        "deep": deep,
    }
    event = ModelReplied(
        turn=1, text="\ud83d \0", calls=(ToolCall(id="a-1", tool="t", arguments=arguments),), usage=Usage(money=1.0)
    )
    with store.create() as log:
        log.append(_started("values \udcff"))
        log.append(event)
    kept = store.records(log.run_id)[1].event
    _require(kept == event, "any arguments a model can write must come back equal")


def _check_texts(store: RunStore) -> None:
    for text in ("", "a result", "zeile\r\nzwei\0", "\ud800 alone", "é" * 200_000):
        digest = store.keep_text(text)
        expected = sha256(text.encode(errors="surrogatepass")).hexdigest()
        _require(digest == expected, "a text's digest must be the SHA-256 of its UTF-8, hex, surrogates passed")
        _require(store.keep_text(text) == digest, "keeping a text again must give the same digest")
        _require(store.read_text(digest) == text, "a text must come back character by character")
    for digest in ("0" * 64, "no digest"):
        try:
            store.read_text(digest)
        except KhalaError:
            continue
        raise AssertionError("a text that was never kept must raise a `KhalaError`")


class _Stop(Exception):
    pass


def _started(task: str) -> Event:
    return RunStarted(
        task=task,
        system="be exact",
        model="m",
        tools=(),
        policy="0" * 64,
        budget=InteractionBudget(money=0.5),
        retention=Retention(),
    )


def _call(number: int) -> Event:
    return CallStarted(call_id=f"a-{number}", tool="t", side_effect=False)


def _require(holds: bool, words: str) -> None:  # noqa: FBT001 (it is the statement)
    if not holds:
        raise AssertionError(words)


def _require_error(kind: type[KhalaError], opening: AbstractContextManager[RunLog], words: str) -> None:
    try:
        with opening:
            pass
    except kind:
        return
    raise AssertionError(f"{words}: `{kind.__name__}` is expected")


def _require_no_append(store: RunStore, log: RunLog) -> None:
    before = len(store.records(log.run_id))
    try:
        log.append(_call(0))
    except KhalaError:
        _require(len(store.records(log.run_id)) == before, "a refused event must not be written")
        return
    raise AssertionError("a log must refuse events once its context has ended")
