from __future__ import annotations

from pathlib import Path

import pytest

from khala.errors import ToolFailed
from khala.infrastructure.tools.notes import note_tool


def test_a_note_is_written_whole_and_nothing_else_is_left(tmp_path: Path):
    note_tool(tmp_path / "notes").function("My note-1", "Größe\n")
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["My note-1.md"]
    assert (tmp_path / "notes" / "My note-1.md").read_bytes() == "Größe\n".encode()


def test_a_note_that_exists_is_never_overwritten(tmp_path: Path):
    write = note_tool(tmp_path).function
    write("a", "first")
    with pytest.raises(ToolFailed, match="never overwritten"):
        write("a", "second")
    assert (tmp_path / "a.md").read_text() == "first"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["", ".hidden", "../up", "a/b", "a\\b", "a\nb", "a\0b", "naïve", " lead", "x" * 81, "a\n"]
)
def test_only_plain_names_are_taken(tmp_path: Path, name: str):
    with pytest.raises(ToolFailed):
        note_tool(tmp_path / "notes").function(name, "text")
    assert list(tmp_path.rglob("*")) == []


def test_a_folder_that_cannot_be_written_is_a_failed_call(tmp_path: Path):
    (tmp_path / "notes").write_text("a file where the folder should be")
    with pytest.raises(ToolFailed, match="cannot be written"):
        note_tool(tmp_path / "notes").function("a", "b")


def test_the_tool_says_what_it_does_to_the_world(tmp_path: Path):
    manifest = note_tool(tmp_path).manifest
    assert manifest is not None
    assert manifest.has_side_effect
    assert manifest.roles == {"name": "path", "text": "content"}
