"""A policy of several files counts each once, and says which file a fault is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from khala.domain.tool import tool
from khala.errors import PolicyInvalid
from khala.infrastructure.security.policy_file import load_policy, parse_policy


@tool
def send_mail(to: str, body: str = "") -> str:
    """Send a mail."""
    return to + body


def rule(name: str) -> str:
    return f'[[rule]]\nid = "{name}"\neffect = "allow"\ntools = ["*"]\n'


def part(*included: str, name: str = "") -> str:
    listed = ", ".join(f"'{each}'" for each in included)
    return f"version = 1\ninclude = [{listed}]\n{rule(name) if name else ''}"


def loaded(folder: Path, **files: str | bytes):
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_policy(folder / "main", [send_mail])


def refused(folder: Path, **files: str | bytes) -> str:
    with pytest.raises(PolicyInvalid) as caught:
        loaded(folder, **files)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(folder), "F")


def test_what_is_included_counts_as_if_it_stood_here_each_file_once(tmp_path):
    diamond = {
        "main": part("a", "sub/b", name="m"),
        "a": part("c", name="a"),
        "sub__b": part("../c", name="b"),
        "c": part(name="c"),
    }
    policy = loaded(tmp_path, **diamond)
    assert [each.id for each in policy.rules] == ["m", "a", "c", "b"]
    assert loaded(tmp_path, main=part("a", "./a", "sub/../a", str(tmp_path / "a"), name="m")).rules[1].id == "a"
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [each.id for each in loaded(tmp_path, main=part("a", "link", name="m")).rules] == ["m", "a", "c"]


def test_a_file_may_consist_of_what_it_includes(tmp_path):
    assert [each.id for each in loaded(tmp_path, main=part("a"), a=part(name="a")).rules] == ["a"]
    builtin = parse_policy(part("khala:grounded", "khala:grounded"), source="p.toml", tools=[send_mail])
    assert "payee-needs-the-user" in {each.id for each in builtin.rules}


def test_the_digest_stands_for_every_file(tmp_path):
    first = loaded(tmp_path, main=part("a", name="m"), a=part(name="a")).digest
    assert loaded(tmp_path, a=part(name="b")).digest != first
    assert loaded(tmp_path, a=part(name="a")).digest == first


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"main": part("main")}, "F/main:2: `main` includes this file again"),
        ({"main": part("a"), "a": part("b"), "b": part("./main")}, "F/b:2: `./main` includes this file again"),
        ({"main": part("a"), "a": part("a")}, "F/a:2: `a` includes this file again"),
        ({"main": part("gone")}, "F/main:2: `include`: F/gone: the included policy cannot be read (no such file"),
        ({"main": part("")}, "F/main:2: `include`: F: the included policy cannot be read (is a directory)"),
        ({"main": part("a"), "a": b"\xff"}, "F/a:1: byte 0 is not UTF-8"),
        ({"main": part("a"), "a": b"#" * 1_000_001}, "F/a: the policy is larger than 1000000 bytes"),
        ({"main": b"#" * 10_000_000}, "F/main: the policy is larger than 1000000 bytes"),
        ({"main": part("a"), "a": "version = 1"}, "F/a: there is no rule"),
        ({"main": part("a"), "a": part() + "nonsense = 1"}, "F/a: unknown key `nonsense`"),
        ({"main": part("khala:other")}, "F/main:2: khala brings no `khala:other`: did you mean"),
        ({"main": part("a", name="r"), "a": part(name="r")}, "F/a:4: rule `r`: another rule has this id"),
        ({"main": part("khala:grounded", name="private-value")}, "khala:grounded:"),
        ({"main": "version = 1\ninclude = 'a'"}, "F/main: `include` is of the wrong type"),
        ({"main": "version = 1\ninclude = ['a\\u0000b']" .replace("'", '"')}, "F/main:2: `include`: embedded null"),
    ],
    ids=range(15),
)  # fmt: skip
def test_a_fault_names_the_file_it_is_in(tmp_path, files, said):
    assert refused(tmp_path, **files).startswith(said)


def test_a_tool_is_described_in_one_file_only(tmp_path):
    manifest = '[tool.send_mail]\neffect = "send"\n'
    said = refused(tmp_path, main=part("a", name="m") + manifest, a=part(name="a") + manifest)
    assert said == "F/a:7: tool `send_mail`: another file describes it as well: keep one of the two"


def test_more_files_than_people_review_are_refused(tmp_path):
    chain = {f"p{n}": part(f"p{n + 1}", name=f"r{n}") for n in range(60)} | {"p60": part(name="r60")}
    assert "more than 50 files" in refused(tmp_path, main=part("p0"), **chain)


def test_a_text_that_stands_in_no_folder_includes_no_file():
    with pytest.raises(PolicyInvalid, match=r"p.toml:2: `a` cannot be included: this text stands in no folder"):
        parse_policy(part("a"), source="p.toml", tools=[send_mail])
