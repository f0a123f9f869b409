"""Numbers, units and dates as they are written, brought to one spelling each.

`1,000`, `1000` and `one thousand` are one number, `5 %` and `5 percent` one quantity, `12 March 2021` and `2021-03-12`
one date. Decimals compare as written: `3.10` may be a version and is not `3.1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["DATE", "QUANTITY", "Date", "Quantity", "date_of", "grouped", "quantity_of"]

_SPELLED = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
}  # fmt: skip
_ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th",
    "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
_UNITS = {
    spelling: names[0]
    for names in (
        line.split()
        for line in """
        km kilometre kilometres kilometer kilometers
        metre m metres meter meters
        cm centimetre centimetres centimeter centimeters
        mm millimetre millimetres millimeter millimeters
        mile mi miles
        foot ft feet
        inch inches
        hectare ha hectares
        acre acres
        kg kilogram kilograms kilo kilos
        gram g grams
        mg milligram milligrams
        tonne tonnes
        ton tons
        lb lbs
        litre l litres liter liters
        ms millisecond milliseconds
        us µs μs microsecond microseconds
        ns nanosecond nanoseconds
        s sec secs second seconds
        min minute minutes mins
        h hour hours hr hrs
        day days
        week weeks
        month months
        year years
        decade decades
        century centuries
        bit bits
        byte bytes
        kb kilobyte kilobytes
        mb megabyte megabytes
        gb gigabyte gigabytes
        tb terabyte terabytes
        kib
        mib
        gib
        hz hertz
        khz
        mhz
        ghz
        watt w watts
        kw kilowatt kilowatts
        mw megawatt megawatts
        gw gigawatt gigawatts
        volt volts v
        °c celsius
        °f fahrenheit
        kelvin k
        dollar dollars usd
        euro euros eur
        pound pounds gbp
        yen jpy
        % percent
        """.splitlines()
    )
    if names
    for spelling in names
}


def _either(spellings: list[str]) -> str:
    return "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))


_SCALE_WORD = rf"(?:[\s-]?(?P<scale>(?i:{_either([*_SCALES])}))\b)?"
_UNIT_WORD = rf"[\s-]?(?P<unit>(?i:{_either([unit for unit in _UNITS if unit != '%'])}))(?!\w)"
QUANTITY = (
    r"(?:(?P<sign>(?<![\w)\]])-)?(?:(?P<currency>[$€£¥])\s?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<decimal>(?:\.\d+)*)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<spelled>(?i:{_either([*_SPELLED, *_ORDINALS])}))\b)"
    rf"{_SCALE_WORD}(?:\s*(?P<percent>%|(?i:per\s?cent)\b)|{_UNIT_WORD})?(?![^\W\d_])"
)
"""Pattern of one quantity in a straightened text."""

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r")\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
DATE = (
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    rf"|\b(?P<day_first>{_DAY})\s+(?:of\s+)?(?P<month_second>{_MONTH})(?:,?\s+(?P<year_third>\d{{4}})\b)?"
    rf"|\b(?P<month_first>{_MONTH})\s+(?P<day_second>{_DAY})(?:,?\s+(?P<year_last>\d{{4}})\b)?"
    rf"|\b(?P<month_only>{_MONTH}),?\s+(?P<year_only>\d{{4}})\b"
)
"""Pattern of one date with a month in it; slashed dates are left alone, as nobody knows which part is the month."""

_GROUP = re.compile(r"(?<=\d)[\u00a0\u2007\u2009\u202f'’](?=\d{3}(?!\d))")  # noqa: RUF001 (thousand separators)


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, `""` where none is written."""

    value: str
    unit: str
    is_spelled: bool

    def is_in(self, others: tuple[Quantity, ...]) -> bool:
        """Whether the same quantity is among others; a unit this one does not name may stand there, except percent."""
        return any(
            other.value == self.value and (other.unit == self.unit or (not self.unit and other.unit != "%"))
            for other in others
        )


@dataclass(frozen=True)
class Date:
    """A date; 0 stands for a part that is not written."""

    year: int
    month: int
    day: int

    def is_in(self, others: tuple[Date, ...]) -> bool:
        """Whether some other date has every part that this one has."""
        mine = (self.year, self.month, self.day)
        return any(
            all(part in (0, theirs) for part, theirs in zip(mine, (other.year, other.month, other.day), strict=True))
            for other in others
        )


def grouped(text: str) -> str:
    """The text with every thousand separator as a comma."""
    return _GROUP.sub(",", text)


def quantity_of(match: re.Match[str]) -> Quantity:
    """The quantity in a match of `QUANTITY`."""
    unit = "%" if match["percent"] else _UNITS.get((match["unit"] or "").casefold(), "")
    unit = unit or _CURRENCIES.get(match["currency"] or "", "")
    scale = _SCALES.get((match["scale"] or "").casefold(), 1)
    spelled = (match["spelled"] or "").casefold()
    if spelled in _ORDINALS:
        return Quantity(_ORDINALS[spelled], unit, is_spelled=True)
    written = _SPELLED[spelled] if spelled else match["digits"].replace(",", "") + match["decimal"]
    if scale > 1 and written.count(".") <= 1:
        written = f"{Decimal(written) * scale:f}"
        written = written.rstrip("0").rstrip(".") if "." in written else written
    return Quantity(
        (match["sign"] or "") + written + (match["ordinal"] or ""), unit, is_spelled=bool(spelled) and scale == 1
    )


def date_of(match: re.Match[str]) -> Date:
    """The date in a match of `DATE`."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return Date(year, month, day)
    month = match["month_second"] or match["month_first"] or match["month_only"]
    day = match["day_first"] or match["day_second"] or "0"
    year = match["year_third"] or match["year_last"] or match["year_only"] or "0"
    number = next(place for place, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))
    return Date(int(year), number, int(re.sub(r"\D", "", day)))
