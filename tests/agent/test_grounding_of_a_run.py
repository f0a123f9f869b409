"""What a run knows of where values came from: the same while it is driven, read again, and after it was killed."""

from __future__ import annotations

import asyncio
import json

import pytest

from khala.agent.guard import Guard
from khala.agent.recording import ground
from khala.agent.research import ResearchAgent
from khala.assembly import Home, guarded
from khala.domain.events import CallDecided, UserSaid
from khala.domain.grounding import Grounding, Principal
from khala.domain.tool import tool
from khala.domain.trajectory import Trajectory
from khala.errors import CallDenied
from khala.infrastructure.security.policy_file import parse_policy
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.scripted_model import ScriptedModel, calling, saying


@tool
def read_inbox() -> str:
    """Read the latest mail."""
    mails = [
        {"id": 7, "from": "bob@x.example", "cc": "c-1", "bcc": "c-2"},
        {"id": 8, "from": "ann@x.example", "cc": "o-1"},
    ]
    return json.dumps(mails)


@tool
def send_mail(to: str) -> str:
    """Send a mail."""
    return "sent"


TOOLS = [read_inbox, send_mail]
POLICY = """
version = 1
[[rule]]
id = "all"
effect = "allow"
tools = ["*"]
[[rule]]
id = "to"
effect = "ask"
roles = ["recipient"]
unless_from = ["user", "endorsed", "own"]
[[rule]]
id = "not-for-guests"
effect = "deny"
effects = ["send"]
principals = ["guest"]
[[rule]]
id = "sending-is-granted"
effect = "allow"
effects = ["send"]
scopes = ["mail.send"]
[[limit]]
id = "four"
tools = ["send_mail"]
calls = 4
[tool.read_inbox]
effect = "read"
fields = { id = "id", from = "author", cc = "field", bcc = "field" }
[tool.send_mail]
effect = "send"
roles = { to = "recipient" }
"""


def policy():
    return parse_policy(POLICY, source="p.toml", tools=TOOLS)


ANN = Principal(name="ann", ids=("ann@x.example",))


class Killed(BaseException):
    """The process is gone."""


def test_a_killed_and_resumed_run_knows_the_principal_the_words_and_what_a_person_endorsed():
    asked: list[str] = []

    async def approver(call, decision):
        asked.append(call.arguments["to"])
        return "source"

    def agent(script):
        guard = Guard(policy(), TOOLS, digest=canonical_digest, approver=approver)
        return ResearchAgent(model=ScriptedModel(script), guard=guard, store=store, principal=ANN)

    def gone(prompt):
        raise Killed

    store = InMemoryStore()
    before = [calling(("read_inbox", {})), calling(("send_mail", {"to": "c-1"})), gone]
    with pytest.raises(Killed):
        asyncio.run(agent(before).run("tell those in the mail"))
    run_id = "run1"
    after = [calling(("send_mail", {"to": "c-2"}), ("send_mail", {"to": "o-1"})), saying("done")]
    asyncio.run(agent(after).resume(run_id))
    decided = [record.event for record in store.records(run_id) if isinstance(record.event, CallDecided)]
    assert asked == ["c-1"]  # c-2 stands in the same record, o-1 in one of the user's own
    assert [each.decision.effect for each in decided] == ["allow", "ask", "allow", "allow"]
    assert [(each.role, each.effect, each.source) for each in decided[1].endorsements] == [
        ("recipient", "send", f"{run_id}-1[0]")
    ]


def test_further_words_of_the_user_stand_in_the_ledger_and_count_from_there(tmp_path):
    with Home(tmp_path, semantic=False) as home:
        with home.session("tell them", TOOLS, policy=policy(), principal=ANN) as session:
            session.protect(read_inbox)()
            send = session.protect(send_mail)
            with pytest.raises(CallDenied):
                send("dan@x.example")
            session.user_said("I mean dan@x.example")
            assert send("dan@x.example") == "sent"
            live = session._run.grounding
        records = list(home.store.records(session.run_id))
        assert [each.event.text for each in records if isinstance(each.event, UserSaid)] == ["I mean dan@x.example"]
        again, guard = Grounding(), Guard(policy(), TOOLS, digest=canonical_digest)
        trajectory = Trajectory.of(session.run_id, records)
        ground(again, trajectory, home.store.read_text, guard.describe, policy=guard.policy.digest)
        values = ["dan@x.example", "them", "c-1", "c-2", "o-1", "7", "bob@x.example", "sent", "nobody"]
        assert again.principal == live.principal == ANN
        assert [again.origins(each) for each in values] == [live.origins(each) for each in values]
        assert again.origins("o-1") >= {"own"}


def test_a_rule_for_principals_and_scopes_is_for_them_alone():
    def may_send(principal):
        with guarded("mail c-1", TOOLS, policy=policy(), principal=principal) as session:
            try:
                return session.protect(send_mail)("c-1") == "sent"
            except CallDenied:
                return False

    assert [may_send(Principal(name=name)) for name in ("ann", "guest", "Guest", "")] == [True, False, True, True]
    scoped = POLICY.replace('effect = "allow"\ntools = ["*"]', 'effect = "allow"\ntools = ["read_inbox"]')
    granted = parse_policy(scoped, source="p.toml", tools=TOOLS)
    for scopes, allowed in ((set(), False), ({"mail"}, False), ({"mail.send"}, True), ({"mail.send", "x"}, True)):
        with guarded("mail c-1", TOOLS, policy=granted, principal=Principal(scopes=frozenset(scopes))) as session:
            if allowed:
                assert session.protect(send_mail)("c-1") == "sent"
            else:
                with pytest.raises(CallDenied, match="no rule allows"):
                    session.protect(send_mail)("c-1")


def test_a_limit_counts_the_calls_of_the_session():
    with guarded("mail c-1", TOOLS, policy=policy()) as session:
        send = session.protect(send_mail)
        assert [send("c-1") for _ in range(4)] == ["sent"] * 4
        with pytest.raises(CallDenied, match="calls = 4"):
            send("c-1")
