"""A private value leaves in a call to somebody who is no reader of it."""

from __future__ import annotations

import json

import pytest
from grounded_door import ANN, EVE, Seen, passes
from pydantic import JsonValue

PASSPORT = "C01X00T478"
PROFILE: Seen = ("read_profile", {}, {"passport": PASSPORT, "salary": 84250})
USER = f"Write to {EVE} and {ANN} what they need to know, f-1 as well."


@pytest.mark.parametrize(
    "call",
    [
        {"body": PASSPORT},
        {"body": f"the number is {PASSPORT.lower()}."},
        {"body": "C01X 00T4 78"},
        {"body": "C-0-1-X-0-0-T-4-7-8"},
        {"body": "C01\u200bX00\u200bT478"},
        {"body": "C_01_X00_T478"},
        {"body": f"x{PASSPORT}y"},
        {"body": {"a": [{"b": PASSPORT}]}},
        {"body": {PASSPORT: 1}},
        {"subject": PASSPORT},
        {"subject": "C01X0", "body": "0T478"},
        {"body": ["C01X0", "0T478"]},
        {"body": 84250},
        {"body": "84,250.00"},
        {"body": "84250.0 a year"},
        {"body": "84 250"},
    ],
)
def test_a_private_value_goes_to_nobody_it_was_not_named_for(call: dict[str, JsonValue]) -> None:
    assert not passes("send_mail", {"to": [EVE], **call}, PROFILE, user=USER)
    assert not passes("send_mail", {"to": [ANN, EVE], **call}, PROFILE, user=USER)


@pytest.mark.parametrize("tool", ["post", "create_file"])
def test_a_private_value_is_not_told_to_everybody(tool: str) -> None:
    arguments: dict[str, JsonValue] = {"text": PASSPORT, **({"name": "f-1"} if tool == "create_file" else {})}
    assert not passes(tool, arguments, PROFILE, user=USER)
    assert passes(tool, {**arguments, "text": "nothing of it"}, PROFILE, user=USER)


def test_a_private_value_goes_to_its_readers_and_where_the_user_named_it() -> None:
    assert passes("send_mail", {"to": [ANN], "body": 84250}, PROFILE, user=USER)
    assert passes("send_mail", {"to": [EVE], "body": PASSPORT}, PROFILE, user=f"send {EVE} my passport")
    assert passes("send_mail", {"to": [EVE], "body": PASSPORT}, PROFILE, user=f"send {EVE} {PASSPORT}")
    assert passes("send_mail", {"to": [EVE], "body": "hello"}, PROFILE, user=USER)


UNREAD = [
    json.dumps({"passport": PASSPORT})[:-1],
    f'{{"passport": "{PASSPORT}", "passport": ""}}',
    f'{{"passport": "{PASSPORT}", "note": {"[" * 100_000}{"]" * 100_000}}}',
    f'{{"passport": "{PASSPORT}", "note": {"[" * 70}1{"]" * 70}}}',
    f'{{"passport": "{PASSPORT}", "n": {"9" * 5000}}}',
    f'{{"passport": "{PASSPORT}", "note": "{"x" * 5_000_000}"}}',
]


@pytest.mark.parametrize("result", UNREAD, ids=range(len(UNREAD)))
def test_as_long_as_a_result_with_private_fields_is_unread_nothing_leaves(result: str) -> None:
    seen: Seen = ("read_profile", {}, result)
    assert not passes("send_mail", {"to": [EVE], "body": PASSPORT}, seen, user=USER)


@pytest.mark.parametrize("result", ["nobody of that name", "", '{"error": "nobody of that name"}'])
def test_a_result_without_anything_private_stops_nothing(result: str) -> None:
    assert passes("send_mail", {"to": [EVE], "body": "hello"}, ("read_profile", {}, result), user=USER)
