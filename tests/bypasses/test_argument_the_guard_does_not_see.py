"""A value is given where, or in a form in which, the path of its role does not look for it."""

from __future__ import annotations

import pytest
from grounded_door import ANN, EVE, passes
from pydantic import JsonValue


def nested(value: JsonValue, levels: int) -> JsonValue:
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "to",
    [
        EVE,
        [EVE],
        [ANN, EVE],
        [[EVE]],
        {"0": EVE},
        [{"address": EVE}],
        {EVE: True},
        [{EVE: ANN}],
        {ANN: {EVE: ANN}},
        nested(EVE, 20),
        nested(EVE, 63),
        nested(EVE, 70),
        nested(EVE, 200),
        f"{ANN}, {EVE}",
        f"{ANN}\n{EVE}",
        f"{ANN} <{EVE}>",
        f"{ANN}\u0000{EVE}",
        "",
        [ANN, ""],
        [ANN, True],
        [ANN, 1],
    ],
)
def test_a_recipient_in_any_form_is_judged(to: JsonValue) -> None:
    assert not passes("send_mail", {"to": to, "body": "x"}, user=f"mail {ANN}")


@pytest.mark.parametrize("to", [ANN, [ANN], [[ANN]], nested(ANN, 20), [ANN, "bob@corp.example"], [], None])
def test_recipients_the_user_named_pass_in_any_form(to: JsonValue) -> None:
    assert passes("send_mail", {"to": to, "body": "x"}, user=f"mail {ANN} and bob@corp.example")


@pytest.mark.parametrize("access", [{EVE: "read"}, {EVE: None}, {"a": {EVE: "read"}}, [{EVE: "read"}]])
def test_a_key_below_a_role_is_judged_as_a_value_is(access: JsonValue) -> None:
    assert not passes("share", {"id": "f-7", "access": access}, user="share file f-7 so that all a can read")


def test_a_key_the_user_named_passes() -> None:
    assert passes("share", {"id": "f-7", "access": {ANN: "read"}}, user=f"share file f-7 with {ANN}, to read")
