"""The words of a run's results, read when a question is asked and each text once; dead branches included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from khala.domain.call import ToolCall
from khala.domain.events import CallFinished
from khala.domain.evidence.attribution import Embed
from khala.domain.evidence.novelty import Gain, Novelty
from khala.domain.evidence.result_texts import ResultTexts
from khala.infrastructure.reasoning.argument_values import telling_values

__all__ = ["RunTexts", "UsedValue"]


class UsedValue(NamedTuple):
    """A value of a call's arguments that stands in an earlier result."""

    call_id: str
    argument: str
    value: str
    result_id: str


class RunTexts:
    """Results by their words; `add` what happens, then `catch_up` before asking."""

    def __init__(self, read_text: Callable[[str], str], embed: Embed | None) -> None:
        self._texts = ResultTexts(read_text, embed)
        self.index = self._texts.index
        self._unread: list[ToolCall | CallFinished] = []
        self._read_ids: set[str] = set()
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
            if self._texts.add(item):
                self._unsifted.append(item.call_id)

    def text(self, result_id: str) -> str:
        """The text of a result that is evidence, else `""`."""
        return self._texts.text(result_id)

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
