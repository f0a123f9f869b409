"""Logs of other programs become runs: every call and result accounted for, every damage named, nothing trusted."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from foreign_documents import ANSWER, TASK, TaskLog, block, native_messages, said

from khala import Home
from khala.agent.recording import ground
from khala.domain.grounding import Grounding
from khala.domain.manifest import ToolManifest
from khala.domain.trajectory import Trajectory
from khala.errors import ImportRefused, RunUnknown
from khala.testing.scripted_model import ScriptedModel, saying

REAL_LOGS = os.environ.get("KHALA_MIROTHINKER_LOGS", "")


class Taken:
    """A log taken into a home, and the run it became."""

    def __init__(self, home, document, tmp_path):
        file = tmp_path / "a log.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        self.log = home.import_log(file)
        self.home = home
        self.run_id = self.log.main.run_id
        self.records = home.store.records(self.run_id)
        self.trajectory = Trajectory.of(self.run_id, self.records)
        self.warnings = " | ".join(self.log.warnings)

    @property
    def calls(self):
        return list(self.trajectory.calls)

    def text(self, place):
        return self.home.store.read_text(self.calls[place].finished.digest)


@pytest.fixture
def take(tmp_path):
    with Home(tmp_path / "home", semantic=False) as home:
        yield lambda document: Taken(home, document, tmp_path)


def test_a_task_log_becomes_a_run_that_can_be_shown_verified_and_asked_about(take):
    log = TaskLog()
    log.turn(1, {"q": "Eiffel Tower height"}, f"{ANSWER} It stands in Paris.")
    log.answer(2)
    taken = take(log.document())
    main = taken.log.main
    assert (main.status, main.turns, main.tool_calls, main.results) == ("answered", 2, 1, 1)
    assert taken.log.warnings == ()
    assert taken.trajectory.task.startswith(TASK)
    assert taken.trajectory.started.model == "mirothinker-8b"
    assert taken.calls[0].call.tool == "tool-web-search"
    assert taken.calls[0].call.arguments == {"q": "Eiffel Tower height"}
    assert taken.home.store.verify(taken.run_id).is_imported
    assert taken.home.graph(taken.run_id).why(ANSWER).evidence[0].result_id == f"{taken.run_id}-1"


def test_an_imported_run_is_marked_and_holds_no_word_of_a_guard(take):
    taken = take(native_messages())
    imported = taken.records[0].event.imported
    assert (imported.format, imported.file) == ("messages", "a log.json")
    kinds = {record.event.kind for record in taken.records}
    assert kinds.isdisjoint({"call_decided", "call_started", "call_requested", "run_resumed"})
    assert taken.trajectory.decisions == {"allow": 0, "ask": 0, "deny": 0}
    assert [run.is_imported for run in taken.home.store.runs()] == [True]


def test_nothing_in_an_imported_run_is_trusted_not_even_its_task(take):
    taken = take(native_messages(3))
    for state in taken.calls:
        assert state.finished.label.trust == "untrusted"
        assert state.finished.label.origins == ("import", "tool:fetch")
    grounding = Grounding()
    trusting = ToolManifest(tool="fetch", effect="read", results="trusted")
    ground(grounding, taken.trajectory, taken.home.store.read_text, lambda _: trusting, policy="")
    assert not grounding.is_from_user("Eiffel Tower")
    assert grounding.origins("Eiffel Tower") == {"said"}
    grounding.add_user_words(TASK)
    assert grounding.is_from_user("Eiffel Tower")


def test_an_imported_run_cannot_be_resumed(take):
    taken = take(native_messages())
    agent = taken.home.agent(model=ScriptedModel([saying("more")]))
    with pytest.raises(RunUnknown, match="was imported from a log"):
        asyncio.run(agent.resume(taken.run_id))


def test_results_of_an_imported_run_are_recalled_as_untrusted(take):
    taken = take(native_messages())
    found = taken.home.memory.recall("Eiffel Tower metres")
    assert [(each.result_id, each.label.trust) for each in found] == [(f"{taken.run_id}-1", "untrusted")]


def test_arguments_and_times_come_from_the_steps_and_times_are_utc_plus_8(take):
    log = TaskLog()
    log.messages += [said("assistant", block("search", "{'q': 'as written'")), said("user", "result")]
    log.replied(1, tokens=(100, 10))
    log.started("search", {"q": "as executed"})
    log.completed(1, "search", 1250)
    log.answer(2)
    log.steps[-2]["message"] = "Input: 250, Output: 30"
    taken = take(log.document())
    call = taken.calls[0]
    assert call.call.arguments == {"q": "as executed"}
    assert call.finished.elapsed_ms == 1250
    assert call.finished.happened_at_ms == 1764892804000  # 2025-12-05T00:00:04Z
    assert taken.trajectory.spend.seconds == 60
    assert [turn.reply.usage.prompt_tokens for turn in taken.trajectory.turns] == [100, 150]


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        ("Tool call format incorrect - found MCP tags in response.", "malformed"),
        ("LLM refused to answer - found refusal keywords: ['time constraint'].", "refusal"),
        ("Duplicate query detected - tool: search, query: 'x', previous count: 1.", "duplicate"),
        ("Tool result error - tool: serch, result: 'Unknown tool: serch'", "unknown_tool"),
    ],
)
def test_a_rolled_back_turn_stands_where_it_was_with_its_reason_and_calls(take, why, cause):
    log = TaskLog()
    log.turn(1, {"q": "one"}, "result one")
    log.replied(2)
    log.started("search", {"q": "in vain"})
    log.rolled_back(1, why)
    log.turn(2, {"q": "two"}, "result two")
    log.answer(3)
    taken = take(log.document())
    second = taken.trajectory.turns[1]
    assert second.rolled_back.cause == cause
    assert second.rolled_back.note == why
    assert [state.call.arguments for state in taken.calls] == [{"q": "one"}, {"q": "in vain"}, {"q": "two"}]
    assert [taken.text(0), taken.text(2)] == ["result one", "result two"]
    assert "a turn was rolled back" in taken.warnings
    assert (taken.log.main.tool_calls, taken.log.main.results) == (3, 2)


def test_a_turn_that_was_cut_out_of_the_history_still_has_its_call(take):
    log = TaskLog()
    log.turn(1, {"q": "one"}, "result one")
    log.turn(2, {"q": "two"}, "a result too long for the context")
    del log.messages[-2:]
    log.step("👑 Main Agent | Turn: 50 | Context Limit Reached", "Context limit reached, triggering summary")
    log.messages.append(said("user", "Summarize the above conversation, and output the FINAL ANSWER to ..."))
    log.told["final_boxed_answer"] = "No final answer generated."
    taken = take(log.document())
    assert [state.finished.status for state in taken.calls] == ["ok", "unknown"]
    assert (taken.log.main.status, taken.trajectory.ended.reason) == ("unanswered", "context")
    assert "status is `success`, but it has no answer" in taken.warnings
    assert "gone from the message history" in taken.warnings


def test_a_call_that_was_written_but_never_started_is_skipped(take):
    log = TaskLog()
    log.turn(1, {"q": "one"}, "result one")
    log.messages.append(said("assistant", block("search", {"q": "after the end"})))
    log.replied(2)
    taken = take(log.document())
    assert [state.finished.status for state in taken.calls] == ["ok", "skipped"]
    assert taken.trajectory.spend.tool_calls == 1


def test_a_summary_prompt_in_the_place_of_results_is_no_result(take):
    log = TaskLog()
    log.turn(1, {"q": "one"}, "Summarize the above conversation, and output the FINAL ANSWER to the question.")
    log.answer(2)
    taken = take(log.document())
    assert taken.calls[0].finished.status == "unknown"
    assert "taken out of the log" in taken.warnings


def test_results_of_several_calls_in_one_message_are_shared_and_said_to_be(take):
    log = TaskLog()
    log.messages += [
        said("assistant", block("search", {"q": "one"}) + block("search", {"q": "two"})),
        said("user", "result one\nresult two"),
    ]
    log.messages.append(said("assistant", ANSWER))
    taken = take(log.document())
    first, second = taken.calls
    assert taken.text(0) == taken.text(1) == "result one\nresult two"
    assert first.finished.derived_from == ()
    assert second.finished.derived_from == (first.call.id,)
    assert "turn 1: one message holds the results of its calls, undivided" in taken.warnings


def test_fifty_native_calls_of_one_turn_each_get_their_own_result(take):
    taken = take(native_messages(50))
    assert (taken.log.main.tool_calls, taken.log.main.results) == (50, 50)
    for place, state in enumerate(taken.calls):
        assert taken.text(place) == f"page {state.call.arguments['page']}: {ANSWER}"


def test_parts_of_anthropic_messages_are_calls_results_and_thoughts(take):
    messages = [
        said("user", [{"type": "text", "text": TASK}]),
        said(
            "assistant",
            [
                {"type": "thinking", "thinking": "hm"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "u1", "name": "fetch", "input": {"page": 1}},
            ],
        ),
        said("user", [{"type": "tool_result", "tool_use_id": "u1", "content": [{"type": "text", "text": "found"}]}]),
        said("assistant", [{"type": "text", "text": ANSWER}]),
    ]
    taken = take(messages)
    turn = taken.trajectory.turns[0]
    assert (turn.reply.thinking, turn.reply.text) == ("hm", "I look.")
    assert (taken.calls[0].call.arguments, taken.text(0)) == ({"page": 1}, "found")
    assert taken.log.warnings == ()


def test_calls_count_where_the_framework_found_them_even_in_thinking(take):
    log = TaskLog()
    log.messages += [said("assistant", f"<think>maybe {block('search', {'q': 'one'})}</think>"), said("user", "found")]
    log.messages.append(said("assistant", ANSWER))
    taken = take(log.document())
    assert taken.text(0) == "found"
    assert taken.trajectory.turns[0].reply.thinking == "maybe"


def test_a_sub_agent_session_becomes_a_run_that_names_the_call_that_asked_for_it(take):
    log = TaskLog()
    for number, subtask in enumerate(("its height", "its age"), start=1):
        call = block("search_and_browse", {"subtask": subtask}, server="agent-browsing")
        log.messages += [said("assistant", call), said("user", f"report on {subtask}")]
        log.replied(number)
        log.step("🤖 agent-browsing | Session Start", "Starting ...", session_id=f"agent-browsing_{number}")
        log.replied(1, agent="agent-browsing")
        log.started("scrape", {"url": subtask})
        log.step("🤖 agent-browsing | Session End", "Ending ...")
        log.sessions[f"agent-browsing_{number}"] = {
            "system_prompt": "browse",
            "message_history": [
                said("user", subtask),
                said("assistant", block("scrape", {"url": subtask})),
                said("user", f"page on {subtask}"),
                said("assistant", f"report on {subtask}"),
            ],
        }
    log.answer(3)
    taken = take(log.document())
    assert taken.log.warnings == ()
    assert [(sub.name, sub.tool_calls, sub.results, sub.status) for sub in taken.log.sub_agents] == [
        ("agent-browsing_1", 1, 1, "answered"),
        ("agent-browsing_2", 1, 1, "answered"),
    ]
    for place, sub in enumerate(taken.log.sub_agents):
        started = taken.home.store.records(sub.run_id)[0].event
        assert started.imported.asked_by == taken.calls[place].call.id
        assert started.task == taken.calls[place].call.arguments["subtask"]


def test_what_a_sub_agent_read_is_evidence_of_the_answer_with_the_way_it_came(take):
    log = TaskLog()
    call = block("search_and_browse", {"subtask": "its height"}, server="agent-browsing")
    log.messages += [said("assistant", call), said("user", "The sub-agent says: 330 metres tall.")]
    log.sessions["agent-browsing_1"] = {
        "system_prompt": "browse",
        "message_history": [
            said("user", "its height"),
            said("assistant", block("scrape", {"url": "https://tower.example/"})),
            said("user", f"{ANSWER} It stands in Paris."),
            said("assistant", "330 metres tall"),
        ],
    }
    log.answer(2)
    taken = take(log.document())
    graph = taken.home.graph(taken.run_id)
    (sub,) = taken.log.sub_agents
    (found,) = graph.why(ANSWER).evidence
    assert (found.result_id, found.tool) == (f"{sub.run_id}-1", "tool-web-scrape")
    assert [(step.call_id, step.next_link) for step in found.path] == [
        (taken.calls[0].call.id, "delegated_to"),
        (f"{sub.run_id}-1", ""),
    ]
    assert graph.single_source() == (ANSWER,)
    links = {(link["kind"], link["target"]) for link in graph.node_link()["links"]}
    assert ("delegated_to", f"subgoal:{sub.run_id}") in links
    assert "It stands in Paris." in taken.home.view(taken.run_id)
    assert f"subgoal:{sub.run_id}" in taken.home.export(taken.run_id, "graphml")
    assert graph.stale()[0].sentence == ANSWER  # the main agent's prompt never held that page


def test_newer_miroflow_logs_and_bare_histories_are_read(take):
    messages = [said("user", TASK), said("assistant", block("search", {"q": "x"})), said("user", "found")]
    newer = {
        "task_meta": {"task_description": TASK, "status": "completed", "final_boxed_answer": ANSWER},
        "agent_states": {"main_agent": {"state": {"message_history": messages}}},
        "step_logs": [{"type": "log_debug", "msg": "Rollback #1: refusal_detected, max=5"}],
    }
    taken = take(newer)
    assert (taken.log.format, taken.log.main.status, taken.text(0)) == ("miroflow", "answered", "found")
    assert "1 turns were rolled back" in taken.warnings
    bare = take({"message_history": messages, "summary": "", "final_boxed_answer": ANSWER})
    assert (bare.log.format, bare.log.main.status, bare.trajectory.ended.answer) == ("history", "answered", ANSWER)


def test_right_to_left_text_and_emoji_are_kept_word_for_word(take):
    words = "ارتفاع البرج 330 مترًا 👨‍👩‍👧‍👦🗼 \u202egnirts\u202c"
    messages = [said("user", words), said("assistant", f"{words}{block('search', {'q': words})}"), said("user", words)]
    taken = take([*messages, said("assistant", words)])
    assert taken.trajectory.task == taken.text(0) == taken.calls[0].call.arguments["q"] == words
    assert taken.trajectory.ended.answer == words


def test_half_characters_are_replaced_and_named(take):
    taken = take([said("user", "a \ud83d b"), said("assistant", "c \udc00 d")])
    assert (taken.trajectory.task, taken.trajectory.ended.answer) == ("a \ufffd b", "c \ufffd d")
    assert "half characters" in taken.warnings


def test_zero_calls_and_no_answer_are_a_run_too(take):
    assert take([said("user", TASK)]).log.main.status == "unanswered"
    chat = take([said("user", TASK), said("assistant", "Hello."), said("user", "and?"), said("assistant", ANSWER)])
    assert (chat.log.main.tool_calls, chat.trajectory.ended.answer) == (0, ANSWER)
    assert [record.event.text for record in chat.records if record.event.kind == "answer_requested"] == ["and?"]


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (said("tool", "lost", tool_call_id="nobody"), "result of `nobody`, which no call waits for"),
        (said("narrator", "meanwhile"), "unknown role `narrator`"),
        ("just words", "is no object"),
        (said("assistant", "", tool_calls=[{"id": "x", "function": {}}]), "a call in it cannot be read"),
        (said("assistant", "<use_mcp_tool>\n<server_name>cut"), "a call in it cannot be read"),
        (said("user", [{"type": "image_url", "image_url": {}}]), "is of type `image_url`"),
        (
            said("assistant", "", tool_calls=[{"id": "x", "function": {"name": "f", "arguments": "[1]"}}]),
            "arguments that cannot be read",
        ),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_there(take, message, named):
    taken = take([said("user", TASK), said("assistant", "hm"), message, said("assistant", ANSWER)])
    assert named in taken.warnings
    assert taken.trajectory.turns[-1].reply.text == ANSWER


def test_a_log_cut_off_at_any_place_is_read_as_far_as_it_goes(take):
    log = TaskLog()
    for number in range(1, 5):
        log.turn(number, {"q": f'with "quotes" {number}'}, f"result\n{number} 🗼")
    whole = json.dumps(log.document(), ensure_ascii=False, indent=2)
    results = []
    for stop in range(whole.index('"message_history"') + 100, len(whole), 401):
        taken = take(whole[:stop])
        assert "damaged or cut off" in taken.warnings
        results.append(taken.log.main.results)
    assert results == sorted(results)
    assert results[-1] == 4


@pytest.mark.parametrize(
    "content", ["", "hello", "{}", "[]", "[1, 2]", '{"a": 1}', "null", "12", '{"messages": []}', "{"]
)
def test_a_foreign_file_is_refused_and_leaves_nothing(take, tmp_path, content):
    with pytest.raises(ImportRefused):
        take(content)
    with Home(tmp_path / "home", semantic=False) as home:
        assert home.store.runs() == []


def test_a_file_beyond_the_limit_is_refused_without_being_read_whole(tmp_path):
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(500_000_000)
    with Home(tmp_path / "home", semantic=False) as home, pytest.raises(ImportRefused, match="larger than 64 MB"):
        home.import_log(huge)


def test_what_is_no_file_is_refused(tmp_path):
    with Home(tmp_path / "home", semantic=False) as home:
        for path in (tmp_path, tmp_path / "absent.json", "nul\0byte"):
            with pytest.raises(ImportRefused, match="cannot be read"):
                home.import_log(path)


@pytest.mark.skipif(not REAL_LOGS, reason="KHALA_MIROTHINKER_LOGS names no folder of real logs")
def test_real_logs_come_in_with_every_call_that_their_steps_and_messages_tell_of(tmp_path):
    files = sorted(Path(REAL_LOGS).glob("*.json"))
    assert files
    with Home(tmp_path / "home", semantic=False) as home:
        for file in files:
            document = json.loads(file.read_text())
            taken = home.import_log(file)
            trajectory = Trajectory.of(taken.main.run_id, home.store.records(taken.main.run_id))
            told = Counter(json.dumps(state.call.arguments, sort_keys=True) for state in trajectory.calls)
            if isinstance(document, list):
                asked = [call["function"]["arguments"] for each in document for call in each.get("tool_calls", ())]
                expected = Counter(json.dumps(json.loads(arguments), sort_keys=True) for arguments in asked)
                assert taken.main.results == sum(each["role"] == "tool" for each in document)
            else:
                starts = [step for step in document["step_logs"] if "Tool Call Start" in step["step_name"]]
                expected = Counter(json.dumps(step["metadata"]["arguments"], sort_keys=True) for step in starts)
                usage = next(step["message"] for step in document["step_logs"] if "Total Input" in step["message"])
                assert f"Total Input: {trajectory.spend.prompt_tokens}," in usage
            assert told == expected
            home.store.verify(taken.main.run_id)
            main = taken.main
            print(f"{file.name}: {main.status}, {main.turns} turns, {main.tool_calls} calls, {main.results} results")
