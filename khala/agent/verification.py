"""Asks the verifiers of a run, and writes what they say down as one event.

A verifier is advice and no guard: what it raises, and what it gives that is no finding, is written down and the run
goes on without it. Those of a turn are called like observers, between two turns. Those of a draft may take their time:
each runs in a thread of its own, which Python cannot stop; one that takes too long runs on unheard.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from khala.domain.budget import InteractionBudget
from khala.domain.events import Finding, Verified
from khala.domain.run_reading import RunReading, Verifier
from khala.domain.verifiers import Verifiers

from . import prompts
from .execution import in_thread, is_being_cancelled, spoken
from .recording import Recording

__all__ = ["Verification"]

VERIFIER_TIMEOUT_S = 60.0
"""Seconds one verifier may take for a draft; the evidence check of 600 results takes about one."""
MOST_FINDINGS = 100
"""Findings of one verifier that are written down."""
MOST_PASSAGES = 5
"""Passages of one finding that are kept."""
MOST_NOTE_CHARS = 500
"""Characters kept of a note, a quote, or the words of an error; the draft itself stands in the log."""
MOST_NOTES = 20
"""Times in a run the model is told what was found after a turn; what is found later is only written down."""


@dataclass
class _Said:
    """What some verifiers said."""

    names: tuple[str, ...]
    findings: list[Finding] = field(default_factory=list[Finding])
    failures: dict[str, str] = field(default_factory=dict[str, str])

    def event(self, place: Literal["turn", "answer"], turn: int) -> Verified:
        """The event that says so, and that nothing follows."""
        return Verified(
            place=place,
            turn=turn,
            verifiers=self.names,
            findings=tuple(self.findings),
            failures=self.failures,
            follows="nothing",
        )


@dataclass
class Verification:
    """Asks the verifiers of one run."""

    run: Recording
    verifiers: Verifiers
    budget: InteractionBudget
    read_text: Callable[[str], str]
    _reading: RunReading = field(init=False)

    def __post_init__(self) -> None:
        self._open()

    def _open(self) -> None:
        self._reading = RunReading(self.run.trajectory, self.read_text)

    async def of_turn(self) -> bool:
        """Have the last turn looked at, unless it was; whether an event was written. A turn without findings has none.

        Asking again gives the same, so nothing needs to be written down for a crash in between.
        """
        turn = self._reading.turn
        if turn.verified is not None or turn.rolled_back is not None or not turn.calls:
            return False
        said = await self._said(self.verifiers.after_turn, can_wait=False)
        if not said.findings and not said.failures:
            return False
        event = said.event("turn", turn.number)
        told = sum(each.place == "turn" and each.follows == "told" for each in self.run.trajectory.verified)
        if any(finding.ends_search for finding in said.findings):
            event = event.model_copy(update={"follows": "answer"})
        elif said.findings and told < MOST_NOTES:
            event = self._told(event, prompts.found_in_turn(said.findings, self._reading.passage))
        self.run.write(event)
        return True

    async def of_draft(self) -> bool:
        """Have the last draft looked at, unless it was; whether an event was written."""
        turn = self._reading.turn
        if turn.verified is not None:
            return False
        said = await self._said(self.verifiers.before_answer, can_wait=True)
        if not said.names:
            return False
        event = said.event("answer", turn.number)
        if self._is_worth_a_revision(said.findings):
            can_search = self.run.trajectory.requested is None
            text = prompts.found_in_draft(said.findings, self._reading.passage, can_search=can_search)
            event = self._told(event, text)
        self.run.write(event)
        return True

    def _is_worth_a_revision(self, found: Sequence[Finding]) -> bool:
        """Whether the model has not heard all this before, may be asked again, and can be paid for."""
        trajectory = self.run.trajectory
        heard = [finding for each in trajectory.verified if each.place == "answer" for finding in each.findings]
        paid_for = self.budget.model_copy(update={"tool_calls": None}).exhausted(trajectory.spend) is None
        return (
            paid_for and trajectory.revisions < self.budget.revisions and any(finding not in heard for finding in found)
        )

    def _told(self, event: Verified, text: str) -> Verified:
        return event.model_copy(update={"follows": "told", "digest": self.run.keep_text(text)})

    async def _said(self, verifiers: Sequence[Verifier], *, can_wait: bool) -> _Said:
        """What these verifiers say; those that broke before are not asked."""
        broken = {name for each in self.run.trajectory.verified for name in each.failures}
        asked = {name: verifier for verifier in verifiers if (name := _name(verifier)) not in broken}
        said = _Said(tuple(asked))
        for name, verifier in asked.items():
            ask = functools.partial(_findings, verifier, name, self._reading)
            try:
                said.findings += await _patiently(ask) if can_wait else ask()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError) and is_being_cancelled():
                    raise
                said.failures[name] = _short(spoken(error))
                self._open()  # the broken one may still be at work on this reading, or have left it half done
        return said


async def _patiently(ask: Callable[[], list[Finding]]) -> list[Finding]:
    limit = asyncio.timeout(VERIFIER_TIMEOUT_S)
    try:
        async with limit:
            return await in_thread(ask)
    except TimeoutError as error:
        raise TimeoutError(f"took longer than {VERIFIER_TIMEOUT_S:g} s" if limit.expired() else str(error)) from None


def _findings(verifier: Verifier, name: str, reading: RunReading) -> list[Finding]:
    """What a verifier finds, as it can be written down and shown."""
    found: list[Finding] = []
    for finding in islice(verifier(reading), MOST_FINDINGS):
        if not isinstance(finding, Finding):  # pyright: ignore[reportUnnecessaryIsInstance] (somebody else's function)
            raise TypeError(f"gave {type(finding).__name__}: give `Finding`s")
        passages = finding.passages[:MOST_PASSAGES]
        for where in passages:
            reading.passage(where)  # raises where there is no such result
        kept = {"verifier": name, "note": _short(finding.note), "quote": _short(finding.quote), "passages": passages}
        found.append(finding.model_copy(update=kept))
    return found


def _name(verifier: Verifier) -> str:
    while isinstance(verifier, functools.partial):
        verifier = verifier.func
    return _short(getattr(verifier, "__name__", type(verifier).__name__))


def _short(text: str) -> str:
    # a lone surrogate is no text: UTF-8, JSON and the ledger cannot hold it
    return text[:MOST_NOTE_CHARS].encode("utf-8", "replace").decode()
