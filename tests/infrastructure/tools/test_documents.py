from __future__ import annotations

import io
import sys
import time
from itertools import pairwise
from pathlib import Path

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.errors import MissingExtra
from khala.infrastructure.tools.documents import Document, SkippedFile, decoded, read_bytes, read_text
from khala.infrastructure.tools.html_text import html_text
from khala.infrastructure.tools.passages import PASSAGE_CHARS, passages
from khala.infrastructure.tools.pdf_text import pdf_text
from khala.infrastructure.tools.python_docs import python_documents


def pdf_of(words: str) -> bytes:
    """A PDF of one page, written out."""
    drawn = f"BT /F 12 Tf 20 100 Td ({words}) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    text, places = "%PDF-1.4\n", ""
    for number, written in enumerate(objects, start=1):
        places += f"{len(text):010} 00000 n \n"
        text += f"{number} 0 obj{written}endobj\n"
    head = f"xref\n0 6\n0000000000 65535 f \n{places}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{len(text)}\n%%EOF\n"
    return (text + head).encode()


HOSTILE = ["<!--", "<", "<![", "</", "<a=", "<a ", "<script>", "<?", "<a b='", "<a b='>", "<a b=\">'", "<>"]
PAGE = pdf_of("Herons nest in tall trees.")


@pytest.mark.parametrize(
    ("content", "text", "is_guessed"),
    [
        ("Größe".encode(), "Größe", False),
        ("Größe".encode("utf-8-sig"), "Größe", False),
        ("Größe".encode("utf-16"), "Größe", False),
        ("\ufeffGröße".encode("utf-16-be"), "Größe", False),
        ("Größe “x”".encode("cp1252"), "Größe “x”", True),
        (b"caf\xe9 \x81", "café \x81", True),
    ],
)
def test_text_is_read_in_its_encoding_and_a_guess_is_noted(content, text, is_guessed):
    read = decoded(content)
    assert read is not None
    assert read[0] == text
    assert bool(read[1]) is is_guessed


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("a.txt", b"PK\x03\x04\x00\x00", "binary"), ("a.md", b" \n\t", "empty"), ("a.pdf", b"no pdf at all", "PDF")],
)
def test_what_is_no_text_is_skipped_with_its_reason(name, content, reason):
    skipped = read_text(content, name)
    assert isinstance(skipped, SkippedFile)
    assert reason in skipped.reason
    assert skipped.is_lasting


def test_json_and_markdown_stay_word_for_word():
    source = '{"b": 1,\r\n "a": "caf\\u00e9"}'
    document = read_text(source.encode(), "x.json")
    assert isinstance(document, Document)
    assert document.text == source.replace("\r\n", "\n")


def test_html_gives_what_a_reader_sees():
    title, text = html_text(
        "<html><head><title>A &amp; B</title><style>p{}</style></head><body><script>evil('<p>')</script><h2>Head</h2>"
        "<p title='a>b'>One <b>two</b>\n three,   4 &lt; 5.</p><ul><li>x<li>y</ul><!-- no --><pre>a\n  b</pre></body>"
    )
    assert title == "A & B"
    assert text == "## Head\n\nOne two three, 4 < 5.\n\nx\ny\n\na\n  b"


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_html_takes_no_longer_than_honest_html(piece):
    began = time.process_time()
    html_text(piece * (300_000 // len(piece)))
    assert time.process_time() - began < 2


@given(st.text(alphabet=st.sampled_from("<>/!-ab='\" &;pre\n"), max_size=60) | st.text(max_size=60))
def test_any_text_can_be_read_as_html(source):
    assert "\0" not in html_text(source)[1]


def test_a_pdf_gives_its_text_layer():
    text = pdf_text(PAGE)[1]
    assert "Herons nest in tall trees." in text


def test_a_pdf_without_text_says_so():
    empty = io.BytesIO()
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(empty)
    with pytest.raises(ValueError, match="text layer"):
        pdf_text(empty.getvalue())


def test_without_pypdf_only_the_pdf_is_skipped_and_the_extra_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(MissingExtra, match=r"khala\[pdf\]"):
        pdf_text(PAGE)
    skipped = read_text(PAGE, "a.pdf")
    assert isinstance(skipped, SkippedFile)
    assert not skipped.is_lasting


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(1_000_000_000)  # a hole: takes no space
    skipped = read_bytes(huge, "huge.txt")
    assert isinstance(skipped, SkippedFile)
    assert "larger than 20,000,000 bytes" in skipped.reason


def test_a_link_is_never_opened(tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    link = tmp_path / "link.txt"
    link.symlink_to(secret)
    assert isinstance(read_bytes(link, "link.txt"), SkippedFile)


@given(
    st.lists(
        st.sampled_from(
            ["# Title", "Title\n=====", "word " * 60, "A sentence. " * 40, "", "```", "- item", "def f():", "x" * 3000]
        ),
        max_size=12,
    ).map("\n".join)
    | st.text(max_size=300),
    st.booleans(),
)
def test_passages_hold_all_words_of_a_text_once_and_in_order(text, is_code):
    found = list(passages(text, is_code=is_code))
    assert "".join("".join(text[one.start : one.end].split()) for one in found) == "".join(text.split())
    assert all(0 < one.end - one.start <= PASSAGE_CHARS * 3 // 2 for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_passages_stand_under_their_heading():
    text = "Intro words.\n\n# First\n\nOne.\n\nSecond\n------\n\nTwo.\n"
    assert [(one.heading, text[one.start : one.end].rsplit(maxsplit=1)[-1]) for one in passages(text)] == [
        ("", "words."),
        ("First", "One."),
        ("Second", "Two."),
    ]


def test_python_carries_its_language_reference_and_docstrings_and_nothing_is_imported_for_them():
    before = set(sys.modules)
    documents = {document.id: document for document in python_documents()}
    assert not {"antigravity", "this", "turtle", "tkinter", "idlelib"} & (set(sys.modules) - before)
    assert any("Determining the appropriate metaclass" in found.text for found in documents.values())
    assert "Deserialize ``s``" in documents["stdlib/json"].text
    assert "Return the number of items in a container." in documents["stdlib/builtins"].text
    assert not any(name.startswith(("stdlib/this", "stdlib/antigravity", "stdlib/test")) for name in documents)
