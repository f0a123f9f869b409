"""The page about functions names every function, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from khala.domain.budget import Spend
from khala.domain.grounding import Grounding
from khala.domain.label import Label
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Facts
from khala.infrastructure.security.cel_conditions import FUNCTIONS, compile_condition

PAGE = (Path(__file__).parents[3] / "docs" / "policy-functions.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split(" | ")] for line in PAGE.splitlines() if re.match(r"\| `\w+\(", line)]


def truth(example: str) -> bool | None:
    grounding = Grounding()
    grounding.add_user_words("mail ann@example.org")
    grounding.add_result("bob@example.org", Label(trust="trusted"))
    facts = Facts(ToolManifest(tool="use", effect="network"), {}, grounding, {"search": 2}, Spend(money=0.25).amounts)
    return compile_condition(example.strip("`| "))(facts)


def test_every_function_has_a_row() -> None:
    assert {row[0].strip("|` ").partition("(")[0] for row in ROWS} == FUNCTIONS | {"matches"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_examples_hold(row: list[str]) -> None:
    *_, error, true, without_answer = row
    assert truth(true) is True
    assert (error == "never") is (without_answer.strip("| ") == "")
    if error != "never":
        assert truth(without_answer) is None


def test_the_page_names_everything_a_run_counts() -> None:
    assert all(f"`{name}`" in PAGE for name in Spend().amounts)
