"""What results say about a sentence, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["UNSUPPORTED", "Claim", "Degree", "Support", "Verdict"]

Degree = Literal["quoted", "supported", "partly", "unsupported", "contradicted"]
"""How well results carry a sentence."""


@dataclass(frozen=True)
class Support:
    """A passage that carries or contradicts a claim: `text[start:end]` of the result; no result when there is none."""

    degree: Degree
    result_id: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    part: str = ""
    """What of the claim it carries; `""` for all of it."""
    differs: str = ""
    """For a contradiction, what the passage says instead: `number: 330 metres, not 331 m`."""


UNSUPPORTED = Support("unsupported")


@dataclass(frozen=True)
class Verdict:
    """What results say about a sentence."""

    degree: Degree
    supports: tuple[Support, ...] = ()
    """For a sentence carried whole, the best passage of each result, best first; else one passage for each part."""
    contradictions: tuple[Support, ...] = ()
    """Passages that say otherwise; a claim may be carried by one result and contradicted by another."""
    missing: tuple[str, ...] = ()
    """The parts of the sentence that nothing carries, when some are carried."""


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer, `answer[start:end]`, and what results say about it."""

    sentence: str
    start: int
    end: int
    cites: tuple[str, ...]
    verdict: Verdict

    @property
    def degree(self) -> Degree:
        """How well it is carried."""
        return self.verdict.degree

    @property
    def supports(self) -> tuple[Support, ...]:
        """The passages that carry it, best first; the minimal set is the first one, or one for each part."""
        return self.verdict.supports
