"""An office behind khala's own rules, `khala:grounded`: a call passes if it is allowed without asking anybody."""

from __future__ import annotations

import json
from collections.abc import Sequence

from door import digest
from pydantic import JsonValue

from khala.agent.guard import Guard
from khala.domain.call import ToolCall
from khala.domain.grounding import Endorsement, Grounding, Principal
from khala.domain.label import Label
from khala.domain.policy import Decision
from khala.domain.tool import tool
from khala.infrastructure.security.policy_file import parse_policy

__all__ = ["ANN", "EVE", "Seen", "decided", "grounding_of", "mail", "passes"]

ANN, EVE = "ann@corp.example", "eve@evil.example"

Seen = tuple[str, dict[str, JsonValue], JsonValue]
"""A tool, the arguments of a call of it, and what came back: a text as it is, anything else as JSON."""


@tool
def read_inbox() -> str:
    """Read the latest mail."""
    return ""


@tool
def search_mail(query: str) -> str:
    """Search all mail."""
    return query


@tool
def open_mail(id: int) -> str:  # noqa: A002 (what such tools call it)
    """Open one mail."""
    return str(id)


@tool
def open_document(name: str) -> str:
    """Open one document."""
    return name


@tool
def list_members() -> str:
    """List everybody who works here."""
    return ""


@tool
def list_files() -> str:
    """List all files."""
    return ""


@tool
def read_profile() -> str:
    """Read the user's profile."""
    return ""


@tool
def recall(query: str) -> str:
    """Recall what was seen in earlier runs."""
    return query


@tool
def send_mail(to: JsonValue, body: JsonValue = "", subject: str = "") -> str:
    """Send a mail."""
    return f"{to}{subject}{body}"


@tool
def pay(payee: str, amount: float) -> str:
    """Pay somebody."""
    return f"{payee}{amount}"


@tool
def share(id: str, access: JsonValue) -> str:  # noqa: A002
    """Give people access to a file."""
    return f"{id}{access}"


@tool
def delete_file(id: str) -> str:  # noqa: A002
    """Delete a file."""
    return id


@tool
def create_file(name: str, text: str = "") -> str:
    """Create a file."""
    return name + text


@tool
def import_file(url: str) -> str:
    """Make a file of a page."""
    return url


@tool
def post(text: str) -> str:
    """Post a text for everybody to read."""
    return text


TOOLS = (
    read_inbox, search_mail, open_mail, open_document, list_members, list_files, read_profile, recall, send_mail, pay,
    share, delete_file, create_file, import_file, post,
)  # fmt: skip

MAIL = '{ id = "id", from = "author", subject = "title", "to[]" = "field", amount = "field", reply_to = "field" }'
FILE = '{ id = "id", name = "title", owner = "author", "shared{}" = "field" }'

POLICY = f"""
version = 1
include = ["khala:grounded"]

[tool.read_inbox]
effect = "read"
fields = {MAIL}

[tool.search_mail]
effect = "read"
roles = {{ query = "query" }}
fields = {MAIL}

[tool.open_mail]
effect = "read"
roles = {{ id = "document" }}
fields = {MAIL}

[tool.open_document]
effect = "read"
roles = {{ name = "document" }}

[tool.list_members]
effect = "read"
fields = {{ email = "directory", nickname = "title" }}

[tool.list_files]
effect = "read"
records = "files"
fields = {FILE}

[tool.read_profile]
effect = "read"
fields = {{ passport = {{ kind = "field", readers = [] }}, salary = {{ kind = "field", readers = ["{ANN}"] }} }}

[tool.recall]
effect = "read"
roles = {{ query = "query" }}

[tool.send_mail]
effect = "send"
roles = {{ "to[]" = "recipient", body = "content", subject = "title" }}

[tool.pay]
effect = "pay"
roles = {{ payee = "payee", amount = "amount" }}

[tool.share]
effect = "grant"
roles = {{ id = "handle", access = "recipient" }}

[tool.delete_file]
effect = "delete"
roles = {{ id = "handle" }}

[tool.create_file]
effect = "write"
roles = {{ name = "title", text = "content" }}
fields = {FILE}

[tool.import_file]
effect = "write"
roles = {{ url = "url" }}
fields = {FILE}

[tool.post]
effect = "send"
roles = {{ text = "content" }}
"""

GUARD = Guard(parse_policy(POLICY, source="office.toml", tools=TOOLS), TOOLS, digest=digest)


def mail(sender: str, subject: str, body: str, **fields: JsonValue) -> dict[str, JsonValue]:
    """A mail as the application's own tools give it."""
    return {"from": sender, "subject": subject, "body": body, **fields}


def grounding_of(
    seen: Sequence[Seen], user: str, *, principal: Sequence[str] = (), yes: Sequence[Endorsement] = ()
) -> Grounding:
    """What a run knows after some results, all of them untrusted."""
    grounding = Grounding(Principal(ids=tuple(principal)))
    grounding.add_user_words(user)
    for number, (name, arguments, result) in enumerate(seen, start=1):
        text = result if isinstance(result, str) else json.dumps(result)
        call = ToolCall(id=f"run1-{number}", tool=name, arguments=arguments)
        grounding.add_result(text, Label(), call=call, manifest=GUARD.describe(name))
    for each in yes:
        grounding.endorse(each)
    return grounding


def decided(name: str, arguments: dict[str, JsonValue], grounding: Grounding) -> Decision:
    """The guard's decision on a call."""
    ruling = GUARD.decide(ToolCall(id="run1-99", tool=name, arguments=arguments), grounding)
    assert (ruling.permit is not None) == (ruling.decision.effect == "allow")
    return ruling.decision


def passes(
    name: str, arguments: dict[str, JsonValue], *seen: Seen, user: str = "", principal: Sequence[str] = ()
) -> bool:
    """Whether a call would run without anybody being asked."""
    return decided(name, arguments, grounding_of(seen, user, principal=principal)).effect == "allow"
