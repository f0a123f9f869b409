"""Retention counts: it never brings back what it cleared, and never shows more under pressure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from khala.domain.retention import MAX_SHRINK_LEVEL, Retention, placeholder, shown_text

COUNTS = st.integers(0, 400)
RETENTIONS = st.builds(
    Retention,
    keep_results=st.integers(-1, 30),
    batch=st.integers(1, 20),
    turn_window=st.none() | st.integers(1, 80),
)


@given(RETENTIONS, COUNTS)
def test_what_is_cleared_or_dropped_stays_so_as_the_run_grows(retention: Retention, count: int) -> None:
    assert 0 <= retention.cleared(count) <= retention.cleared(count + 1) <= count + 1
    assert 0 <= retention.dropped(count) <= retention.dropped(count + 1) <= count + 1


@given(st.integers(1, 30), st.integers(1, 20), COUNTS)
def test_between_k_and_k_plus_batch_minus_one_results_are_shown(keep: int, batch: int, results: int) -> None:
    shown = results - Retention(keep_results=keep, batch=batch).cleared(results)
    assert min(results, keep) <= shown <= keep + batch - 1


@given(COUNTS, st.integers(1, 20))
def test_minus_one_shows_every_result_and_zero_shows_none(results: int, batch: int) -> None:
    assert Retention(keep_results=-1, batch=batch).cleared(results) == 0
    assert Retention(keep_results=0, batch=batch).cleared(results) == results


@given(RETENTIONS, COUNTS, st.integers(0, MAX_SHRINK_LEVEL))
def test_each_shrinking_shows_no_more_results_and_turns_than_before(
    retention: Retention, count: int, level: int
) -> None:
    before, after = retention.shrunk(level), retention.shrunk(level + 1)
    assert after.cleared(count) >= before.cleared(count)
    assert after.dropped(count) >= before.dropped(count)


@given(st.integers(1, 30), st.integers(1, 20), COUNTS, st.integers(1, MAX_SHRINK_LEVEL))
def test_shrinking_waits_for_no_batch(keep: int, batch: int, results: int, level: int) -> None:
    shown = results - Retention(keep_results=keep, batch=batch).shrunk(level).cleared(results)
    assert shown == min(results, keep >> level)


def test_clearing_in_batches_changes_the_prompt_only_at_every_batch() -> None:
    retention = Retention(keep_results=5, batch=10)
    assert [retention.cleared(results) for results in (5, 14, 15, 24, 25)] == [0, 0, 10, 10, 20]


def test_the_placeholder_names_the_result_and_never_changes() -> None:
    assert placeholder("r1-7") == placeholder("r1-7") == "[result r1-7 cleared]"


def test_turns_are_dropped_in_long_steps() -> None:
    retention = Retention(turn_window=40)
    assert [retention.dropped(turns) for turns in (40, 69, 70, 99, 100)] == [0, 0, 30, 30, 60]


@given(st.text(max_size=60), st.integers(1, 60))
def test_a_shown_text_is_whole_or_its_head_with_the_offset_of_the_rest(text: str, limit: int) -> None:
    head, _, body = shown_text("r1-7", text, limit).partition("\n")
    assert body == text[:limit]
    assert (f"offset={limit}" in head) == (len(text) > limit)
