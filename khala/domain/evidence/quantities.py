"""Numbers and units as they are written, brought to one spelling each.

`1,000`, `1000` and `one thousand` are one number, `1.5 km` and `1500 metres`, `5 %` and `5 percent` one quantity.
Without a unit decimals compare as written: `3.10` may be a version and is not `3.1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

__all__ = [
    "QUANTITY",
    "Quantity",
    "currency_of",
    "grouped",
    "is_year",
    "quantity_of",
    "with_plain_units",
    "with_unit_of",
]

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
_SUFFIXES = {"k": 10**3, "K": 10**3, "M": 10**6, "m": 10**6, "mn": 10**6, "bn": 10**9, "B": 10**9, "tn": 10**12}
"""Scales written right behind the digits; without a currency before it `m` is a metre and `B` a byte."""
_CURRENCIES = {
    "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "USD": "dollar", "EUR": "euro", "GBP": "pound", "JPY": "yen",
    "SEK": "krona", "CHF": "franc",
}  # fmt: skip
_UNIT_TABLE = """
    metre 1000 km kilometre kilometres kilometer kilometers
    metre 1 metre m metres meter meters
    metre 0.01 cm centimetre centimetres centimeter centimeters
    metre 0.001 mm millimetre millimetres millimeter millimeters
    mile 1 mile mi miles
    foot 1 foot ft feet
    inch 1 inch inches
    km/h 1 km/h kmh kph
    mph 1 mph
    m/s 1 m/s
    km2 1 km2
    m2 1 m2
    mile2 1 mile2
    foot2 1 foot2
    hectare 1 hectare ha hectares
    acre 1 acre acres
    gram 1000 kg kilogram kilograms kilo kilos
    gram 1 gram g grams
    gram 0.001 mg milligram milligrams
    gram 1000000 tonne tonnes
    ton 1 ton tons
    lb 1 lb lbs
    litre 1 litre l litres liter liters
    litre 0.001 ml millilitre millilitres milliliter milliliters
    second 0.001 ms millisecond milliseconds
    second 0.000001 us µs μs microsecond microseconds
    second 0.000000001 ns nanosecond nanoseconds
    second 1 s sec secs second seconds
    second 60 min minute minutes mins
    second 3600 h hour hours hr hrs
    second 86400 day days
    second 604800 week weeks
    month 1 month months
    year 1 year years
    year 10 decade decades
    year 100 century centuries
    bit 1 bit bits
    byte 1 byte bytes
    kb 1 kb kilobyte kilobytes
    mb 1 mb megabyte megabytes
    gb 1 gb gigabyte gigabytes
    tb 1 tb terabyte terabytes
    kib 1 kib
    mib 1 mib
    gib 1 gib
    hertz 1 hz hertz
    hertz 1000 khz
    hertz 1000000 mhz
    hertz 1000000000 ghz
    watt 1 watt w watts
    watt 1000 kw kilowatt kilowatts
    watt 1000000 mw megawatt megawatts
    watt 1000000000 gw gigawatt gigawatts
    horsepower 1 horsepower hp
    volt 1 volt volts v
    celsius 1 °c celsius
    fahrenheit 1 °f fahrenheit
    kelvin 1 kelvin k
    dollar 1 dollar dollars usd
    dollar 0.01 cent cents
    euro 1 euro euros eur
    pound 1 pound pounds gbp
    yen 1 yen jpy
    krona 1 krona kronor sek
    franc 1 franc francs chf
    % 1 % percent
    point 1 percentage-point percentage-points
    point 0.01 basis-point basis-points
    """
"""A line holds what a unit is counted in, how many of those one is, and its spellings."""
_UNITS = {
    spelling: (unit, Decimal(factor))
    for unit, factor, *spellings in (line.split() for line in _UNIT_TABLE.strip().splitlines())
    for spelling in spellings
}
_SAME_UNIT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(?:kilomet(?:re|er)s?|km) (?:per|an) hour\b|\bkm/hr?\b", re.IGNORECASE), "km/h"),
    (re.compile(r"\bmiles (?:per|an) hour\b", re.IGNORECASE), "mph"),
    (re.compile(r"\bmet(?:re|er)s per second\b", re.IGNORECASE), "m/s"),
    (re.compile(r"\b(?:square|sq\.?) (?:kilomet(?:re|er)s?|km)\b", re.IGNORECASE), "km2"),
    (re.compile(r"\b(?:square|sq\.?) (?:met(?:re|er)s?|m)\b", re.IGNORECASE), "m2"),
    (re.compile(r"\b(?:square|sq\.?) (?:miles?|mi)\b", re.IGNORECASE), "mile2"),
    (re.compile(r"\b(?:square|sq\.?) (?:feet|foot|ft)\b", re.IGNORECASE), "foot2"),
    (re.compile(r"\bdegrees? (celsius|fahrenheit)\b", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(percentage|basis) (points?)\b", re.IGNORECASE), r"\1-\2"),
)
"""Units of several words or signs, each with the spelling it is read as."""


def _either(spellings: list[str]) -> str:
    return "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))


_TENS = [word for word, digits in _SPELLED.items() if len(digits) > 1 and digits.endswith("0") and word != "ten"]
_SCALE_WORD = rf"(?:[\s-]?(?P<scale>(?i:{_either([*_SCALES])}))\b)?"
_SUFFIX = r"(?:\s?(?P<suffix>bn|mn|tn)\b|(?P<letter>[kKMB]|(?(currency)m|(?!)))\b)?"
_UNIT_WORD = rf"[\s-]?(?P<unit>(?i:{_either([unit for unit in _UNITS if unit != '%'])}))(?!\w)"
QUANTITY = (
    r"(?:(?P<sign>(?<![\w)\]])-)?(?:(?P<currency>[$€£¥]|\b(?:USD|EUR|GBP|JPY|SEK|CHF)(?=\s?\d))\s?)?"
    r"(?P<digits>(?P<clock>\d{1,2}(?::\d{2}){1,2}(?![:\d]))|\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<decimal>(?:\.\d+)*)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"{_SUFFIX}|\b(?P<spelled>(?i:(?:(?:{_either(_TENS)})-)?(?:{_either([*_SPELLED, *_ORDINALS])})))\b)"
    rf"{_SCALE_WORD}(?:\s*(?P<percent>%|(?i:per\s?cent)\b)|{_UNIT_WORD})?(?![^\W_])"
)
"""Pattern of one quantity in a straightened text."""

_FIELD_UNIT = re.compile(
    rf"""(\w+)_({_either([unit for unit in _UNITS if unit.isalpha()])})"?\s*[:=]\s*(\d[\d,.]*\d|\d)\b""", re.IGNORECASE
)
"""A field that names its unit: `"weight_g": 268`."""

_YEARS = range(1000, 2200)
_DECIMAL = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?")
_GROUP = re.compile(r"(?<=\d)[\u00a0\u2007\u2009\u202f'’](?=\d{3}(?!\d))")  # noqa: RUF001 (thousand separators)


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, `""` where none is written; `value` counts in the base of the unit."""

    value: str
    unit: str
    is_spelled: bool
    written: str
    """The number before its unit: `8` of 8 km."""
    said: str = field(default="", compare=False)
    """All of it as it stands there."""

    def is_in(self, others: tuple[Quantity, ...]) -> bool:
        """Whether the same quantity is among others; a unit this one does not name may stand there, except percent."""
        return any(self.equals(other) for other in others)

    def equals(self, other: Quantity) -> bool:
        """Whether the other says the same amount, and of the same unit if this one names any."""
        if self.unit:
            return (other.value, other.unit) == (self.value, self.unit)
        return other.written == self.written and other.unit != "%"

    def is_amount_of(self, other: Quantity) -> bool:
        """Whether this is an amount of money and the other the same number without a unit."""
        if self.unit not in _CURRENCIES.values() or other.unit or other.is_spelled:
            return False
        return self.value == (_plain(Decimal(other.value)) if _DECIMAL.fullmatch(other.value) else other.value)


def currency_of(word: str) -> str:
    """The currency that a word names, else `""`."""
    unit = _UNITS.get(word, ("",))[0]
    return unit if unit in _CURRENCIES.values() else ""


def is_year(quantity: Quantity) -> bool:
    """Whether a number may be a year."""
    return not quantity.unit and quantity.value.isdecimal() and int(quantity.value) in _YEARS


def grouped(text: str) -> str:
    """The text with every thousand separator as a comma."""
    return _GROUP.sub(",", text)


def with_plain_units(text: str) -> str:
    """The text with units of several words in one word, `square kilometres` as `km2`, and those of fields behind."""
    text = _FIELD_UNIT.sub(r"\1 \3 \2", text)
    for spelled, plain in _SAME_UNIT:
        text = spelled.sub(plain, text)
    return text


def quantity_of(match: re.Match[str]) -> Quantity:
    """The quantity in a match of `QUANTITY`, counted in the base of its unit."""
    written_unit = "%" if match["percent"] else (match["unit"] or "").casefold()
    unit, factor = ("clock" if match["clock"] else ""), Decimal(1)
    unit, factor = _UNITS.get(written_unit, (unit, factor))
    unit = unit or _CURRENCIES.get(match["currency"] or "", "")
    scale = _SCALES.get((match["scale"] or "").casefold(), 1)
    letter = match["suffix"] or match["letter"] or ""
    if letter == "B" and not match["currency"]:
        unit = "byte"
    else:
        scale *= _SUFFIXES.get(letter, 1)
    written, is_spelled = _digits(match)
    sign, ordinal = match["sign"] or "", match["ordinal"] or ""
    value = written
    if written.replace(".", "", 1).isdigit() and not ordinal:
        if scale > 1:
            value = written = _plain(Decimal(written) * scale)
        if unit:
            value = _plain(Decimal(written) * factor)
    return Quantity(
        sign + value + ordinal, unit, is_spelled=is_spelled and scale == 1, written=sign + written + ordinal,
        said=match[0].strip(),
    )  # fmt: skip


def with_unit_of(quantity: Quantity, other: Quantity) -> Quantity:
    """A quantity without unit, counted like another one: the 5 of `5 to 10 km`."""
    try:
        factor = Decimal(other.value) / Decimal(other.written)
        value = _plain(Decimal(quantity.written) * factor)
    except ArithmeticError:
        return quantity
    return replace(quantity, value=value, unit=other.unit)


def _plain(number: Decimal) -> str:
    """A number without exponent and without zeros that say nothing."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _digits(match: re.Match[str]) -> tuple[str, bool]:
    """A number in digits, and whether it was spelled out."""
    spelled = (match["spelled"] or "").casefold()
    if not spelled:
        return match["digits"].replace(",", "") + match["decimal"], False
    tens, _, ones = spelled.rpartition("-")
    if ones in _ORDINALS:
        return (_ORDINALS[ones] if not tens else _SPELLED[tens][0] + _ORDINALS[ones]), True
    return str(int(_SPELLED[ones]) + int(_SPELLED.get(tens, "0"))), True
