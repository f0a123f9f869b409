"""The words of a run's results, read when a question is asked and each text once.

Evidence are the results a tool brought (`ok`, `failed`, `repeated`), dead branches included; khala's own words about a
call are none. Where the same text came twice, the cited result counts, else the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from khala.domain.call import ToolCall
from khala.domain.events import CallFinished
from khala.domain.evidence.attribution import Embed, EvidenceIndex
from khala.domain.evidence.novelty import Gain, Novelty
from khala.infrastructure.reasoning.argument_values import telling_values

__all__ = ["RunTexts", "UsedValue"]

_EVIDENCE = ("ok", "failed", "repeated")


class UsedValue(NamedTuple):
    """A value of a call's arguments that stands in an earlier result."""

    call_id: str
    argument: str
    value: str
    result_id: str


class RunTexts:
    """Results by their words; `add` what happens, then `catch_up` before asking."""

    def __init__(self, read_text: Callable[[str], str], embed: Embed | None) -> None:
        self.index = EvidenceIndex(embed)
        self._read_text = read_text
        self._unread: list[ToolCall | CallFinished] = []
        self._read_ids: set[str] = set()
        self._first_with: dict[str, str] = {}
        """For each text by its SHA-256 the first result that brought it."""
        self._digests: dict[str, str] = {}
        """For each result that is evidence the SHA-256 of its text."""
        self._novelty = Novelty()
        self._unsifted: list[str] = []

    def add(self, item: ToolCall | CallFinished) -> None:
        """Take note of a call or result; nothing is read yet."""
        self._unread.append(item)

    def catch_up(self) -> Iterator[UsedValue]:
        """Read what came since the last time, in order: a call can only use results before it."""
        unread, self._unread = self._unread, []
        for item in unread:
            if isinstance(item, ToolCall):
                yield from self._used(item)
                continue
            self._read_ids.add(item.call_id)
            if item.status not in _EVIDENCE:
                continue
            self._digests[item.call_id] = item.digest
            first = self._first_with.setdefault(item.digest, item.call_id)
            if first == item.call_id:
                self.index.add_result(first, self._read_text(item.digest), is_copy=bool(item.derived_from))
                self._unsifted.append(first)
            elif not item.derived_from:
                self.index.add_twin(item.call_id, of=first)

    def text(self, result_id: str) -> str:
        """The text of a result that is evidence, else `""`."""
        first = self._first_with.get(self._digests.get(result_id, ""), "")
        return self.index.text_of(first) if first else ""

    def gain(self, result_id: str) -> Gain:
        """What a result said that none before it said; nothing for one that is no evidence or a text seen before."""
        unsifted, self._unsifted = self._unsifted, []
        for first in unsifted:
            self._novelty.add(first, self.index.text_of(first))
        return self._novelty.gain(result_id, self.text(result_id))

    def _used(self, call: ToolCall) -> Iterator[UsedValue]:
        for argument, value in telling_values(call.arguments):
            result_id = value if value in self._read_ids else self.index.newest_with(value)
            if result_id is not None:
                yield UsedValue(call.id, argument, value, result_id)
