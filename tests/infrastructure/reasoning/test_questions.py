"""The questions one can ask a reasoning graph, and what it makes of logs that are not as they should be."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256

import pytest

from khala import Home, tool
from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallFinished,
    CallRequested,
    CallStarted,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
    Usage,
)
from khala.domain.label import Label
from khala.domain.retention import Retention
from khala.infrastructure.reasoning.comparison import diff
from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph
from khala.testing.scripted_model import ScriptedModel, calling, saying

TOWER = "The Eiffel Tower is 330 metres tall. It was designed by Stephen Sauvestre. Contact: press@tower.example."
SAUVESTRE = "Stephen Sauvestre, an architect, died on 18 June 1919 in Bournemouth."
MIRROR = "Visitors ask about its size. We measured again: 330 metres tall is the Eiffel Tower today, the flag included."
ANSWER = (
    "The Eiffel Tower is 330 metres tall. Stephen Sauvestre died on 19 June 1919. The tower is made of green cheese."
)


class MadeLog:
    """A run made up event by event, a second apart."""

    def __init__(self, run_id="run", retention=None):
        self.run_id = run_id
        self.records = []
        self.texts = {}
        self.turns = 0
        self.add(
            RunStarted(
                task="How tall is the tower?", system="", model="m", tools=(), policy="",
                retention=retention or Retention(), budget=InteractionBudget(),
            )
        )  # fmt: skip

    def add(self, event):
        seq = len(self.records)
        self.records.append(Recorded(run_id=self.run_id, seq=seq, at_ms=1_000 * (seq + 1), event=event))

    def turn(self, *calls, text="", tokens=100):
        self.turns += 1
        asked = tuple(ToolCall(id=name, tool=tool, arguments=arguments) for name, tool, arguments in calls)
        self.add(ModelReplied(turn=self.turns, text=text, calls=asked, usage=Usage(prompt_tokens=tokens)))

    def finish(self, call_id, text, status="ok", trust="untrusted", derived_from=()):
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.texts[digest] = text
        self.add(
            CallFinished(
                call_id=call_id, status=status, digest=digest, chars=len(text), shown_chars=9_000,
                label=Label(trust=trust), derived_from=derived_from, elapsed_ms=500,
            )
        )  # fmt: skip

    def step(self, call_id, text, query, **about):
        self.turn((call_id, "search", {"query": query}))
        self.finish(call_id, text, **about)

    def end(self, answer=ANSWER):
        self.turn(text=answer)
        self.add(AnswerDrafted(turn=self.turns, text=answer))
        self.add(RunEnded(status="answered", answer=answer))

    @property
    def graph(self):
        return ReasoningGraph.of(self.records, self.texts.__getitem__)


@pytest.fixture
def log():
    log = MadeLog()
    log.step("r1", TOWER, "Eiffel Tower")
    log.step("r2", SAUVESTRE, "Stephen Sauvestre")
    log.step("r3", "no such page", "weather", status="failed")
    log.step("r4", "The sea near Brest is cold in March.", "the sea")
    log.turn()
    log.add(TurnRolledBack(turn=5, cause="empty", note="say something"))
    log.end()
    return log


def test_what_is_contradicted_is_named_with_the_passage_and_is_unsupported_too(log):
    (found,) = log.graph.contradictions()
    assert (found.sentence, found.degree) == ("Stephen Sauvestre died on 19 June 1919.", "contradicted")
    (against,) = found.against
    assert (against.result_id, against.differs) == ("r2", "date: 18 June 1919, not 19 June 1919")
    assert log.graph.unsupported() == (found.sentence, "The tower is made of green cheese.")
    assert log.graph.why(found.sentence).against == found.against
    links = log.graph.node_link()["links"]
    assert [link["target"] for link in links if link["kind"] == "contradicts"] == ["claim:2"]


def test_a_second_independent_source_is_counted_and_a_single_one_named(log):
    assert log.graph.single_source() == ("The Eiffel Tower is 330 metres tall.",)
    two = MadeLog()
    two.turn(("r1", "fetch", {"url": "https://a.example/tower"}), ("r2", "fetch", {"url": "https://b.example/visit"}))
    two.finish("r1", TOWER)
    two.finish("r2", MIRROR)
    two.end("Today, the Eiffel Tower is 330 metres tall.")
    why = two.graph.why("The Eiffel Tower is 330 m tall.")
    assert why.sources == ("a.example", "b.example")
    assert not why.is_single_source
    assert two.graph.single_source() == ()


def test_support_outside_the_window_is_stale_until_it_is_recalled(log):
    short = MadeLog(retention=Retention(keep_results=2))
    for record in log.records[1:]:
        short.add(record.event)
    short.texts = log.texts
    assert log.graph.stale() == ()
    (stale,) = short.graph.stale()
    assert (stale.sentence, stale.result_ids) == ("The Eiffel Tower is 330 metres tall.", ("r1",))
    recalled = MadeLog(retention=Retention(keep_results=2))
    for record in log.records[1:-3]:
        recalled.add(record.event)
    recalled.turns, recalled.texts = 5, log.texts
    recalled.step("r5", TOWER, "tower", derived_from=("r1",))
    recalled.end()
    assert recalled.graph.stale() == ()


def test_dead_ends_are_told_with_their_cause(log):
    ends = [(end.turn, end.call_id, end.cause) for end in log.graph.dead_ends()]
    assert ends == [(2, "r2", "unused"), (3, "r3", "failed"), (4, "r4", "unused"), (5, "", "rolled_back")]


def test_before_there_is_an_answer_the_last_results_are_no_dead_ends(log):
    graph = ReasoningGraph.of(log.records[:5], log.texts.__getitem__)
    assert graph.dead_ends() == ()


def test_gain_is_what_a_result_said_first(log):
    assert "330" in log.graph.gain("r1").numbers
    assert log.graph.gain("r2").numbers == ("18", "1919")
    again = MadeLog()
    again.step("r1", TOWER, "tower")
    again.step("r2", TOWER, "the tower")
    again.step("r3", "denied by rule", "more", status="denied")
    assert again.graph.gain("r2").is_nothing
    assert again.graph.gain("r3").is_nothing
    with pytest.raises(KeyError):
        log.graph.gain("nobody")


def test_the_critical_path_and_the_cost_of_a_sentence_follow_the_values_used(log):
    log.records.pop()
    log.records.pop()
    log.add(AnswerDrafted(turn=6, text="Stephen Sauvestre died on 18 June 1919 in Bournemouth."))
    path = log.graph.critical_path()
    assert [step.call_id for step in path.steps] == ["r1", "r2"]
    assert (path.elapsed_ms, path.tokens) == (2 * (1_000 + 500), 200)
    assert (path.run_ms, path.run_tokens) == (12_000, 600)
    cost = log.graph.cost_of("Stephen Sauvestre died on 18 June 1919 in Bournemouth.")
    assert (cost.calls, cost.turns, cost.elapsed_ms, cost.tokens) == (("r1", "r2"), (1, 2), 3_000, 200)
    assert log.graph.cost_of("The tower is made of green cheese.").calls == ()


def test_taint_names_every_untrusted_result_a_value_stands_in():
    log = MadeLog()
    log.step("r1", TOWER, "tower")
    log.step("r2", "Our own list: press@tower.example", "list", trust="trusted")
    log.turn(("r3", "send", {"to": "press@tower.example", "body": "Dear Stephen Sauvestre, see 12,500 at once"}))
    found = log.graph.taint("r3")
    assert [(value.argument, value.value, value.also_trusted) for value in found.values] == [
        ("to", "press@tower.example", True)
    ]
    assert found.result_ids == ("r1",)
    log.turn(("r4", "send", {"to": "x@y.example", "body": "write to press@tower.example now"}))
    assert [(value.argument, value.result_id) for value in log.graph.taint("r4").values] == [("body", "r1")]
    assert log.graph.taint("r1").values == ()


def test_two_runs_are_compared_by_calls_evidence_and_answers(log):
    other = MadeLog("other")
    other.step("o1", TOWER, "Eiffel Tower")
    other.step("o2", "Stephen Sauvestre died on 20 June 1919.", "his death")
    other.end("The Eiffel Tower is 330 metres tall. Gustave Eiffel owned the patent.")
    found = diff(log.graph, other.graph)
    assert found.divergence is not None
    assert (found.divergence.number, found.divergence.first, found.divergence.second) == (2, "r2", "o2")
    assert found.shared_results == (("r1", "o1"),)
    assert found.shared_evidence == ("The Eiffel Tower is 330 metres tall.",)
    assert [(each.only_in, each.degree, each.because) for each in found.differences] == [
        ("first", "contradicted", "contradicted"),
        ("first", "unsupported", "no evidence"),
        ("second", "unsupported", "no evidence"),
    ]
    same = diff(log.graph, log.graph)
    assert (same.divergence, same.differences) == (None, ())


def test_a_call_made_again_after_it_failed_is_a_retry_and_a_second_draft_too(log):
    again = MadeLog()
    again.step("r1", "timed out", "tower", status="timeout")
    again.step("r2", TOWER, "tower")
    again.turn(text="first")
    again.add(AnswerDrafted(turn=3, text="first draft"))
    again.end()
    links = again.graph.node_link()["links"]
    retries = {(link["source"], link["target"]) for link in links if link["kind"] == "retry_of"}
    assert retries == {("call:r2", "call:r1"), ("attempt:4", "attempt:3")}
    (loop,) = again.graph.loops()
    assert (loop.kind, loop.call_ids) == ("exact", ("r1", "r2"))


def test_the_run_a_call_was_handed_to_hangs_under_it(log):
    child = MadeLog("child")
    child.step("child-1", SAUVESTRE, "architect")
    child.end("He was an architect.")
    graph = log.graph
    graph.delegated("r4", child.records)
    links = {(link["kind"], link["source"], link["target"]) for link in graph.node_link()["links"]}
    assert links >= {
        ("delegated_to", "call:r4", "subgoal:child"),
        ("asked", "subgoal:child", "call:child-1"),
        ("produced", "call:child-1", "result:child-1"),
    }


def ask_everything(graph):
    answers = [graph.claims(), graph.unsupported(), graph.contradictions(), graph.single_source(), graph.stale()]
    answers += [graph.loops(), graph.dead_ends(), graph.critical_path(), graph.sources(), diff(graph, graph)]
    for call_id in graph.story.calls:
        answers += [graph.gain(call_id), graph.taint(call_id)]
    for claim in graph.claims():
        answers += [graph.why(claim.sentence), graph.cost_of(claim.sentence)]
    json.dumps(graph.node_link())
    assert graph.mermaid().startswith("flowchart")
    return answers


def test_a_log_with_cyclic_parents_is_answered_about():
    log = MadeLog()
    log.turn(("r1", "recall", {"query": "first"}), ("r2", "recall", {"query": "second"}))
    log.finish("r1", TOWER, derived_from=("r2",))
    log.finish("r2", SAUVESTRE, derived_from=("r1", "r2"))
    log.end()
    ask_everything(log.graph)
    assert log.graph.why("The Eiffel Tower is 330 metres tall.").evidence[0].result_id == "r1"
    assert len(log.graph.critical_path().steps) <= 2


def test_what_a_damaged_log_speaks_of_and_does_not_hold_is_named(log):
    graph = ReasoningGraph.of(
        [record for record in log.records if not isinstance(record.event, (RunStarted, ModelReplied))],
        log.texts.__getitem__,
    )
    ask_everything(graph)
    assert graph.damage[0] == "the log holds a result of call `r1`, which nobody asked for"
    assert "the log does not begin with the task" in graph.damage
    assert "turn 5 is spoken of and stands nowhere" in graph.damage
    assert graph.claims()[0].degree == "quoted"
    assert log.graph.damage == ()


def test_an_unknown_kind_of_event_is_passed_over(log):
    class FromTheFuture:
        kind = "dreamed"

    record = Recorded.model_construct(run_id="run", seq=99, at_ms=99_000, event=FromTheFuture())
    graph = log.graph
    before = graph.node_link()
    graph(record)
    assert graph.node_link() == before


def test_no_answer_no_calls_and_no_events_are_answered_about():
    assert ReasoningGraph(str).claims() == ()
    ask_everything(ReasoningGraph(str))
    started = MadeLog()
    ask_everything(started.graph)
    started.add(RunEnded(status="unanswered", answer="", reason="nothing found"))
    ask_everything(started.graph)
    assert started.graph.unsupported() == ()
    assert "answer" not in {node["kind"] for node in started.graph.node_link()["nodes"]}
    only_words = MadeLog()
    only_words.end()
    assert len(only_words.graph.unsupported()) == 3


def test_one_turn_with_fifty_calls_right_to_left_and_emoji():
    log = MadeLog()
    log.turn(*((f"r{number}", "search", {"query": f"שאלה {number} 🚀"}) for number in range(50)))
    for number in reversed(range(50)):
        log.finish(
            f"r{number}", f"ירושלים היא בירת ישראל. 🏙️ The tower 🗼 number {number} is {number + 100} metres tall."
        )
    log.end(
        "ירושלים היא בירת ישראל. The tower 🗼 number 7 is 107 metres tall. The tower 🗼 number 8 is 109 metres tall."
    )
    ask_everything(log.graph)
    assert [claim.degree for claim in log.graph.claims()] == ["quoted", "quoted", "contradicted"]
    assert log.graph.loops() == ()
    assert len(log.graph.critical_path().steps) == 1


def test_overlapping_calls_of_a_hosted_run_have_no_turns_and_are_answered_about():
    log = MadeLog()
    for name in ("r1", "r2"):
        log.add(CallRequested(call=ToolCall(id=name, tool="search", arguments={"query": name})))
    log.add(CallStarted(call_id="r2", tool="search", side_effect=False))
    log.finish("r2", SAUVESTRE)
    log.finish("r1", TOWER)
    log.add(RunEnded(status="answered", answer=ANSWER))
    ask_everything(log.graph)
    assert log.graph.claims()[0].degree == "quoted"


def test_seeing_an_event_touches_no_more_of_the_graph_at_the_end_of_a_long_run():
    short, long = MadeLog(), MadeLog()
    for log, steps in ((short, 10), (long, 1_000)):
        for number in range(steps):
            log.step(f"r{number}", f"Result {number} says {number}.", f"question {number}")
    added = []
    for log in (short, long):
        graph = log.graph
        before = len(graph.node_link()["nodes"]), len(graph.node_link()["links"])
        log.step("new", "Something new.", "one more")
        for record in log.records[-2:]:
            graph(record)
        after = len(graph.node_link()["nodes"]), len(graph.node_link()["links"])
        added.append((after[0] - before[0], after[1] - before[1]))
    assert added[0] == added[1] == (3, 3)


def test_a_tool_that_is_polled_makes_no_loop(tmp_path):
    @tool(effect="read", polling=True)
    def job_state(job: str) -> str:
        """Look how far a job is."""
        return f"{job} is running"

    @tool(effect="read")
    def note(text: str) -> str:
        """Read a note."""
        return f"nothing on {text}"

    calls = [calling((name, {key: "7"})) for name, key in (("job_state", "job"), ("note", "text")) * 2]
    with Home(tmp_path / "home", semantic=False) as home:
        model = ScriptedModel([*calls, calling(("job_state", {"job": "7"})), saying("It runs.")])
        run_id = asyncio.run(home.agent(model=model, tools=[job_state, note]).run("How far?")).run_id
        graph = home.graph(run_id)
    tools = {graph.story.calls[call_id].call.tool for loop in graph.loops() for call_id in loop.call_ids}
    assert [each.call.tool for each in graph.story.calls.values()].count("job_state") == 3
    assert tools == {"note"}
