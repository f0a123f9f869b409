"""The graph of a run: built by hand, rebuilt from its log, asked, and exported."""

from __future__ import annotations

import json
import re
from hashlib import sha256

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    CallStarted,
    EvidenceRecalled,
    ModelReplied,
    PassageRef,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
)
from khala.domain.label import Label
from khala.domain.policy import Decision
from khala.domain.reasoning import LEGAL_LINKS
from khala.domain.retention import Retention
from khala.infrastructure.reasoning.mermaid import LABEL_CHARS, DrawnLink, DrawnNode, flowchart, label
from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph

TOWER = "The Eiffel Tower is 330 metres tall. It was designed by Stephen Sauvestre in 1884."
SAUVESTRE = "Stephen Sauvestre was born in Bonnétable. He died on 18 June 1919."
RECALLED = f"1 passage, best first\n\n1. [result run-1] search\n{TOWER}"
OLD = "1 passage, best first\n\n1. [result old-7] search\nGustave Eiffel bought the rights to the patent."
DENIED = "denied by rule `no-notes`"
ANSWER = (
    "The Eiffel Tower is 330 metres tall [run-1]. Stephen Sauvestre died on 18 June 1919 [run-2]. "
    "Gustave Eiffel bought the rights to the patent. The tower was painted green in 1950."
)
TEXTS = {sha256(text.encode()).hexdigest(): text for text in (TOWER, SAUVESTRE, RECALLED, OLD, DENIED)}


class Log:
    """Events of one run, and how often each text was read."""

    def __init__(self):
        self.records: list[Recorded] = []
        self.reads: list[str] = []

    def read_text(self, digest):
        self.reads.append(digest)
        return TEXTS[digest]

    def add(self, event):
        self.records.append(Recorded(run_id="run", seq=len(self.records), at_ms=0, event=event))

    def turn(self, number, *calls):
        asked = tuple(ToolCall(id=name, tool=tool, arguments=arguments) for name, tool, arguments in calls)
        self.add(ModelReplied(turn=number, text="", calls=asked))

    def finish(self, call_id, text, status="ok", derived_from=()):
        digest = sha256(text.encode()).hexdigest()
        label = Label(trust="untrusted", readers=frozenset({"me"}), origins=("tool:search",))
        self.add(
            CallFinished(
                call_id=call_id, status=status, digest=digest, chars=len(text), shown_chars=20_000, label=label,
                derived_from=derived_from,
            )
        )  # fmt: skip


@pytest.fixture
def log():
    log = Log()
    log.add(
        RunStarted(
            task="How tall is the Eiffel Tower?", system="", model="m", tools=(), policy="", retention=Retention(),
            budget=InteractionBudget(),
        )
    )  # fmt: skip
    log.turn(1, ("run-1", "search", {"query": "Eiffel Tower", "limit": 5}))
    log.add(CallStarted(call_id="run-1", tool="search", side_effect=False))
    log.finish("run-1", TOWER)
    log.turn(2, ("run-2", "search", {"query": "Stephen Sauvestre"}), ("run-3", "write_note", {"text": "all the notes"}))
    decision = Decision(effect="deny", rules=("no-notes",), reason="notes are not written")
    log.add(CallDecided(call_id="run-3", decision=decision))
    log.finish("run-3", DENIED, "denied")
    log.finish("run-2", SAUVESTRE)
    log.turn(
        3, ("run-4", "recall", {"query": "tower height"}), ("run-5", "search", {"query": "Eiffel Tower", "limit": 5})
    )
    log.finish("run-4", RECALLED, derived_from=("run-1",))
    log.finish("run-5", TOWER, "repeated", derived_from=("run-1",))
    log.turn(4, ("run-6", "recall", {"query": "patent"}))
    log.finish("run-6", OLD, derived_from=("old-7",))
    log.turn(5)
    log.add(TurnRolledBack(turn=5, cause="empty", note="say something"))
    log.turn(6)
    log.add(AnswerDrafted(turn=6, text="The tower is blue in winter."))
    log.add(EvidenceRecalled(passages=(PassageRef(result_id="run-1", start=0, end=36),), digest="d"))
    log.turn(7)
    log.add(AnswerDrafted(turn=7, text=ANSWER))
    log.add(RunEnded(status="answered", answer=ANSWER))
    return log


@pytest.fixture
def graph(log):
    return ReasoningGraph.of(log.records, log.read_text)


def links(graph, kind):
    return {(link["source"], link["target"]) for link in graph.node_link()["links"] if link["kind"] == kind}


def test_events_become_nodes_and_links(graph):
    nodes = {node["id"]: node for node in graph.node_link()["nodes"]}
    assert links(graph, "asked") >= {("task", "turn:1"), ("turn:1", "call:run-1"), ("task", "turn:7")}
    assert links(graph, "produced") >= {
        ("call:run-1", "result:run-1"),
        ("turn:7", "claim:1"),
        ("turn:6", "recollection:17"),
    }
    assert links(graph, "blocked_by") == {("call:run-3", "decision:run-3")}
    assert links(graph, "repeats") == {("call:run-5", "call:run-1")}
    assert links(graph, "recalls") == {
        ("result:run-4", "result:run-1"),
        ("result:run-5", "result:run-1"),
        ("result:run-6", "result:old-7"),
        ("recollection:17", "result:run-1"),
    }
    assert nodes["turn:5"]["rolled_back"] == "empty"
    assert nodes["result:run-1"]["label"] == {"trust": "untrusted", "readers": ["me"], "origins": ["tool:search"]}
    assert [nodes[f"claim:{number}"]["degree"] for number in (1, 2, 3, 4)] == [
        "quoted",
        "supported",
        "quoted",
        "unsupported",
    ]


def test_a_value_found_in_an_earlier_result_is_used_and_a_small_number_is_not(graph):
    assert links(graph, "used_value") == {("call:run-2", "result:run-1"), ("call:run-5", "result:run-1")}
    assert links(graph, "derived_from") == {
        ("claim:1", "result:run-1"),
        ("claim:2", "result:run-2"),
        ("answer:7", "attempt:7"),
    }


def test_what_no_result_says_is_named(graph):
    assert graph.unsupported() == ("The tower was painted green in 1950.",)
    assert graph.why("The tower was painted green in 1950.").evidence == ()


def test_sources_are_verbatim_passages_of_originals_in_the_order_of_the_answer(graph):
    sources = graph.sources()
    assert [(source.result_id, source.tool) for source in sources] == [
        ("run-1", "search"), ("run-2", "search"), ("run-6", "recall"),
    ]  # fmt: skip
    assert sources[0].quote == "The Eiffel Tower is 330 metres tall."
    assert sources[1].quote in SAUVESTRE
    assert sources[2].quote == "Gustave Eiffel bought the rights to the patent."


def test_why_tells_the_passage_its_label_and_the_way_it_came(graph):
    (found,) = graph.why("Stephen Sauvestre died on 18 June 1919 [run-2].").evidence
    assert (found.result_id, found.turn, found.arguments) == ("run-2", 2, {"query": "Stephen Sauvestre"})
    assert SAUVESTRE[found.start : found.end] == found.quote
    assert found.label.trust == "untrusted"
    assert [(step.call_id, step.next_link) for step in found.path] == [("run-1", "used_value"), ("run-2", "")]
    (tower,) = graph.why("The Eiffel Tower is 330 metres tall.").evidence
    assert tower.recalled_by == ("run-4", "run-5", "recollection:17")
    (patent,) = graph.why("Gustave Eiffel bought the rights to the patent.").evidence
    assert [(step.call_id, step.turn) for step in patent.path] == [("old-7", 0), ("run-6", 4)]


def test_a_graph_rebuilt_from_the_log_equals_the_one_that_watched(log, graph):
    live = ReasoningGraph(log.read_text)
    for record in log.records:
        live(record)
        live.claims()
    assert live.node_link() == graph.node_link()
    assert live.mermaid() == graph.mermaid()
    assert live.sources() == graph.sources()


def test_watching_reads_each_text_of_evidence_once_and_asking_none(log):
    graph = ReasoningGraph.of(log.records, log.read_text)
    assert sorted(log.reads) == sorted(set(TEXTS) - {sha256(DENIED.encode()).hexdigest()})
    log.reads.clear()
    graph.sources()
    graph.node_link()
    graph.gain("run-4")
    assert log.reads == []


def test_the_draft_counts_until_the_answer_comes(log):
    graph = ReasoningGraph.of(log.records[:18], log.read_text)
    assert [claim.sentence for claim in graph.claims()] == ["The tower is blue in winter."]
    assert ReasoningGraph.of(log.records[:9], log.read_text).claims() == ()


def test_every_link_of_the_graph_is_legal(graph):
    written = graph.node_link()
    kinds = {node["id"]: node["kind"] for node in written["nodes"]}
    assert len({link["kind"] for link in written["links"]}) >= 8
    for link in written["links"]:
        assert (kinds[link["source"]], kinds[link["target"]]) in LEGAL_LINKS[link["kind"]]


def test_an_illegal_link_raises(graph):
    with pytest.raises(ValueError, match="`supports` cannot join task"):
        graph._nodes.link("supports", "task", "turn:1")
    with pytest.raises(ValueError, match=r"cannot join call:nobody \(None\)"):
        graph._nodes.link("produced", "call:nobody", "result:run-1")


def test_node_link_json_reads_back_as_the_same_graph(graph):
    written = json.loads(json.dumps(graph.node_link()))
    again = nx.node_link_graph(written, edges="links")
    assert again.number_of_edges() == len(written["links"]) > 20
    assert nx.utils.graphs_equal(again, nx.node_link_graph(graph.node_link(), edges="links"))
    assert again.nodes["claim:1"]["text"] == "The Eiffel Tower is 330 metres tall [run-1]."


NODE = re.compile(r'    n\d+(?:\(\[|\[\(|\[\[|\{\{|\[|\()"((?:[\w .,-]|#\d+;)+)"(?:\]\)|\)\]|\]\]|\}\}|\]|\))')
LINK = re.compile(r"    n\d+ (?:-->|(?:==>|-\.->|--x)\|[a-z_]+\|) n\d+")


def assert_is_flowchart(text):
    first, *lines = text.removesuffix("\n").split("\n")
    assert first == "flowchart LR"
    for line in lines:
        assert NODE.fullmatch(line) or LINK.fullmatch(line), line


def test_the_diagram_of_a_large_run_shows_what_the_answer_rests_on(log, graph):
    whole = graph.mermaid()
    assert_is_flowchart(whole)
    assert "unsupported, The tower was painted green in 1950." in whole
    assert "notes are not written" in whole
    long_log = Log()
    long_log.records = log.records[:1]
    for number in range(1, 101):
        long_log.turn(number, (f"run-{number}", "search", {"query": f"question {number}"}))
        long_log.finish(f"run-{number}", TOWER if number == 7 else DENIED, "ok" if number == 7 else "denied")
    long_log.add(AnswerDrafted(turn=100, text=ANSWER))
    reduced = ReasoningGraph.of(long_log.records, log.read_text).mermaid()
    assert_is_flowchart(reduced)
    assert "question 7" in reduced
    assert "question 8" not in reduced
    assert len(reduced.splitlines()) < 25


HOSTILE = st.lists(
    st.sampled_from([
        '"', "]", ")", "}", "\n", "\r", "\u2028", "%%", "%%{init: {}}%%", "click n0 call alert()", "<script>",
        "-->", ";", "#quot;", "#35;", "`", "end", "\\", "&lt;", "javascript:", "\x00", "\u202e", "\ud800",
        "style n0 fill:#f00;", "|", "é",
    ]) | st.text(max_size=5),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_no_text_breaks_out_of_a_label(text):
    drawn = flowchart(
        [DrawnNode("a", "claim", text), DrawnNode("b", "result", text)], [DrawnLink("b", "a", "supports")]
    )
    assert_is_flowchart(drawn)
    assert len(drawn.splitlines()) == 4
    shown = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label(text))
    assert len(shown) <= LABEL_CHARS
    kept = "".join(character for character in " ".join(text.split()) if character in shown)
    assert shown.removesuffix("…").strip() in kept or not shown.strip()
