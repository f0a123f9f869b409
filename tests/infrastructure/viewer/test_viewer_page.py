"""What the page is made of: nothing a log says can leave its JSON block, and nothing but our scripts may run."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
)
from khala.domain.label import Label
from khala.domain.policy import Decision, Offence
from khala.domain.retention import Retention
from khala.domain.value import Value
from khala.infrastructure.viewer.page import SCRIPTS, page, page_json
from khala.infrastructure.viewer.told_run import told_runs, utf16_place

FOLDER = files("khala.infrastructure.viewer")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
DOCUMENT = {"runs": [], "texts": {}, "comparison": None}


def recorded(*events):
    return [Recorded(run_id="run1", seq=seq, at_ms=1000 + seq, event=event) for seq, event in enumerate(events)]


def started(**about):
    about = {"task": "why?", "system": "", "model": "made", "tools": (), "policy": ""} | about
    return RunStarted(budget=InteractionBudget(), retention=Retention(), **about)


def told(*events, texts=None):
    return told_runs([recorded(*events)], (texts or {}).__getitem__)["runs"][0]


@given(
    ANY_TEXT | st.sampled_from(["</script>", "<!--", "\u2028", "\ud800", "\ud83d\ude00", "$runs", "&lt;", "\x00\x1b\r"])
)
@settings(max_examples=200)
def test_no_text_can_leave_the_json_block_and_every_text_comes_back(text):
    written = page_json({"text": text})
    assert not re.search("[<>&\u2028\u2029]", written)
    # half characters that stand beside each other are one to JSON, as they are to JavaScript
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(written.encode().decode()) == {"text": expected}


@given(ANY_TEXT, st.integers(0, 40))
def test_places_are_counted_as_javascript_counts_them(text, place):
    assert utf16_place(text, min(place, len(text))) == len(text[:place].encode("utf-16-le", "surrogatepass")) // 2


def test_the_page_allows_its_own_scripts_and_style_by_their_hash_and_nothing_else():
    html = page({**DOCUMENT, "texts": {"a": "</script><script>alert(1)</script> $style ${library}"}})
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    scripts = [content for about, content in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL) if not about]
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert directives["default-src"] == "'none'"
    assert directives["script-src"].split() == [hashed(script) for script in scripts]
    assert directives["style-src"].split() == [hashed(style) for style in styles]
    assert len(scripts) == 2
    assert len(styles) == 1
    assert "\r" not in "".join(scripts + styles)  # a browser reads it as a line end, and the hash would be another


def hashed(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_our_scripts_make_no_markup_from_text_no_request_and_no_link():
    own = "".join(FOLDER.joinpath(name).read_text(encoding="utf-8") for name in (*SCRIPTS, "viewer.css", "viewer.html"))
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "href",
        "src=",
    ):
        assert way not in own
    assert re.findall(r"https?:[^\"' ]*", own) == ["http://www.w3.org/2000/svg"]  # a name, not an address
    assert {entry.name for entry in FOLDER.iterdir() if entry.name.endswith(".js")} == {*SCRIPTS, "cytoscape.min.js"}


def test_the_graph_library_is_the_recorded_one_and_carries_its_licence_into_the_page():
    record = json.loads(FOLDER.joinpath("cytoscape.json").read_text(encoding="utf-8"))
    for name, digest in record["files"].items():
        assert sha256(FOLDER.joinpath(name).read_bytes()).hexdigest() == digest
    assert f'"{record["version"]}"' in FOLDER.joinpath("cytoscape.min.js").read_text(encoding="utf-8")
    permission = "Permission is hereby granted, free of charge"
    assert permission in FOLDER.joinpath("cytoscape.LICENSE.txt").read_text(encoding="utf-8")
    assert permission in page(DOCUMENT)


def test_a_decision_is_told_with_its_offences_and_a_rolled_back_turn_with_its_note():
    offence = Offence(rule="r", path="args.to", role="recipient", value="eve", origins=("said",), sources=("run1-1",))
    decision = Decision(effect="deny", rules=("r",), reason="not yours", offences=(offence,))
    run = told(
        started(),
        ModelReplied(turn=1, text="", calls=(ToolCall(id="run1-1", tool="send", arguments={"to": "eve"}),)),
        CallDecided(call_id="run1-1", decision=decision),
        finished("run1-1", "d1", status="denied"),
        ModelReplied(turn=2, text=""),
        TurnRolledBack(turn=2, cause="empty", note="say something"),
        texts={"d1": "refused"},
    )
    assert run["calls"]["run1-1"]["decided"]["offences"][0]["origins"] == ["said"]
    assert run["calls"]["run1-1"]["result"]["status"] == "denied"
    assert [item.get("rolled_back") for item in run["items"]] == [None, {"cause": "empty", "note": "say something"}]
    assert run["status"] == "unfinished"


def finished(call_id, digest, *, status="ok", chars=7):
    return CallFinished(call_id=call_id, status=status, digest=digest, chars=chars, shown_chars=chars, label=Label())


class Prophesied(Value):
    """An event of a version to come."""

    kind: str = "prophesied"
    words: str = "doom"
    turn: int = 1


def test_an_event_of_an_unknown_kind_is_told_with_its_fields():
    known = recorded(started())
    unknown = Recorded.model_construct(run_id="run1", seq=1, at_ms=1001, event=Prophesied())
    run = told_runs([[*known, unknown]], str)["runs"][0]
    assert run["items"] == [{"is": "event", "kind": "prophesied", "at_ms": 1, "about": {"words": "doom", "turn": 1}}]


def test_a_log_with_gaps_is_told_as_far_as_it_goes_and_the_damage_named():
    events = [
        finished("run1-7", "d1"),
        AnswerDrafted(turn=4, text="The end."),
        RunEnded(status="answered", answer="The end."),
    ]
    run = told(*events, texts={"d1": "a text"})
    assert run["answer"] == "The end."
    assert any("run1-7" in damage for damage in run["damage"])
    assert told_runs([[]], str)["runs"][0]["status"] == "unfinished"


def test_a_text_stands_in_the_document_once_however_many_results_and_runs_hold_it():
    calls = tuple(ToolCall(id=f"run1-{number}", tool="look", arguments={"n": number}) for number in range(1, 51))
    run = recorded(started(), ModelReplied(turn=1, text="", calls=calls), *(finished(call.id, "d1") for call in calls))
    document = told_runs([run, run], {"d1": "the very same words"}.__getitem__)
    assert json.dumps(document).count("the very same words") == 1
    assert len(document["runs"][1]["calls"]) == 50
    assert len(document["comparison"]["shared_results"]) == 50
