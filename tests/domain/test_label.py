"""Joining labels only ever restricts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from khala.domain.label import Label

PEOPLE = st.sampled_from(["ann", "bob", "cy"])
LABELS = st.builds(
    Label,
    trust=st.sampled_from(["trusted", "untrusted"]),
    readers=st.none() | st.frozensets(PEOPLE),
    origins=st.frozensets(st.sampled_from(["user", "tool:a", "tool:b"])).map(lambda names: tuple(sorted(names))),
)


@given(LABELS, LABELS, LABELS)
def test_joining_is_commutative_associative_and_idempotent(one: Label, two: Label, three: Label) -> None:
    assert one.join(two) == two.join(one)
    assert one.join(two).join(three) == one.join(two.join(three))
    assert one.join(one) == one


@given(LABELS, LABELS)
def test_joining_never_adds_trust_or_readers_and_keeps_every_origin(one: Label, two: Label) -> None:
    joined = one.join(two)
    if "untrusted" in (one.trust, two.trust):
        assert joined.trust == "untrusted"
    for label in (one, two):
        assert set(label.origins) <= set(joined.origins)
        if label.readers is not None:
            assert joined.readers is not None
            assert joined.readers <= label.readers


def test_a_text_nobody_vouched_for_is_untrusted() -> None:
    assert Label().trust == "untrusted"
