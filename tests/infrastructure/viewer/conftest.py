"""A headless Chromium, where there is one, and pages for it to open."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil

import pytest

from khala import CallDenied, Home, tool
from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import CallDecided, CallFinished, ModelReplied, Recorded, RunEnded, RunStarted, Usage
from khala.domain.grounding import Endorsement
from khala.domain.label import Label
from khala.domain.policy import Decision, Offence
from khala.domain.retention import Retention
from khala.domain.value import Value
from khala.infrastructure.viewer.page import page as written
from khala.infrastructure.viewer.told_run import told_runs
from khala.testing.scripted_model import ScriptedModel, calling, saying

HOSTILE = (
    'The tower is 330 metres tall. </script><script>window.hacked = "script"</script>'
    '<img src="x" onerror="window.hacked = \'image\'"><a href="javascript:window.hacked = \'link\'">click me</a>'
    " &lt;b&gt; \x00\x1b[31m \u2028 half \ud800 \u202e مرحبا 🗼🗼 It opened in 1889. The end."
)
ANSWER = "🗼 The tower is 330 metres tall. It opened in 1898. It was painted green."
BIG_CALLS = 600


@tool(effect="read")
def look(query: str) -> str:
    """Look something up."""
    return HOSTILE if "tower" in query else f"nothing on {query}"


@tool(effect="send", roles={"to": "recipient"})
def send(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


def driven(home, task, *replies, tools=(look, send)):
    return asyncio.run(home.agent(model=ScriptedModel(list(replies)), tools=tools).run(task)).run_id


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages by name; made before the browser is, whose loop keeps others from running."""
    folder = tmp_path_factory.mktemp("pages")
    with Home(folder / "home", semantic=False) as home:
        first = driven(
            home,
            "How tall is the tower? <b>مرحبا</b>",
            saying(""),
            calling(("look", {"query": "tower"}), ("look", {"query": "</script>"})).model_copy(
                update={"thinking": 'first <script>window.hacked = "thought"</script>'}
            ),
            calling(("send", {"to": "eve@evil.example"})),
            calling(("<img src=x onerror=alert(1)>", {})),
            saying(ANSWER),
        )
        second = driven(
            home, "How tall is the tower?", calling(("look", {"query": "a tower"})), saying("It opened in 1889.")
        )
        many = [("look", {"query": f"house {number}"}) for number in range(50)]
        fifty = driven(home, "Look at fifty houses.", calling(*many), *[saying("There is nothing on house 7.")] * 2)
        none = driven(home, "Say something.", saying("No tool was needed."))
        silent = driven(home, "Say nothing.", *(saying("") for _ in range(60)))
        checked = driven(
            home,
            "How tall is the tower?",
            calling(("look", {"query": "tower"})),
            saying("The tower is 331 metres tall. Lions sleep there <script>window.hacked = 'draft'</script>."),
            saying("The tower is 330 metres tall."),
        )
        (folder / "log.json").write_text(json.dumps(mirothinker_log()), encoding="utf-8")
        imported = home.import_log(folder / "log.json").main.run_id
        for name, runs in {
            "imported": [imported],
            "checked": [checked],
            "one": [first], "two": [first, second], "fifty": [fifty], "none": [none], "silent": [silent],
        }.items():  # fmt: skip
            (folder / f"{name}.html").write_text(home.view(*runs), encoding="utf-8")
        with home.session("Look at the tower.", [look, send]) as session:
            session.protect(look)("tower")
            with pytest.raises(CallDenied):
                session.protect(send)("eve@evil.example")
        (folder / "hosted.html").write_text(home.view(session.run_id), encoding="utf-8")
        erased = driven(home, "How tall?", calling(("look", {"query": "tower"})), saying("It opened in 1889."))
        digest = next(
            record.event.digest for record in home.store.records(erased) if record.event.kind == "call_finished"
        )
        home.store.erase_text(digest)
        (folder / "erased.html").write_text(home.view(erased), encoding="utf-8")
    (folder / "made.html").write_text(made_page(), encoding="utf-8")
    (folder / "big.html").write_text(big_page(), encoding="utf-8")
    return folder


def mirothinker_log():
    """A task log as MiroThinker writes it, with the session of a sub-agent."""

    def use(server, name, arguments):
        return (
            f"<use_mcp_tool>\n<server_name>{server}</server_name>\n<tool_name>{name}</tool_name>\n"
            f"<arguments>\n{json.dumps(arguments)}\n</arguments>\n</use_mcp_tool>"
        )

    def said(role, text):
        return {"role": role, "content": [{"type": "text", "text": text}]}

    history = [
        said("user", "How tall is the tower?"),
        said("assistant", use("agent-browsing", "search_and_browse", {"subtask": "its height"})),
        said("user", "The sub-agent says that it is tall."),
        said("assistant", "The tower is 330 metres tall. It opened in 1898."),
    ]
    session = [
        said("user", "its height"),
        said("assistant", use("tool-web", "scrape", {"url": "https://tower.example/"})),
        said("user", HOSTILE),
        said("assistant", "It is tall."),
    ]
    return {
        "status": "success", "task_id": "t", "start_time": "2025-12-01 10:00:00", "end_time": "2025-12-01 10:01:00",
        "input": {"task_description": "How tall is the tower?", "task_file_name": ""}, "ground_truth": "", "error": "",
        "final_boxed_answer": "The tower is 330 metres tall.", "env_info": {}, "step_logs": [], "trace_data": {},
        "main_agent_message_history": {"system_prompt": "think", "message_history": history},
        "sub_agent_message_history_sessions": {
            "agent-browsing_1": {"system_prompt": "browse", "message_history": session}
        },
    }  # fmt: skip


class Prophesied(Value):
    """An event of a version to come."""

    kind: str = "prophesied"
    words: str = '<script>window.hacked = "event"</script>'


def made_page():
    """What no agent here can be made to do: offences with origins, an unknown kind of event, a log with damage."""
    call = ToolCall(id="made-1", tool="pay", arguments={"to": "<b>eve</b>"})
    offence = Offence(
        rule="payee", path="args.to", role="payee", value="<b>eve</b>", origins=("said",), sources=("made-0",)
    )
    decision = Decision(effect="ask", rules=("payee",), reason="who is `eve`?", offences=(offence,))
    endorsed = Endorsement(role="payee", effect="pay", value="<b>eve</b>")
    events = [
        RunStarted(
            task="Pay.", system="", model="made", tools=(), policy="", budget=InteractionBudget(), retention=Retention()
        ),
        Prophesied(),
        ModelReplied(turn=3, text="I pay.", calls=(call,)),
        CallDecided(call_id=call.id, decision=decision, approved=True, endorsements=(endorsed,)),
        CallFinished(call_id="made-9", status="ok", digest="d", chars=4, shown_chars=4, label=Label(trust="trusted")),
    ]
    records = [
        Recorded.model_construct(run_id="made", seq=seq, at_ms=seq, event=event) for seq, event in enumerate(events)
    ]
    return written(told_runs([records], {"d": "paid"}.__getitem__))


def big_page():
    """600 calls with results of 4 kB, no two alike."""
    texts: dict[str, str] = {}
    answer = " ".join(
        f"The bridge number {number} is {number + 100} metres long." for number in range(0, BIG_CALLS, 40)
    )
    events = [
        RunStarted(
            task="How long are the bridges?",
            system="",
            model="made",
            tools=(),
            policy="",
            budget=InteractionBudget(),
            retention=Retention(),
        )
    ]
    for number in range(BIG_CALLS):
        call = ToolCall(id=f"big-{number + 1}", tool="search", arguments={"query": f"bridge {number}"})
        usage = Usage(prompt_tokens=2000 + 40 * number, completion_tokens=60)
        events.append(
            ModelReplied(
                turn=number + 1,
                text=f"Now bridge {number}.",
                thinking="It may be long. " * 8,
                calls=(call,),
                usage=usage,
            )
        )
        rows = (f"{hashlib.sha256(f'{number} {row}'.encode()).hexdigest()[:50]} stands there." for row in range(60))
        text = f"The bridge number {number} is {number + 100} metres long. " + " ".join(rows)
        digest = hashlib.sha256(text.encode()).hexdigest()
        texts[digest] = text
        events.append(
            CallFinished(
                call_id=call.id, status="ok", digest=digest, chars=len(text), shown_chars=len(text), label=Label()
            )
        )
    events += [ModelReplied(turn=BIG_CALLS + 1, text=answer), RunEnded(status="answered", answer=answer)]
    records = [Recorded(run_id="big", seq=seq, at_ms=1_000 * seq, event=event) for seq, event in enumerate(events)]
    return written(told_runs([records], texts.__getitem__))


@pytest.fixture(scope="module")
def chromium(folder):
    """The browser; tests that need it are skipped where there is none."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium here: install it (on Debian the package `chromium`) to test the viewer in a browser")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install 'khala[dev]'")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root otherwise
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, folder):
    """Opens a page by name; at the end nothing was complained about, nothing asked for, and nothing hostile ran."""
    pages, said, asked = [], [], []

    def at(name, **settings):
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | settings))
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        address = (folder / f"{name}.html").as_uri()
        page.goto(address)
        pages.append((context, page, address))
        return page

    yield at
    for context, page, address in pages:
        assert page.evaluate("window.hacked") is None
        assert page.url == address
        assert page.locator("#main script, #main a, #main img, aside script, aside a, aside img").count() == 0
        context.close()
    assert said == []
    assert asked == [address for _, _, address in pages]
