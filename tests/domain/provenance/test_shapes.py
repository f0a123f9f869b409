"""Two writings of one value share a key, two values never do; and what a text mentions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.provenance.shapes import keys_in, keys_of, mentions_in
from khala.domain.provenance.texts import Texts, normalised


def stands(value: str, text: str) -> bool:
    texts = Texts()
    texts.add(normalised(text))
    return texts.hold(normalised(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("example.org", "see https://example.org/ now"),
        ("https://example.org/", "see example.org."),
        ("https://example.org/a/", "see https://example.org/a, please"),
        ("DE89370400440532013000", "to DE89 3704 0044 0532 0130 00 please"),
        ("DE89 3704 0044 0532 0130 00", "to de89370400440532013000"),
        ("1200", "pay 1,200.00 euros"),
        ("1,200.00", "pay 1200"),
        ("1'200", "pay 1200"),
        ("1200.5", "pay 1,200.50"),
        ("a/b", "read ./a/b"),
        ("./a/b", "read a//b"),
        ("Ann@Example.org", "mail ann@example.org"),
    ],
)
def test_another_writing_of_a_value_is_the_value(value: str, text: str) -> None:
    assert stands(value, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("http://example.org", "see https://example.org"),
        ("https://example.org:8443", "see https://example.org"),
        ("https://example.org/b", "see https://example.org/a"),
        ("https://sub.example.org", "see https://example.org"),
        ("example.org", "mail ann@example.org"),
        ("DE89370400440532013001", "to DE89 3704 0044 0532 0130 00"),
        ("12", "pay 1200"),
        ("1200", "pay 1,200,000"),
        ("1.2", "pay 1,2"),
        ("0042", "pay 42"),
        ("5", "pay -5"),
        ("2024", "on 2024-05-01"),
        ("/a/b", "read a/b"),
        ("a/b", "read a/b/c"),
        ("b", "read a/b"),
    ],
)
def test_what_is_only_like_a_value_is_another(value: str, text: str) -> None:
    assert not stands(value, text)


@given(st.integers(0, 10**40), st.integers(0, 10**40))
def test_two_numbers_never_share_a_key(first: int, second: int) -> None:
    assert (keys_of(str(first)) == keys_of(str(second))) == (first == second)
    assert keys_of(f"{first:,}") == keys_of(str(first)) == keys_of(f"{first}.00") != frozenset()


@given(st.text(st.sampled_from("ab1.:/@,-+ '\\?#[]()<>%xn\u200b"), max_size=60))
def test_any_text_can_be_looked_through(text: str) -> None:
    clean = normalised(text)
    assert all(key.split(" ")[0] in ("url", "number", "account", "path") for key in {*keys_in(clean), *keys_of(clean)})
    assert all(written for _, written in mentions_in(clean))


def test_a_text_mentions_links_addresses_and_accounts_each_once() -> None:
    text = normalised(
        "See https://a.example/x and https://a.example/x, ask Ann@b.example, pay DE89 3704 0044 0532 0130 00."
    )
    assert [*mentions_in(text)] == [
        ("link", "https://a.example/x"),
        ("contact", "ann@b.example"),
        ("account", "de89 3704 0044 0532 0130 00"),
    ]


@pytest.mark.parametrize("length", [100_000])
@pytest.mark.parametrize(
    "piece", ["a", "a.", "1", "1,111,", "a/", "-a", "a@", "de89 ", "http:", "//", "[", "a-", ".", "'"]
)
def test_no_text_takes_long(piece: str, length: int) -> None:
    text = piece * (length // len(piece))
    assert len([*keys_in(text), *mentions_in(text)]) <= length
