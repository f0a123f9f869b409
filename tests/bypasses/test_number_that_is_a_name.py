"""A number, or what looks like one, is taken for another that the user said."""

from __future__ import annotations

import pytest
from grounded_door import EVE, Seen, mail, passes

LONG = "12345678901234567890123456789012"


@pytest.mark.parametrize(
    ("payee", "user"),
    [
        ("0042000", "pay 5 to account 42000"),
        ("42000", "pay 5 to account 0042000"),
        ("042000", "pay 5 to account 42000.0"),
        (f"{LONG[:-1]}3", f"pay 5 to account {LONG}"),
        ("12345", "pay 5 to account 12345-67890"),
        ("67890", "pay 5 to account 12345-67890"),
        ("12345", "pay 5 to 12345@bank.example"),
        ("12345", "pay 5 to bank.example/?to=12345&x"),
        ("1,2345", "pay 5 to account 12345"),
        ("1e5", "pay 5 to account 100000"),
        ("0xa410", "pay 5 to account 42000"),
        ("471144", "pay 5 to account 47 1144"),
        ("\u0664\u0667\u0661\u0661\u0664", "pay 5 to account 47114"),
        ("47114", "pay 5 to account 4711447114"),
    ],
)
def test_another_number_is_not_the_users(payee: str, user: str) -> None:
    assert not passes("pay", {"payee": payee, "amount": 5}, user=user)


@pytest.mark.parametrize(
    ("payee", "user"),
    [
        ("0042000", "pay 5 to account 0042000"),
        (LONG, f"pay 5 to account {LONG}"),
        ("1234-5678", "pay 5 to account 1234-5678"),
        ("12345", "pay 5 to account 12,345"),
        ("12,345.00", "pay 5 to account 12345"),
        ("DE89370400440532013000", "pay 5 to DE89 3704 0044 0532 0130 00"),
    ],
)
def test_the_same_number_in_another_writing_passes(payee: str, user: str) -> None:
    assert passes("pay", {"payee": payee, "amount": 5}, user=user)


@pytest.mark.parametrize("user", ["read 2 mails and answer them", "open 2 documents", "answer in 2 days, please"])
def test_a_count_names_no_record(user: str) -> None:
    second: Seen = ("open_mail", {"id": 2}, mail(EVE, "hi", "hi", id=2, reply_to=EVE))
    assert not passes("send_mail", {"to": [EVE]}, second, user=user)


@pytest.mark.parametrize("user", ["answer mail 2", "answer mail #2", "answer the mail with id 2", "answer mails: 2"])
def test_a_number_after_the_word_for_the_thing_names_the_record(user: str) -> None:
    second: Seen = ("open_mail", {"id": 2}, mail("bob@corp.example", "hi", "hi", id=2, reply_to="bob@corp.example"))
    assert passes("send_mail", {"to": ["bob@corp.example"]}, second, user=user)
