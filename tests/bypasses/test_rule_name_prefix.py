"""A rule for one tool is stretched to a tool whose name begins the same."""

from __future__ import annotations

import pytest
from door import is_allowed


@pytest.mark.parametrize("name", ["read_file_and_delete", "read_fil", "read_file.", "read_file/x", ""])
def test_a_tool_whose_name_only_begins_the_same_is_refused(name: str) -> None:
    assert not is_allowed(name, {"path": "notes.md"}, "read notes.md")


def test_the_named_tool_passes() -> None:
    assert is_allowed("read_file", {"path": "notes.md"}, "read notes.md")
