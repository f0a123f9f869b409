"""What records say by their form, put into words: a `false` field, the years of a life, a limit, the cells of a table.

Only the words matter here; where they stand is told of the text as it is.
"""

from __future__ import annotations

import re

from .dates import DATE_WITHOUT_GROUPS

__all__ = ["is_row", "row_in_words", "spelled_out"]

_FALSE = re.compile(r'"(\w+)"\s*:\s*false\b')
_ORDINAL_KEY = re.compile(r'"(?:first|second|third)"\s*:')
_LIFE = re.compile(rf"\((?:born )?({DATE_WITHOUT_GROUPS})\s+-\s+(?:died )?({DATE_WITHOUT_GROUPS})\)")
_AT_MOST = re.compile(r"\b(?:not exceeding|(?:not|no) (?:more|higher|longer|later) than)\b")
_AT_LEAST = re.compile(r"\b(?:not|no) (?:less|fewer|lower|earlier) than\b")
_CELL_UNIT = re.compile(r"\s*\(([^()]{1,12})\)$")


def spelled_out(text: str) -> str:
    """A straightened text with `"open": false` as `not open`, a life's dates named, and limits without a denial."""
    if " than" in text or "exceeding" in text:
        text = _AT_MOST.sub("at most", _AT_LEAST.sub("at least", text))
    if "false" in text:
        text = _FALSE.sub(r"not \1", text)
    if '":' in text:
        text = _ORDINAL_KEY.sub("", text)  # the key of a name, and no number
    return _LIFE.sub(r"(born \1, died \2)", text) if "(" in text else text


def is_row(text: str) -> bool:
    """Whether a passage is a row of a Markdown table."""
    return text.startswith("|") and text.endswith("|") and text.count("|") > 2  # noqa: PLR2004 (two cells)


def row_in_words(header: str, row: str) -> str:
    """Each cell of a row behind what its column is called, a unit of the column behind the cell."""
    names = [cell.strip().lower() for cell in header.strip("|").split("|")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    if len(names) != len(cells):
        return row
    said: list[str] = []
    for name, cell in zip(names, cells, strict=True):
        unit = _CELL_UNIT.search(name)
        said.append(f"{_CELL_UNIT.sub('', name)} {cell}{f' {unit[1]}' if unit else ''}")
    return " | ".join(said)
