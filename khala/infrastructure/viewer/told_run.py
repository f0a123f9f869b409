"""What the page is told about a run: a JSON document of its answer, timeline, graph and budget.

The shape, which the scripts of the page read:

- `texts`: every result text once, by its SHA-256, whichever runs hold it.
- `runs`, one or two: `id`, `task`, `model`, `status`, `reason`, `imported`, `damage`, `answer`, `claims`, `items`,
  `calls`, `graph`, `budget`. A claim has `start` and `end` in the answer, `degree`, `missing`, `sources`, `cites`, and
  `supports` and `against`: passages with `result`, `start`, `end`, `part`, `differs`, `document`.
- `comparison`, of two runs: what `Comparison` holds.

All places in texts are counted as JavaScript counts them, in UTF-16 units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from khala.domain.events import Recorded, RunStarted
from khala.domain.evidence.attribution import Claim, Support
from khala.infrastructure.reasoning.comparison import diff
from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph
from khala.infrastructure.viewer.spending import Spending
from khala.infrastructure.viewer.timeline import Timeline

__all__ = ["told_runs", "utf16_place"]

ReadText = Callable[[str], str]


def told_runs(
    runs: Sequence[Sequence[Recorded]],
    read_text: ReadText,
    delegated: Sequence[Mapping[str, Sequence[Recorded]]] = ({}, {}),
) -> dict[str, Any]:
    """The document for one or two runs, each given by its events and the runs that calls of it were handed to."""
    texts: dict[str, str] = {}

    def kept(digest: str) -> str:
        if digest not in texts:
            texts[digest] = read_text(digest)
        return texts[digest]

    graphs = [
        ReasoningGraph.of(records, kept, handed) for records, handed in zip(runs, delegated[: len(runs)], strict=True)
    ]
    told = [_run(records, graph, kept) for records, graph in zip(runs, graphs, strict=True)]
    comparison = asdict(diff(graphs[0], graphs[1])) if len(graphs) > 1 else None
    return {"runs": told, "texts": texts, "comparison": comparison}


def utf16_place(text: str, place: int) -> int:
    """Where `text[place]` begins, counted in UTF-16 units."""
    return place if text.isascii() else place + sum(character > "\uffff" for character in text[:place])


def _run(records: Sequence[Recorded], graph: ReasoningGraph, read_text: ReadText) -> dict[str, object]:
    timeline, spending = Timeline(), Spending(records[0].run_id if records else "")
    started: RunStarted | None = None
    for record in records:
        if isinstance(record.event, RunStarted):
            started = record.event
        timeline(record)
        spending(record)
    for story in graph.story.calls.values():
        if story.asked_by:
            timeline.hand_over(story.call, story.finished)
    for digest in timeline.digests:
        read_text(digest)
    claims = [_claim(claim, graph, read_text) for claim in graph.claims()]
    for end in graph.dead_ends():
        timeline.came_to_nothing(end.call_id, end.cause)
    ended = timeline.ended
    return {
        "id": records[0].run_id if records else "",
        "task": started.task if started else "",
        "model": started.model if started else "",
        "hosted": bool(started and started.hosted),
        "imported": started.imported.model_dump(mode="json") if started and started.imported else None,
        "status": ended.status if ended else "unfinished",
        "reason": ended.reason if ended else "",
        "damage": [*graph.damage, *spending.damage],
        "answer": graph.answer,
        "claims": claims,
        "items": timeline.items,
        "calls": timeline.calls,
        "graph": _graph(graph),
        "budget": spending.told(started),
    }


def _claim(claim: Claim, graph: ReasoningGraph, read_text: ReadText) -> dict[str, object]:
    verdict = claim.verdict

    def passages(found: Iterable[Support]) -> list[dict[str, object]]:
        told: list[dict[str, object]] = []
        for each in found:
            finished = graph.story.calls[each.result_id].finished
            text = read_text(finished.digest) if finished else ""
            start, end = utf16_place(text, each.start), utf16_place(text, each.end)
            told.append({
                "result": each.result_id, "start": start, "end": end, "part": each.part, "differs": each.differs,
                "document": graph.document(each),
            })  # fmt: skip
        return told

    return {
        "start": utf16_place(graph.answer, claim.start),
        "end": utf16_place(graph.answer, claim.end),
        "degree": claim.degree,
        "missing": verdict.missing,
        "sources": graph.why(claim.sentence).sources,
        "cites": claim.cites,
        "supports": passages(verdict.supports),
        "against": passages(verdict.contradictions),
    }


def _graph(graph: ReasoningGraph) -> dict[str, object]:
    """Nodes as `[id, kind, trust]`, links as `[from, to, kind]` by place in the list; the timeline holds the rest."""
    written = graph.node_link()
    place = {node["id"]: number for number, node in enumerate(written["nodes"])}
    return {
        "nodes": [
            [node["id"], node["kind"], (node.get("label") or {}).get("trust", ""), node.get("text", "")]
            if node["kind"] == "subgoal"
            else [node["id"], node["kind"], (node.get("label") or {}).get("trust", "")]
            for node in written["nodes"]
        ],
        "links": [[place[link["source"]], place[link["target"]], link["kind"]] for link in written["links"]],
    }
