"""Calls that go round in circles: the same again, nearly the same again, or a few of them in turn.

Two calls are nearly the same when they go to one tool, name the same numbers, and say almost the same words in any
order; a page 2 after a page 1 is no loop.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from .call import ToolCall
from .evidence.wording import content_stems, folded, words

__all__ = ["CallLoops", "Loop", "LoopKind", "call_signature", "loops"]

LoopKind = Literal["exact", "near_duplicate", "alternating"]

LEAST_SHARED = 0.75
"""Share of the words of two calls that must be the same (Jaccard)."""
LONGEST_PERIOD = 4
"""Calls in one round of an alternation: A-B-A-B to A-B-C-D-A-B-C-D."""
MOST_COMPARED = 32
"""Earlier calls a call is compared with, newest first."""


@dataclass(frozen=True)
class Loop:
    """Calls that say the same, in the order they were made; for an alternation all of its rounds."""

    kind: LoopKind
    call_ids: tuple[str, ...]
    period: int = 1
    """Calls in one round."""


def call_signature(call: ToolCall) -> str:
    """Equal for calls that ask the same of the same tool."""
    return call.tool + json.dumps(call.arguments, sort_keys=True)


def loops(calls: Iterable[ToolCall]) -> tuple[Loop, ...]:
    """All loops in calls that are given in the order they were made, longest first."""
    made = CallLoops()
    for call in calls:
        made.add(call)
    return made.found()


class CallLoops:
    """Finds loops as calls come; each call is looked at once, those of `polling` tools are left out."""

    def __init__(self, polling: Collection[str] = ()) -> None:
        self._polling = frozenset(polling)
        self._ids: list[str] = []
        self._signatures: list[str] = []
        self._same: dict[str, list[str]] = {}
        self._near: list[list[str]] = []
        self._stems: list[frozenset[str]] = []
        """For each group of near duplicates, what its first call says."""
        self._by_word: dict[tuple[str, str], list[int]] = {}
        """For each word under one tool and its numbers, the groups whose first call says it."""
        self._alike: dict[int, int] = dict.fromkeys(range(2, LONGEST_PERIOD + 1), 0)
        """For each period, how many of the newest calls in a row are the same as those one round before."""

    def add(self, call: ToolCall) -> Loop | None:
        """Take in the next call; the loop it goes on with, if any: an alternation before near duplicates."""
        if call.tool in self._polling:
            return None
        signature = call_signature(call)
        self._ids.append(call.id)
        self._signatures.append(signature)
        same = self._same.setdefault(signature, [])
        same.append(call.id)
        near = self._group(call) if len(same) == 1 else []
        turns = self._newest_turns()
        return turns or (Loop("near_duplicate", tuple(near)) if len(near) > 1 else None)

    def found(self) -> tuple[Loop, ...]:
        """All loops so far, longest first."""
        exact = [Loop("exact", tuple(ids)) for ids in self._same.values() if len(ids) > 1]
        near = [Loop("near_duplicate", tuple(ids)) for ids in self._near if len(ids) > 1]
        return tuple(sorted([*exact, *near, *self._alternating()], key=lambda loop: -len(loop.call_ids)))

    def _newest_turns(self) -> Loop | None:
        """The alternation that ends with the newest call."""
        newest = len(self._signatures) - 1
        for period in self._alike:
            is_same = newest >= period and self._signatures[newest] == self._signatures[newest - period]
            self._alike[period] = self._alike[period] + 1 if is_same else 0
        for period, alike in self._alike.items():
            if alike >= period and _is_primitive(self._signatures[-period:]):
                return Loop("alternating", tuple(self._ids[-alike - period :]), period)
        return None

    def _group(self, call: ToolCall) -> list[str]:
        """Put a call to the calls that say nearly the same; these calls."""
        said = folded(json.dumps(call.arguments, ensure_ascii=False))
        stems = frozenset(content_stems(said))
        key = call.tool + " ".join(sorted(word for word in words(said) if not word.isalpha()))
        known = sorted((self._by_word[key, stem] for stem in stems if (key, stem) in self._by_word), key=len)
        for groups in known[: max(0, len(known) - ceil(LEAST_SHARED * len(stems)) + 1)]:
            for group in reversed(groups[-MOST_COMPARED:]):
                if _alike(self._stems[group], stems):
                    self._near[group].append(call.id)
                    return self._near[group]
        for stem in stems:
            self._by_word.setdefault((key, stem), []).append(len(self._near))
        self._near.append([call.id])
        self._stems.append(stems)
        return self._near[-1]

    def _alternating(self) -> Iterator[Loop]:
        signatures = self._signatures
        for period in range(2, LONGEST_PERIOD + 1):
            start = 0
            for at in range(period, len(signatures) + 1):
                if at < len(signatures) and signatures[at] == signatures[at - period]:
                    continue
                if at - start >= 2 * period and _is_primitive(signatures[start : start + period]):
                    yield Loop("alternating", tuple(self._ids[start:at]), period)
                start = at - period + 1


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= LEAST_SHARED * len(one | other)


def _is_primitive(round_: Sequence[str]) -> bool:
    """Whether one round is no repetition of a shorter one."""
    lengths = (length for length in range(1, len(round_)) if len(round_) % length == 0)
    return all(any(round_[at] != round_[at % length] for at in range(len(round_))) for length in lengths)
