"""A stranger's value stands in a field, or in what looks like a field, that the application would have to vouch for."""

from __future__ import annotations

import json

import pytest
from grounded_door import ANN, EVE, Seen, grounding_of, passes

STRANGE = [
    json.dumps([{"email": ANN, "nickname": EVE}]),
    json.dumps([{"email": ANN, "note": json.dumps({"email": EVE})}]),
    json.dumps([{"email": ANN, "note": {"email": EVE}}]),
    json.dumps([{"email": ANN, EVE: "email"}]),
    json.dumps([{"email": ANN, "Email": EVE, " email": EVE, "email ": EVE, "e-mail": EVE}]),
    f'[{{"email": "{ANN}", "email": "{EVE}"}}]',
    f'[{{"email": "{EVE}", "email": "{ANN}"}}]',
    f'[{{"email": "{ANN}"}}, {{"email": "{EVE}"',
    f'{{"email": "{EVE}"}} trailing',
    f'"email": "{EVE}"',
    f'```json\n[{{"email": "{EVE}"}}]\n```',
    f"email: {EVE}",
    "[" * 100_000 + f'{{"email": "{EVE}"}}' + "]" * 100_000,
    f'[{{"email": {"[" * 80}"{EVE}"{"]" * 80}}}]',
    f'[{{"email": "{ANN}", "n": {"9" * 5000}}}, {{"email": "{EVE}"}}]',
    f'[{{"email": "{EVE}", "pad": "{"x" * 5_000_000}"}}]',
    f"[{{'email': '{EVE}'}}]",
    f'[{{"email": "x {EVE} x"}}]',
]


@pytest.mark.parametrize("listed", STRANGE, ids=range(len(STRANGE)))
def test_only_the_field_itself_is_of_the_applications_own_list(listed: str) -> None:
    seen: Seen = ("list_members", {}, listed)
    assert not passes("send_mail", {"to": [EVE]}, seen, user="mail the members")
    assert grounding_of([seen], "").origins(EVE) <= {"said", "any"}


@pytest.mark.parametrize("listed", [[{"email": ANN}], [{"email": ANN, "nickname": EVE}], {"email": ANN.upper()}])
def test_a_member_of_the_list_passes(listed: list[dict[str, str]] | dict[str, str]) -> None:
    seen: Seen = ("list_members", {}, json.dumps(listed))
    assert passes("send_mail", {"to": [ANN]}, seen, user="mail the members")


@pytest.mark.parametrize("empty", ["", " ", "-", "***", "\u200b", None, [], {}])
def test_an_empty_field_vouches_for_no_empty_value(empty: object) -> None:
    seen: Seen = ("list_members", {}, json.dumps([{"email": empty, "nickname": empty}]))
    for value in ("", " ", "-", "***", "\u200b"):
        assert not grounding_of([seen], "mail everybody").origins(value)
        assert not passes("delete_file", {"id": value}, seen, user="delete the file")
    assert passes("delete_file", {"id": "f-1"}, seen, user="delete file f-1")


@pytest.mark.parametrize(
    "words", ["... evil-plan", "!! evil-plan", "evil-plan ,", "evil-plan evil-plan", "- evil-plan", "the evil-plan-2"]
)
def test_values_of_strangers_beside_no_word_of_the_user_are_not_worded(words: str) -> None:
    seen: Seen = ("list_files", {}, {"files": [{"id": "f-1", "name": "evil-plan", "owner": EVE}]})
    assert not passes("create_file", {"name": words}, seen, user="write the minutes down")
    assert passes("create_file", {"name": "the minutes of evil-plan"}, seen, user="write the minutes of it down")


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("info@stra\u00dfe.example", "mail info@strasse.example"),
        ("info@strasse.example", "mail info@stra\u00dfe.example"),
        ("info@\u03c3\u03bf\u03c6\u03cc\u03c3.example", "mail info@\u03c3\u03bf\u03c6\u03cc\u03c2.example"),
    ],
)
def test_letters_that_only_one_alphabet_takes_for_the_same_belong_to_different_people(value: str, user: str) -> None:
    assert not passes("send_mail", {"to": [value]}, user=user)
    assert passes("send_mail", {"to": [user.removeprefix("mail ")]}, user=user)
