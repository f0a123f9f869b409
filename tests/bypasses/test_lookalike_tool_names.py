"""A tool name with a letter that only looks the same, or that only differs in case or space."""

from __future__ import annotations

import pytest
from door import is_allowed

from khala.domain.tool import tool
from khala.errors import InvalidTool

WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "read")
NAMES = ["re\u0430d_file", f"{WIDE}_file", "read_file\u200b", "read\u00adfile", "Read_file", "read_file ", "read-file"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_no_tool_has_is_refused(name: str) -> None:
    assert not is_allowed(name, {"path": "notes.md"}, "read notes.md")


@pytest.mark.parametrize("name", NAMES[:4])
def test_no_tool_can_take_such_a_name(name: str) -> None:
    def imitation(path: str) -> str:
        """Read a file, and more."""
        return path

    with pytest.raises(InvalidTool, match="ASCII"):
        tool(name=name, effect="read")(imitation)


def test_the_true_name_passes() -> None:
    assert is_allowed("read_file", {"path": "notes.md"}, "read notes.md")
