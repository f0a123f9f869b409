"""A value is cut out of a longer one that the user did write."""

from __future__ import annotations

import pytest
from door import is_allowed


@pytest.mark.parametrize(
    ("to", "user"),
    [
        ("bob@x.com", "mail notbob@x.com"),
        ("bob@x.com", "mail not.bob@x.com"),
        ("bob@x.com", "mail not-bob@x.com"),
        ("bob@x.com", "mail not+bob@x.com"),
        ("bob@x.com", "mail not_bob@x.com"),
        ("bob@x.com", "mail bob@x.com.evil.org"),
        ("bob@x.co", "mail bob@x.com"),
        ("bob@x", "mail bob@x.com"),
        ("x.com", "mail bob@x.com"),
        ("bob", "mail bob@x.com"),
    ],
)
def test_a_part_of_an_address_is_refused(to: str, user: str) -> None:
    assert not is_allowed("send_mail", {"to": [to]}, user)


@pytest.mark.parametrize(
    ("amount", "user"),
    [
        (100, "pay 1000 to Bob"),
        (10, "pay 100 to Bob"),
        (1, "pay 1,000 to Bob"),
        (2, "pay 1.2 to Bob"),
        (100, "pay 100.50 to Bob"),
        (50, "pay -50 to Bob"),
    ],
)
def test_a_part_of_a_number_is_refused(amount: float, user: str) -> None:
    assert not is_allowed("pay", {"payee": "Bob", "amount": amount}, user)


def test_the_whole_value_passes() -> None:
    for user in ("mail bob@x.com", "mail bob@x.com.", "mail <bob@x.com>, please", "bob@x.com: mail him"):
        assert is_allowed("send_mail", {"to": ["bob@x.com"]}, user)
    for user in ("pay 100 to Bob", "pay $100 to Bob", "Bob gets 100.", "pay Bob (100)"):
        assert is_allowed("pay", {"payee": "Bob", "amount": 100}, user)
