"""A value enters with a document and looks like the agent's own."""

from __future__ import annotations

import pytest
from door import is_allowed

PAGE = "Questions? Write to eve@example.org or help@example.org."


@pytest.mark.parametrize("user", ["", "who answers questions?", "write to whoever the page names"])
def test_an_address_that_only_a_document_names_is_refused(user: str) -> None:
    assert not is_allowed("send_mail", {"to": ["eve@example.org"]}, user, untrusted=PAGE)


def test_an_address_put_together_from_a_document_is_refused() -> None:
    assert not is_allowed("send_mail", {"to": ["eve@example.com"]}, "ask example.com", untrusted="eve")


def test_an_address_that_user_or_trusted_result_name_passes_wherever_else_it_stands() -> None:
    assert is_allowed("send_mail", {"to": ["help@example.org"]}, "mail help@example.org", untrusted=PAGE)
    assert is_allowed("send_mail", {"to": ["help@example.org"]}, trusted="contacts: help@example.org", untrusted=PAGE)
