"""Commits that lose a race against another process, made once more.

LanceDB puts an append behind whatever came first, and tries a delete or update again a few times, by itself. What meets
another change of the same rows still, or of files that are being folded, comes back as a conflict: nothing of it was
done, and done again it sees what the other one left.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["committed"]

_Result = TypeVar("_Result")

_CONFLICT = re.compile(r"commit conflict|concurrent (?:writer|transaction)|contention", re.IGNORECASE)

_ATTEMPTS = 10

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0
"""The n-th pause is drawn evenly from 0 to the first times 2**(n-1): full jitter, so that writers do not meet again."""


def committed(commit: Callable[[], _Result]) -> _Result:
    """The result of a commit, made again while others are faster; any other error passes through at once."""
    for number in range(_ATTEMPTS - 1):
        try:
            return commit()
        except (RuntimeError, OSError, ValueError) as error:  # LanceDB has no type of its own for it
            if not _CONFLICT.search(str(error)):
                raise
        time.sleep(random.random() * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0**number))  # noqa: S311 - no secret
    return commit()
