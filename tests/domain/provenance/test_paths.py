"""What a written path picks."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from khala.domain.provenance.paths import PathMap, is_path

DEEP: JsonValue = {
    "to": ["ann", "bob"],
    "order": {"items": [{"sku": "a1", "count": 2}, {"sku": "b2", "note": {"by": "eve"}}]},
    "shared_with": {"ann": "r", "bob": None},
    "prices": {"x": {"usd": 1.0}, "y": {"usd": True}},
}


def picked(*paths: str, value: JsonValue = DEEP, with_keys: bool = False) -> list[tuple[str, object]]:
    marks = PathMap(dict.fromkeys(paths, True), with_keys=with_keys)
    return [(place, leaf) for place, leaf, mark in marks.walk(value) if mark]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("to", [("to[0]", "ann"), ("to[1]", "bob")]),
        ("to[]", [("to[0]", "ann"), ("to[1]", "bob")]),
        ("order.items[].sku", [("order.items[0].sku", "a1"), ("order.items[1].sku", "b2")]),
        ("order.items.sku", [("order.items[0].sku", "a1"), ("order.items[1].sku", "b2")]),
        ("order.items[].note", [("order.items[1].note.by", "eve")]),
        ("shared_with{}", [("shared_with{}", "ann"), ("shared_with{}", "bob")]),
        ("shared_with", [("shared_with.ann", "r")]),
        ("prices.*.usd", [("prices.x.usd", 1.0), ("prices.y.usd", True)]),
        ("prices.*", [("prices.x.usd", 1.0), ("prices.y.usd", True)]),
        ("*.x", [("prices.x.usd", 1.0)]),
        ("nothing", []),
        ("order.sku", []),
    ],
)
def test_a_path_picks_what_it_names_and_all_below(path: str, found: list[tuple[str, object]]) -> None:
    assert is_path(path)
    assert picked(path) == found


def test_everything_is_picked_by_a_dot() -> None:
    assert len(picked(".")) == 9 - 0
    assert is_path(".")


def test_a_path_fits_one_as_it_fits_a_list_of_them() -> None:
    for value in ("ann", ["ann"], [["ann"]]):
        assert [leaf for _, leaf in picked("to[]", value={"to": value})] == ["ann"]
        assert [leaf for _, leaf in picked("to", value={"to": value})] == ["ann"]
        assert [leaf for _, leaf in picked("to[].id", value={"to": {"id": value}})] == ["ann"]


def test_keys_are_picked_with_all_below_where_that_is_wanted() -> None:
    assert ("shared_with{}", "bob") not in picked("shared_with")
    assert ("shared_with{}", "bob") in picked("shared_with", with_keys=True)
    assert ("prices.x{}", "usd") in picked("prices", with_keys=True)
    assert ("prices{}", "x") not in picked("prices.*", with_keys=True)


def test_the_longer_of_two_paths_counts_and_a_name_beats_a_star() -> None:
    marks = PathMap({"order": "a", "order.items[].sku": "b", "prices.*": "c", "prices.x": "d"})
    found = {place: mark for place, _, mark in marks.walk(DEEP)}
    assert (found["order.items[0].sku"], found["order.items[0].count"]) == ("b", "a")
    assert (found["prices.x.usd"], found["prices.y.usd"], found["to[0]"]) == ("d", "c", None)


def test_a_name_that_looks_like_a_path_is_a_name_as_well() -> None:
    assert picked("order.id", value={"order.id": "x"}) == [("order.id", "x")]
    assert picked("", value={"": "x", "a": "y"}) == [("", "x")]


@pytest.mark.parametrize("text", ["", "a..b", ".a", "a.", "a[", "a[0]", "a{}.b", "[]{}{}", "a b[].", "{}[]"])
def test_what_is_no_path_is_told(text: str) -> None:
    assert not is_path(text)


def test_what_nests_too_deep_is_refused_and_not_overlooked() -> None:
    value: JsonValue = "x"
    for _ in range(64):
        value = [value]
    assert len(picked(".", value=value)) == 1
    with pytest.raises(ValueError, match="64 levels"):
        picked(".", value=[value])
