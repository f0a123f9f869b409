"""The nodes and links of a reasoning graph, each link legal by the table; the only importer of networkx.

As node-link JSON it is `{"directed": true, "multigraph": true, "graph": {}, "nodes": [...], "links": [...]}`.
A node has `id` and `kind`, a link `source`, `target`, `key` and `kind`; `khala.domain.reasoning` tells the kinds. Ids
are `task`, or the kind and a name: `turn:3`, `thought:3`, `attempt:7` and `answer:7` (by the number of the turn),
`call:ID`, `result:ID`, `decision:ID` (by the id of the call), `recollection:SEQ`, `claim:N`, `subgoal:RUN`. Beside that
a node has

- task and subgoal: `text`; turn: `number`, `at_ms`, `tokens`, and `rolled_back` where it was; thought, attempt and
  answer: `text`; an answer also `status`;
- call: `tool`, `arguments`; result: `status`, `digest`, `chars`, `label`, `elapsed_ms`, none of them for a result of
  another run; recollection: `digest`; decision: `rules`, `reason`;
- claim: `text`, `start`, `end`, `degree`, `sources` (names of independent sources), `missing` (parts nothing carries).

Links that point at a passage have `start` and `end` in the text of the result: `supports` and `contradicts` with
`degree`, `part` and `differs`, and `recalls` from a recollection. `used_value` has `argument` and `value`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import networkx as nx

from khala.domain.reasoning import LEGAL_LINKS, LinkKind, NodeKind

__all__ = ["LinkedNodes"]


class LinkedNodes:
    """A directed graph whose nodes and links have kinds; adding one costs the same however many there are."""

    def __init__(self) -> None:
        self._graph: Any = nx.MultiDiGraph()  # networkx ships no types
        self.kinds: dict[str, NodeKind] = {}
        """Every node with its kind, in the order they came."""

    def add(self, kind: NodeKind, name: str, **about: object) -> str:
        """Add a node, or more about a known one, and give its id."""
        key = name if kind == "task" else f"{kind}:{name}"
        self.kinds[key] = kind
        self._graph.add_node(key, kind=kind, **about)
        return key

    def about(self, key: str) -> Mapping[str, Any]:
        """What is known of a node."""
        return self._graph.nodes[key]

    def drop(self, keys: Iterable[str]) -> None:
        """Take out nodes with their links."""
        for key in keys:
            self._graph.remove_node(key)
            del self.kinds[key]

    def link(
        self, kind: LinkKind, source: str, target: str, *, span: tuple[int, int] | None = None, **about: object
    ) -> None:
        """Join two nodes. Raises `ValueError` for a link that the table does not hold."""
        ends = (self.kinds.get(source), self.kinds.get(target))
        if ends not in LEGAL_LINKS[kind]:
            raise ValueError(f"`{kind}` cannot join {source} ({ends[0]}) and {target} ({ends[1]})")
        place = f":{span[0]}" if span else f":{about['argument']}" if "argument" in about else ""
        if span:
            about |= {"start": span[0], "end": span[1]}
        self._graph.add_edge(source, target, key=kind + place, kind=kind, **about)

    def targets(self, key: str, kind: LinkKind) -> Iterator[str]:
        """The nodes a node is linked to."""
        if key in self.kinds:
            yield from (target for _, target, link in self._graph.out_edges(key, data=True) if link["kind"] == kind)

    def sources(self, key: str, kind: LinkKind) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The nodes that are linked to a node, with what is known of each link."""
        if key in self.kinds:
            yield from (
                (source, link) for source, _, link in self._graph.in_edges(key, data=True) if link["kind"] == kind
            )

    def node_link(self) -> dict[str, Any]:
        """All of it as JSON; `networkx.node_link_graph(..., edges="links")` reads it back."""
        written = cast("dict[str, Any]", nx.node_link_data(self._graph, edges="links"))
        place = {key: number for number, key in enumerate(self._graph)}

        def in_order(link: dict[str, Any]) -> tuple[int, int, str]:
            return place[link["source"]], place[link["target"]], link["key"]

        return {**written, "links": sorted(written["links"], key=in_order)}
