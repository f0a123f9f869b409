"""Prompts are a pure function of the trajectory, and what did not change is the same object in the next one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import RUN, STEPS, MadeRun, Step, made

from khala.domain.call import CallStatus
from khala.domain.context import Context
from khala.domain.message import AssistantMessage, Message, Prompt, ResultsMessage, SystemMessage, UserMessage
from khala.domain.retention import Retention, dropped_turns_note, placeholder, shown_text
from khala.domain.trajectory import Trajectory

RETENTIONS = st.builds(
    Retention,
    keep_results=st.integers(-1, 4),
    batch=st.integers(1, 3),
    turn_window=st.none() | st.integers(1, 5),
)


def context(run: MadeRun, retention: Retention) -> Context:
    return Context(retention, (), run.texts.__getitem__)


def words(message: Message) -> object:
    """A message by what it says, as messages themselves are compared by identity."""
    match message:
        case SystemMessage() | UserMessage():
            return type(message), message.text
        case AssistantMessage():
            return type(message), message.text, message.thinking, message.calls
        case ResultsMessage():
            return type(message), message.results


def prompts(steps: list[Step], retention: Retention, *, fresh: bool) -> list[Prompt]:
    """The prompt after each step, from one context or from a fresh one each time."""
    run = MadeRun().start()
    trajectory = Trajectory.of(RUN, run.records)
    kept = context(run, retention)
    rendered = [kept.prompt(trajectory)]
    for step in steps:
        known = len(run.records)
        run.take(step)
        for record in run.records[known:]:
            trajectory.apply(record)
        rendered.append((context(run, retention) if fresh else kept).prompt(trajectory))
    return rendered


@given(STEPS, RETENTIONS)
def test_a_context_built_afresh_renders_equal_prompts(steps: list[Step], retention: Retention) -> None:
    grown = prompts(steps, retention, fresh=False)
    fresh = prompts(steps, retention, fresh=True)
    for one, other in zip(grown, fresh, strict=True):
        assert [words(message) for message in one.messages] == [words(message) for message in other.messages]
        assert one.chars == other.chars


def turns(prompt: Prompt) -> dict[str, tuple[Message, ...]]:
    """The messages of each turn, by what they say; a reply and its results belong together."""
    grouped: list[tuple[Message, ...]] = []
    for message in prompt.messages[2:]:
        if isinstance(message, ResultsMessage):
            grouped[-1] = (*grouped[-1], message)
        elif not (isinstance(message, UserMessage) and message.text.startswith("[the first")):
            grouped.append((message,))
    return {str([words(message) for message in group]): group for group in grouped}


@given(STEPS, RETENTIONS)
def test_a_turn_that_says_the_same_is_made_of_the_same_objects_in_the_next_prompt(
    steps: list[Step], retention: Retention
) -> None:
    rendered = prompts([step for step in steps if step != "shrink"], retention, fresh=False)
    for before, after in pairwise(rendered):
        earlier = turns(before)
        for said, group in turns(after).items():
            assert earlier.get(said, group) == group


@given(STEPS)
def test_without_retention_every_prompt_is_a_prefix_of_the_next(steps: list[Step]) -> None:
    rendered = prompts([step for step in steps if step != "shrink"], Retention(keep_results=-1), fresh=False)
    for before, after in pairwise(rendered):
        assert after.messages[: len(before.messages)] == before.messages


def steps_of_calls(width: int, turns: int) -> list[Step]:
    ok: tuple[CallStatus, ...] = ("ok",)
    step: Step = ok * width
    return [step] * turns


def shown(prompt: Prompt) -> list[str]:
    return [
        result.text for message in prompt.messages if isinstance(message, ResultsMessage) for result in message.results
    ]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_with_k_5_exactly_the_last_5_results_can_be_read_however_they_fall_into_turns(width: int) -> None:
    run = made(steps_of_calls(width, 6))
    texts = shown(context(run, Retention(keep_results=5)).prompt(Trajectory.of(RUN, run.records)))
    total = 6 * width
    expected = [
        placeholder(f"{RUN}-{number}")
        if number <= total - 5
        else shown_text(f"{RUN}-{number}", f"text of {RUN}-{number}", 1000)
        for number in range(1, total + 1)
    ]
    assert texts == expected


@given(STEPS, RETENTIONS)
def test_a_cleared_result_shows_the_same_bytes_in_every_later_prompt(steps: list[Step], retention: Retention) -> None:
    cleared: dict[str, str] = {}
    for prompt in prompts(steps, retention, fresh=False):
        for message in prompt.messages:
            for result in message.results if isinstance(message, ResultsMessage) else ():
                if result.call.id in cleared:
                    assert result.text == cleared[result.call.id]
                elif result.text == placeholder(result.call.id):
                    cleared[result.call.id] = result.text


def test_thoughts_and_calls_stay_when_their_results_are_cleared() -> None:
    run = made(steps_of_calls(1, 3))
    prompt = context(run, Retention(keep_results=0)).prompt(Trajectory.of(RUN, run.records))
    said = [message for message in prompt.messages if isinstance(message, AssistantMessage)]
    assert [message.text for message in said] == ["thought 1", "thought 2", "thought 3"]
    assert [call.id for message in said for call in message.calls] == [f"{RUN}-{number}" for number in (1, 2, 3)]


def test_a_turn_rolled_back_shows_only_its_note() -> None:
    run = made([("ok",), "rollback", ("ok",)])
    prompt = context(run, Retention()).prompt(Trajectory.of(RUN, run.records))
    kinds = [type(message).__name__ for message in prompt.messages]
    answered = ["AssistantMessage", "ResultsMessage"]
    assert kinds == ["SystemMessage", "UserMessage", *answered, "UserMessage", *answered]
    assert words(prompt.messages[4]) == (UserMessage, "note 2")
    assert "thought 2" not in str([words(message) for message in prompt.messages])


def test_turns_beyond_the_window_leave_one_line() -> None:
    run = made(steps_of_calls(1, 7))
    prompt = context(run, Retention(keep_results=-1, turn_window=3, batch=2)).prompt(Trajectory.of(RUN, run.records))
    assert words(prompt.messages[2]) == (UserMessage, dropped_turns_note(4))
    assert [message.text for message in prompt.messages if isinstance(message, AssistantMessage)] == [
        "thought 5",
        "thought 6",
        "thought 7",
    ]


def test_evidence_and_request_stand_last_and_clear_nothing() -> None:
    run = made([("ok",)])
    before = Trajectory.of(RUN, run.records)
    early = context(run, Retention(keep_results=1)).prompt(before)
    closing = MadeRun(list(run.records), dict(run.texts), run.turns, run.calls)
    closing.close()
    trajectory = Trajectory.of(RUN, closing.records[: len(run.records) + 2])
    late = context(closing, Retention(keep_results=1)).prompt(trajectory)
    assert [words(message) for message in late.messages[-2:]] == [
        (UserMessage, "evidence"),
        (UserMessage, "answer now"),
    ]
    assert [words(message) for message in late.messages[:-2]] == [words(message) for message in early.messages]


def test_a_shrunk_context_shows_fewer_results_and_less_of_each() -> None:
    run = MadeRun().start()
    for _ in range(6):
        (call,) = run.reply(1)
        run.finish(call, "ok", "word " * 200)
    whole = context(run, Retention(keep_results=4)).prompt(Trajectory.of(RUN, run.records))
    run.take("shrink")
    less = context(run, Retention(keep_results=4)).prompt(Trajectory.of(RUN, run.records))
    assert less.chars < whole.chars
    assert sum("cleared" not in text for text in shown(less)) == 2


def test_a_run_without_a_start_or_with_open_calls_has_no_prompt() -> None:
    run = MadeRun()
    with pytest.raises(ValueError, match="not started"):
        context(run, Retention()).prompt(Trajectory(RUN))
    run.start().reply(1)
    with pytest.raises(ValueError, match="no result yet"):
        context(run, Retention()).prompt(Trajectory.of(RUN, run.records))
