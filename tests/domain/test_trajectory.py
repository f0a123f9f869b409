"""A trajectory is a fold: the same events give the same trajectory, and impossible ones are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import RAN, RUN, STEPS, MadeRun, Step, made

from khala.domain.events import Event, ModelReplied, Recorded, RunEnded, RunResumed, RunStarted, Verified, event_adapter
from khala.domain.trajectory import Trajectory


@given(STEPS, st.data())
def test_a_run_driven_on_equals_the_run_read_back_at_every_event(steps: list[Step], data: st.DataObject) -> None:
    records = made(steps).close().records
    cut = data.draw(st.integers(0, len(records)))
    driven = Trajectory.of(RUN, records[:cut])
    for record in records[cut:]:
        driven.apply(record)
    assert driven == Trajectory.of(RUN, records)


@given(STEPS)
def test_a_run_read_back_from_json_is_the_same_run(steps: list[Step]) -> None:
    records = made(steps).close().records
    read = [
        record.model_copy(update={"event": event_adapter.validate_json(event_adapter.dump_json(record.event))})
        for record in records
    ]
    assert Trajectory.of(RUN, read) == Trajectory.of(RUN, records)


@given(STEPS)
def test_spend_counts_what_happened(steps: list[Step]) -> None:
    run = made(steps)
    spend = Trajectory.of(RUN, run.records).spend
    turns = sum(step != "shrink" for step in steps)
    ran = sum(status in RAN for step in steps if isinstance(step, tuple) for status in step)
    assert (spend.turns, spend.prompt_tokens, spend.completion_tokens) == (turns, 100 * turns, 10 * turns)
    assert (spend.tool_calls, spend.calls_per_tool.get("search", 0)) == (ran, ran)
    assert spend.rollbacks == steps.count("rollback")
    assert spend.seconds == len(run.records) - 1


@given(STEPS)
def test_results_are_those_of_live_turns_in_the_order_of_the_calls(steps: list[Step]) -> None:
    trajectory = Trajectory.of(RUN, made(steps).records)
    numbers = [int(state.call.id.removeprefix(f"{RUN}-")) for state in trajectory.results]
    assert numbers == sorted(numbers)
    assert len(numbers) == sum(len(step) for step in steps if isinstance(step, tuple))
    assert [state.position for state in trajectory.results] == list(range(len(numbers)))
    assert trajectory.live_turns == len(trajectory.turns) - steps.count("rollback")


def test_results_of_parallel_calls_are_shown_by_number_in_whatever_order_they_finish() -> None:
    run = MadeRun().start()
    first, second = run.reply(2)
    run.finish(second, "ok")
    assert Trajectory.of(RUN, run.records).results == []
    run.finish(first, "failed")
    assert [state.call.id for state in Trajectory.of(RUN, run.records).results] == [first.id, second.id]


def test_rollbacks_in_a_row_end_with_a_result_that_is_new() -> None:
    def in_a_row(*steps: Step) -> int:
        return Trajectory.of(RUN, made(list(steps)).records).spend.rollbacks_in_a_row

    assert in_a_row("rollback", "rollback") == 2
    assert in_a_row("rollback", ("repeated",), "rollback") == 2
    assert in_a_row("rollback", ("repeated", "ok"), "rollback") == 1


def test_a_read_repeated_after_a_crash_is_paid_for_once_and_the_pause_is_free() -> None:
    run = MadeRun().start()
    (call,) = run.reply(1)
    run.finish(call, "ok")
    decided, started, finished = run.records[-3:]
    later = [event.model_copy(update={"at_ms": event.at_ms + 3_600_000}) for event in (started, finished)]
    resumed = Recorded(
        run_id=RUN,
        seq=4,
        at_ms=later[0].at_ms - 1000,
        event=RunResumed(model="made", policy="0" * 64),
    )
    again = [resumed, *(event.model_copy(update={"seq": 5 + place}) for place, event in enumerate(later))]
    trajectory = Trajectory.of(RUN, [*run.records[:2], decided, started, *again])
    assert trajectory.spend.tool_calls == 1
    assert trajectory.spend.seconds == 5


def test_what_comes_next_follows_from_the_events_alone() -> None:
    run = MadeRun().start()

    def move() -> str:
        return Trajectory.of(RUN, run.records).next_move

    assert move() == "think"
    (call,) = run.reply(1)
    assert move() == "run_calls"
    run.finish(call, "ok")
    assert move() == "think"
    run.take("rollback")
    assert move() == "think"
    run.reply()
    assert move() == "take_draft"
    run = made(["revise"])
    assert move() == "think"
    run = made(["draft"])
    assert move() == "close"
    run.close()
    assert move() == "nothing"


REPLY = ModelReplied(turn=1, text="")
VERIFIED = Verified(place="answer", turn=1, verifiers=(), follows="told")


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ([], REPLY),
        (["start"], "start"),
        (["start", "end"], REPLY),
        (["start", "reply"], ModelReplied(turn=2, text="")),
        (["start"], ModelReplied(turn=2, text="")),
        (["start", "calls"], "again"),
        (["start"], "draft 1"),
        (["start", "reply"], "draft 2"),
        (["start"], VERIFIED),
        (["start", "reply"], VERIFIED),
        (["start", "calls"], VERIFIED),
    ],
)
def test_an_event_that_cannot_stand_there_is_refused(before: list[str], event: Event | str) -> None:
    made_run = MadeRun().start()
    known: dict[str, Event] = {
        "start": made_run.records[0].event,
        "end": RunEnded(status="unanswered", answer=""),
        "reply": REPLY,
    }
    calls = made([("ok",)]).records
    known["again"] = calls[-1].event
    for turn in (1, 2):
        known[f"draft {turn}"] = event_adapter.validate_python({"kind": "answer_drafted", "turn": turn, "text": ""})
    run = MadeRun()
    for name in before:
        for earlier in [record.event for record in calls[1:]] if name == "calls" else [known[name]]:
            run.add(earlier)
    trajectory = Trajectory.of(RUN, run.records)
    record = run.add(known[event] if isinstance(event, str) else event)
    with pytest.raises(ValueError, match=r"event|turn|call"):
        trajectory.apply(record)


def test_a_gap_a_repeat_and_another_runs_event_are_refused() -> None:
    records = made([("ok",)]).records
    for wrong in (records[2], records[0], records[1].model_copy(update={"run_id": "run2"})):
        trajectory = Trajectory.of(RUN, records[:1])
        with pytest.raises(ValueError, match="cannot follow"):
            trajectory.apply(wrong)
    assert isinstance(records[0].event, RunStarted)
