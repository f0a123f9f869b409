"""Counts in how many masks each bit is set, for all bits of the masks at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["most_set"]


def most_set(least: int, masks: Sequence[int], hints: Sequence[int], most: int) -> list[int]:
    """Up to `most` bits set in at least so many masks, those set in most masks and hints first."""
    enough = _set_in(_counts(masks), least)
    if not enough:
        return []
    counts = _counts([*masks, *hints])
    found: list[int] = []
    for wanted in range(len(masks) + len(hints), 0, -1):
        here = _set_in(counts, wanted) & enough
        enough &= ~here
        while here and len(found) < most:
            lowest = here & -here
            found.append(lowest.bit_length() - 1)
            here ^= lowest
        if not enough or len(found) == most:
            break
    return found


def _counts(masks: Iterable[int]) -> list[int]:
    """In how many masks each bit is set, for all bits at once: `counts[i]` holds bit i of the count of each bit."""
    counts: list[int] = []
    for mask in masks:
        carry = mask
        for at, bits in enumerate(counts):
            counts[at], carry = bits ^ carry, bits & carry
        if carry:
            counts.append(carry)
    return counts


def _set_in(counts: list[int], least: int) -> int:
    """The bits whose count is at least so high."""
    if least <= 0 or least >> len(counts):
        return 0
    more, equal = 0, -1
    for at in reversed(range(len(counts))):
        if least >> at & 1:
            equal &= counts[at]
        else:
            more |= equal & counts[at]
            equal &= ~counts[at]
    return more | equal
