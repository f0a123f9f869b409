"""Calls that go round in circles."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.call import ToolCall
from khala.domain.loops import CallLoops, loops


def calls(*queries):
    return [ToolCall(id=f"c{n}", tool="search", arguments={"query": query}) for n, query in enumerate(queries, 1)]


def test_the_same_call_again_is_an_exact_loop_whatever_the_order_of_its_arguments():
    one = ToolCall(id="a", tool="read", arguments={"path": "x", "offset": 5})
    other = ToolCall(id="b", tool="read", arguments={"offset": 5, "path": "x"})
    (loop,) = loops([one, other])
    assert (loop.kind, loop.call_ids) == ("exact", ("a", "b"))


def test_nearly_the_same_words_in_another_order_are_a_loop_and_the_next_page_is_none():
    (loop,) = loops(calls("height of the Eiffel Tower Paris", "Eiffel tower, Paris: height"))
    assert (loop.kind, loop.call_ids) == ("near_duplicate", ("c1", "c2"))
    assert loops(calls("minutes of the council page 1", "minutes of the council page 2")) == ()


def test_calls_in_turn_are_an_alternation_with_its_period():
    found = loops(calls("start", "alpha", "beta", "alpha", "beta", "alpha", "end"))
    (turns,) = [loop for loop in found if loop.kind == "alternating"]
    assert (turns.period, turns.call_ids) == (2, ("c2", "c3", "c4", "c5", "c6"))
    three = [loop for loop in loops(calls("one", "two", "three", "one", "two", "three")) if loop.kind == "alternating"]
    assert [loop.period for loop in three] == [3]


def test_the_same_call_over_and_over_is_no_alternation():
    assert {loop.kind for loop in loops(calls(*["same"] * 8))} == {"exact"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["alpha", "beta", "gamma", "alpha beta gamma", "beta gamma alpha", "🙂", "שלום"]), max_size=20
    )
)
def test_loops_found_along_the_way_are_the_same_as_at_the_end(queries):
    made = CallLoops()
    for call in calls(*queries):
        made.add(call)
        made.found()
    assert made.found() == loops(calls(*queries))
    assert all(len(loop.call_ids) > 1 for loop in made.found())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["alpha", "beta", "gamma", "alpha beta gamma", "beta gamma alpha"]), max_size=24))
def test_the_loop_a_call_goes_on_with_is_one_of_all_loops_and_ends_with_it(queries):
    made = CallLoops()
    for call in calls(*queries):
        loop = made.add(call)
        open_turns = [each for each in made.found() if each.kind == "alternating" and each.call_ids[-1] == call.id]
        assert (loop in made.found() and loop.call_ids[-1] == call.id) if loop else not open_turns
