"""One guard with one policy, and a way to try a call at its door."""

from __future__ import annotations

import hashlib
import json

from pydantic import JsonValue

from khala.agent.guard import Guard, Ruling
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.label import Label
from khala.domain.tool import tool
from khala.infrastructure.security.policy_file import parse_policy

__all__ = ["GUARD", "TOOLS", "grounding", "is_allowed", "try_call"]

POLICY = """
version = 1

[[rule]]
id = "read"
effect = "allow"
tools = ["read_file"]

[[rule]]
id = "mail-to-known-people"
effect = "allow"
tools = ["send_mail"]
when = "grounded(args.to) && (args.cc.size() == 0 || grounded(args.cc))"

[[rule]]
id = "pay-whom-and-what-the-user-said"
effect = "allow"
tools = ["pay"]
when = "from_user(args.payee) && from_user(args.amount) && args.amount <= 500.0"

[[rule]]
id = "set-any-header"
effect = "allow"
tools = ["fetch"]

[[rule]]
id = "no-authorisation-header"
effect = "deny"
tools = ["fetch"]
when = "'authorization' in args.headers"
"""


@tool(effect="read", roles={"path": "path"})
def read_file(path: str) -> str:
    """Read a file."""
    return path


@tool(effect="delete", roles={"path": "path"})
def read_file_and_delete(path: str) -> str:
    """Read a file and delete it."""
    return path


@tool(effect="send", roles={"to": "recipient", "cc": "recipient"})
def send_mail(to: list[str], subject: str = "", cc: list[str] = []) -> str:  # noqa: B006 (read only)
    """Send a mail."""
    return f"{to} {subject} {cc}"


@tool(effect="pay", roles={"payee": "payee", "amount": "amount"})
def pay(payee: str, amount: float) -> str:
    """Pay someone."""
    return f"{payee} {amount}"


@tool(effect="network")
def fetch(url: str, headers: dict[str, JsonValue] | None = None) -> str:
    """Fetch a page."""
    return f"{url} {headers}"


TOOLS = (read_file, read_file_and_delete, send_mail, pay, fetch)


def digest(value: object) -> str:
    """A digest that tells calls apart."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


GUARD = Guard(parse_policy(POLICY, source="bypasses.toml", tools=TOOLS), TOOLS, digest=digest)


def grounding(user: str = "", *, trusted: str = "", untrusted: str = "") -> Grounding:
    """What was said in a run so far, and by whom."""
    index = Grounding()
    index.add_user_words(user)
    index.add_result(trusted, Label(trust="trusted"))
    index.add_result(untrusted, Label())
    return index


def try_call(
    name: str, arguments: dict[str, JsonValue], user: str = "", *, trusted: str = "", untrusted: str = ""
) -> Ruling:
    """The guard's answer to a call in a run where this was said."""
    call = ToolCall(id="run1-1", tool=name, arguments=arguments)
    return GUARD.decide(call, grounding(user, trusted=trusted, untrusted=untrusted))


def is_allowed(
    name: str, arguments: dict[str, JsonValue], user: str = "", *, trusted: str = "", untrusted: str = ""
) -> bool:
    """Whether that call would run."""
    ruling = try_call(name, arguments, user, trusted=trusted, untrusted=untrusted)
    assert (ruling.permit is not None) == (ruling.decision.effect == "allow")
    return ruling.permit is not None
