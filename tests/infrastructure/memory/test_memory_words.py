from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.selection import EVERYTHING
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.passages import Passage, passages
from khala.infrastructure.memory.words import bm25, names, query_terms, terms
from khala.testing.memory_check import example_result


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("2378156", "order #W2378156"),
        ("user id", "user_id"),
        ("user id", "userId"),
        ("http server", "HTTPServer"),
        ("garcia 2723", "mia.garcia2723@example.com"),
        ("cities directed films", "a city, directing a film"),
        ("Francois Muller", "François Müller"),
        ("北京", "他在北京工作"),
        ("서울", "서울특별시"),
    ],
)
def test_a_text_is_found_by_other_spellings_and_by_the_parts_of_its_identifiers(asked: str, text: str):
    assert {*query_terms(asked)} <= {*terms(text)}


def test_a_changed_digit_is_another_word():
    assert not {*terms("W2378156")} & {*terms("W2378157")}


def test_words_that_stand_everywhere_are_asked_for_only_where_there_are_no_others():
    assert query_terms("Who is the director of it?") == ["director"]
    assert query_terms("who is it") == ["who", "is", "it"]


def test_names_begin_with_a_capital_or_hold_a_digit():
    text = "The film Excalibur (1981) was made by John Boorman for user_id_7, and nobody else."
    assert names(text) == ["excalibur", "1981", "john", "boorman", "user", "id", "7"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_terms_without_blanks_and_is_found_by_itself(text: str):
    found = terms(text)
    assert all(term and not any(letter.isspace() for letter in term) for term in found)
    assert {*query_terms(text)} <= {*found}


def test_the_table_and_what_is_pending_are_scored_alike(tmp_path: Path):
    stored: list[Passage] = []
    for number in range(1, 41):
        text = f"Lake {number} is deep. " * (1 + number % 4) + ("Eels live there." if number % 3 else "Pike.")
        stored += passages(example_result(text, number=number))
    table = PassageTable(tmp_path, dims=None)
    table.add([(passage.result_id, [(passage, None)]) for passage in stored])
    asked = [*query_terms("eels in lakes") * 3, "7"]
    exact = dict(zip(stored, bm25(asked, [passage.terms for passage in stored]), strict=True))
    found = table.by_words(asked, 40, EVERYTHING)
    assert len(found) == 40
    assert [score for _, score in found] == pytest.approx([exact[passage] for passage, _ in found], rel=1e-4)
