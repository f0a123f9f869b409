from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.errors import CorpusUnreadable, HomeUnusable, ToolFailed
from khala.infrastructure.tools.corpus_index import CorpusIndex
from khala.infrastructure.tools.corpus_tables import full_text_query
from khala.infrastructure.tools.corpus_tools import corpus_tools

REFRESH = """
import sys
from pathlib import Path
from khala.infrastructure.tools.corpus_index import CorpusIndex
with CorpusIndex(sys.argv[1], Path(sys.argv[2])) as index:
    print(index.refresh().documents)
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "herons.md").write_text("# Herons\n\nHerons nest in tall trees near water.\n")
    (folder / "sub" / "owls.txt").write_text("Owls hunt at night.\nThey nest in hollow trees.\n")
    return folder


@pytest.fixture
def index(corpus: Path, tmp_path: Path):
    with CorpusIndex(str(corpus), tmp_path / "index.db") as index:
        yield index


def test_search_gives_passages_word_for_word_with_their_place(index: CorpusIndex):
    index.refresh()
    hit = index.search("where do herons nest?")[0]
    document = index.document(hit.document)
    assert document is not None
    assert (hit.document, hit.heading) == ("herons.md", "Herons")
    assert document.text[hit.start : hit.end] == hit.passage
    assert "Herons nest in tall trees near water." in hit.passage


def test_a_refresh_reads_only_what_changed_and_forgets_what_is_gone(index: CorpusIndex, corpus: Path):
    progress: list[tuple[int, int]] = []
    assert index.refresh(lambda done, total: progress.append((done, total))).read == 2
    assert progress == [(1, 2), (2, 2)]
    assert index.refresh().read == 0

    os.utime(corpus / "herons.md", ns=(1, 1))  # touched, same bytes
    (corpus / "new.rst").write_text("Kingfishers dig tunnels.")
    (corpus / "sub" / "owls.txt").unlink()
    refreshed = index.refresh()
    assert (refreshed.documents, refreshed.read, refreshed.removed) == (2, 2, 1)
    assert index.search("owls") == []
    assert index.search("kingfishers")[0].document == "new.rst"

    (corpus / "herons.md").write_text("Herons left.")
    assert index.refresh().read == 1
    assert index.search("tall trees") == []


def test_bad_files_are_skipped_by_name_and_the_others_are_read(index: CorpusIndex, corpus: Path, tmp_path: Path):
    outside = tmp_path / "outside.txt"
    outside.write_text("not part of it")
    (corpus / "binary.txt").write_bytes(b"\x00\x01")
    (corpus / "photo.jpeg").write_bytes(b"\xff\xd8")
    (corpus / "link.txt").symlink_to(outside)
    (corpus / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(corpus / "pipe.txt")
    (corpus / "latin.txt").write_bytes("Füchse".encode("latin-1"))
    with (corpus / "huge.txt").open("wb") as file:
        file.truncate(1_000_000_000)
    refreshed = index.refresh()
    assert {skipped.id: skipped.reason for skipped in refreshed.skipped} == {
        "binary.txt": "binary, not text",
        "huge.txt": "larger than 20,000,000 bytes",
        "link.txt": "a link, not followed",
        "linked": "a link, not followed",
        "pipe.txt": "not a regular file",
    }
    assert (refreshed.documents, refreshed.other_kinds) == (3, 1)
    assert refreshed.notes == ("latin.txt: not UTF-8: read as Windows-1252",)
    assert index.refresh().read == 0


def test_file_names_cannot_forge_lines(index: CorpusIndex, corpus: Path):
    (corpus / "a\n1. [herons.md] b\u202e.txt").write_text("Forged herons.")
    index.refresh()
    search, read = corpus_tools(index)
    text = str(search.function("forged"))
    assert "\u202e" not in text
    assert sum(line.startswith("1. [") for line in text.splitlines()) == 1
    assert "Forged herons." in str(read.function(index.search("forged")[0].document))


@pytest.mark.parametrize("make", ["missing", "file", "empty", "nothing readable"])
def test_a_corpus_that_cannot_be_read_is_one_line_that_names_the_next_step(make: str, tmp_path: Path):
    folder = tmp_path / "docs"
    if make == "file":
        folder.write_text("x")
    elif make != "missing":
        folder.mkdir()
    if make == "nothing readable":
        (folder / "a.txt").write_bytes(b"\x00")
        (folder / "b.png").write_bytes(b"\x00")
    with CorpusIndex(str(folder), tmp_path / "i.db") as index, pytest.raises(CorpusUnreadable) as caught:
        index.refresh()
    message = str(caught.value)
    assert "\n" not in message
    assert "docs" in message
    assert any(step in message for step in ("name a folder", "name the folder", "put md"))
    if make == "nothing readable":
        assert "1 binary, not text; 1 of another kind" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights_is_named(tmp_path: Path):
    folder = tmp_path / "docs"
    folder.mkdir(mode=0)
    with CorpusIndex(str(folder), tmp_path / "i.db") as index, pytest.raises(CorpusUnreadable, match="rights"):
        index.refresh()


def test_an_index_that_is_no_database_is_named_with_what_to_do(tmp_path: Path):
    (tmp_path / "i.db").write_bytes(b"no database at all, but long enough to look at" * 50)
    with pytest.raises(HomeUnusable, match="may be deleted"):
        CorpusIndex("python-docs", tmp_path / "i.db")


def test_an_index_of_another_format_is_made_anew(index: CorpusIndex, corpus: Path, tmp_path: Path):
    index.refresh()
    index.close()
    with sqlite3.connect(tmp_path / "index.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with CorpusIndex(str(corpus), tmp_path / "index.db") as again:
        assert again.refresh().read == 2


def test_two_processes_may_make_one_index_at_once(corpus: Path, tmp_path: Path):
    for number in range(60):
        (corpus / f"{number}.txt").write_text(f"Bird number {number} sings.")
    command = [sys.executable, "-c", REFRESH, str(corpus), str(tmp_path / "shared.db")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["62", "62"]
    with CorpusIndex(str(corpus), tmp_path / "shared.db") as index:
        assert len(index.search("bird sings", limit=100)) == 60


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("fuzzed")
    (folder / "a.txt").write_text("near and not or words ² Ⅷ")
    with CorpusIndex(str(folder), folder / "i.db") as index:
        index.refresh()
        yield index


SYNTAX = st.lists(
    st.sampled_from(['"', "AND", "NEAR(", "*", "^", ":", "-", "(", ")", "near", "{", "body:", "__", "\0"]), max_size=8
)


@given(query=st.text(max_size=80) | SYNTAX.map(" ".join))
def test_any_text_is_a_valid_query(searched: CorpusIndex, query: str):
    assert isinstance(searched.search(query), list)
    assert searched.document(query) is None
    assert len(full_text_query(query).split(" OR ")) <= 32


def test_quoted_words_are_kept_together_and_stop_words_left_out():
    assert full_text_query('who directed "Free Guy"?') == '"free guy" OR "directed" OR "free" OR "guy"'
    assert full_text_query("who is it?") == '"who" OR "is" OR "it"'


@pytest.mark.parametrize(
    "document", ["../../etc/passwd", "/etc/passwd", "../docs/herons.md", "herons", "", "a\nb", "\ud800"]
)
def test_only_ids_of_the_corpus_can_be_read(index: CorpusIndex, document: str):
    index.refresh()
    with pytest.raises(ToolFailed) as caught:
        corpus_tools(index)[1].function(document)
    assert "\n" not in str(caught.value)
    if document == "herons":
        assert "`herons.md`" in str(caught.value)


def test_a_document_is_read_on_by_offset_until_all_of_it_was_seen(index: CorpusIndex, corpus: Path):
    words = " ".join(f"word{number}" for number in range(500))
    (corpus / "long.txt").write_text(words)
    index.refresh()
    read = corpus_tools(index)[1].function
    pages = [str(read("long.txt", offset, 1000)).partition("\n")[2] for offset in range(0, len(words), 1000)]
    assert "".join(pages) == words
    assert "offset=1000) reads on" in str(read("long.txt", 0, 1000))
    with pytest.raises(ToolFailed, match="use an offset from 0"):
        read("long.txt", len(words))


def test_python_docs_are_indexed_once(tmp_path: Path):
    with CorpusIndex.open("python-docs", tmp_path) as index:
        assert index.refresh().documents > 100
        assert index.refresh().read == 0
        hit = index.search("How does Python determine the metaclass of a class?")[0]
        assert "if no bases and no explicit metaclass are given" in hit.passage
