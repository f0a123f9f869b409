"""A value with nothing in it stands in every text."""

from __future__ import annotations

import pytest
from door import is_allowed

USER = "pay 50 to Anna Berg, then wait ... and / or go on * with it"


@pytest.mark.parametrize("payee", ["", " ", "\n", "...", "/", "*", ",", "\u200b", "\u00ad", "\u3000"])
def test_a_value_without_a_letter_or_digit_is_refused(payee: str) -> None:
    assert not is_allowed("pay", {"payee": payee, "amount": 50}, USER)


@pytest.mark.parametrize("to", [[], [""], ["ann@example.org", ""], ["ann@example.org", " "]])
def test_a_list_with_nothing_or_an_empty_value_in_it_is_refused(to: list[str]) -> None:
    assert not is_allowed("send_mail", {"to": [*to]}, "mail ann@example.org")


def test_the_value_itself_passes() -> None:
    assert is_allowed("pay", {"payee": "Anna Berg", "amount": 50}, USER)
    assert is_allowed("send_mail", {"to": ["ann@example.org"]}, "mail ann@example.org")
