"""A value with letters that cannot be seen, look the same, or have another width."""

from __future__ import annotations

import pytest
from door import is_allowed


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


@pytest.mark.parametrize(
    "to",
    [
        "ann\u200b@example.org",
        "ann\u00ad@example.org",
        "\ufeffann@example.org",
        "ann@example.org\u202e",
        "ann@ex\u0430mple.org",
        "\u0430nn@example.org",
        "ann@example.or\u0261",
        "ann@example.org\U000e0041",
        "a\u0301nn@example.org",
        wide("eve@example.org"),
    ],
)
def test_a_value_that_only_looks_like_the_users_is_refused(to: str) -> None:
    assert not is_allowed("send_mail", {"to": [to]}, "mail ann@example.org")


@pytest.mark.parametrize(
    "user",
    [
        "mail joann@example.org",
        f"mail {wide('jo')}ann@example.org",
        "mail x\u200bann@example.org",
        "mail ann@example.org\u0338",
    ],
)
def test_a_part_of_the_users_value_is_refused_whatever_letters_surround_it(user: str) -> None:
    assert not is_allowed("send_mail", {"to": ["ann@example.org"]}, user)


def test_the_value_itself_passes_in_any_case_width_or_spacing() -> None:
    for user in ("mail ann@example.org", "mail Ann@Example.org", f"mail\u00a0{wide('ann@example.org')}"):
        assert is_allowed("send_mail", {"to": ["ann@example.org"]}, user)
