"""What is shown of texts that somebody else wrote."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from khala.domain.escaped import escaped


@given(st.text(st.characters()))
def test_everything_shown_prints(text: str) -> None:
    assert escaped(text).isprintable()


@given(st.text(st.characters(categories=("L", "N", "P", "S"))))
def test_what_prints_stays_as_it_is(text: str) -> None:
    assert escaped(text) == text


def test_controls_directions_tags_and_half_characters_are_spelled_out_and_spared_ones_stay() -> None:
    assert escaped("a\x1b[2J\u202e\u200b\U000e0041\ud800\n", spared="\n") == (
        "a\\x1b[2J\\u202e\\u200b\\U000e0041\\ud800\n"
    )
