"""A home with letters in it, and `khala memory` over it, in this process."""

from __future__ import annotations

import json
from pathlib import Path

from khala.assembly import Home
from khala.cli.main import main
from khala.domain.namespace import Namespace
from khala.domain.tool import tool

ACME = Namespace(tenant="acme", agent="clerk")


@tool(effect="read")
def open_letter(number: int) -> str:
    """Open a letter."""
    return f"Letter {number} says that swordfish{number} opens the vault of Kuopio\nand nothing else, really."


@tool(effect="read")
def open_parcel(number: int) -> str:
    """Open a parcel."""
    return f"Parcel {number} holds a clock from Jyväskylä number {number}, wrapped in newspaper."


def told(path, *numbers, opening=open_letter, namespace=None) -> list[str]:
    """A run in which these were opened; the ids of their results."""
    with Home(path, semantic=False) as home, home.session("open them", [opening], namespace=namespace) as session:
        for number in numbers:
            session.protect(opening)(number)
    return [f"{session.run_id}-{place}" for place in range(1, len(numbers) + 1)]


def files_with(path, word) -> list[Path]:
    return [each for each in Path(path).rglob("*") if each.is_file() and word.encode() in each.read_bytes()]


class Memory:
    """Runs `khala memory` on one home."""

    def __init__(self, home, capsys) -> None:
        self.home = str(home)
        self.capsys = capsys

    def __call__(self, *arguments, code=0) -> str:
        """What it prints; its complaint, one line, where it is to fail."""
        self.capsys.readouterr()  # what opening a home in this process logs
        got = main(["memory", *map(str, arguments), "--home", self.home])
        out, err = self.capsys.readouterr()
        assert got == code, err
        complaint = err.splitlines()[-1] if err else ""
        return out if code == 0 else complaint

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json"))
