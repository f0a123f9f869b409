"""From which untrusted results the arguments of a call derive, by the values they say.

A value counts when it stands as whole words in a result before the call. Of a long text of the model's own the
addresses, names of files, numbers and identifiers in it are looked for one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from khala.domain.evidence.attribution import EvidenceIndex
from khala.domain.evidence.wording import folded
from khala.domain.value import JsonObject
from khala.infrastructure.reasoning.argument_values import LEAST_VALUE_CHARS, telling_values
from khala.infrastructure.reasoning.findings import Taint, TaintedValue
from khala.infrastructure.reasoning.run_story import RunStory

__all__ = ["taint"]

_TELLING_PART = re.compile(
    r"https?://[^\s<>\"')\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b\w*\d[\w.,:/-]*\w|\b\w+(?:[/_.-]\w+)+"
)
"""Addresses, mail addresses, whatever holds a digit, paths and identifiers."""
_SPACES = re.compile(r"\s")


def taint(story: RunStory, index: EvidenceIndex, call_id: str) -> Taint:
    """The untrusted results whose words stand in the arguments of a call; every one of the last 64 is named."""
    asked = story.calls[call_id]
    found: list[TaintedValue] = []
    for argument, value in _values(asked.call.arguments):
        before = [story.calls[each] for each in index.all_with(value) if each in story.calls]
        sources = [each for each in before if each.finished is not None and each.number < asked.number]
        is_known = folded(value) in folded(story.task)
        for each in sources:
            label = each.finished.label if each.finished else None
            if label is not None and label.trust == "untrusted":
                trusted = is_known or any(
                    other.finished is not None and other.finished.label.trust == "trusted" for other in sources
                )
                found.append(TaintedValue(argument, value, each.call.id, each.call.tool, label, trusted))
    return Taint(call_id, tuple(found))


def _values(arguments: JsonObject) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for argument, value in telling_values(arguments, most_chars=None):
        parts = _TELLING_PART.findall(value) if _SPACES.search(value) else []
        for part in (value, *parts):
            if len(part) >= LEAST_VALUE_CHARS and (argument, part) not in seen:
                seen.add((argument, part))
                yield argument, part
