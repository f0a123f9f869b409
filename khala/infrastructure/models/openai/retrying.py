"""Tries again what may pass: exponential backoff with full jitter, bounded in attempts and in time.

The n-th pause is drawn evenly from 0 to `first_delay_s * 2**(n-1)`, at most `longest_delay_s`; an endpoint that names a
time to wait is not asked earlier, up to the same bound. Full jitter keeps many agents from asking in step.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import structlog

from khala.errors import ModelUnavailable

__all__ = ["Passing", "Retries", "asked_delay_s", "retried"]

_Result = TypeVar("_Result")

_log = structlog.get_logger("khala")


@dataclass(frozen=True)
class Retries:
    """How long to keep trying, and what to wait with; the last three are for tests."""

    attempts: int = 8
    first_delay_s: float = 0.5
    longest_delay_s: float = 60.0
    total_s: float = 1_800.0
    """No attempt begins later than this; long enough for three replies of the client's default time."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic


class Passing(Exception):
    """A fault that may pass: `cause` in a few words, `advice` for when it does not, `delay_s` if one was asked for.

    `most_attempts` ends the trying earlier than `Retries.attempts`.
    """

    def __init__(self, cause: str, *, advice: str = "", delay_s: float = 0.0, most_attempts: int = sys.maxsize) -> None:
        super().__init__(cause)
        self.most_attempts = most_attempts
        self.cause = cause
        self.advice = advice
        self.delay_s = delay_s


async def retried(
    attempt: Callable[[float], Awaitable[_Result]],
    retries: Retries,
    *,
    where: str,
    advice: str = "resume the run when the endpoint is well again",
) -> _Result:
    """The result of the first attempt that does not raise `Passing`.

    `attempt` is given the seconds that are left; `advice` is for a fault that brings none. Raises `ModelUnavailable`
    with the last cause when attempts or time run out; any other error passes through at once.
    """
    begun_s = retries.clock()
    slept_s = 0.0
    number = 0
    while True:
        number += 1
        try:
            return await attempt(max(0.1, retries.total_s - (retries.clock() - begun_s)))
        except Passing as fault:
            last = fault
        spread_s = min(retries.longest_delay_s, retries.first_delay_s * 2.0 ** min(number - 1, 30))
        delay_s = max(min(last.delay_s, retries.longest_delay_s), retries.chance() * spread_s)
        passed_s = max(retries.clock() - begun_s, slept_s)
        if number >= min(retries.attempts, last.most_attempts) or passed_s + delay_s >= retries.total_s:
            times = "1 attempt" if number == 1 else f"{number} attempts"
            raise ModelUnavailable(f"`{where}` gave no usable reply in {times}: {last.cause}; {last.advice or advice}")
        _log.warning("the model endpoint is asked again", cause=last.cause, after_s=round(delay_s, 1))
        await retries.sleep(delay_s)
        slept_s += delay_s


def asked_delay_s(header: str | None, now_s: float) -> float:
    """The seconds a `Retry-After` header asks to wait, from `now_s` (since the epoch); 0 if it cannot be read."""
    if not header:
        return 0.0
    try:
        delay_s = float(header)
    except ValueError:
        try:
            delay_s = parsedate_to_datetime(header).timestamp() - now_s
        except (ValueError, OverflowError):
            return 0.0
    return max(0.0, delay_s) if math.isfinite(delay_s) else 0.0
