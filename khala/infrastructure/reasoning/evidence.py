"""What the reasoning graph answers: the evidence of a sentence and the way it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from khala.domain.evidence.attribution import Degree
from khala.domain.label import Label
from khala.domain.value import JsonObject

__all__ = ["Evidence", "PathLink", "Source", "Step", "Why"]

PathLink = Literal["used_value", "recalls", "delegated_to", ""]
"""How a step leads to the next: that one used a value of its result, repeats its words, or was made in the run that
this one was handed to; `""` at the end."""


@dataclass(frozen=True)
class Step:
    """One call on the way to a result."""

    call_id: str
    tool: str
    turn: int
    """0 for a call of another run."""
    next_link: PathLink


@dataclass(frozen=True)
class Evidence:
    """A passage about a sentence: `quote` is `text[start:end]` of the result, word for word."""

    degree: Degree
    result_id: str
    tool: str
    arguments: JsonObject
    turn: int
    quote: str
    start: int
    end: int
    label: Label
    path: tuple[Step, ...]
    """The calls that led to the result, first to last; the last one brought it."""
    recalled_by: tuple[str, ...]
    """Ids of later results, and `recollection:SEQ` for evidence before the answer, that brought it back into view."""
    part: str = ""
    """What of the sentence it carries; `""` for all of it."""
    differs: str = ""
    """For a contradiction, what it says instead."""
    document: str = ""
    """The document it stands in, by id and title or by path; `""` where nothing names one."""


@dataclass(frozen=True)
class Why:
    """What a sentence rests on; no evidence when it is unsupported."""

    sentence: str
    degree: Degree
    evidence: tuple[Evidence, ...]
    against: tuple[Evidence, ...] = ()
    """Passages that say otherwise."""
    missing: tuple[str, ...] = ()
    """The parts of it that nothing carries, when the degree is `partly`."""
    sources: tuple[str, ...] = ()
    """Hosts or documents that say it independently of each other."""

    @property
    def is_single_source(self) -> bool:
        """Whether only one source says it."""
        return len(self.sources) == 1


@dataclass(frozen=True)
class Source:
    """One passage the answer rests on, and the first sentence it carries."""

    result_id: str
    tool: str
    quote: str
    sentence: str
    document: str = ""
    """The document it stands in, as of `Evidence`."""
