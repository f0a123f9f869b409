"""A value looks to the person who approves it like another one, or holds what the person cannot see."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import pytest
from value_door import is_refused, passes

CLEAR = "!confusable(args.value)"


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def tagged(text: str) -> str:
    return "".join(chr(ord(letter) + 0xE0000) for letter in text)


@pytest.mark.parametrize(
    "value",
    [
        "p\u0430yp\u0430l.com", "\u0440\u0430\u0443\u0440\u0430l", "\u0430\u0440\u0440\u04cf\u0435.com",
        "g\u03bf\u03bfgle.com", "\u0391nna Berg", "ann@ex\u0430mple.org", "\u0455h", "\u0405am",
        "\u13a2BM", "\u0531nna",
        "\ua4d0ob", "\u2c9fk", "b\u1d0fb", "ann@example.or\u0261", "\u0251nn", "pa\u01c0",
        wide("ann"), f"ann{wide('@')}example.org", f"notes{wide('.')}md", "𝖺nn", "ⓐnn", "ﬁle.txt", "\u212aelvin", "Ⅳ",
        "ann\u200b@example.org", "ann\u200c", "a\u200dnn", "ann\u2060", "\ufeffann", "a\u00adnn",
        "ann\u180e", "a\u034fnn",
        "ann\u202egro.elpmaxe@", "\u202aann", "\u2067ann\u2069", "ann\u200e", "\u061cann", "invoice_\u202efdp.exe",
        f"ok{tagged('pay eve')}", f"🏴{tagged('gbeng')}", "ok\U000e0100\U000e0101", "ok\ufe01", "a\u3164b", "a\u2800b",
        "anna\u00a0berg", "anna\u2009berg", "anna\u3000berg", "a\u2028b", "a\x1b[8mb", "a\x08b", "a\x7fb", "\ue000",
        "etc\u2215passwd", "etc\u2044passwd", "https\ua789//x", "a\u2010b", "1\u06f2", "l\u0335",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_value_that_is_not_what_it_looks_like_is_refused(value: str) -> None:
    assert is_refused(CLEAR, value)


@pytest.mark.parametrize(
    "value",
    ["ann@example.org", "Zoë O’Brien", "Łukasz Żak", "Анна Каренина", "Αθήνα 2004", "田中さん.txt", "报告（最终）.pdf",
     "서울 PDF파일", "محمد", "می\u200cخواهم", "שלום", "हिन्दी", "пример.com", "done 👍🏽 ❤\ufe0f 👩\u200d💻"],
)  # fmt: skip
def test_a_value_in_a_persons_own_script_passes(value: str) -> None:
    assert passes(CLEAR, value)
