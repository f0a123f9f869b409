"""What an answer rests on, and where a run lost its way: a graph built from the events of a run, and questions to it.

The graph is an observer. Seeing an event adds nodes and links whose ends are named in it; each distinct text is read
once, when its result comes, and values in call arguments are looked up in the results before the call. What that costs
depends on the text and not on the length of the run. Only when a question is asked are the sentences of the last answer
tied to the passages that carry or contradict them. The shape of the graph as JSON stands at the top of
`linked_nodes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from khala.domain.call import ToolCall
from khala.domain.events import CallFinished, CallRequested, ModelReplied, Recorded, RunStarted
from khala.domain.evidence.attribution import Claim, Support, Verdict, claims_of
from khala.domain.evidence.novelty import Gain
from khala.domain.evidence.sentences import citations
from khala.domain.loops import CallLoops, Loop
from khala.infrastructure.reasoning import costs, dead_ends, taints
from khala.infrastructure.reasoning.event_links import EventLinks
from khala.infrastructure.reasoning.evidence import Source, Why
from khala.infrastructure.reasoning.evidence_trails import EvidenceTrails
from khala.infrastructure.reasoning.findings import Contradicted, Cost, CriticalPath, DeadEnd, Stale, Taint
from khala.infrastructure.reasoning.mermaid import DrawnLink, DrawnNode, caption, flowchart
from khala.infrastructure.reasoning.run_story import RunStory
from khala.infrastructure.reasoning.run_texts import RunTexts

__all__ = ["ReasoningGraph"]

MERMAID_NODES = 60
"""A larger diagram cannot be read: it is reduced to what the answer rests on."""


class ReasoningGraph:
    """The reasoning graph of one run.

    Call it with each event, or build it from a log with `of`. `read_text` gives the text of a result by its SHA-256.
    """

    def __init__(self, read_text: Callable[[str], str]) -> None:
        self._seen = EventLinks()
        self._nodes = self._seen.nodes
        self._texts = RunTexts(read_text)
        self._trails = EvidenceTrails(self._seen.story, self._nodes, self._texts)
        self._loops = CallLoops()
        self._needed: dict[str, list[str]] = {}
        """For each call the results whose values it used or whose words it repeats."""
        self._reports: set[str] = set()
        """Calls whose results tell what another run found."""
        self._claims: tuple[Claim, ...] | None = None
        self._drawn: list[str] = []
        """Ids of the claims that stand in the graph."""

    @classmethod
    def of(
        cls,
        records: Iterable[Recorded],
        read_text: Callable[[str], str],
        delegated: Mapping[str, Iterable[Recorded]] | None = None,
    ) -> ReasoningGraph:
        """The graph of a run read back from its log; `delegated` holds the runs that calls of it were handed to."""
        graph = cls(read_text)
        handed = dict(delegated or {})
        for record in records:
            if isinstance(record.event, CallFinished) and record.event.call_id in handed:
                graph.delegated(record.event.call_id, handed.pop(record.event.call_id))
            graph(record)
        for call_id, child in handed.items():
            if call_id in graph.story.calls:
                graph.delegated(call_id, child)
        return graph

    @property
    def story(self) -> RunStory:
        """Turns and calls as they came, with their times and tokens."""
        return self._seen.story

    @property
    def answer(self) -> str:
        """The last draft, or the answer."""
        return self._seen.answer

    @property
    def damage(self) -> tuple[str, ...]:
        """What the log speaks of and does not hold, each in a sentence."""
        return tuple(self._seen.damage)

    def __call__(self, record: Recorded) -> None:
        """Take in the next event; the damage of a log is noted and never raised."""
        self._claims = None
        self._nodes.drop(self._drawn)
        self._drawn = []
        self._seen(record)
        match record.event:
            case RunStarted() as event:
                self._loops = CallLoops(event.polling)
            case ModelReplied() as event:
                for call in event.calls:
                    self._take_call(call)
            case CallRequested() as event:
                self._take_call(event.call)
            case CallFinished() as event:
                self._texts.add(event, is_report=event.call_id in self._reports)
                self._needed.setdefault(event.call_id, []).extend(event.derived_from)
            case _:
                pass

    def delegated(self, call_id: str, records: Iterable[Recorded]) -> None:
        """Take in the run that a call was handed to, before that call's own result, which repeats what it found.

        Its task becomes a subgoal with its calls and results, which are evidence like those of the run itself.
        """
        child = EventLinks()
        finished: list[CallFinished] = []
        for record in records:
            child(record)
            if isinstance(record.event, CallFinished):
                finished.append(record.event)
        self._claims = None
        self._seen.damage.extend(child.damage)
        name = child.story.run_id or f"of {call_id}"
        goal = self._nodes.add("subgoal", name, text=child.story.task, answer=child.answer)
        self._nodes.link("delegated_to", f"call:{call_id}", goal)
        for each in child.story.calls.values():
            call = self._nodes.add("call", each.call.id, tool=each.call.tool, arguments=each.call.arguments)
            self._nodes.link("asked", goal, call)
            if each.finished is not None:
                about = child.nodes.about(f"result:{each.call.id}")
                result = self._nodes.add("result", each.call.id, **{key: about[key] for key in about if key != "kind"})
                self._nodes.link("produced", call, result)
                self._needed.setdefault(call_id, []).append(each.call.id)
            self.story.hand_over(each, call_id)
        for event in finished:
            self._texts.add(event)
        if finished:
            self._reports.add(call_id)

    def claims(self) -> tuple[Claim, ...]:
        """The sentences of the last draft or answer that claim something, each with what results say about it."""
        if self._claims is None:
            self._claims = claims_of(self._seen.answer, self._texts.index)
            for number, claim in enumerate(self._claims, start=1):
                self._draw(number, claim)
        return self._claims

    def unsupported(self) -> tuple[str, ...]:
        """The sentences of the answer that no result carries even in part, the contradicted among them, in order."""
        return tuple(claim.sentence for claim in self.claims() if not claim.supports)

    def single_source(self) -> tuple[str, ...]:
        """The sentences of the answer that only one source says, in order."""
        return tuple(claim.sentence for claim in self.claims() if len(self._trails.sources(claim.supports)) == 1)

    def contradictions(self) -> tuple[Contradicted, ...]:
        """The sentences of the answer that some result says otherwise, in order."""
        return tuple(
            Contradicted(claim.sentence, claim.degree, tuple(map(self._trails.evidence, claim.verdict.contradictions)))
            for claim in self.claims()
            if claim.verdict.contradictions
        )

    def why(self, sentence: str) -> Why:
        """What a sentence rests on; any sentence can be asked about, the answer's own or another."""
        verdict = self.judge(sentence)
        return Why(
            sentence,
            verdict.degree,
            tuple(map(self._trails.evidence, verdict.supports)),
            tuple(map(self._trails.evidence, verdict.contradictions)),
            verdict.missing,
            self._trails.sources(verdict.supports),
        )

    def judge(self, sentence: str) -> Verdict:
        """What the results of this run say about any sentence."""
        known = next((claim.verdict for claim in self.claims() if claim.sentence == sentence), None)
        return known or self._texts.index.judge(sentence, cited=citations(sentence))

    def sources(self) -> tuple[Source, ...]:
        """The best passage of each sentence, or of each of its parts, each passage once, in the order of the answer."""
        found: dict[tuple[str, int, int], Source] = {}
        for claim in self.claims():
            for best in _minimal(claim.supports):
                call = self.story.calls[best.result_id].call
                source = Source(best.result_id, call.tool, best.quote, claim.sentence, self._trails.document(best))
                found.setdefault((best.result_id, best.start, best.end), source)
        return tuple(found.values())

    def document(self, support: Support) -> str:
        """The document that a passage stands in, by its id and title or its path; `""` where nothing names one."""
        return self._trails.document(support)

    def stale(self) -> tuple[Stale, ...]:
        """The sentences whose evidence the prompt shows no more, neither where it stood nor recalled since."""
        shown = self.story.shown()
        return tuple(
            Stale(claim.sentence, tuple(each.result_id for each in claim.supports))
            for claim in self.claims()
            if claim.supports and not any(self._trails.is_in_view(each, shown) for each in claim.supports)
        )

    def loops(self) -> tuple[Loop, ...]:
        """Calls that were made again, nearly again, or in turn, longest first; those of polling tools are none."""
        return self._loops.found()

    def dead_ends(self) -> tuple[DeadEnd, ...]:
        """Calls and turns that nothing came of, in order; before there is an answer, what no later call used."""
        ends = self._ends()
        needed = costs.ancestors(self.story, ends, self._needs) if ends or self.answer else None
        return dead_ends.dead_ends(self.story, needed, self._needs)

    def gain(self, call_id: str) -> Gain:
        """What was new in the result of a call against all results before it. Raises `KeyError` for no such call."""
        return self._texts.gain(self.story.calls[call_id].call.id)

    def critical_path(self) -> CriticalPath:
        """The longest chain of calls in time that the answer needed; of all calls while there is no answer."""
        return costs.critical_path(self.story, self._ends() or list(self.story.calls), self._needs)

    def cost_of(self, sentence: str) -> Cost:
        """What it took to find the evidence of a sentence: its calls, and all that led to them."""
        ends = [each.result_id for each in _minimal(self.judge(sentence).supports)]
        return costs.cost(self.story, costs.ancestors(self.story, ends, self._needs))

    def taint(self, call_id: str) -> Taint:
        """From which untrusted results the arguments of a call derive. Raises `KeyError` for no such call."""
        return taints.taint(self.story, self._texts.index, call_id)

    def node_link(self) -> dict[str, Any]:
        """The whole graph as node-link JSON; `networkx.node_link_graph(..., edges="links")` reads it back."""
        self.claims()
        return self._nodes.node_link()

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart with the best evidence; a large one reduced to what the answer rests on."""
        claims = self.claims()
        kinds = self._nodes.kinds
        keys = set(kinds) if len(kinds) <= MERMAID_NODES else self._ground_of(claims)
        nodes = [
            DrawnNode(key, kinds[key], caption(key, kinds[key], self._nodes.about(key))) for key in kinds if key in keys
        ]
        best = {
            (f"result:{each.result_id}", f"claim:{number}")
            for number, claim in enumerate(claims, start=1)
            for each in _minimal(claim.supports)
        }
        links = [
            DrawnLink(link["source"], link["target"], link["kind"])
            for link in self.node_link()["links"]
            if link["kind"] != "supports" or (link["source"], link["target"]) in best
        ]
        return flowchart(nodes, links)

    def _take_call(self, call: ToolCall) -> None:
        self._loops.add(call)
        for used in self._texts.used_by(call):
            result = self._seen.result(used.result_id)
            self._nodes.link("used_value", f"call:{call.id}", result, argument=used.argument, value=used.value)
            self._needed.setdefault(call.id, []).append(used.result_id)

    def _draw(self, number: int, claim: Claim) -> None:
        verdict = claim.verdict
        key = self._nodes.add(
            "claim", str(number), text=claim.sentence, start=claim.start, end=claim.end, degree=claim.degree,
            sources=list(self._trails.sources(claim.supports)), missing=list(verdict.missing),
        )  # fmt: skip
        self._drawn.append(key)
        if self._seen.answer_turn:
            self._nodes.link("produced", f"turn:{self._seen.answer_turn}", key)
        if self._seen.answer_node:
            self._nodes.link("produced", self._seen.answer_node, key)
        for each in (*verdict.supports, *verdict.contradictions):
            kind = "contradicts" if each.degree == "contradicted" else "supports"
            self._nodes.link(
                kind, f"result:{each.result_id}", key, span=(each.start, each.end), degree=each.degree,
                part=each.part, differs=each.differs,
            )  # fmt: skip
        for cited in claim.cites:
            if f"result:{cited}" in self._nodes.kinds:
                self._nodes.link("derived_from", key, f"result:{cited}")

    def _ends(self) -> list[str]:
        """The results that the sentences of the answer rest on."""
        return [each.result_id for claim in self.claims() for each in _minimal(claim.supports)]

    def _needs(self, call_id: str) -> list[str]:
        return self._needed.get(call_id, [])

    def _ground_of(self, claims: tuple[Claim, ...]) -> set[str]:
        """Keys of the task, the claims, their best evidence and the calls and turns it came through."""
        keys = {"task", f"turn:{self._seen.answer_turn}"}
        keys.update(f"claim:{number}" for number in range(1, len(claims) + 1))
        for claim in claims:
            for best in (*_minimal(claim.supports), *claim.verdict.contradictions[:1]):
                for step in self._trails.path(best.result_id):
                    keys |= {f"result:{step.call_id}", f"call:{step.call_id}", f"turn:{step.turn}"}
        return keys


def _minimal(supports: tuple[Support, ...]) -> tuple[Support, ...]:
    """The fewest passages that carry a sentence: the best one, or one for each of its parts."""
    return supports if supports and supports[0].part else supports[:1]
