"""Rules by role, limits, paths of roles and fields: refused in one line that names file, line, rule and fix."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from khala.domain.manifest import ResultField
from khala.domain.tool import tool
from khala.errors import PolicyInvalid
from khala.infrastructure.security.argument_paths import unknown_step
from khala.infrastructure.security.policy_file import parse_policy


class File(BaseModel):
    """A file."""

    id: str
    tags: list[str] = []


@tool
def send_files(to: list[str], files: list[File], access: dict[str, str], note: str | None = None) -> str:
    """Send files."""
    return f"{to}{files}{access}{note}"


MANIFEST = '[tool.send_files]\neffect = "send"\nroles = { to = "recipient", "files[].id" = "handle" }\n'


def text(effect: str, *lines: str, manifest: str = MANIFEST) -> str:
    return "\n".join(["version = 1", "[[rule]]", 'id = "r"', f'effect = "{effect}"', *lines, manifest])


def limit(*lines: str) -> str:
    return "\n".join(
        ["version = 1", '[[rule]]\nid = "r"\neffect = "allow"\ntools = ["*"]', "[[limit]]", *lines, MANIFEST]
    )


def refused(policy: str) -> str:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(policy, source="p.toml", tools=[send_files])
    return str(caught.value)


ROLES = 'roles = ["recipient"]'


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            text("allow", ROLES, 'unless_from = ["user"]'),
            "6 rule r: with `unless_from` it would grant distrust: write `from`",
        ),
        (text("ask", ROLES, 'unless_from = ["user", "computed"]'), "6 rule r: only amounts can be `computed`"),
        (text("allow", ROLES, 'from = ["computed"]'), "6 rule r: `from` cannot be `computed`"),
        (text("ask", ROLES, 'from = ["user"]'), "6 rule r: with `from` it would punish trust: write `unless_from`"),
        (text("deny", ROLES, 'from = ["user"]'), "6 rule r: with `from` it would punish trust"),
        (text("allow", ROLES, "from = []"), "6 rule r: `from` is empty: name the origins that suffice"),
        (text("ask", ROLES, "unless_from = []"), "6 rule r: `unless_from` is empty"),
        (text("allow", 'tools = ["*"]', 'from = ["user"]'), "6 rule r: `from` needs `roles`"),
        (text("allow", ROLES, 'from = ["usr"]'), "6 rule r: `from` cannot be `usr`: use 'user', 'trusted'"),
        (
            text("allow", 'roles = ["recipent"]'),
            "5 rule r: no argument has the role `recipent`: did you mean `recipient`?",
        ),
        (text("allow", 'roles = "recipient"'), "5 rule r: `roles` is of the wrong type"),
        (text("allow"), "2 rule r: it selects nothing: give it `tools`, `effects` or `roles`"),
        (text("allow", ROLES, 'principal = ["ann"]'), "6 rule r: unknown key `principal`: did you mean `principals`?"),
        (text("allow", ROLES, 'from_ = ["user"]'), "6 rule r: unknown key `from_`: did you mean `from`?"),
        (limit('id = "l"'), "6 limit l: it counts nothing: give it `tools` or `effects`"),
        (limit('id = "l"', 'tools = ["*"]'), "7 limit l: it limits nothing: give it `calls` or `amount`"),
        (
            limit('id = "l"', 'tools = ["send_file"]', "calls = 1"),
            "8 limit l: there is no tool `send_file`: did you mean",
        ),
        (
            limit('id = "l"', 'tools = ["send_files"]', "amount = 1.0"),
            "9 limit l: tool `send_files` has no argument in the role `amount`",
        ),
        (limit('id = "l"', 'tools = ["*"]', "calls = -1"), "9 limit l: `calls` is of the wrong type"),
        (
            limit('id = "l"', 'tools = ["*"]', "calls = 1", "within_s = 0.0"),
            "10 limit l: `within_s` is of the wrong type",
        ),
        (limit('id = "l"', 'tools = ["*"]', "amount = nan"), "9 limit l: `amount` is of the wrong type"),
        (limit('id = "l"', 'tools = ["*"]', "calls = 1", 'effect = "allow"'), "10 limit l: `effect` cannot be `allow`"),
        (limit('id = "r"', 'tools = ["*"]', "calls = 1"), "7 limit r: another rule has this id"),
    ],
)
def test_a_rule_that_does_not_say_what_it_seems_to_is_refused(policy: str, said: str) -> None:
    line, table, name, problem = re.split(r" |: ", said, maxsplit=3)
    assert refused(policy).startswith(f"p.toml:{line}: {table} `{name}`: {problem}")


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ('{ too = "recipient" }', "it has no argument `too` to give a role to: did you mean `to`?"),
        ('{ "files[].idd" = "handle" }', "it has no argument `idd` to give a role to: did you mean `id`?"),
        ('{ "to[].address" = "recipient" }', "it has no argument `address`"),
        ('{ "files..id" = "handle" }', "`files..id` is no path: write names with dots"),
        ('{ "files[0].id" = "handle" }', "`files[0].id` is no path"),
    ],
)
def test_a_role_for_nothing_is_refused(roles: str, said: str) -> None:
    policy = text("allow", 'tools = ["*"]', manifest=f'[tool.send_files]\neffect = "send"\nroles = {roles}\n')
    assert refused(policy).startswith(f"p.toml:8: tool `send_files`: {said}")


@pytest.mark.parametrize(
    "path",
    [
        "to",
        "to[]",
        "files",
        "files[].id",
        "files[].tags",
        "files[].tags[]",
        "access",
        "access{}",
        "access.*",
        "access.any",
        "note",
    ],
)
def test_a_path_that_may_lead_somewhere_is_taken(path: str) -> None:
    assert unknown_step(path, send_files.spec.parameters) is None
    policy = text(
        "allow", 'tools = ["*"]', manifest=f'[tool.send_files]\neffect = "send"\nroles = {{ "{path}" = "handle" }}\n'
    )
    assert parse_policy(policy, source="p.toml", tools=[send_files]).manifests["send_files"].roles == {path: "handle"}


def test_a_limit_without_an_id_is_named_by_its_number() -> None:
    assert refused(limit('tools = ["*"]', "calls = 1")).startswith("p.toml:6: limit number 1: `id` is missing")


def test_fields_and_records_are_taken_as_written() -> None:
    manifest = """[tool.send_files]
effect = "send"
records = "page.items"
fields = { id = "id", "to[]" = "field", pin = { kind = "field", readers = [] } }
"""
    policy = parse_policy(text("allow", 'tools = ["*"]', manifest=manifest), source="p.toml", tools=[send_files])
    found = policy.manifests["send_files"]
    assert found.records == "page.items"
    assert found.fields == {
        "id": ResultField(kind="id"),
        "to[]": ResultField(kind="field"),
        "pin": ResultField(kind="field", readers=frozenset()),
    }
    for wrong in ('{ id = "identity" }', '{ id = { kind = "field", reader = [] } }', '{ "a[" = "id" }'):
        bad = manifest.replace(manifest.split("fields = ")[1], wrong + "\n")
        assert refused(text("allow", 'tools = ["*"]', manifest=bad)).startswith("p.toml:9: tool `send_files`:")
