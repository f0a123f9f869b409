"""What an answer rests on: a graph built from the events of a run.

The graph is an observer. Seeing an event only adds nodes and links whose ends are named in it, whatever the length of
the run. What needs the words of results is done when a question is asked, for the events since the last question: each
distinct text is read once, values in call arguments are looked up in the results before the call, and the sentences of
the last answer are tied to the passages that carry them. The answers are the same whenever they were asked for.

Evidence are the results a tool brought (`ok`, `failed`, `repeated`), dead branches included; khala's own words about a
call are none. Where the same text came twice, the cited result counts, else the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import networkx as nx

from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    CallRequested,
    EvidenceRecalled,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
)
from khala.domain.evidence.attribution import Claim, EvidenceIndex, Support, claims_of
from khala.domain.reasoning import LEGAL_LINKS, LinkKind, NodeKind
from khala.infrastructure.reasoning.argument_values import telling_values
from khala.infrastructure.reasoning.evidence import Evidence, PathLink, Source, Step, Why
from khala.infrastructure.reasoning.mermaid import DrawnLink, DrawnNode, caption, flowchart

__all__ = ["ReasoningGraph"]

MOST_STEPS = 50
"""Calls of one path; a longer one is cut at its beginning."""
MERMAID_NODES = 60
"""A larger diagram cannot be read: it is reduced to what the answer rests on."""
_EVIDENCE = ("ok", "failed", "repeated")


class ReasoningGraph:
    """The reasoning graph of one run.

    Call it with each event, or build it from a log with `of`. `read_text` gives the text of a result by its SHA-256.
    """

    def __init__(self, read_text: Callable[[str], str]) -> None:
        self._read_text = read_text
        self._graph: Any = nx.MultiDiGraph()  # networkx ships no types
        self._kinds: dict[str, NodeKind] = {}
        self._calls: dict[str, tuple[int, ToolCall]] = {}
        self._finished: dict[str, CallFinished] = {}
        self._read_ids: set[str] = set()
        self._turn = 0
        self._answer = ""
        self._answer_turn = 0
        self._unread: list[ToolCall | CallFinished] = []
        self._index = EvidenceIndex()
        self._first_with: dict[str, str] = {}
        """For each text by its SHA-256 the first result that brought it."""
        self._claims: tuple[Claim, ...] | None = None

    @classmethod
    def of(cls, records: Iterable[Recorded], read_text: Callable[[str], str]) -> ReasoningGraph:
        """The graph of a run read back from its log."""
        graph = cls(read_text)
        for record in records:
            graph(record)
        return graph

    def __call__(self, record: Recorded) -> None:
        """Take in the next event."""
        self._claims = None
        match record.event:
            case RunStarted() as event:
                self._add("task", "task", text=event.task)
            case ModelReplied() as event:
                self._take_reply(event)
            case CallRequested() as event:
                self._take_call("task", event.call)
            case TurnRolledBack() as event:
                self._graph.nodes[f"turn:{event.turn}"]["rolled_back"] = event.cause
            case CallDecided() as event:
                self._take_decision(event)
            case CallFinished() as event:
                self._take_result(event)
            case EvidenceRecalled() as event:
                recalled = self._add("recollection", str(record.seq), digest=event.digest)
                if self._turn:
                    self._link("produced", f"turn:{self._turn}", recalled)
                for passage in event.passages:
                    span = (passage.start, passage.end)
                    self._link("recalls", recalled, self._result_node(passage.result_id), span=span)
            case AnswerDrafted() as event:
                self._answer, self._answer_turn = event.text, event.turn
            case RunEnded() as event:
                self._answer, self._answer_turn = event.answer, self._turn
            case _:
                pass

    def claims(self) -> tuple[Claim, ...]:
        """The sentences of the last draft or answer that claim something, each with the passages that carry it."""
        if self._claims is None:
            self._catch_up()
            self._graph.remove_nodes_from([key for key, kind in self._kinds.items() if kind == "claim"])
            self._kinds = {key: kind for key, kind in self._kinds.items() if kind != "claim"}
            self._claims = claims_of(self._answer, self._index)
            for number, claim in enumerate(self._claims, start=1):
                self._add_claim(number, claim)
        return self._claims

    def unsupported(self) -> tuple[str, ...]:
        """The sentences of the answer that no result carries, in order."""
        return tuple(claim.sentence for claim in self.claims() if not claim.supports)

    def why(self, sentence: str) -> Why:
        """What a sentence rests on; any sentence can be asked about, the answer's own or another."""
        known = next((claim.supports for claim in self.claims() if claim.sentence == sentence), None)
        supports = self._index.supports(sentence) if known is None else known
        degree = supports[0].degree if supports else "unsupported"
        return Why(sentence, degree, tuple(map(self._evidence, supports)))

    def sources(self) -> tuple[Source, ...]:
        """The best passage of each sentence, each passage once, in the order of the answer."""
        found: dict[tuple[str, int, int], Source] = {}
        for claim in self.claims():
            for best in claim.supports[:1]:
                source = Source(best.result_id, self._calls[best.result_id][1].tool, best.quote, claim.sentence)
                found.setdefault((best.result_id, best.start, best.end), source)
        return tuple(found.values())

    def node_link(self) -> dict[str, Any]:
        """The whole graph as node-link JSON; `networkx.node_link_graph(..., edges="links")` reads it back."""
        self.claims()
        written = cast("dict[str, Any]", nx.node_link_data(self._graph, edges="links"))
        place = {key: number for number, key in enumerate(self._graph)}

        def in_order(link: dict[str, Any]) -> tuple[int, int, str]:
            return place[link["source"]], place[link["target"]], link["key"]

        return {**written, "links": sorted(written["links"], key=in_order)}

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart with the best evidence; a large one reduced to what the answer rests on."""
        claims = self.claims()
        keys = set(self._kinds) if len(self._kinds) <= MERMAID_NODES else self._ground_of(claims)
        nodes = [
            DrawnNode(key, kind, caption(key, kind, self._graph.nodes[key]))
            for key, kind in self._kinds.items()
            if key in keys
        ]
        best = {
            (f"result:{claim.supports[0].result_id}", f"claim:{number}")
            for number, claim in enumerate(claims, start=1)
            if claim.supports
        }
        links = [
            DrawnLink(link["source"], link["target"], link["kind"])
            for link in self.node_link()["links"]
            if link["kind"] != "supports" or (link["source"], link["target"]) in best
        ]
        return flowchart(nodes, links)

    def _take_reply(self, event: ModelReplied) -> None:
        self._turn = event.turn
        turn = self._add("turn", str(event.turn), number=event.turn)
        self._link("asked", "task", turn)
        for call in event.calls:
            self._take_call(turn, call)

    def _take_call(self, asking: str, call: ToolCall) -> None:
        self._calls[call.id] = (self._turn, call)
        self._link("asked", asking, self._add("call", call.id, tool=call.tool, arguments=call.arguments))
        self._unread.append(call)

    def _take_decision(self, event: CallDecided) -> None:
        decision = event.decision
        if decision.effect == "deny" or (decision.effect == "ask" and not event.approved):
            decided = self._add("decision", event.call_id, rules=list(decision.rules), reason=decision.reason)
            self._link("denied", decided, f"call:{event.call_id}")

    def _take_result(self, event: CallFinished) -> None:
        self._finished[event.call_id] = event
        result = self._result_node(event.call_id)
        self._graph.nodes[result].update(
            status=event.status, digest=event.digest, chars=event.chars, label=event.label.model_dump(mode="json")
        )
        self._link("produced", f"call:{event.call_id}", result)
        for origin in event.derived_from:
            self._link("recalls", result, self._result_node(origin))
            if event.status == "repeated" and origin in self._calls:
                self._link("repeats", f"call:{event.call_id}", f"call:{origin}")
        self._unread.append(event)

    def _add_claim(self, number: int, claim: Claim) -> None:
        about = {"text": claim.sentence, "start": claim.start, "end": claim.end, "degree": claim.degree}
        key = self._add("claim", str(number), **about)
        if self._answer_turn:
            self._link("produced", f"turn:{self._answer_turn}", key)
        for support in claim.supports:
            span = (support.start, support.end)
            self._link("supports", f"result:{support.result_id}", key, span=span, degree=support.degree)
        for cited in claim.cites:
            if f"result:{cited}" in self._kinds:
                self._link("used", key, f"result:{cited}")

    def _result_node(self, result_id: str) -> str:
        """The node of a result; one of another run has its id only."""
        key = f"result:{result_id}"
        return key if key in self._kinds else self._add("result", result_id)

    def _add(self, kind: NodeKind, name: str, **about: object) -> str:
        key = name if kind == "task" else f"{kind}:{name}"
        self._kinds[key] = kind
        self._graph.add_node(key, kind=kind, **about)
        return key

    def _link(
        self, kind: LinkKind, source: str, target: str, *, span: tuple[int, int] | None = None, **about: object
    ) -> None:
        ends = (self._kinds.get(source), self._kinds.get(target))
        if ends not in LEGAL_LINKS[kind]:
            raise ValueError(f"`{kind}` cannot join {source} ({ends[0]}) and {target} ({ends[1]})")
        place = f":{span[0]}" if span else f":{about['argument']}" if "argument" in about else ""
        if span:
            about |= {"start": span[0], "end": span[1]}
        self._graph.add_edge(source, target, key=kind + place, kind=kind, **about)

    def _catch_up(self) -> None:
        """Read what came since the last question, in order: a call can only use results before it."""
        unread, self._unread = self._unread, []
        for item in unread:
            if isinstance(item, ToolCall):
                for argument, value in telling_values(item.arguments):
                    result_id = value if value in self._read_ids else self._index.newest_with(value)
                    if result_id is not None:
                        self._link("used", f"call:{item.id}", f"result:{result_id}", argument=argument, value=value)
                continue
            self._read_ids.add(item.call_id)
            if item.status not in _EVIDENCE:
                continue
            first = self._first_with.setdefault(item.digest, item.call_id)
            if first == item.call_id:
                self._index.add_result(first, self._read_text(item.digest), is_copy=bool(item.derived_from))
            elif not item.derived_from:
                self._index.add_twin(item.call_id, of=first)

    def _evidence(self, support: Support) -> Evidence:
        turn, call = self._calls[support.result_id]
        return Evidence(
            degree=support.degree,
            result_id=support.result_id,
            tool=call.tool,
            arguments=call.arguments,
            turn=turn,
            quote=support.quote,
            start=support.start,
            end=support.end,
            label=self._finished[support.result_id].label,
            path=self._path(support.result_id),
            recalled_by=tuple(self._recalled_by(support)),
        )

    def _path(self, result_id: str) -> tuple[Step, ...]:
        """The calls that led to a result, walked backwards."""
        steps: list[Step] = []
        link: PathLink = ""
        seen: set[str] = set()
        while result_id not in seen and len(steps) < MOST_STEPS:
            seen.add(result_id)
            turn, call = self._calls.get(result_id, (0, None))
            steps.append(Step(result_id, call.tool if call else "", turn, link))
            link, result_id = self._came_from(result_id)
        return tuple(reversed(steps))

    def _came_from(self, result_id: str) -> tuple[PathLink, str]:
        """What a result repeats, else the newest result its call used, else itself."""
        ways: tuple[tuple[PathLink, str], ...] = (("recalls", f"result:{result_id}"), ("used", f"call:{result_id}"))
        for link, node in ways:
            earlier = self._targets(node, link)
            if earlier:
                return link, max(earlier, key=lambda other: self._calls.get(other, (0, None))[0])
        return "", result_id

    def _targets(self, node: str, kind: PathLink) -> list[str]:
        """Ids of the results a node is linked to."""
        if node not in self._kinds:
            return []
        out = self._graph.out_edges(node, data=True)
        return [target.partition(":")[2] for _, target, link in out if link["kind"] == kind]

    def _recalled_by(self, support: Support) -> Iterator[str]:
        for source, _, link in self._graph.in_edges(f"result:{support.result_id}", data=True):
            if (
                link["kind"] == "recalls"
                and link.get("start", 0) < support.end
                and link.get("end", support.end) > support.start
            ):
                yield source.removeprefix("result:")

    def _ground_of(self, claims: tuple[Claim, ...]) -> set[str]:
        """Keys of the task, the claims, their best evidence and the calls and turns it came through."""
        keys = {"task", f"turn:{self._answer_turn}"}
        keys.update(f"claim:{number}" for number in range(1, len(claims) + 1))
        for claim in claims:
            for best in claim.supports[:1]:
                for step in self._path(best.result_id):
                    keys |= {f"result:{step.call_id}", f"call:{step.call_id}", f"turn:{step.turn}"}
        return keys
