"""The one tool that writes: a note in the home. A guard without a rule that allows it denies it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from khala.domain.tool import Tool, tool
from khala.errors import ToolFailed

__all__ = ["note_tool"]

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9 _.-]{0,79}\Z")


def note_tool(folder: Path) -> Tool:
    """`write_note`, which makes new Markdown files in `folder` and nowhere else."""

    @tool(effect="write", roles={"name": "path", "text": "content"}, pinned=False)
    def write_note(name: str, text: str) -> str:
        """Write a new note; a note that exists is never overwritten.

        Args:
            name: its name: letters, digits, spaces, `_`, `-` and `.`, at most 80
            text: the whole note, Markdown
        """
        if not _NAME.match(name):
            raise ToolFailed("a note's name has up to 80 ASCII letters, digits, spaces, `_`, `-`, `.`, no dot first")
        target = folder / f"{name}.md"
        try:
            is_new = _create(target, text)
        except OSError as problem:
            raise ToolFailed(f"the note cannot be written: {(problem.strerror or 'unknown reason').lower()}") from None
        if not is_new:
            raise ToolFailed(f"a note `{name}` exists and is never overwritten: choose another name")
        return f"note `{name}` written: {len(text)} characters"

    return write_note


def _create(target: Path, text: str) -> bool:
    """All of a new file, or nothing and `False` when there is one: written under a passing name, then linked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, passing = tempfile.mkstemp(prefix=".note-", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor, not a path)
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        os.link(passing, target)  # unlike a rename, a link refuses a name that is taken
    except FileExistsError:
        return False
    finally:
        Path(passing).unlink(missing_ok=True)
    return True
