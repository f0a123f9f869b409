"""What the reasoning graph answers when it is asked where a run lost its way, or what something cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from khala.domain.evidence.attribution import Degree
from khala.domain.label import Label
from khala.infrastructure.reasoning.evidence import Evidence

__all__ = [
    "Contradicted",
    "Cost",
    "CriticalPath",
    "DeadEnd",
    "DeadEndCause",
    "Difference",
    "Divergence",
    "PathStep",
    "Stale",
    "Taint",
    "TaintedValue",
]

DeadEndCause = Literal["rolled_back", "failed", "stopped", "unused"]
"""Why nothing came of it: the turn was rolled back; the tool failed or timed out; the guard, the budget or a mistake in
the call stopped it; no claim, and no call that led to one, used what it brought."""


@dataclass(frozen=True)
class Contradicted:
    """A sentence of the answer that results say otherwise."""

    sentence: str
    degree: Degree
    """`contradicted`; or `supported`, when one result carries it and another says otherwise."""
    against: tuple[Evidence, ...]


@dataclass(frozen=True)
class Stale:
    """A sentence whose evidence the prompt does not show any more."""

    sentence: str
    result_ids: tuple[str, ...]
    """What would have to be recalled."""


@dataclass(frozen=True)
class DeadEnd:
    """A call, or a whole turn, that nothing came of."""

    turn: int
    call_id: str
    """`""` for a turn without calls."""
    cause: DeadEndCause
    elapsed_ms: int


@dataclass(frozen=True)
class Cost:
    """What it took to get somewhere."""

    calls: tuple[str, ...]
    turns: tuple[int, ...]
    elapsed_ms: int
    """Of the model in these turns and of the tools in these calls."""
    tokens: int
    """Of these turns, prompt and completion."""
    money: float


@dataclass(frozen=True)
class PathStep:
    """One call of a critical path, with the turn that asked for it."""

    call_id: str
    tool: str
    turn: int
    elapsed_ms: int
    """The turn's thinking and the call together."""
    tokens: int
    """Of the turn."""


@dataclass(frozen=True)
class CriticalPath:
    """The longest chain of calls that each needed the one before; no speed elsewhere makes the run faster."""

    steps: tuple[PathStep, ...]
    elapsed_ms: int
    tokens: int
    run_ms: int
    run_tokens: int


@dataclass(frozen=True)
class TaintedValue:
    """A value of a call's arguments that an untrusted result says."""

    argument: str
    value: str
    result_id: str
    tool: str
    label: Label
    also_trusted: bool
    """Whether the task or a trusted result says it too."""


@dataclass(frozen=True)
class Taint:
    """From which untrusted results the arguments of a call derive."""

    call_id: str
    values: tuple[TaintedValue, ...]

    @property
    def result_ids(self) -> tuple[str, ...]:
        """The untrusted results, each once."""
        return tuple(dict.fromkeys(value.result_id for value in self.values))


@dataclass(frozen=True)
class Divergence:
    """The first call at which two runs differ; an id is `""` where a run had no more calls."""

    number: int
    """Its place among the calls, from 1."""
    first: str
    second: str


@dataclass(frozen=True)
class Difference:
    """One sentence that only one of two answers says, and why."""

    sentence: str
    only_in: Literal["first", "second"]
    degree: Degree
    in_other: Degree
    """What the results of the other run say about it."""
    because: Literal["not seen", "left out", "contradicted", "no evidence"]
    """The other run saw no result that says it, or saw one and its answer left it out, or its results say otherwise;
    `no evidence` when neither run has any."""
