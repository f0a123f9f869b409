"""What a person would take for something else is confusable; what people write in their own script is not."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.infrastructure.security.confusables import confusable

PLAIN = [
    "", "ann@example.org", "a\tb\r\nc", "café", "Ærø œuvre", "naïve Straße", "Đặng Văn", "İstanbul ışık", "Łódź",
    "Zoë O’Brien", "“quoted” – dash … 50 €", "5 m²", "1º ª ½ 10µm", "© ™ °", "cafe\u0301",
    "Москва", "Привет, мир! Это оса, ухо и сера, а у нас СССР", "пример.com", "Привет from Oslo", "Ελληνικά και άλλα",
    "Հայաստան", "ქართული", "שלום", "مرحبا", "می\u200cخواهم", "۱۲۳", "नमस्ते", "क्\u200dष", "ไทย", "ខ្មែរ",
    "東京タワー", "Tシャツ", "日本語のテキスト.txt", "佐々木", "报告（最终）：第一版.pdf", "한국어 텍스트", "PDF파일",
    "👍🏽 ok", "❤\ufe0f", "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈",
]  # fmt: skip

CONFUSABLE = [
    "p\u0430ypal", "\u0430nn@example.org", "ann@ex\u0430mple.org", "\u0430\u0440\u0440\u04cf\u0435.com",
    "pay to \u0440\u0430\u0443\u0440\u0430", "\u0421\u0421\u0421\u0420", "\u039f\u03c1\u03b1", "g\u03bfogle",
    "\u13e2\u13aa\u13a9", "\u2ca3\u2c9f", "\ua4d0\ua4ee", "A\u13a9", "\u10c1nn",
    "ann\u200b@example.org", "ex\u00adample", "\ufeffann", "\u2060ann", "a\u200db", "a\u200cb", "ann\u180e",
    "ann\u202e", "\u202dann", "\u2066ann\u2069", "ann\u200f", "ann\u061c",
    "ann\U000e0041", "ann\U000e0001", "🏴\U000e0067\U000e007f", "a\ufe0f", "ann\ufe00", "ann\U000e0100",
    "a\u034fb", "a\u3164b", "a\uffa0b", "a\u2800b", "a\u115fb",
    "a\u00a0b", "a\u3000b", "a\u2003b", "a\u2028b", "a\x00b", "a\x1b[0m", "a\x85b", "a\ue000b", "a\ufffe", "a\ud800",
    "ａnn", "ann＠example.org", "a／b", "𝐚nn", "ⓐnn", "ﬁle", "\u212a", "Ⅷ", "①", "ℓ", "№5",
    "ann@example.or\u0261", "\u0251nn", "ʏᴏᴜ", "a\u2215b", "a\u2044b", "a\u29f8b", "http\ua789//x",
    "a\u2010b", "a\u2212b",
    "a\u2024b", "l\u0338", "a\u037e", "1۲", "file ۱ of 2", "٣۴",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_is_plain(text: str) -> None:
    assert confusable(text) is False


@pytest.mark.parametrize("text", CONFUSABLE, ids=ascii)
def test_what_only_looks_the_same_or_cannot_be_seen_is_confusable(text: str) -> None:
    assert confusable(text) is True
    assert confusable(f"notes {text} notes") is True


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_is_never_confusable(text: str) -> None:
    assert confusable(text) is False


@given(st.text(st.characters(), max_size=20), st.sampled_from("\u200b\u202e\U000e0041\u2066\ufeff"), st.integers(0, 20))
def test_what_is_hidden_is_found_wherever_it_stands(text: str, hidden: str, place: int) -> None:
    assert confusable(text[:place] + hidden + text[place:]) is True


def test_a_long_text_takes_no_time() -> None:
    begun = time.perf_counter()
    assert confusable("Привет, мир! " * 20_000) is False
    assert confusable("x" * 1_000_000 + "\u200b") is True
    assert time.perf_counter() - begun < 3
