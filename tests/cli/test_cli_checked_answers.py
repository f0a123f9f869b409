"""What a person sees of a draft that was checked: while the run goes on, in its outcome, and in `khala show`."""

from __future__ import annotations

import asyncio
import io
import json
from argparse import Namespace

import pytest

from khala import Home, tool
from khala.cli.ask import outcome_of, told
from khala.cli.progress import Progress
from khala.cli.runs import show
from khala.testing.scripted_model import ScriptedModel, calling, saying

FALSE = "The Eiffel Tower is 331 metres tall."
UNFOUNDED = "Lions sleep in the garden of the palace."


@tool(effect="read")
def read_page() -> str:
    """Read a page."""
    return "The Eiffel Tower is 330 metres tall."


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    seen = io.StringIO()
    with Home(tmp_path_factory.mktemp("home"), semantic=False) as home:
        model = ScriptedModel([calling(("read_page", {})), saying(f"{FALSE} {UNFOUNDED}"), saying(f"So: {FALSE}")])
        agent = home.agent(model=model, tools=[read_page], observers=[Progress(seen)])
        yield home, asyncio.run(agent.run("How tall is the Eiffel Tower?")), seen.getvalue()


def test_progress_says_that_a_draft_goes_back(checked):
    assert "turn 2: the draft goes back with 2 findings\n" in checked[2]


def test_an_outcome_marks_each_sentence_once_and_names_the_contradicted(checked):
    home, report, _ = checked
    outcome = outcome_of(home, report)
    assert outcome.unsupported == outcome.contradicted == (f"So: {FALSE}",)
    assert told(outcome).count(f"  So: {FALSE} (results say otherwise)\n") == 1


def test_show_tells_what_was_found_in_each_draft(checked, capsys):
    home, report, _ = checked
    show(Namespace(home=home.folder.path, run=report.run_id, graph=None, json=False))
    shown = capsys.readouterr().out
    assert f"    evidence_check: results say otherwise: {FALSE}\n" in shown
    assert f"    evidence_check: no result was found that says this: {UNFOUNDED}\n" in shown


def test_spans_hold_what_verifiers_found_in_the_turn_they_looked_at(checked):
    home, report, _ = checked
    spans = json.loads(home.export(report.run_id, "otlp-json"))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    drafts = [span for span in spans if span.get("events")]
    told = [
        {each["key"]: each["value"].get("stringValue") for each in event["attributes"]} for event in drafts[0]["events"]
    ]
    assert [each["name"] for each in drafts[0]["events"]] == ["gen_ai.evaluation.result"] * len(told)
    assert [each["khala.finding.quote"] for each in told] == [FALSE, UNFOUNDED]
    assert {each["gen_ai.evaluation.name"] for each in told} == {"evidence_check"}
    assert {each["khala.verified.follows"] for each in told} == {"told"}


def test_messages_for_training_hold_what_the_model_was_told_of_its_draft(checked):
    home, report, _ = checked
    messages = json.loads(home.export(report.run_id, "chatml"))["messages"]
    assert [message["role"] for message in messages[-3:]] == ["assistant", "user", "assistant"]
    assert messages[-2]["content"].startswith("A check of your draft found:")
