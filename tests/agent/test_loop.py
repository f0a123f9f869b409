"""The loop, driven by a scripted model over a store in memory."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.domain.budget import InteractionBudget
from khala.domain.events import (
    AnswerRequested,
    CallDecided,
    CallFinished,
    CallStarted,
    ContextShrunk,
    EvidenceRecalled,
    RunEnded,
    TurnRolledBack,
    Usage,
)
from khala.domain.message import AssistantMessage, ModelReply, RequestedCall, UserMessage
from khala.domain.policy import Policy, Rule
from khala.domain.retention import Retention
from khala.domain.tool import tool
from khala.errors import ContextTooLong, InvalidTask, ModelUnavailable, RunUnknown, ToolFailed
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.listed_memory import ListedMemory
from khala.testing.scripted_model import ScriptedModel, calling, saying, shown_results

ALLOW_ALL = Policy(rules=(Rule("everything", "allow", tools=frozenset({"*"})),))


@tool(effect="read")
def look_up(word: str, page: int = 1) -> str:
    """Look a word up."""
    return f"entry for {word}, page {page}"


@tool(effect="read")
def fail(word: str) -> str:
    """Fail in the tool's own way."""
    raise ToolFailed(f"no entry for {word}")


@tool(effect="read")
def crash(word: str) -> str:
    """Break."""
    raise KeyError(word)


def agent(script, tools=(look_up, fail, crash), **settings):
    model = ScriptedModel(script)
    store = settings.pop("store", None) or InMemoryStore()
    guard = Guard(settings.pop("policy", ALLOW_ALL), tools, digest=canonical_digest)
    return ResearchAgent(model=model, guard=guard, store=store, **settings), model, store


def run(script, task="what is a word?", **settings):
    researcher, model, store = agent(script, **settings)
    report = asyncio.run(researcher.run(task))
    return report, model, [record.event for record in store.records(report.run_id)]


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_a_run_calls_a_tool_and_answers():
    report, model, events = run([calling(("look_up", {"word": "word"})), saying("a unit of language")])
    assert (report.status, report.answer) == ("answered", "a unit of language")
    assert (report.spend.turns, report.spend.tool_calls) == (2, 1)
    assert dict(report.decisions) == {"allow": 1, "ask": 0, "deny": 0}
    assert "entry for word, page 1" in shown_results(model.prompts[1])[f"{report.run_id}-1"]
    assert [event.kind for event in events] == [
        "run_started", "tools_accepted", "model_replied", "call_decided", "call_started", "call_finished",
        "model_replied", "answer_drafted", "run_ended",
    ]  # fmt: skip


def test_calls_of_one_turn_run_side_by_side():
    both_there = threading.Barrier(2, timeout=10)

    @tool(effect="read")
    def meet(name: str) -> str:
        """Wait until two calls are here."""
        both_there.wait()
        return name

    report, model, _ = run([calling(("meet", {"name": "a"}), ("meet", {"name": "b"})), saying("done")], tools=[meet])
    assert report.status == "answered"
    assert [text.splitlines()[-1] for text in shown_results(model.prompts[1]).values()] == ["a", "b"]


def test_a_failing_call_loses_nothing_of_its_turn():
    calls = calling(("look_up", {"word": "x"}), ("fail", {"word": "y"}), ("crash", {"word": "z"}), ("nothing", {}))
    report, model, events = run([calls, saying("done")])
    assert [event.status for event in of_kind(events, CallFinished)] == ["invalid", "ok", "failed", "failed"]
    shown = list(shown_results(model.prompts[1]).values())
    assert "entry for x" in shown[0]
    assert "no entry for y" in shown[1]
    assert "KeyError" in shown[2]
    assert "there is no tool `nothing`" in shown[3]
    assert report.spend.tool_calls == 3


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (calling(("nothing", {})), "unknown_tool"),
        (calling(("look_up", {"wrod": "x"})), "invalid_arguments"),
        (ModelReply(text="", malformed=("not JSON",)), "malformed"),
        (ModelReply(text="no", finish="refusal"), "refusal"),
        (ModelReply(text="half a sen", finish="length"), "cut_off"),
        (saying("   "), "empty"),
        (saying("and so on and on, again and again and again, and " * 20), "repetition"),
    ],
)
def test_a_useless_turn_is_rolled_back_and_the_model_told_why_once(reply, cause):
    report, model, events = run([reply, calling(("look_up", {"word": "x"})), saying("done")])
    (rolled_back,) = of_kind(events, TurnRolledBack)
    assert rolled_back.cause == cause
    notes = [
        [m.text for m in prompt.messages if isinstance(m, UserMessage)].count(rolled_back.note)
        for prompt in model.prompts
    ]
    assert notes == [0, 1, 1]
    assert not [m for m in model.prompts[1].messages if isinstance(m, AssistantMessage)]
    assert (report.spend.turns, report.spend.rollbacks, report.spend.rollbacks_in_a_row) == (3, 1, 0)


def test_a_repeated_call_in_view_is_rolled_back_and_one_out_of_view_answered_from_memory():
    again = calling(("look_up", {"word": "a"}))
    others = [calling(("look_up", {"word": word})) for word in "bc"]
    report, model, events = run([again, again, *others, again, saying("done")], retention=Retention(keep_results=2))
    assert [event.cause for event in of_kind(events, TurnRolledBack)] == ["duplicate"]
    repeated = of_kind(events, CallFinished)[-1]
    assert (repeated.status, repeated.derived_from) == ("repeated", (f"{report.run_id}-1",))
    assert "entry for a" in shown_results(model.prompts[-1])[repeated.call_id]
    assert report.spend.tool_calls == 3


def test_defaults_filled_in_make_two_calls_the_same():
    script = [calling(("look_up", {"word": "a"})), calling(("look_up", {"word": "a", "page": 1})), saying("done")]
    _, _, events = run(script)
    assert [event.cause for event in of_kind(events, TurnRolledBack)] == ["duplicate"]


def test_the_same_call_twice_in_a_turn_runs_once():
    same = ("look_up", {"word": "a"})
    report, _, events = run([calling(same, same), saying("done")])
    assert sorted(event.status for event in of_kind(events, CallFinished)) == ["ok", "repeated"]
    assert report.spend.tool_calls == 1


def test_a_polling_tool_may_be_asked_again():
    @tool(effect="read", polling=True)
    def poll() -> str:
        """Look again."""
        return "pending"

    report, _, _ = run([calling(("poll", {})), calling(("poll", {})), saying("done")], tools=[poll])
    assert report.spend.tool_calls == 2


def test_only_the_last_results_stay_in_view():
    words = "abcdefgh"
    _, model, _ = run([*(calling(("look_up", {"word": word})) for word in words), saying("done")])
    shown = list(shown_results(model.prompts[-1]).values())
    assert [("entry for" in text) for text in shown] == [False] * 3 + [True] * 5


def test_a_long_result_is_cut_in_view_and_kept_whole():
    @tool(effect="read", max_result_chars=10)
    def long() -> str:
        """Say much."""
        return "0123456789" * 100

    researcher, model, store = agent([calling(("long", {})), saying("done")], tools=[long])
    report = asyncio.run(researcher.run("go"))
    (shown,) = shown_results(model.prompts[1]).values()
    assert shown.endswith("]\n0123456789")
    assert "characters 0 to 10 of 1000" in shown
    finished = of_kind([record.event for record in store.records(report.run_id)], CallFinished)[0]
    assert store.read_text(finished.digest) == "0123456789" * 100


def test_running_out_of_calls_ends_in_a_best_effort_answer():
    budget = InteractionBudget(tool_calls=2)
    script = [calling(*[("look_up", {"word": word}) for word in "abc"]), saying("as far as I know")]
    report, _, events = run(script, budget=budget)
    assert (report.status, report.reason) == ("best_effort", "the tool calls are used up")
    assert [event.status for event in of_kind(events, CallFinished)].count("skipped") == 1
    assert [event.reason for event in of_kind(events, AnswerRequested)] == ["tool_calls"]


def test_a_limit_on_one_tool_leaves_the_others_free():
    budget = InteractionBudget(calls_per_tool={"look_up": 1})
    script = [
        calling(("look_up", {"word": "a"})),
        calling(("look_up", {"word": "b"}), ("fail", {"word": "c"})),
        saying("done"),
    ]
    report, _, events = run(script, budget=budget)
    assert sorted(event.status for event in of_kind(events, CallFinished)) == ["failed", "ok", "skipped"]
    assert report.status == "answered"


def test_endless_useless_replies_end_the_run_and_say_so():
    report, model, _ = run([calling(("nothing", {}))] * 20)
    assert (report.status, report.answer) == ("unanswered", "")
    assert report.spend.rollbacks_in_a_row == 5 + 3
    assert len(model.prompts) == 5 + 3


def test_a_model_that_never_answers_gets_its_nearest_passages_quoted():
    memory = ListedMemory()
    script = [calling(("look_up", {"word": "word"})), *[calling(("nothing", {}))] * 20]
    report, _, _ = run(script, memory=memory)
    assert report.status == "best_effort"
    assert f'"entry for word, page 1" [{report.run_id}-1]' in report.answer


def test_calls_beside_the_final_answer_are_ignored():
    budget = InteractionBudget(tool_calls=1)
    insisting = ModelReply(text="the answer", calls=(RequestedCall(tool="look_up", arguments={"word": "b"}),))
    report, _, _ = run([calling(("look_up", {"word": "a"})), insisting], budget=budget)
    assert (report.status, report.answer, report.spend.tool_calls) == ("best_effort", "the answer", 1)


def test_a_context_error_shrinks_the_context_instead_of_asking_again():
    @tool(effect="read")
    def big() -> str:
        """Say much."""
        return "x" * 10_000

    script = [calling(("big", {})), ContextTooLong("maximum context length"), ContextTooLong("again"), saying("done")]
    report, model, events = run(script, tools=[big])
    assert report.status == "answered"
    assert [event.level for event in of_kind(events, ContextShrunk)] == [1, 2]
    sizes = [prompt.chars for prompt in model.prompts[1:]]
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_prompt_that_would_not_fit_is_never_sent():
    @tool(effect="read")
    def big(n: int) -> str:
        """Say much."""
        return "x" * 20_000

    budget = InteractionBudget(context_tokens=12_000, reply_tokens=1_000)
    script = [*(calling(("big", {"n": n})) for n in range(8)), saying("done")]
    report, model, events = run(script, tools=[big], budget=budget)
    assert report.status == "answered"
    assert of_kind(events, ContextShrunk)
    assert max(prompt.chars for prompt in model.prompts) <= 11_000 * 4


def test_tokens_per_character_are_learned_from_the_endpoint():
    reply = ModelReply(
        text="", calls=(RequestedCall(tool="look_up", arguments={"word": "a"}),), usage=Usage(prompt_tokens=9_000)
    )
    budget = InteractionBudget(context_tokens=10_000, reply_tokens=1_500)
    report, _, events = run([reply, saying("done")], budget=budget)
    assert of_kind(events, ContextShrunk)
    assert report.status == "answered"


def test_a_hopeless_context_error_ends_in_a_best_effort():
    memory = ListedMemory()
    script = [calling(("look_up", {"word": "word"})), *[ContextTooLong("too long")] * 20]
    report, _, _ = run(script, memory=memory)
    assert (report.status, report.reason) == ("best_effort", "the context is full")


def test_evidence_out_of_view_is_put_back_before_the_final_answer():
    memory = ListedMemory()
    words = ["metaclass", *"bcdefg"]
    script = [*(calling(("look_up", {"word": word})) for word in words), saying("draft on metaclass"), saying("final")]
    report, model, events = run(script, memory=memory)
    (evidence,) = of_kind(events, EvidenceRecalled)
    assert f"{report.run_id}-1" in [passage.result_id for passage in evidence.passages]
    assert any(isinstance(m, UserMessage) and "entry for metaclass" in m.text for m in model.prompts[-1].messages)
    assert (report.status, report.answer) == ("answered", "final")


def test_a_denied_call_reaches_the_model_as_a_result_that_names_the_rule():
    policy = Policy(
        rules=(*ALLOW_ALL.rules, Rule("no-failing", "deny", tools=frozenset({"fail"}), reason="it only fails"))
    )
    report, model, events = run([calling(("fail", {"word": "x"})), saying("done")], policy=policy)
    (shown,) = shown_results(model.prompts[1]).values()
    assert "refused by policy rule `no-failing`: it only fails" in shown
    assert not of_kind(events, CallStarted)
    assert dict(report.decisions)["deny"] == 1


def test_a_slow_tool_times_out_and_the_run_goes_on():
    @tool(effect="read", timeout_s=0.05)
    def slow() -> str:
        """Sleep in a thread nobody can stop."""
        time.sleep(1)
        return "late"

    @tool(effect="read", timeout_s=0.05)
    async def slow_too() -> str:
        """Sleep."""
        await asyncio.sleep(1)
        return "late"

    report, _, events = run([calling(("slow", {}), ("slow_too", {})), saying("done")], tools=[slow, slow_too])
    assert [event.status for event in of_kind(events, CallFinished)] == ["timeout", "timeout"]
    assert report.status == "answered"


def test_events_stream_as_they_happen():
    async def main():
        researcher, _, _ = agent([calling(("look_up", {"word": "a"})), saying("done")])
        return [record.event.kind async for record in researcher.stream("go")]

    kinds = asyncio.run(main())
    assert kinds[0] == "run_started"
    assert kinds[-1] == "run_ended"


def test_a_stream_left_early_can_be_resumed():
    store = InMemoryStore()

    async def main():
        researcher, _, _ = agent([calling(("look_up", {"word": "a"})), saying("never")], store=store)
        stream = researcher.stream("go")
        async for record in stream:
            if isinstance(record.event, CallFinished):
                await stream.aclose()
                return record.run_id
        raise AssertionError

    run_id = asyncio.run(main())
    researcher, model, _ = agent([saying("done")], store=store)
    report = asyncio.run(researcher.resume(run_id))
    assert (report.status, report.answer, report.spend.tool_calls) == ("answered", "done", 1)
    assert "entry for a" in str(shown_results(model.prompts[0]))


def test_an_unreachable_model_leaves_the_run_resumable():
    store = InMemoryStore()
    researcher, _, _ = agent([calling(("look_up", {"word": "a"})), ModelUnavailable("down")], store=store)
    with pytest.raises(ModelUnavailable):
        asyncio.run(researcher.run("go"))
    run_id = "run1"
    researcher, _, _ = agent([saying("done")], store=store)
    assert asyncio.run(researcher.resume(run_id)).answer == "done"


def test_resuming_an_ended_run_only_reports_it():
    store = InMemoryStore()
    researcher, _, _ = agent([saying("done")], store=store)
    first = asyncio.run(researcher.run("go"))
    before = len(store.records(first.run_id))
    again, _, _ = agent([], store=store)
    assert asyncio.run(again.resume(first.run_id)).answer == "done"
    assert len(store.records(first.run_id)) == before


class Stopped(Exception):
    """The process dies here."""


@pytest.mark.parametrize(("idempotent", "status", "times"), [(False, "unknown", 1), (True, "ok", 2)])
def test_a_side_effect_in_flight_is_repeated_only_when_that_is_harmless(idempotent, status, times):
    store = InMemoryStore()
    sent = []

    @tool(effect="send", idempotent=idempotent)
    def send(text: str) -> str:
        """Send."""
        sent.append(text)
        return "sent"

    def stop_at_start(record):
        if isinstance(record.event, CallStarted):
            sent.append("in flight")
            raise Stopped

    researcher, _, _ = agent([calling(("send", {"text": "hi"}))], tools=[send], store=store, observers=[stop_at_start])
    with pytest.raises(Stopped):
        asyncio.run(researcher.run("go"))
    run_id = "run1"
    researcher, _, _ = agent([saying("done")], tools=[send], store=store)
    report = asyncio.run(researcher.resume(run_id))
    finished = of_kind([record.event for record in store.records(run_id)], CallFinished)
    assert [event.status for event in finished] == [status]
    assert len(sent) == times
    assert report.spend.tool_calls == 1


def test_a_crash_after_any_event_resumes_to_the_same_end():
    script = [
        calling(("look_up", {"word": "a"}), ("look_up", {"word": "b"})),
        calling(("nothing", {})),
        calling(("look_up", {"word": "c"})),
        saying("draft"),
        saying("final"),
    ]
    settings = {"retention": Retention(keep_results=1)}
    report, _, events = run(script, memory=ListedMemory(), **settings)
    for stop_after in range(1, len(events)):
        store, memory = InMemoryStore(), ListedMemory()
        remaining = iter(script)

        def stop(record, stop_after=stop_after):
            if record.seq == stop_after:
                raise Stopped

        researcher, _, _ = agent(remaining, store=store, memory=memory, observers=[stop], **settings)
        with pytest.raises(Stopped):
            asyncio.run(researcher.run("what is a word?"))
        run_id = "run1"
        researcher, _, _ = agent(remaining, store=store, memory=memory, **settings)
        again = asyncio.run(researcher.resume(run_id))
        assert (again.status, again.answer) == (report.status, report.answer), stop_after
        assert again.spend.tool_calls == report.spend.tool_calls
        finished = [event.call_id for event in of_kind([r.event for r in store.records(run_id)], CallFinished)]
        assert len(finished) == len(set(finished)) == 3


@pytest.mark.parametrize("task", ["", "  \n ", "x" * 200_001, "caf\udce9"])
def test_a_question_that_is_none_is_refused(task):
    researcher, _, store = agent([saying("done")])
    with pytest.raises(InvalidTask):
        asyncio.run(researcher.run(task))
    with pytest.raises(RunUnknown):
        store.records("run1")


def test_an_ask_goes_to_the_person_and_only_yes_is_yes():
    policy = Policy(rules=(*ALLOW_ALL.rules, Rule("check", "ask", tools=frozenset({"look_up"}), reason="sure?")))
    for answer, status in [(True, "ok"), (False, "denied"), (None, "denied"), ("yes", "denied")]:

        async def approver(call, decision, answer=answer):
            assert (call.arguments, decision.reason) == ({"word": "a", "page": 1}, "sure?")
            return answer

        guard = Guard(policy, [look_up], digest=canonical_digest, approver=approver)
        store = InMemoryStore()
        script = ScriptedModel([calling(("look_up", {"word": "a"})), saying("done")])
        report = asyncio.run(ResearchAgent(model=script, guard=guard, store=store).run("go"))
        events = [record.event for record in store.records(report.run_id)]
        assert [event.status for event in of_kind(events, CallFinished)] == [status]
        assert [event.approved for event in of_kind(events, CallDecided)] == [answer is True]


def test_the_last_event_is_the_end():
    _, _, events = run([saying("done")])
    assert isinstance(events[-1], RunEnded)


@pytest.mark.parametrize(
    ("answer", "status"),
    [("Yes.", "answered"), ("(Nothing was found.)", "unanswered"), ("(A notice.)\n\nThe answer.", "answered")],
)
def test_a_notice_alone_is_no_answer(answer, status):
    assert run([saying(answer)])[0].status == status


def test_after_a_change_no_earlier_answer_counts_any_more():
    shelf = {"book": "old"}

    @tool(effect="read")
    def get(key: str) -> str:
        """Read."""
        return shelf[key]

    @tool(effect="write")
    def put(key: str, value: str) -> str:
        """Write."""
        shelf[key] = value
        return f"{key} is {value}"

    script = [
        calling(("get", {"key": "book"})),
        calling(("put", {"key": "book", "value": "new"})),
        calling(("put", {"key": "book", "value": "newer"})),
        calling(("get", {"key": "book"})),
        calling(("put", {"key": "book", "value": "new"})),
        calling(("put", {"key": "book", "value": "new"})),
        saying("done"),
    ]
    _, model, events = run(script, tools=[get, put])
    assert [event.status for event in of_kind(events, CallFinished)] == ["ok"] * 5
    assert [event.cause for event in of_kind(events, TurnRolledBack)] == ["duplicate"]
    assert [text.splitlines()[-1] for text in shown_results(model.prompts[-1]).values()][3] == "newer"
    assert shelf == {"book": "new"}
