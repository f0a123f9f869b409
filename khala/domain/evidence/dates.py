"""Dates as they are written, brought to one spelling.

`12 March 2021`, `12.03.2021` and `2021-03-12` are one date. `03/04/2021` is none, as nobody knows which part is the
month; `25/12/2021` is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["DATE", "DATE_WITHOUT_GROUPS", "Date", "date_of"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r"|Sept)\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
DATE = (
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}|\b\d{4}/\d{1,2}/\d{1,2})(?:(?=T\d)|\b(?![/-]\d))"
    r"|(?<![\d.])(?P<dotted>[0-3]?\d\.[01]?\d\.\d{4})(?![\d.]*\d)"
    r"|(?<![\d/])(?P<slashed>\d{1,2}/(?:1[3-9]|2\d|3[01])/\d{4}|(?:1[3-9]|2\d|3[01])/\d{1,2}/\d{4})(?![\d/])"
    rf"|\b(?P<day_first>{_DAY})[\s-]+(?:day\s+)?(?:of\s+)?(?P<month_second>{_MONTH})(?:,?[\s-]+(?P<year_third>\d{{4}})\b)?"
    rf"|\b(?P<month_first>{_MONTH})\s+(?:the\s+)?(?P<day_second>{_DAY})(?:,?\s+(?P<year_last>\d{{4}})\b)?"
    rf"|\b(?P<month_only>{_MONTH})(?:,|\s+of)?\s+(?P<year_only>\d{{4}})\b"
)
"""Pattern of one date with a month in it."""
DATE_WITHOUT_GROUPS = (
    rf"(?:{_DAY}[\s-]+{_MONTH},?[\s-]+\d{{4}}|{_MONTH}\s+{_DAY},?\s+\d{{4}}|\d{{4}}-\d{{2}}-\d{{2}}|\d{{4}})"
)
"""Pattern of a whole date or a year, to be part of another pattern."""


@dataclass(frozen=True)
class Date:
    """A date; 0 stands for a part that is not written."""

    year: int
    month: int
    day: int
    said: str = field(default="", compare=False)
    """As it stands there."""

    def is_in(self, others: tuple[Date, ...]) -> bool:
        """Whether some other date has every part that this one has."""
        return any(self.holds_for(other) for other in others)

    def holds_for(self, other: Date) -> bool:
        """Whether the other date has every part that this one has."""
        mine, theirs = (self.year, self.month, self.day), (other.year, other.month, other.day)
        return all(part in (0, their) for part, their in zip(mine, theirs, strict=True))


def date_of(match: re.Match[str]) -> Date:
    """The date in a match of `DATE`."""
    if match["iso"]:
        year, month, day = map(int, re.split("[-/]", match["iso"]))
        return Date(year, month, day, match[0])
    if match["dotted"] or match["slashed"]:
        day, month, year = map(int, re.split("[./]", match["dotted"] or match["slashed"]))
        return Date(year, month, day, match[0]) if month <= len(_MONTHS) else Date(year, day, month, match[0])
    name = match["month_second"] or match["month_first"] or match["month_only"]
    day_words = match["day_first"] or match["day_second"] or "0"
    written_year = match["year_third"] or match["year_last"] or match["year_only"] or "0"
    number = next(place for place, month_name in enumerate(_MONTHS, 1) if month_name.startswith(name[:3]))
    return Date(int(written_year), number, int(re.sub(r"\D", "", day_words)), match[0])
