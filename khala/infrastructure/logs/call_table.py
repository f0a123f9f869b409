"""The calls of a run as CSV, one line each, for a spreadsheet or a data frame.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula, and tool names come
from a model: such a cell gets an apostrophe in front. What does not print is spelled out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from khala.domain.escaped import escaped
from khala.domain.events import Recorded
from khala.domain.trajectory import CallState, Trajectory

__all__ = ["COLUMNS", "call_table"]

COLUMNS = (
    "call_id", "turn", "rolled_back", "tool", "arguments", "effect", "rules", "approved", "status", "result_chars",
    "result_sha256", "trust", "origins", "derived_from", "elapsed_ms", "finished_at_ms",
)  # fmt: skip
"""Arguments are JSON; several rules, origins or results stand behind each other with a space between; times are
milliseconds, since the epoch where they are moments. A cell is empty where there is nothing to say."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def call_table(run_id: str, records: Sequence[Recorded]) -> str:
    """The table, with its head."""
    trajectory = Trajectory.of(run_id, records)
    finished_at = {
        record.event.call_id: record.event.happened_at_ms or (0 if trajectory.is_imported else record.at_ms)
        for record in records
        if record.event.kind == "call_finished"
    }
    dead = {turn.number for turn in trajectory.turns if turn.rolled_back is not None}
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for state in trajectory.calls:
        table.writerow([_cell(value) for value in _row(state, finished_at.get(state.call.id, 0), state.turn in dead)])
    return written.getvalue()


def _row(state: CallState, finished_at_ms: int, rolled_back: bool) -> tuple[object, ...]:  # noqa: FBT001 (a column)
    call, decided, finished = state.call, state.decided, state.finished
    asked = (call.id, state.turn or None, rolled_back, call.tool, json.dumps(call.arguments, ensure_ascii=False))
    said = (decided.decision.effect, " ".join(decided.decision.rules), decided.approved) if decided else (None,) * 3
    if finished is None:
        return (*asked, *said, *(None,) * 8)
    label = finished.label
    return (
        *asked,
        *said,
        finished.status,
        finished.chars,
        finished.digest,
        label.trust,
        " ".join(label.origins),
        " ".join(finished.derived_from),
        finished.elapsed_ms,
        finished_at_ms or None,
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else escaped(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
