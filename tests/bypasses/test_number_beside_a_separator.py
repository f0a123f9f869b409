"""A part of a written number is not the number: 50 does not stand in 50'000."""

from __future__ import annotations

import pytest

from khala.domain.grounding import Grounding


def from_user(words, value):
    grounding = Grounding()
    grounding.add_user_words(words)
    return grounding.is_from_user(value)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("pay 50'000 francs", 50),
        ("pay 50\u2019000 francs", 50),
        ("pay 50\u2019000 francs", "000"),
        ("pay 50\u00a0000 euros", 50),
        ("pay 50\u202f000 euros", 50),
        ("pay 50 000 euros", 50),
        ("it lost \u22125 percent", 5),
        ("it lost -5 percent", 5),
        ("half of \u00bd is a quarter", 1),
        ("half of \u00bd is a quarter", 2),
        ("pay 50,000 euros", 50),
        ("pay 50.25 euros", 50),
    ],
)
def test_a_part_of_a_number_is_not_grounded(words, value):
    assert not from_user(words, value)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("pay 50 euros", 50),
        ("pay 50, then 60 euros", 50),
        ("in 1990 2 people came", 2),
        ("pay '50' euros", 50),
        ("it lost -5 percent", -5),
    ],
)
def test_the_whole_number_is(words, value):
    assert from_user(words, value)
