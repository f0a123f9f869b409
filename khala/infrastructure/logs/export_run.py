"""The formats a run can be written in; the table is the one place that knows them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from khala.domain.events import Recorded
from khala.infrastructure.logs.call_table import call_table
from khala.infrastructure.logs.chatml import chatml
from khala.infrastructure.reasoning.dot import dot
from khala.infrastructure.reasoning.graphml import graphml
from khala.infrastructure.reasoning.prov_json import prov_json
from khala.infrastructure.telemetry.otlp_json import otlp_json

if TYPE_CHECKING:
    from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph

__all__ = ["EXPORTS", "ExportFormat", "RunToExport"]

ExportFormat = Literal["node-link", "graphml", "mermaid", "dot", "prov-json", "otlp-json", "csv", "chatml"]


@dataclass(frozen=True)
class RunToExport:
    """A run read back from its log; `read_text` gives the text of a result by its SHA-256."""

    run_id: str
    records: Sequence[Recorded]
    read_text: Callable[[str], str]
    delegated: Mapping[str, Sequence[Recorded]] = field(default_factory=dict[str, Sequence[Recorded]])
    """The runs that calls of it were handed to."""

    def graph(self) -> ReasoningGraph:
        """What its answer rests on."""
        from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph

        return ReasoningGraph.of(self.records, self.read_text, self.delegated)


EXPORTS: Mapping[ExportFormat, Callable[[RunToExport], str]] = {
    "node-link": lambda run: json.dumps(run.graph().node_link(), ensure_ascii=False) + "\n",
    "graphml": lambda run: graphml(run.graph().node_link()),
    "mermaid": lambda run: run.graph().mermaid(),
    "dot": lambda run: dot(run.graph().node_link()),
    "prov-json": lambda run: prov_json(run.run_id, run.graph().node_link(), run.records),
    "otlp-json": lambda run: otlp_json(run.run_id, run.records, run.read_text),
    "csv": lambda run: call_table(run.run_id, run.records),
    "chatml": lambda run: chatml(run.records, run.read_text),
}
"""Each format and what writes it; every text ends with a line end."""
