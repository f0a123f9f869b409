"""Where a value stands: whole words only, equal to a reader's eye, and never in untrusted text alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import JsonValue

from khala.domain.grounding import Grounding, normalised
from khala.domain.label import Label
from khala.domain.provenance.texts import stands_in

TRUSTED, UNTRUSTED = Label(trust="trusted"), Label()


def said_by_user(words: str) -> Grounding:
    grounding = Grounding()
    grounding.add_user_words(words)
    return grounding


def wide(text: str) -> str:
    """The full-width letters of an ASCII text."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def test_each_origin_is_told_apart() -> None:
    grounding = said_by_user("write to ann@example.org")
    grounding.add_result("contact: bob@example.org", TRUSTED)
    grounding.add_result("contact: eve@example.org, ann@example.org", UNTRUSTED)
    assert grounding.origins("ann@example.org") == {"user", "said"}
    assert grounding.origins("bob@example.org") == {"trusted", "said"}
    assert grounding.origins("eve@example.org") == {"said"}
    assert grounding.origins("dan@example.org") == frozenset()
    grounded = [name for name in ("ann", "bob", "eve", "dan") if grounding.is_grounded(f"{name}@example.org")]
    from_user = [name for name in ("ann", "bob", "eve", "dan") if grounding.is_from_user(f"{name}@example.org")]
    assert (grounded, from_user) == (["ann", "bob"], ["ann"])


@given(st.text(max_size=30), st.lists(st.text(max_size=60), max_size=4))
def test_untrusted_text_alone_never_grounds_a_value(value: str, texts: list[str]) -> None:
    grounding = Grounding()
    for text in (*texts, value):
        grounding.add_result(text, UNTRUSTED)
    assert not grounding.is_grounded(value)
    assert not grounding.is_from_user(value)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=8))
def test_more_trusted_words_never_unground_a_value_and_untrusted_ones_change_nothing(
    words: str, more: str, value: str
) -> None:
    grounding = said_by_user(words)
    before = grounding.is_grounded(value)
    grounding.add_result(more, UNTRUSTED)
    assert grounding.is_grounded(value) == before
    grounding.add_result(more, TRUSTED)
    assert grounding.is_grounded(value) >= before


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("bob@x.com", "write to bob@x.com."),
        ("bob@x.com", "(bob@x.com)"),
        ("Bob@X.com", "write to bob@x.com"),
        ("notes.md", 'save it as "notes.md", please'),
        ("/tmp/a b.txt", "open /tmp/a  b.txt now"),
        ("https://a.example/x", "see https://a.example/x?"),
        ("notes", "read my notes: they are short"),
        (wide("notes.md"), "save notes.md"),
        ("résumé.md", unicodedata.normalize("NFD", "save résumé.md")),
        (100, "pay 100 to ann"),
        (100.0, "pay 100 to ann"),
        (1.5, "scale by 1.5"),
        (True, "set it to true"),
        (["ann", "bob"], "tell ann and bob"),
        ({"to": ["ann"], "cc": None}, "tell ann"),
    ],
)
def test_a_value_the_user_wrote_is_from_the_user(value: JsonValue, words: str) -> None:
    assert said_by_user(words).is_from_user(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("bob@x.com", "write to notbob@x.com"),
        ("bob@x.com", "write to bob@x.com.evil.org"),
        ("bob@x.com", "write to not-bob@x.com"),
        ("bob@x.com", "write to alice+bob@x.com"),
        ("x.com", "write to bob@x.com"),
        ("notes", "save it as notes.md"),
        ("notes.md", "save it as my-notes.md"),
        ("notes.md", "save it as notes.md.bak"),
        ("passwd", "look into /etc/passwd"),
        ("https://a.example/x", "see https://a.example/x?to=eve"),
        ("https://a.example", "see https://a.example:8080"),
        ("b\u043eb", "write to bob"),  # a Cyrillic o
        ("bob\u200b", "write to bob"),
        ("bob", "write to bob\u200beve"),
        ("bob", "write to bob\u0338"),
        (100, "pay 1000"),
        (100, "pay 100.50"),
        (1, "pay 1,000"),
        ("000", "pay 1,000"),
        (5, "pay -5"),
        (["ann", "eve"], "tell ann and bob"),
        ({"to": ["ann", "eve"]}, "tell ann and bob"),
        ("", "anything"),
        ("  ", "any  thing"),
        ("..", "wait .. what"),
        ("*", "2 * 3"),
        ("/", "and / or"),
        ([], "anything"),
        ({}, "anything"),
        (None, "null None none"),
        (["ann", ""], "tell ann"),
    ],
)
def test_a_value_the_user_did_not_write_is_not_from_the_user(value: JsonValue, words: str) -> None:
    grounding = said_by_user(words)
    assert not grounding.is_from_user(value)
    assert not grounding.is_grounded(value)


@given(st.text(max_size=30))
def test_normalising_does_not_tell_apart_what_a_reader_cannot(text: str) -> None:
    clean = normalised(text)
    assert normalised(clean) == clean
    assert normalised(unicodedata.normalize("NFD", text)) == clean
    assert normalised(f" {text}\n") == clean


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12), st.sampled_from(["ab", "9", "_", "-z"]))
def test_a_part_of_a_word_is_not_the_word(word: str, more: str) -> None:
    assume(normalised(word) not in normalised(more))
    assert said_by_user(f"take {word} now").is_from_user(word)
    assert not said_by_user(f"take {word}{more} now").is_from_user(word)


@given(
    st.lists(st.text(st.sampled_from("ab1_ .,@/-é\u0301\u200bß")), max_size=4),
    st.text(st.sampled_from("ab1_ .,@/-é\u0301\u200bß"), max_size=6),
)
def test_the_index_of_words_finds_what_reading_every_text_finds(texts: list[str], value: str) -> None:
    grounding = Grounding()
    for text in texts:
        grounding.add_result(text, Label(trust="trusted"))
    alone = []
    for text in texts:
        one = Grounding()
        one.add_user_words(text)
        alone.append(one.is_from_user(value))
    clean = normalised(value)
    naive = any(map(str.isalnum, clean)) and any(stands_in(clean, normalised(text)) for text in texts)
    assert grounding.is_grounded(value) == any(alone) == naive
