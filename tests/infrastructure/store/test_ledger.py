from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.events import CallStarted, Recorded
from khala.domain.value import JsonObject
from khala.errors import HomeTooNew, LogDamaged
from khala.infrastructure.store.canonical import canonical_json, from_canonical
from khala.infrastructure.store.ledger import (
    NO_HASH,
    Head,
    Row,
    head_statement,
    record_bytes,
    record_hash,
    recorded,
    verified,
)

LENGTH = 8


def signature_of(statement: bytes) -> bytes:
    return b"signed:" + statement


def is_signed(statement: bytes, signature: bytes) -> bool:
    return signature == signature_of(statement)


def chain(run_id: str = "arun", length: int = LENGTH) -> tuple[list[Row], Head]:
    rows: list[Row] = []
    prev = NO_HASH
    for seq in range(length):
        event = CallStarted(call_id=f"c{seq}", tool="t", side_effect=False)
        record = record_bytes(Recorded(run_id=run_id, seq=seq, at_ms=1000 + seq, event=event), prev)
        prev = record_hash(record)
        rows.append(Row(seq, prev, record))
    statement = head_statement(run_id, length - 1, prev, 1000)
    return rows, Head(statement, signature_of(statement))


def blamed(rows: list[Row], head: Head | None) -> str:
    with pytest.raises(LogDamaged) as raised:
        verified("arun", rows, head, is_signed)
    return str(raised.value)


def test_an_untouched_chain_verifies_and_gives_its_events():
    rows, head = chain()
    records = verified("arun", rows, head, is_signed)
    assert [recorded(record).seq for record in records] == list(range(LENGTH))
    assert recorded(records[3]).event == CallStarted(call_id="c3", tool="t", side_effect=False)


def test_a_run_without_events_verifies_by_its_head():
    rows, head = chain(length=0)
    assert verified("arun", rows, head, is_signed) == []
    assert "head" in blamed([], None)


@given(st.integers(0, LENGTH - 1))
def test_a_removed_event_is_named(seq: int):
    rows, head = chain()
    del rows[seq]
    assert f"event {seq} of run `arun` is missing" in blamed(rows, head)


@given(st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_swapped_events_are_named(one: int, other: int):
    if one == other:
        return
    rows, head = chain()
    rows[one], rows[other] = replace(rows[other], seq=one), replace(rows[one], seq=other)
    first, second = sorted((one, other))
    assert f"event {first} of run `arun` is out of order: event {second} stands in its place" in blamed(rows, head)


@given(st.integers(0, LENGTH - 1), st.integers(0, LENGTH))
def test_a_copied_event_is_named(seq: int, place: int):
    rows, head = chain()
    rows.insert(place, rows[seq])
    message = blamed(rows, head)
    numbered = [replace(row, seq=number) for number, row in enumerate(rows)]
    assert f"event {min(place, seq)} of run" in message or f"event {seq} of run `arun` stands there twice" in message
    # the same copy, numbered as if it belonged there
    assert "is out of order" in blamed(numbered, head)


@given(st.integers(0, LENGTH - 1))
def test_a_cut_off_tail_is_named_by_its_first_event(length: int):
    rows, head = chain()
    assert f"event {length} of run `arun` is missing" in blamed(rows[:length], head)


def test_an_added_event_is_named():
    rows, _ = chain(length=LENGTH + 1)
    _, head = chain()
    assert f"event {LENGTH} of run `arun` was added" in blamed(rows, head)


@given(st.integers(0, LENGTH - 1), st.data())
def test_a_changed_event_is_named_even_when_its_hash_was_changed_with_it(seq: int, data: st.DataObject):
    rows, head = chain()
    record = from_canonical(rows[seq].record)
    assert isinstance(record, dict)
    record["at_ms"] = data.draw(st.integers(2000, 3000))
    changed = canonical_json(record)
    rows[seq] = replace(rows[seq], record=changed)
    assert f"event {seq} of run `arun` was changed" in blamed(rows, head)
    rows[seq] = replace(rows[seq], hash=record_hash(changed))
    assert f"event {seq} of run `arun` was changed" in blamed(rows, head)


@given(st.integers(0, LENGTH - 1))
def test_a_changed_predecessor_is_blamed_on_the_event_that_names_it(seq: int):
    rows, head = chain()
    record = from_canonical(rows[seq].record)
    assert isinstance(record, dict)
    changed = canonical_json({**record, "prev": "f" * 64})
    rows[seq] = Row(seq, record_hash(changed), changed)
    assert f"event {seq} of run `arun` was changed" in blamed(rows, head)


def test_a_tail_written_anew_without_the_key_is_found():
    rows, head = chain()
    prev = rows[3].hash
    for seq in range(4, LENGTH):
        event = CallStarted(call_id="forged", tool="t", side_effect=False)
        record = record_bytes(Recorded(run_id="arun", seq=seq, at_ms=1, event=event), prev)
        prev = record_hash(record)
        rows[seq] = Row(seq, prev, record)
    assert f"event {LENGTH - 1} of run `arun` was changed" in blamed(rows, head)
    statement = head_statement("arun", LENGTH - 1, prev, 1)
    assert "does not carry a signature" in blamed(rows, Head(statement, head.signature))


def test_events_and_heads_of_another_run_are_refused():
    rows, head = chain()
    foreign, foreign_head = chain("brun")
    assert "event 2 of run `arun` was replaced by one of run `brun`" in blamed([*rows[:2], foreign[2], *rows[3:]], head)
    assert "the one of run `brun`" in blamed(rows, foreign_head)


def test_a_record_that_is_none_is_refused():
    rows, head = chain()
    for record in (b"[]", b"\xff", b"", b"{}", b'"x"'):
        rows[2] = Row(2, record_hash(record), record)
        assert "event 2 of run `arun` was changed" in blamed(rows, head)


def test_a_record_of_a_newer_khala_is_no_damage():
    rows, head = chain()
    record = from_canonical(rows[2].record)
    assert isinstance(record, dict)
    newer = canonical_json({**record, "v": 2})
    rows[2] = Row(2, record_hash(newer), newer)
    with pytest.raises(HomeTooNew, match="event 2 of run `arun`"):
        verified("arun", rows, head, is_signed)


def test_an_event_of_a_newer_khala_is_no_damage():
    record: JsonObject = {"run_id": "arun", "seq": 4, "at_ms": 1, "prev": NO_HASH, "v": 1, "event": {"kind": "dreamt"}}
    with pytest.raises(HomeTooNew, match="event 4 of run `arun` is of a kind this khala does not know"):
        recorded(record)
