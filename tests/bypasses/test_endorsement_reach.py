"""A person's yes is stretched: to another role, effect, value, source or run, or to what no source may ever decide."""

from __future__ import annotations

import pytest
from asking_door import AskingDoor

BOB, EVE = "bob@else.example", "eve@else.example"


@pytest.fixture
def door() -> AskingDoor:
    return AskingDoor()


def test_a_value_that_was_endorsed_counts_again(door: AskingDoor) -> None:
    door.endorse("value", "send", to=BOB)
    assert door.is_allowed("send", to=BOB)


def test_a_yes_once_says_nothing_of_the_next_call(door: AskingDoor) -> None:
    door.endorse("once", "send", to=BOB)
    assert not door.is_allowed("send", to=BOB)


def test_an_endorsed_value_is_none_of_its_neighbours(door: AskingDoor) -> None:
    door.endorse("value", "send", to=BOB)
    assert not door.is_allowed("send", to=EVE)
    assert not door.is_allowed("send", to=f"{BOB}, {EVE}")


@pytest.mark.parametrize(
    ("name", "argument"),
    [("assign", "assignee"), ("invite", "member"), ("pay", "payee"), ("set_password", "password"), ("change", "path")],
)
@pytest.mark.parametrize("consent", ["value", "source"])
def test_nor_does_it_count_in_another_role_or_for_another_effect(
    door: AskingDoor, consent: str, name: str, argument: str
) -> None:
    door.endorse(consent, "send", to=BOB)
    assert not door.is_allowed(name, **{argument: BOB})


def test_an_endorsed_source_names_others_of_its_kind(door: AskingDoor) -> None:
    door.endorse("source", "change", path="notes/a.md")
    assert door.is_allowed("change", path="notes/b.md")
    door.endorse("source", "assign", assignee=BOB)
    assert door.is_allowed("assign", assignee=EVE)


def test_but_not_what_another_source_says(door: AskingDoor) -> None:
    door.endorse("source", "change", path="notes/a.md")
    assert not door.is_allowed("change", path="notes/c.md")
    assert not door.is_allowed("send", to=EVE)


def test_and_not_what_is_deleted(door: AskingDoor) -> None:
    door.endorse("source", "change", path="notes/a.md")
    assert not door.is_allowed("delete", path="notes/a.md")


@pytest.mark.parametrize(
    ("name", "argument", "value", "other"),
    [
        ("pay", "payee", "DE89370400440532013000", EVE),
        ("delete", "path", "notes/a.md", "notes/b.md"),
        ("invite", "member", BOB, EVE),
        ("set_password", "password", BOB, EVE),
    ],
)
def test_a_yes_to_the_source_of_what_is_costly_is_one_to_the_value(
    door: AskingDoor, name: str, argument: str, value: str, other: str
) -> None:
    assert "source" not in door.decide(name, {argument: value}).decision.consents
    door.endorse("source", name, **{argument: value})
    assert door.is_allowed(name, **{argument: value})
    assert not door.is_allowed(name, **{argument: other})


def test_no_source_is_endorsed_where_a_value_stands_in_two() -> None:
    door = AskingDoor()
    door.run_id = "run00009"
    door.hear(f"also tell {BOB}, and mallory@else.example")
    assert door.decide("send", {"to": BOB}).decision.consents == ("once", "value")
    door.endorse("source", "send", to=BOB)
    assert door.is_allowed("send", to=BOB)
    assert not door.is_allowed("send", to="mallory@else.example")


@pytest.mark.parametrize("consent", ["value", "source"])
def test_a_yes_in_one_run_is_none_in_another(door: AskingDoor, consent: str) -> None:
    door.endorse(consent, "send", to=BOB)
    other = AskingDoor("run00002")
    assert not other.is_allowed("send", to=BOB)
    assert door.is_allowed("send", to=BOB)


def test_a_value_too_long_to_be_shown_whole_is_not_endorsed(door: AskingDoor) -> None:
    long = "x" * 3_000 + "@else.example"
    assert door.decide("send", {"to": long}).decision.consents == ("once",)
    door.endorse("value", "send", to=long)
    assert not door.is_allowed("send", to="x" * 2_000)
