"""A memory that is a list: exact, by words, gone with the process; for tests and for trying things out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256

from khala.domain.call import Recollection, ToolResult
from khala.domain.selection import EVERYTHING, Selection
from khala.domain.value import JsonObject

__all__ = ["ListedMemory"]

_WORD = re.compile(r"[^\W_]+")
_PASSAGE = re.compile(r"\S(?:.{0,998}\S)?", re.DOTALL)
"""Up to 1,000 characters that neither begin nor end blank."""


class ListedMemory:
    """A `Memory` that reads every result on every recall and ranks by the number of words shared with the query."""

    def __init__(self) -> None:
        self._results: dict[str, ToolResult] = {}

    def remember(self, result: ToolResult) -> None:
        """Take in a result; one of a known id is the same result."""
        self._results.setdefault(result.call.id, result)

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The passages that share most words with the query, the latest first among equals; equal passages once."""
        words = {*_WORD.findall(query.lower())}
        found = [one for result in self._results.values() if where.holds(result) for one in _matching(result, words)]
        found.sort(key=lambda one: (one.score, one.at_ms), reverse=True)
        once = {(one.passage, one.label): one for one in reversed(found)}
        return [one for one in found if once[one.passage, one.label] is one][: max(0, limit)]


def _matching(result: ToolResult, words: set[str]) -> Iterator[Recollection]:
    if result.derived_from:
        return  # its words are found where they came from
    for found in _PASSAGE.finditer(result.text):
        shared = words & {*_WORD.findall(found[0].lower())}
        if shared:
            yield Recollection(
                result_id=result.call.id,
                run_id=result.run_id,
                tool=result.call.tool,
                passage=found[0],
                start=found.start(),
                end=found.end(),
                score=float(len(shared)),
                label=result.label,
                digest=result.digest,
                arguments_digest=_digest(result.call.arguments),
                at_ms=result.at_ms,
                namespace=result.namespace,
            )


def _digest(arguments: JsonObject) -> str:
    """As RFC 8785 spells them, but for numbers with a fraction and keys beyond the first 65,536 characters."""
    spelled = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(spelled.encode(errors="surrogatepass")).hexdigest()
