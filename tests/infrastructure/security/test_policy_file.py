"""A policy file is taken exactly as written or refused in one line that names file, line, rule and fix."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.grounding import Grounding
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Decision, Facts
from khala.domain.tool import tool
from khala.domain.value import JsonObject
from khala.errors import PolicyInvalid
from khala.infrastructure.security.policy_file import BUILTIN_TOOLS, builtin_policy, load_policy, parse_policy


@tool(effect="read")
def search_corpus(query: str, limit: int = 5) -> str:
    """Search."""
    return f"{query} {limit}"


@tool(effect="write", roles={"name": "path"})
def write_note(name: str, text: str) -> str:
    """Write a note."""
    return f"{name} {text}"


@tool
def send_mail(to: str, body: str = "") -> str:
    """Send a mail."""
    return f"{to} {body}"


TOOLS = (search_corpus, write_note, send_mail)

WHOLE = """\
version = 1

[[rule]]
id = "mail-to-known-people"
effect = "allow"
tools = ["send_mail"]
when = "grounded(args.to)"
reason = "the recipient is known"

[[rule]]
id = "ask-before-writing"
effect = "ask"
effects = ["write", "delete"]

[[rule]]
id = "few-mails"
effect = "deny"
tools = ["*"]
effects = ["send"]
when = 'calls("send_mail") >= 3'

[tool.send_mail]
effect = "send"
roles = { to = "recipient", body = "content" }
results = "trusted"
readers = ["ann"]
polling = true
"""


def refused(text: str | bytes) -> str:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(text, source="p.toml", tools=TOOLS)
    message = str(caught.value)
    assert message.isprintable()
    return message


def one_rule(**keys: str) -> str:
    """A policy of one rule, `allow` for `write_note` unless told otherwise; values are TOML."""
    values = {"id": '"r"', "effect": '"allow"', "tools": '["write_note"]', **keys}
    lines = [f"{key} = {value}" for key, value in values.items() if value]
    return "\n".join(["version = 1", "[[rule]]", *lines])


def decide(policy_text: str, name: str, arguments: JsonObject, words: str = "", sent: int = 0) -> Decision:
    policy = parse_policy(policy_text, source="p.toml", tools=TOOLS)
    grounding = Grounding()
    grounding.add_user_words(words)
    own = next(each.manifest for each in TOOLS if each.name == name)
    manifest = policy.manifest(name, own)
    assert manifest is not None
    return policy.decide(Facts(manifest, arguments, grounding, {"send_mail": sent}))


def test_a_whole_policy_says_what_it_reads_as() -> None:
    policy = parse_policy(WHOLE, source="p.toml", tools=TOOLS)
    manifest = policy.manifests["send_mail"]
    assert (manifest.effect, manifest.results, manifest.readers) == ("send", "trusted", frozenset({"ann"}))
    assert (manifest.roles, manifest.polling, manifest.idempotent) == (
        {"to": "recipient", "body": "content"},
        True,
        False,
    )
    assert policy.digest == hashlib.sha256(WHOLE.encode()).hexdigest()
    mail: JsonObject = {"to": "ann", "body": ""}
    assert decide(WHOLE, "send_mail", mail, words="tell ann").rules == ("mail-to-known-people",)
    assert decide(WHOLE, "send_mail", mail, words="tell bob").rules == ("no-grant",)
    assert decide(WHOLE, "send_mail", mail, words="tell ann", sent=3).rules == ("few-mails",)
    assert decide(WHOLE, "write_note", {"name": "n", "text": ""}).effect == "deny"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "p.toml: the version is missing: begin the file with `version = 1`"),
        ("version = 2", "p.toml: version `2` is not known"),
        ("version = true", "p.toml: version `True` is not known"),
        ("version = 1\n[[rules]]\nid = 'r'", "p.toml: unknown key `rules`: did you mean `rule`?"),
        ("version = 1", "p.toml: there is no rule"),
        ("version = 1\nrule = []", "p.toml: there is no rule"),
        ("version = 1\n[rule]\nid = 'a'", "write each rule under its own `[[rule]]`"),
        ("version = 1\nrule = [3]", "rule number 1: `entry` is not a table"),
        ("version = 1\n\nx = \n", "p.toml:3: this is not TOML: invalid value at column 5"),
        ("version = 1\nx = ", "p.toml: this is not TOML: invalid value (at end of document)"),
        ("version = 1\nversion = 1\nx = 1", "p.toml:2: this is not TOML: cannot overwrite a value"),
        ("version = " + "9" * 5000, "out of all measure"),
        ("version = " + "[" * 5000, "out of all measure"),
        ("a" + ".a" * 400_000 + " = 1", "p.toml:1: there are more than 100 dots"),
        ("# " + "x" * 1_000_000, "p.toml: the policy is larger than 1000000 bytes"),
        (b"version = 1\n\xff", "p.toml:2: byte 12 is not UTF-8"),
        ("version = 1\n# \ud800", "p.toml:2: byte 14 is not UTF-8"),
        (one_rule() + "\n[tools.x]", "p.toml: unknown key `tools`: did you mean `tool`?"),
        (one_rule(id=""), "p.toml:2: rule number 1: `id` is missing"),
        (one_rule(id='"a b"'), "p.toml:3: rule `a b`: `id` cannot be `a b`"),
        (one_rule(id='"a\\nb"'), "p.toml:3: rule `a\\nb`"),
        (one_rule(id='"no-grant"'), "p.toml:3: rule `no-grant`: khala's own decisions carry this id"),
        (one_rule() + one_rule().removeprefix("version = 1"), "p.toml:7: rule `r`: another rule has this id"),
        (one_rule(effect='"alow"'), "p.toml:4: rule `r`: `effect` cannot be `alow`: use 'allow', 'ask' or 'deny'"),
        (one_rule(effct='"allow"'), "p.toml:6: rule `r`: unknown key `effct`: did you mean `effect`?"),
        (one_rule(tools='"write_note"'), "p.toml:5: rule `r`: `tools` is of the wrong type"),
        (one_rule(tools=""), "p.toml:2: rule `r`: it selects nothing"),
        (one_rule(tools="[]"), "p.toml:5: rule `r`: it selects nothing"),
        (one_rule(tools='["write_notes"]'), "p.toml:5: rule `r`: there is no tool `write_notes`: did you mean"),
        (one_rule(tools='["write_n\u043ete"]'), "there is no tool `write_n\\u043ete`: did you mean `write_note`?"),
        (one_rule(tools='["write_*"]'), "p.toml:5: rule `r`: `write_*` is no pattern"),
        (one_rule(tools='["*", "write_note"]'), "`*` is no pattern"),
        (one_rule(tools='["send_mail"]'), "tool `send_mail` has no manifest, so this rule cannot allow it: add"),
        (one_rule(effects='["writes"]'), "p.toml:6: rule `r`: `effects` cannot be `writes`"),
        (one_rule(effects='["read"]'), "its tools have the effect `write`, so it never applies"),
        (one_rule(when='"args.nme == 1"'), "p.toml:6: rule `r`: no tool of this rule has an argument `nme`"),
        (one_rule(when='"args.query == 1"'), "argument `query`: known: `name`, `text`"),
        (one_rule(when='"args.name"'), "p.toml:6: rule `r`: the condition yields dyn"),
        (one_rule(when='"named(args.name)"'), "rule `r`: `named` is not known"),
        (one_rule(when="3"), "p.toml:6: rule `r`: `when` is of the wrong type"),
    ],
)  # fmt: skip
def test_a_faulty_policy_is_refused_with_its_line_rule_and_fix(text: str | bytes, said: str) -> None:
    assert said in refused(text)


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [
        ("write_nota", "effect = 'write'", "p.toml:6: tool `write_nota`: there is no such tool: did you mean"),
        ("write_note", "roles = {}", "p.toml:6: tool `write_note`: `effect` is missing"),
        ("write_note", "effect = 'writes'", "p.toml:7: tool `write_note`: `effect` cannot be `writes`"),
        ("write_note", "effect = 'write'\nroles = { nam = 'path' }", "p.toml:8: tool `write_note`: it has no argument"),
        ("write_note", "effect = 'write'\nresults = 'labelled'", "`results` cannot be `labelled`: use 'trusted' or"),
        ("write_note", "effect = 'write'\npolling = 1", "p.toml:8: tool `write_note`: `polling` is of the wrong type"),
        ("write_note", "effect = 'write'\ntrust = 'x'", "p.toml:8: tool `write_note`: unknown key `trust`"),
    ],
)  # fmt: skip
def test_a_faulty_manifest_is_refused_with_its_line_tool_and_fix(name: str, keys: str, said: str) -> None:
    assert said in refused(f"{one_rule()}\n[tool.{name}]\n{keys}")


def test_a_condition_may_ask_for_an_argument_of_any_tool_the_rule_selects() -> None:
    both = one_rule(effect='"deny"', tools="", effects='["read", "write"]', when='"has(args.query) || has(args.name)"')
    assert parse_policy(both, source="p.toml", tools=TOOLS).rules[0].id == "r"
    assert "argument `to`" in refused(both.replace("args.query", "args.to"))


def test_known_names_may_be_spoken_of_without_being_offered() -> None:
    text = one_rule(when='"args.name == 1"')
    assert parse_policy(text, source="p.toml", tools=[search_corpus], known_names={"write_note"}).rules
    with pytest.raises(PolicyInvalid, match="no tool `write_note`"):
        parse_policy(text, source="p.toml", tools=[search_corpus])


def test_a_policy_is_loaded_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(WHOLE, encoding="utf-8")
    assert load_policy(file, TOOLS).digest == hashlib.sha256(WHOLE.encode()).hexdigest()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.toml", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(PolicyInvalid) as caught:
            load_policy(path, TOOLS)
        assert str(path) in str(caught.value)
        assert why in str(caught.value)


PIECES = (
    "version = 1\n", "[[rule]]\n", "[tool.write_note]\n", 'id = "a"\n', 'effect = "allow"\n', 'tools = ["*"]\n',
    'when = "true"\n', 'effects = ["read"]\n', "rule = 3\n", "tool = [1]\n", '"""', "{", "\0", "roles = {a = 1}\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40) | st.binary(max_size=40))
def test_any_bytes_are_a_policy_or_refused_in_one_line(text: str | bytes) -> None:
    message = ""
    try:
        policy = parse_policy(text, source="p.toml", tools=TOOLS)
    except PolicyInvalid as error:
        message = str(error)
    else:
        assert policy.rules
    assert message.isprintable()
    assert not message or message.startswith("p.toml")


def builtin(name: str, words: str) -> Decision:
    policy = builtin_policy([search_corpus, write_note])
    grounding = Grounding()
    grounding.add_user_words(words)
    return policy.decide(Facts(ToolManifest(tool="write_note", effect="write"), {"name": name, "text": "t"}, grounding))


def test_the_builtin_policy_lets_a_note_be_written_only_where_the_user_names_it() -> None:
    assert builtin("metaclasses.md", "explain metaclasses and note it in metaclasses.md").effect == "allow"
    denied = builtin("stolen.md", "explain metaclasses and note it in metaclasses.md")
    assert (denied.effect, denied.rules) == ("deny", ("note-not-asked-for-by-user",))
    assert "name this note" in denied.reason


def test_the_builtin_policy_lets_read_and_nothing_else() -> None:
    policy = builtin_policy(TOOLS)
    effects = {
        effect: policy.decide(Facts(ToolManifest(tool="any", effect=effect), {"query": "x"}, Grounding())).effect
        for effect in ("read", "write", "send", "pay", "delete", "execute", "network")
    }
    assert effects.pop("read") == "allow"
    assert set(effects.values()) == {"deny"}


@pytest.mark.parametrize("offered", [(), (search_corpus,), TOOLS])
def test_the_builtin_policy_is_the_same_whatever_tools_a_run_offers(offered: tuple[object, ...]) -> None:
    tools = [each for each in TOOLS if each in offered]
    assert builtin_policy(tools).digest == builtin_policy(TOOLS).digest
    assert "write_note" in BUILTIN_TOOLS
