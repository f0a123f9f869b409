"""The words of a run's results, each text read once.

Evidence are the results a tool brought (`ok`, `failed`, `repeated`); khala's own words about a call are none. Where the
same text came twice, the cited result counts, else the first.
"""

from __future__ import annotations

from collections.abc import Callable

from khala.domain.events import CallFinished

from .attribution import EvidenceIndex

__all__ = ["ResultTexts"]

_EVIDENCE = ("ok", "failed", "repeated")


class ResultTexts:
    """Results by their words."""

    def __init__(self, read_text: Callable[[str], str]) -> None:
        self.index = EvidenceIndex()
        self._read_text = read_text
        self._first_with: dict[str, str] = {}
        """For each text by its SHA-256 the first result that brought it."""
        self._digests: dict[str, str] = {}
        """For each result that is evidence the SHA-256 of its text."""

    def add(self, finished: CallFinished, *, is_report: bool = False) -> bool:
        """Take in the next result; whether it is evidence and its text a new one. A report repeats earlier results."""
        if finished.status not in _EVIDENCE:
            return False
        self._digests[finished.call_id] = finished.digest
        first = self._first_with.setdefault(finished.digest, finished.call_id)
        if first == finished.call_id:
            self.index.add_result(
                first, self._read_text(finished.digest), is_copy=is_report or bool(finished.derived_from)
            )
            return True
        if not finished.derived_from:
            self.index.add_twin(finished.call_id, of=first)
        return False

    def text(self, result_id: str) -> str:
        """The text of a result that is evidence, else `""`."""
        first = self._first_with.get(self._digests.get(result_id, ""), "")
        return self.index.text_of(first) if first else ""
