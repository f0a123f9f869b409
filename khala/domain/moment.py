"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["milliseconds_of"]


def milliseconds_of(written: str) -> int:
    """An ISO 8601 date or time, UTC unless it says otherwise, in milliseconds since the epoch.

    Raises `ValueError` for anything else.
    """
    moment = datetime.fromisoformat(written)
    try:
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except OverflowError:
        raise ValueError(f"`{written}` is too far away") from None
