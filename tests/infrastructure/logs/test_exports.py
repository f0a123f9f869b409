"""A run with everything in it, written in each format and read back by what reads that format."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from datetime import datetime

import networkx as nx
import pytest
from foreign_documents import TaskLog, native_messages
from prov.model import ProvAgent, ProvDerivation, ProvDocument, ProvEntity, ProvGeneration

from khala import Home, tool
from khala.cli.export import FORMATS
from khala.domain.trajectory import Trajectory
from khala.infrastructure.logs.export_run import EXPORTS
from khala.infrastructure.reasoning.graphml import plain_attributes
from khala.testing.scripted_model import ScriptedModel, calling, saying

HOSTILE = (
    'The tower is 330 metres tall. "]; }\n</data><script>alert(1)</script>\x00\x1b[31m\r\n half \ud800 \u202e 🗼 مرحبا'
)
ANSWER = "The tower is 330 metres tall."


@tool(effect="read")
def look(query: str) -> str:
    """Look something up."""
    return HOSTILE if query == "tower" else f"nothing on {query}"


@tool(effect="send")
def send(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with Home(tmp_path_factory.mktemp("home"), semantic=False) as home:
        yield home


@pytest.fixture(scope="module")
def run_id(home):
    replies = [
        saying(""),
        calling(("look", {"query": "tower"}), ("look", {"query": '=HYPERLINK("x")'})).model_copy(
            update={"thinking": "first"}
        ),
        calling(("send", {"to": 'eve"]; } \ufffe'})),
        calling(("=nothing", {})),
        calling(("look", {"query": "330 metres"})),
        saying(ANSWER),
    ]
    agent = home.agent(model=ScriptedModel(replies), tools=[look, send])
    return asyncio.run(agent.run("How tall\x07 is the tower?")).run_id


@pytest.fixture(scope="module")
def imported(home, tmp_path_factory):
    log = TaskLog()
    log.turn(1, {"q": "height"}, f"{ANSWER} 🗼")
    log.replied(2)
    log.rolled_back(1, "Duplicate query detected - tool: search")
    log.answer(2, ANSWER)
    file = tmp_path_factory.mktemp("log") / "log.json"
    file.write_text(json.dumps(log.document()))
    return home.import_log(file).main.run_id


@pytest.fixture(scope="module")
def hosted(home):
    with home.session("Look up the tower.", [look]) as session:
        session.protect(look)("tower")
        return session.run_id


@pytest.fixture(scope="module")
def unfinished(home, run_id):
    with home.store.create() as log:
        for record in home.store.records(run_id)[:3]:
            log.append(record.event)
        return log.run_id


def attributes(span):
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_the_command_line_offers_exactly_the_formats_there_are():
    assert tuple(EXPORTS) == FORMATS


@pytest.mark.parametrize("format_", EXPORTS)
@pytest.mark.parametrize("run", ["run_id", "imported", "hosted", "unfinished"])
def test_every_kind_of_run_can_be_written_in_every_format(home, request, run, format_):
    run = request.getfixturevalue(run)
    written = home.export(run, format_)
    assert written.endswith("\n")
    assert written == home.export(run, format_)


def test_graphml_reloads_equal_to_the_graph(home, run_id):
    told = home.graph(run_id).node_link()
    expected = nx.MultiDiGraph()
    for node in told["nodes"]:
        expected.add_node(node["id"], **plain_attributes(node))
    for link in told["links"]:
        expected.add_edges_from([(link["source"], link["target"], link["key"], plain_attributes(link))])
    reloaded = nx.parse_graphml(home.export(run_id, "graphml"), force_multigraph=True)
    reloaded.graph.clear()  # where the reader keeps its own defaults
    assert nx.utils.graphs_equal(reloaded, expected)
    assert {"blocked_by", "supports", "used_value"} <= {kind for *_, kind in reloaded.edges(data="kind")}


def test_graphml_keeps_every_word_that_xml_can_hold(home, run_id):
    reloaded = nx.parse_graphml(home.export(run_id, "graphml"), force_multigraph=True)
    told = next(node for node in home.graph(run_id).node_link()["nodes"] if node["kind"] == "decision")
    assert reloaded.nodes[told["id"]]["reason"] == told["reason"]
    assert reloaded.nodes["task"]["text"] == "How tall\\x07 is the tower?"


def test_node_link_reloads_as_the_same_graph(home, run_id):
    written = json.loads(home.export(run_id, "node-link"))
    assert written == json.loads(json.dumps(home.graph(run_id).node_link()))
    assert nx.node_link_graph(written, edges="links").number_of_edges() == len(written["links"])


def test_no_text_leaves_its_quotation_marks_in_dot(home, run_id):
    quoted = r'"(?:[^"\\\n]|\\.)*"'
    line = re.compile(
        rf"digraph khala \{{|  rankdir=LR;|\}}"
        rf"|  {quoted} \[label={quoted}, shape=\w+\];|  {quoted} -> {quoted} \[label={quoted}, style=\w+\];"
    )
    lines = home.export(run_id, "dot").splitlines()
    assert [each for each in lines if not line.fullmatch(each)] == []
    told = home.graph(run_id).node_link()
    assert len(lines) == 3 + len(told["nodes"]) + len(told["links"])
    assert all(each.isprintable() for each in lines)


@pytest.mark.parametrize("run", ["run_id", "imported", "hosted"])
def test_prov_json_is_what_the_prov_library_reads_and_writes(home, request, run, hosted):
    run = request.getfixturevalue(run)
    document = ProvDocument.deserialize(content=home.export(run, "prov-json"), format="json")
    assert ProvDocument.deserialize(content=document.serialize(format="json"), format="json") == document
    told = home.graph(run).node_link()
    nodes = {str(record.identifier) for record in document.get_records() if record.identifier and record.is_element()}
    models = len(list(document.get_records(ProvAgent)))
    assert (len(nodes), models) == (len(told["nodes"]) + models, int(run != hosted))
    assert list(document.get_records(ProvEntity))
    acts = {node["id"] for node in told["nodes"] if node["kind"] in ("turn", "call")}
    made = [link for link in told["links"] if link["kind"] == "produced"]
    assert len(list(document.get_records(ProvGeneration))) == len([link for link in made if link["source"] in acts])
    derived = [link for link in told["links"] if link["kind"] in ("supports", "recalls", "derived_from")]
    said_before = [link for link in made if link["source"] not in acts]
    assert len(list(document.get_records(ProvDerivation))) == len(derived) + len(said_before)


def test_spans_follow_the_conventions_and_hang_together(home, run_id):
    resource = json.loads(home.export(run_id, "otlp-json"))["resourceSpans"][0]
    root, *others = resource["scopeSpans"][0]["spans"]
    assert (root["name"], root["kind"], root.get("parentSpanId")) == ("invoke_agent khala", 1, None)
    assert attributes(root)["gen_ai.conversation.id"] == run_id
    assert {span["parentSpanId"] for span in others} == {root["spanId"]}
    assert {span["traceId"] for span in others} == {root["traceId"]}
    assert len({span["spanId"] for span in others}) == len(others)
    for span in (root, *others):
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
        assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
        start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        assert int(root["startTimeUnixNano"]) <= start <= end <= int(root["endTimeUnixNano"])
    by_operation = {}
    for span in others:
        by_operation.setdefault(attributes(span)["gen_ai.operation.name"], []).append(span)
    trajectory = Trajectory.of(run_id, home.store.records(run_id))
    assert len(by_operation["chat"]) == len(trajectory.turns)
    assert len(by_operation["execute_tool"]) == trajectory.calls_made
    denied = next(span for span in by_operation["execute_tool"] if attributes(span)["gen_ai.tool.name"] == "send")
    assert attributes(denied)["khala.decision.effect"] == "deny"
    assert (denied["status"], attributes(denied)["error.type"]) == ({"code": 2}, "denied")


def test_spans_of_an_imported_run_have_the_times_of_its_log(home, imported):
    spans = json.loads(home.export(imported, "otlp-json"))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    root, *others = spans
    assert datetime.fromtimestamp(int(root["startTimeUnixNano"]) / 1e9).astimezone().isoformat().startswith("2025-12-")
    assert (int(root["endTimeUnixNano"]) - int(root["startTimeUnixNano"])) / 1e9 == 60
    call = next(span for span in others if span["name"] == "execute_tool tool-web-search")
    assert (int(call["endTimeUnixNano"]) - int(call["startTimeUnixNano"])) / 1e6 == 250
    assert attributes(root)["khala.imported.format"] == "mirothinker"


def test_the_table_has_a_line_a_call_and_no_formula(home, run_id):
    rows = list(csv.DictReader(io.StringIO(home.export(run_id, "csv"))))
    calls = list(Trajectory.of(run_id, home.store.records(run_id)).calls)
    assert [row["call_id"] for row in rows] == [state.call.id for state in calls]
    assert [json.loads(row["arguments"])["query"] for row in rows if row["tool"] == "look"] == [
        "tower",
        '=HYPERLINK("x")',
        "330 metres",
    ]
    assert {row["tool"] for row in rows} == {"look", "send", "'=nothing"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    denied = next(row for row in rows if row["tool"] == "send")
    assert (denied["effect"], denied["rules"], denied["status"]) == ("deny", "no-grant", "denied")
    assert next(row for row in rows if row["tool"] == "'=nothing")["rolled_back"] == "true"


def test_messages_for_training_leave_dead_branches_out_and_keep_every_result_whole(home, run_id):
    lines = home.export(run_id, "chatml").splitlines()
    assert len(lines) == 1
    messages = json.loads(lines[0])["messages"]
    assert [message["role"] for message in messages] == [
        "system", "user", "assistant", "tool", "tool", "assistant", "tool", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert messages[3]["content"] == HOSTILE.replace("\ud800", "?")  # as the guard took it from the tool
    assert messages[2]["reasoning_content"] == "first"
    assert [call["id"] for call in messages[2]["tool_calls"]] == [
        messages[3]["tool_call_id"],
        messages[4]["tool_call_id"],
    ]
    assert messages[-1] == {"role": "assistant", "content": ANSWER}


def test_what_was_exported_as_messages_comes_in_again_with_the_same_calls_and_results(home, tmp_path):
    first = tmp_path / "first.json"
    first.write_text(json.dumps(native_messages(3)))
    one = home.import_log(first).main
    again = tmp_path / "again.jsonl"
    again.write_text(home.export(one.run_id, "chatml"))
    two = home.import_log(again)
    assert (two.format, two.warnings, two.main.status, two.main.turns) == ("messages", (), one.status, one.turns)

    def told(run):
        states = Trajectory.of(run.run_id, home.store.records(run.run_id)).calls
        return [(each.call.tool, each.call.arguments, each.finished and each.finished.digest) for each in states]

    assert told(one) == told(two.main)
