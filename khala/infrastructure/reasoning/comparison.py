"""Two runs side by side: where they part, what evidence they share, and why their answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from khala.domain.call import ToolCall
from khala.domain.evidence.sentences import without_citations
from khala.domain.evidence.wording import folded
from khala.domain.loops import call_signature
from khala.infrastructure.reasoning.findings import Difference, Divergence
from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph

__all__ = ["Comparison", "diff"]


@dataclass(frozen=True)
class Comparison:
    """What two runs have in common and where they differ."""

    divergence: Divergence | None
    """`None` when both made the same calls."""
    shared_results: tuple[tuple[str, str], ...]
    """Ids of results with the same text, first and second run."""
    shared_evidence: tuple[str, ...]
    """Passages that both answers rest on, in the words of the first run."""
    differences: tuple[Difference, ...]


def diff(first: ReasoningGraph, second: ReasoningGraph) -> Comparison:
    """Compare two runs; the same answer after the same calls has no divergence and no differences."""
    theirs = {folded(source.quote) for source in second.sources()}
    return Comparison(
        _divergence(first, second),
        tuple(_shared_results(first, second)),
        tuple(source.quote for source in first.sources() if folded(source.quote) in theirs),
        (*_only_in("first", first, second), *_only_in("second", second, first)),
    )


def _divergence(first: ReasoningGraph, second: ReasoningGraph) -> Divergence | None:
    calls = [[each.call for each in graph.story.calls.values()] for graph in (first, second)]
    for number, (one, other) in enumerate(zip_longest(*calls), start=1):
        if one is None or other is None or call_signature(one) != call_signature(other):
            return Divergence(number, _id(one), _id(other))
    return None


def _id(call: ToolCall | None) -> str:
    return call.id if call else ""


def _shared_results(first: ReasoningGraph, second: ReasoningGraph) -> Iterator[tuple[str, str]]:
    found: dict[str, str] = {}
    for each in second.story.calls.values():
        if each.finished is not None:
            found.setdefault(each.finished.digest, each.call.id)
    for each in first.story.calls.values():
        if each.finished is not None and each.finished.digest in found:
            yield each.call.id, found[each.finished.digest]


def _only_in(side: Literal["first", "second"], graph: ReasoningGraph, other: ReasoningGraph) -> Iterator[Difference]:
    said = {folded(without_citations(claim.sentence)) for claim in other.claims()}
    for claim in graph.claims():
        if folded(without_citations(claim.sentence)) in said:
            continue
        verdict = other.judge(claim.sentence)
        if verdict.degree == "contradicted":
            because = "contradicted"
        elif verdict.degree in ("quoted", "supported"):
            because = "left out"
        else:
            because = "not seen" if claim.supports else "no evidence"
        yield Difference(claim.sentence, side, claim.degree, verdict.degree, because)
