"""The words of a run's results, each text read once, when its result comes; dead branches included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from khala.domain.call import ToolCall
from khala.domain.events import CallFinished
from khala.domain.evidence.novelty import Gain, gain
from khala.domain.evidence.result_texts import ResultTexts
from khala.infrastructure.reasoning.argument_values import telling_values

__all__ = ["RunTexts", "UsedValue"]


class UsedValue(NamedTuple):
    """A value of a call's arguments that stands in an earlier result."""

    argument: str
    value: str
    result_id: str


class RunTexts:
    """Results by their words; give it calls and results in order, as a call can only use results before it."""

    def __init__(self, read_text: Callable[[str], str]) -> None:
        self._texts = ResultTexts(read_text)
        self.index = self._texts.index
        self._ids: set[str] = set()

    def add(self, finished: CallFinished, *, is_report: bool = False) -> None:
        """Take in the next result; a report repeats the results of the run it reports on."""
        self._ids.add(finished.call_id)
        self._texts.add(finished, is_report=is_report)

    def used_by(self, call: ToolCall) -> Iterator[UsedValue]:
        """The values of a call's arguments that stand in a result so far, or are the id of one."""
        for argument, value in telling_values(call.arguments):
            result_id = value if value in self._ids else self.index.newest_with(value)
            if result_id is not None:
                yield UsedValue(argument, value, result_id)

    def text(self, result_id: str) -> str:
        """The text of a result that is evidence, else `""`."""
        return self._texts.text(result_id)

    def gain(self, result_id: str) -> Gain:
        """What a result said that none before it said; nothing for one that is no evidence or a text seen before."""
        return gain(result_id, self.text(result_id), lambda wording: self.index.is_known_before(result_id, wording))
