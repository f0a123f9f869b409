"""A tool that opens letters, runs in which it did, and where their words stand on disk."""

from __future__ import annotations

import time
from pathlib import Path

from khala.assembly import Home
from khala.domain.namespace import Namespace
from khala.domain.tool import tool

ACME, OTHER = Namespace(tenant="acme"), Namespace(tenant="other")


@tool(effect="read")
def open_letter(number: int) -> str:
    """Open a letter."""
    return f"Letter {number} says that swordfish{number} opens the vault of Kuopio\nand nothing else, really."


def told(home: Home, *numbers: int, namespace: Namespace | None = None) -> list[str]:
    """A run in which these letters were opened; the ids of their results."""
    with home.session("open them", [open_letter], namespace=namespace) as session:
        for number in numbers:
            session.protect(open_letter)(number)
    return [f"{session.run_id}-{place}" for place in range(1, len(numbers) + 1)]


def indexed(home: Home) -> None:
    """Wait until the index holds all that was remembered."""
    home.memory.recall("letter")
    deadline = time.monotonic() + 60
    while home.memory.stats().pending and time.monotonic() < deadline:
        time.sleep(0.05)


def files_with(folder: Path, *words: str) -> list[Path]:
    """The files that hold any of these words, byte by byte."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]
