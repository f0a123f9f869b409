"""The chain of a run: how an event becomes a record, and how a sequence of records proves itself. No I/O.

The record of an event is the canonical JSON of `v`, `run_id`, `seq`, `at_ms`, `prev` and `event`. Its hash is the
SHA-256 of those bytes. `prev` is the hash of the record before it, 64 zeros for the first. The head of a run names
`run_id`, `seq`, `hash` and `at_ms` of its last record and is signed; `seq` -1 is the head of a run without events.

Why a run that passes `verified` is the run that was written:

1. The rows count 0, 1, 2 ... without gap or repetition, so nothing was taken out, put in or doubled under its number.
2. The bytes of each row have the hash stored beside them, so no row was changed alone.
3. Each record says its own run and number, so none was moved within the run or taken from another one.
4. Each record names the hash of the one before, so a row changed together with its hash is disowned by the next.
5. The head carries a signature of this home's key, so who cannot read the key cannot write a head.
6. The head names number and hash of the last row, so no tail was cut off or added, and with 4 it vouches for all rows.

What it cannot find: a whole run that was put back to an earlier state together with the head of that time, a whole
run that was removed with its head, and anything done by someone who holds the key. A copy of the public key and of a
head kept elsewhere finds the first and the third.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from pydantic import ValidationError

from khala.domain.events import Recorded
from khala.domain.value import JsonObject
from khala.errors import HomeTooNew, LogDamaged
from khala.infrastructure.store.canonical import canonical_json, from_canonical

__all__ = ["NO_HASH", "Head", "Row", "head_statement", "record_bytes", "record_hash", "recorded", "verified"]

NO_HASH = "0" * 64
"""What the first record names as its predecessor."""

_RECORD_VERSION = 1


@dataclass(frozen=True)
class Row:
    """One record as it is stored; the bytes are the truth, number and hash are there to find the damage."""

    seq: int
    hash: str
    record: bytes


@dataclass(frozen=True)
class Head:
    """What was signed about the end of a run, and the signature."""

    statement: bytes
    signature: bytes


def record_bytes(recorded: Recorded, prev: str) -> bytes:
    """The bytes an event is kept as."""
    return canonical_json(
        {
            "v": _RECORD_VERSION,
            "run_id": recorded.run_id,
            "seq": recorded.seq,
            "at_ms": recorded.at_ms,
            "prev": prev,
            "event": recorded.event.model_dump(),
        }
    )


def record_hash(record: bytes) -> str:
    """The hash a record goes by, hex."""
    return sha256(record).hexdigest()


def head_statement(run_id: str, seq: int, last_hash: str, at_ms: int) -> bytes:
    """The bytes that are signed when `seq` is the last event of a run."""
    return canonical_json({"run_id": run_id, "seq": seq, "hash": last_hash, "at_ms": at_ms})


def verified(
    run_id: str, rows: Sequence[Row], head: Head | None, is_signed: Callable[[bytes, bytes], bool]
) -> list[JsonObject]:
    """The records behind the rows, given in the order of their numbers, once all six points above hold.

    `is_signed` says whether a statement carries a signature of this home. Raises `LogDamaged` naming the first bad
    event.
    """
    stated = _stated(head)
    records: list[JsonObject] = []
    prev = NO_HASH
    for seq, row in enumerate(rows):
        _check_number(run_id, seq, row)  # 1
        if record_hash(row.record) != row.hash:  # 2
            raise _damage(run_id, seq, "was changed: its bytes do not have the hash they were stored with")
        record = _parsed(run_id, row)
        _check_place(run_id, seq, record)  # 3
        if record.get("prev") != prev:  # 4
            successor = _parsed(run_id, rows[seq + 1]).get("prev") if seq + 1 < len(rows) else stated.get("hash")
            changed = seq - 1 if seq and successor == row.hash else seq
            raise _damage(run_id, changed, "was changed: its neighbours in the chain name another hash")
        prev = row.hash
        records.append(record)
    if head is None or not is_signed(head.statement, head.signature):  # 5
        fault = "is missing" if head is None else "does not carry a signature of this home's key"
        raise LogDamaged(f"run `{run_id}` is damaged: its signed head after event {len(rows) - 1} {fault}")
    _check_end(run_id, len(rows) - 1, prev, stated)  # 6
    return records


def recorded(record: JsonObject) -> Recorded:
    """The event in its place, from a verified record.

    Raises `HomeTooNew` for an event this khala does not know: what verifies and still cannot be read was written by
    another version.
    """
    try:
        return Recorded.model_validate({name: record.get(name) for name in Recorded.model_fields})
    except ValidationError:
        raise _too_new(str(record.get("run_id")), cast("int", record.get("seq"))) from None


def _stated(head: Head | None) -> JsonObject:
    try:
        statement = from_canonical(head.statement) if head else None
    except ValueError:
        statement = None
    return statement if isinstance(statement, dict) else {}  # not a head, so not signed either: point 5 says so


def _check_number(run_id: str, seq: int, row: Row) -> None:
    if row.seq > seq:
        raise _damage(run_id, seq, "is missing")
    if row.seq < seq:
        raise _damage(run_id, row.seq, "stands there twice" if row.seq >= 0 else "cannot have a number below 0")


def _parsed(run_id: str, row: Row) -> JsonObject:
    try:
        record = from_canonical(row.record)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise _damage(run_id, row.seq, "was changed: it is no longer a record")
    return record


def _check_place(run_id: str, seq: int, record: JsonObject) -> None:
    version = record.get("v")
    if isinstance(version, int) and version > _RECORD_VERSION:
        raise _too_new(run_id, seq)
    if version != _RECORD_VERSION:
        raise _damage(run_id, seq, "was changed: it is no longer a record")
    if record.get("run_id") != run_id:
        raise _damage(run_id, seq, f"was replaced by one of run `{record.get('run_id')}`")
    if record.get("seq") != seq:
        raise _damage(run_id, seq, f"is out of order: event {record.get('seq')} stands in its place")


def _check_end(run_id: str, last: int, last_hash: str, stated: JsonObject) -> None:
    signed_last = cast("int", stated.get("seq"))
    if stated.get("run_id") != run_id:
        raise LogDamaged(f"run `{run_id}` is damaged: its signed head is the one of run `{stated.get('run_id')}`")
    if last < signed_last:
        raise _damage(run_id, last + 1, f"is missing: the signed head says that event {signed_last} is the last")
    if last > signed_last:
        raise _damage(run_id, signed_last + 1, f"was added: the signed head says that event {signed_last} is the last")
    if stated.get("hash") != last_hash:
        raise _damage(run_id, last, "was changed: the signed head names another hash")


def _damage(run_id: str, seq: int, what: str) -> LogDamaged:
    return LogDamaged(f"event {seq} of run `{run_id}` {what}; restore the home from a copy")


def _too_new(run_id: str, seq: int) -> HomeTooNew:
    return HomeTooNew(f"event {seq} of run `{run_id}` is of a kind this khala does not know; update khala")
