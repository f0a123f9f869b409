"""A pattern reads as if it fitted the whole value, and is found in a part of it; or takes for ever to fit."""

from __future__ import annotations

import time

import pytest
from value_door import is_refused, passes

ADDRESS = 'matches_whole(args.value, "[a-z]+@(good|fine)[.]org")'


@pytest.mark.parametrize(
    "value",
    ["ann@good.org.evil.net", "eve@evil.net ann@good.org", "ann@good.org\neve@evil.net", "ann@good.org\n",
    "ann@goodxorg",
     "\nann@good.org", "ann@good.org,eve@evil.net", "ANN@good.org", "ann@fine.org ", "eve@evil.net#ann@good.org", ""],
)  # fmt: skip
def test_a_value_that_only_holds_a_good_part_is_refused(value: str) -> None:
    assert is_refused(ADDRESS, value)


@pytest.mark.parametrize("pattern", ["good|fine", "^good|fine$", "(?m)^good$", "(?s).*good", "good$|^fine"])
def test_no_alternative_or_flag_loosens_the_ends(pattern: str) -> None:
    assert is_refused(f'matches_whole(args.value, "{pattern}")', "evil\ngood\nevil")
    assert passes(f'matches_whole(args.value, "{pattern}")', "good")


def test_a_value_made_to_take_for_ever_is_refused_at_once() -> None:
    begun = time.perf_counter()
    assert is_refused('matches_whole(args.value, "(a+)+") && args.value.matches("(a|a)*$")', "a" * 50_000 + "!")
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("value", ["ann@good.org", "ann@fine.org"])
def test_a_value_that_fits_as_a_whole_passes(value: str) -> None:
    assert passes(ADDRESS, value)
