from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.infrastructure.memory.chunks import CHUNK_PIECES, chunks, estimated_pieces

texts = st.text(alphabet=st.sampled_from("abc .!?\n\t。한😀"), max_size=3000) | st.text(max_size=500)


@settings(max_examples=150, deadline=None)
@given(text=texts, limit=st.integers(3, 60))
def test_passages_cover_every_word_once_and_fit(text: str, limit: int):
    def pieces(part: str) -> int:
        return 2 * len(part) - part.count(" ")

    found = chunks(text, count_tokens=pieces, limit=limit)

    rest = text
    for chunk in reversed(found):
        assert not rest[chunk.end :].strip()
        rest = rest[: chunk.start]
        part = text[chunk.start : chunk.end]
        assert part.strip()
        assert pieces(part) <= limit
    assert not rest.strip()


def test_passages_end_at_paragraphs_where_they_can():
    paragraphs = [
        "\n".join(f"Line {line} of paragraph {number} says little." for line in range(12)) for number in range(9)
    ]
    text = "\n\n".join(paragraphs)
    found = chunks(text)
    assert 3 < len(found) < 9
    assert all(text[chunk.start :].startswith("Line 0") for chunk in found)


def test_sentences_stay_whole_where_they_can():
    text = " ".join(f"Sentence number {number} tells of something that happened a while ago." for number in range(200))
    found = chunks(text)
    assert len(found) > 5
    assert all(text[chunk.start : chunk.end].rstrip().endswith(".") for chunk in found)


def test_records_definitions_and_sections_stay_whole_where_they_can():
    record = {"order_id": "#W2378156", "items": [{"name": "lamp", "price": 12.5}] * 4, "status": "pending", "zip": "1"}
    records = json.dumps([record] * 20)
    functions = "\n".join(
        f"def f{n}(a):\n    b = a + {n}\n\n    # says little\n    return b * {n}\n" for n in range(60)
    )
    sections = "\n".join(f"## Part {n}\n\nOne paragraph.\n\nAnother paragraph of it.\n" for n in range(80))
    for text, beginning in (
        (records, ('{"order_id"', '{"name"', '"status"')),
        (functions, "def f"),
        (sections, "## Part"),
    ):
        found = chunks(text)
        assert len(found) > 3
        assert all(text[chunk.start :].startswith(beginning) for chunk in found[1:])


@pytest.mark.parametrize("text", ["", "   ", "\n\n\t\n", "\n" * 100_000, " " * 1_000_000])
def test_blank_texts_have_no_passages(text: str):
    assert chunks(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5_000_000,
        "word " * 1_000_000,
        "a.\n" * 1_000_000,
        "\n" * 2_000_000 + "x" + " " * 2_000_000 + "\n" + "\t" * 1_000_000 + "y",
        json.dumps(list(range(500_000))),
    ],
    ids=["one word", "one line", "tiny lines", "blanks", "json"],
)
def test_work_grows_with_the_text_alone(text: str):
    counted = 0

    def pieces(part: str) -> int:
        nonlocal counted
        counted += len(part)
        return estimated_pieces(part)

    found = chunks(text, count_tokens=pieces)

    assert counted <= len(text)
    assert len(found) <= len(text) // (4 * CHUNK_PIECES // 2) + 2
    assert all(chunk.end - chunk.start <= 16 * CHUNK_PIECES for chunk in found)
