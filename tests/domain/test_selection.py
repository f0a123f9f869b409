from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from khala.domain.label import Label
from khala.domain.namespace import Namespace
from khala.domain.selection import EVERYTHING, Selection
from khala.testing.memory_check import example_result

NAMESPACES = st.builds(Namespace, tenant=st.sampled_from(["", "acme", "other"]), agent=st.sampled_from(["", "a", "b"]))
NAMES = st.frozensets(st.sampled_from(["x", "y", "z"]), max_size=2)
RESULTS = st.builds(
    example_result,
    st.just("words"),
    number=st.integers(0, 3),
    run_id=st.sampled_from(["x", "y"]),
    tool=st.sampled_from(["x", "y"]),
    label=st.builds(
        Label,
        trust=st.sampled_from(["trusted", "untrusted"]),
        readers=st.none() | NAMES,
        origins=st.lists(st.sampled_from(["x", "y"])).map(tuple),
    ),
    at_ms=st.integers(0, 5),
    namespace=NAMESPACES,
)
SELECTIONS = st.builds(
    Selection,
    namespace=st.none() | NAMESPACES,
    read_by=st.none() | NAMES,
    ids=st.none() | st.frozensets(st.sampled_from(["x-1", "y-2"])),
    runs=st.none() | NAMES,
    tools=st.none() | NAMES,
    trust=st.none() | st.sampled_from(["trusted", "untrusted"]),
    origins=NAMES,
    since_ms=st.none() | st.integers(0, 5),
    before_ms=st.none() | st.integers(0, 5),
)


@given(SELECTIONS, SELECTIONS, RESULTS)
def test_one_within_another_never_holds_what_either_leaves_out(first, second, result):
    if first.within(second).holds(result):
        assert first.holds(result)
        assert second.holds(result)


@given(SELECTIONS, SELECTIONS, RESULTS)
def test_one_within_another_holds_what_both_hold(first, second, result):
    # of readers alone it holds less: what one may read as ann and another as bob, nobody may as both
    if first.read_by is None and first.holds(result) and second.holds(result):
        assert first.within(second).holds(result)


@given(SELECTIONS, RESULTS)
def test_an_empty_selection_holds_nothing(where, result):
    assert EVERYTHING.holds(result)
    if where.is_empty:
        assert not where.holds(result)


def test_tenants_see_nothing_of_each_other_and_agents_what_is_their_own():
    nobody, acme, buyer = Namespace(), Namespace(tenant="acme"), Namespace(tenant="acme", agent="buyer")
    assert acme.contains(buyer)
    assert not buyer.contains(acme)
    assert not nobody.contains(acme)
    assert not acme.contains(nobody)
    assert not Namespace(agent="buyer").contains(buyer)


@pytest.mark.parametrize("name", ["a b", "a/b", "a'", "\0", "\n", "x" * 101, "a*", "\ud800", "acme\u200b"])
def test_a_name_is_letters_digits_and_a_few_signs(name):
    for field in ("tenant", "agent"):
        with pytest.raises(ValidationError, match="letters, digits"):
            Namespace(**{field: name})
