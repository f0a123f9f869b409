"""Reading what another tenant, another agent or another person's results hold, through recall and read_result."""

from __future__ import annotations

import asyncio

import pytest

from khala.assembly import Home
from khala.domain.grounding import Principal
from khala.domain.manifest import ToolManifest
from khala.domain.namespace import Namespace
from khala.domain.policy import Policy, Rule
from khala.domain.selection import Selection
from khala.domain.tool import tool
from khala.errors import RunUnknown
from khala.testing.scripted_model import ScriptedModel, calling, saying

SECRET = "The vault of Kuopio opens with swordfish."
ACME, BUYER, OTHER = Namespace(tenant="acme"), Namespace(tenant="acme", agent="buyer"), Namespace(tenant="other")
ANN, BOB = Principal(name="ann", ids=("ann@example.org",)), Principal(name="bob")


@tool(effect="read")
def open_letter() -> str:
    """Open the letter."""
    return SECRET


PRIVATE = Policy(
    rules=(Rule("all", "allow", tools=frozenset({"open_letter", "recall", "read_result"})),),
    manifests={"open_letter": ToolManifest(tool="open_letter", effect="read", readers=frozenset({"ann@example.org"}))},
)


@pytest.fixture
def home(tmp_path):
    with Home(tmp_path, semantic=False) as opened:
        yield opened


def written(home, namespace, *, policy=None, principal=None):
    """A run of a namespace in which the secret was told; the id of its result."""
    with home.session("open it", [open_letter], namespace=namespace, principal=principal, policy=policy) as session:
        session.protect(open_letter)()
    return f"{session.run_id}-1"


def seen(home, namespace, *calls, principal=None):
    """All that a run of a namespace is shown when it makes these calls."""
    model = ScriptedModel([*(calling(call) for call in calls), saying("nothing"), saying("nothing")])
    agent = home.agent(model=model, namespace=namespace, principal=principal)
    report = asyncio.run(agent.run("What is in the letters of the vault?"))
    digests = [getattr(record.event, "digest", None) for record in home.store.records(report.run_id)]
    return "\n".join(home.store.read_text(digest) for digest in digests if digest)


ASKING = (
    ("recall", {"query": "vault of Kuopio swordfish", "limit": 15}),
    ("recall", {"query": "vault", "tool": "open_letter"}),
    ("recall", {"query": "vault", "tool": "open_letter' OR '1'='1"}),
    ("recall", {"query": "vault", "since": "1970-01-01"}),
)


@pytest.mark.parametrize(
    "reader", [OTHER, Namespace(), Namespace(tenant="acme", agent="seller"), Namespace(agent="buyer")]
)
def test_who_is_elsewhere_is_not_told(home, reader):
    result_id = written(home, BUYER)
    told = seen(home, reader, *ASKING, ("read_result", {"id": result_id}))
    assert "swordfish" not in told
    assert f"no result `{result_id}`" in told


@pytest.mark.parametrize("reader", [BUYER, ACME])
def test_who_is_there_is_told(home, reader):
    result_id = written(home, BUYER)
    for call in (*ASKING[:2], ASKING[3], ("read_result", {"id": result_id})):
        assert SECRET in seen(home, reader, call)


def test_a_principal_is_not_told_what_only_others_may_read(home):
    result_id = written(home, ACME, policy=PRIVATE, principal=ANN)
    told = seen(home, ACME, *ASKING, ("read_result", {"id": result_id}), principal=BOB)
    assert SECRET not in told
    for principal in (ANN, None):
        assert SECRET in seen(home, ACME, ASKING[0], principal=principal)
        assert SECRET in seen(home, ACME, ("read_result", {"id": result_id}), principal=principal)


def test_a_view_cannot_be_widened(home):
    written(home, BUYER)
    view = home.memory_of(OTHER)
    own = Selection(tools=frozenset({"open_letter"}))
    for where in (Selection(), Selection(namespace=BUYER), Selection(namespace=ACME), own):
        assert not view.recall("vault of Kuopio", where=where)
    assert home.memory_of(ACME).recall("vault of Kuopio", where=Selection(namespace=BUYER))


def test_a_run_is_not_driven_on_by_an_agent_of_another_namespace_or_principal(home):
    agent = home.agent(model=ScriptedModel([]), namespace=ACME, principal=ANN)
    with pytest.raises(Exception, match="script"):
        asyncio.run(agent.run("What is in the letter?"))
    (run,) = home.store.runs()
    for namespace, principal in ((OTHER, ANN), (ACME, BOB), (BUYER, ANN)):
        stranger = home.agent(model=ScriptedModel([saying("mine")]), namespace=namespace, principal=principal)
        with pytest.raises(RunUnknown, match="another"):
            asyncio.run(stranger.resume(run.run_id))
    own = home.agent(model=ScriptedModel([saying("mine")]), namespace=ACME, principal=ANN)
    assert asyncio.run(own.resume(run.run_id)).answer
