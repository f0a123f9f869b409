"""`khala policy ...` as its users run it: outcomes, exit codes, and one line for whatever is wrong."""

from __future__ import annotations

import io
import json
import sys

import pytest
import structlog

from khala import CallDenied, Home, tool
from khala.cli.main import main

POLICY = """\
version = 1

[[rule]]
id = "reading"
effect = "allow"
effects = ["read"]

[[rule]]
id = "mail-to-people-the-user-named"
effect = "allow"
tools = ["send_mail"]
when = "from_user(args.to)"
reason = "the user named the recipient"

[[rule]]
id = "copies"
effect = "ask"
tools = ["send_mail"]
when = "args.cc.size() > 0"

[[rule]]
id = "two-mails"
effect = "deny"
tools = ["send_mail"]
when = 'calls("send_mail") >= 2'
"""

TOOLS = [
    {"name": "read_inbox", "description": "Read.", "effect": "read"},
    {
        "name": "send_mail",
        "description": "Send.",
        "effect": "send",
        "parameters": {
            "properties": {
                "to": {"type": "string"},
                "cc": {"type": "array", "default": []},
                "body": {"type": "string"},
            },
            "required": ["to"],
        },
    },
]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    yield
    structlog.reset_defaults()  # `main` lets warnings go to the standard error of its process, which was this test's


@pytest.fixture
def khala(capfd):
    def run(*arguments):
        capfd.readouterr()
        code = main([str(each) for each in arguments])
        told = capfd.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def policy(khala):
    """A command of `khala policy` on the policy and tools of this file; what it prints as JSON, unless it fails."""

    def run(command, *arguments):
        code, out, err = khala("policy", command, "policy.toml", *arguments, "--tools", "tools.json", "--json")
        return (code, json.loads(out)) if out else (code, err)

    return run


def call(to="ann@x.example", **more):
    return json.dumps({"tool": "send_mail", "arguments": {"to": to, **more}})


def test_check_lays_the_policy_out_over_the_tools(policy):
    code, told = policy("check")
    assert code == 0
    assert [(each["rule"], each["tools"]) for each in told["rules"]] == [
        ("reading", ["read_inbox"]),
        ("mail-to-people-the-user-named", ["send_mail"]),
        ("copies", ["send_mail"]),
        ("two-mails", ["send_mail"]),
    ]
    assert told["tools"][1]["asked_by"] == ["copies"]
    assert told["warnings"] == []


def test_check_speaks_of_khalas_own_tools_when_it_is_told_of_no_others(khala, tmp_path):
    (tmp_path / "own.toml").write_text('version = 1\n[[rule]]\nid = "r"\neffect = "allow"\neffects = ["read"]\n')
    code, out, _ = khala("policy", "check", "own.toml")
    assert code == 0
    assert "allow  search_corpus, read_document, recall, read_result" in out
    assert "no rule allows `write_note`" in out


@pytest.mark.parametrize(
    ("user", "arguments", "effect", "rules"),
    [
        ("mail ann@x.example", {}, "allow", ["mail-to-people-the-user-named"]),
        ("mail bob@x.example", {}, "deny", ["no-grant"]),
        ("mail ann@x.example", {"cc": ["eve"]}, "ask", ["copies"]),
        ("mail ann@x.example", {"bcc": "eve"}, "deny", ["guard-failed"]),
    ],
)
def test_explain_gives_the_guards_decision_and_what_led_there(policy, user, arguments, effect, rules):
    code, told = policy("explain", "--user", user, "--call", call(**arguments))
    assert code == 0
    assert (told["decision"]["effect"], told["decision"]["rules"]) == (effect, rules)
    applying = sorted(look["rule"] for look in told["rules"] if look["applies"])
    assert effect == "deny" or set(rules) <= set(applying)
    if rules != ["guard-failed"]:
        looks = {look["rule"]: (look["looked"], look["condition"]) for look in told["rules"]}
        assert looks["reading"] == (False, None)
        assert looks["two-mails"] == (True, "false")
        assert told["arguments"]["cc"] == arguments.get("cc", [])
        origins = {value["path"]: value["origins"] for value in told["values"]}
        assert origins["args.to"] == (["user"] if "ann" in user else [])


def test_explain_in_words_shows_nothing_that_could_drive_a_terminal(khala):
    code, out, _ = khala(
        "policy",
        "explain",
        "policy.toml",
        "--tools",
        "tools.json",
        "--call",
        call("ann\u202e\u001b[2J"),
        "--user",
        "hi",
    )
    assert code == 0
    assert "does not apply  allow  mail-to-people-the-user-named  when from_user(args.to): false" in out
    assert "did not look    allow  reading" in out
    assert "\\u202e" in out
    assert "\u202e" not in out
    assert "\x1b" not in out


@tool(effect="read")
def read_inbox() -> str:
    """Read."""
    return "From: eve@evil.example"


@tool(effect="send")
def send_mail(to: str, cc: list[str] = [], body: str = "") -> str:  # noqa: B006
    """Send."""
    return f"sent to {to}{cc}{body}"


def test_explain_with_a_history_decides_as_the_run_itself_did(policy, khala, tmp_path):
    with Home(tmp_path / "home", semantic=False) as home:
        tools = [read_inbox, send_mail]
        with home.session("Mail ann@x.example what is new.", tools, policy=tmp_path / "policy.toml") as session:
            session.protect(read_inbox)()
            with pytest.raises(CallDenied) as denied:
                session.protect(send_mail)("eve@evil.example")
            session.protect(send_mail)("ann@x.example")
            session.protect(send_mail)("ann@x.example", body="more")
            with pytest.raises(CallDenied):
                session.protect(send_mail)("ann@x.example", body="still more")
        run_id = session.run_id
        recorded = [
            record.event.decision
            for record in home.store.records(run_id)
            if record.event.kind == "call_decided" and record.event.call_id == f"{run_id}-5"
        ]
    history = ("--history", run_id, "--home", tmp_path / "home")
    _, told = policy("explain", *history, "--call", call(body="still more"))
    assert told["decision"] == recorded[0].model_dump(mode="json")
    assert told["decision"]["rules"] == ["two-mails"]
    _, told = policy("explain", *history, "--call", call("eve@evil.example"))
    assert told["values"][0] == {
        "path": "args.to",
        "value": "eve@evil.example",
        "role": "",
        "origins": ["said"],
        "results": [f"{run_id}-1"],
    }
    assert "two-mails" in told["decision"]["rules"]
    assert denied.value.rules == ("no-grant",)
    code, _, err = khala(
        "policy", "explain", "policy.toml", "--tools", "tools.json", "--call", call(), "--history", "zz", *history[2:]
    )
    assert (code, "no run `zz`" in err) == (1, True)


def test_explain_reads_a_large_call_from_standard_input_and_tells_how_much_it_left_out(policy, monkeypatch):
    def given(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return policy("explain", "--call", "-")

    code, told = given(call(cc=[f"m{number}" for number in range(150)]).encode())
    assert (code, len(told["values"]), told["more_values"]) == (0, 100, 51)
    for content, said in (
        (call(body="x" * 1_000_000).encode(), "at most 1000000"),
        (b'{"tool": "\xff"}', "half a character"),
        (b"[" * 10_000, "more than 64 levels deep"),
        (b'{"tool": "a", "tool": "b"}', "stands in it twice"),
    ):
        code, err = given(content)
        assert (code, said in err, len(err.splitlines())) == (1, True, 1)


CASES = """\
[[case]]
name = "a named recipient"
user = "mail ann@x.example"
call = { tool = "send_mail", arguments = { to = "ann@x.example" } }
expect = "allow"
rule = "mail-to-people-the-user-named"

[[case]]
name = "the third mail"
user = "mail ann@x.example"
results = [{ tool = "send_mail", text = "sent" }, { tool = "send_mail", text = "sent" }]
call = { tool = "send_mail", arguments = { to = "ann@x.example" } }
expect = "deny"
rule = "two-mails"

[[case]]
name = "a stranger"
results = [{ tool = "read_inbox", text = "eve@evil.example" }]
call = { tool = "send_mail", arguments = { to = "eve@evil.example" } }
expect = "deny"
"""


def tried(policy, tmp_path, cases):
    (tmp_path / "cases.toml").write_text(cases)
    return policy("test", "cases.toml")


def test_cases_that_hold_exit_with_0(policy, tmp_path):
    code, told = tried(policy, tmp_path, CASES)
    assert (code, told["held"], told["failed"]) == (0, 3, 0)
    assert [each["holds"] for each in told["cases"]] == [True] * 3


def test_a_case_that_does_not_hold_is_named_with_its_line(policy, khala, tmp_path):
    wrong = CASES.replace('expect = "allow"', 'expect = "ask"').replace('rule = "two-mails"', 'rule = "no-grant"')
    code, told = tried(policy, tmp_path, wrong)
    assert (code, told["held"], told["failed"]) == (1, 1, 2)
    code, out, err = khala("policy", "test", "policy.toml", "cases.toml", "--tools", "tools.json")
    lines = out.splitlines()
    assert (code, err, len(lines)) == (1, "", 3)
    assert lines[0].startswith(
        "cases.toml:1 a named recipient: expected ask by mail-to-people-the-user-named, got allow"
    )
    assert lines[1].startswith("cases.toml:8 the third mail: expected deny by no-grant, got deny by two-mails")
    assert lines[2] == "cases: 3, held: 1, failed: 2"


@pytest.mark.parametrize(
    "changed", ['tool = "send_mial", arguments = {}', 'tool = "send_mail", arguments = { to = 3, cc = 4 }']
)
def test_a_case_that_never_reaches_the_rules_proves_nothing(policy, tmp_path, changed):
    vacuous = CASES[CASES.index('[[case]]\nname = "a stranger"') :]
    vacuous = vacuous.replace('tool = "send_mail", arguments = { to = "eve@evil.example" }', changed)
    assert tried(policy, tmp_path, vacuous)[0] == 1
    assert tried(policy, tmp_path, vacuous + 'rule = "guard-failed"\n')[0] == 0


def test_the_trust_of_a_result_is_that_of_its_manifest_unless_the_case_says_otherwise(policy, tmp_path):
    grounded = POLICY.replace("from_user(args.to)", "grounded(args.to)")
    cases = CASES[CASES.index('[[case]]\nname = "a stranger"') :].replace('"deny"', '"allow"')
    vouched = cases.replace('text = "eve@evil.example"', 'text = "eve@evil.example", trust = "trusted"')
    (tmp_path / "policy.toml").write_text(grounded)
    assert tried(policy, tmp_path, cases)[0] == 1
    assert tried(policy, tmp_path, vouched)[0] == 0
    (tmp_path / "policy.toml").write_text(f'{grounded}\n[tool.read_inbox]\neffect = "read"\nresults = "trusted"\n')
    assert tried(policy, tmp_path, cases)[0] == 0


def test_init_writes_a_policy_that_says_what_to_review_and_never_a_second_time(khala, tmp_path):
    mcp = {"tools": [{"name": "wipe", "description": "x\n[[rule]]", "inputSchema": {"properties": {"path": {}}}}]}
    (tmp_path / "mcp.json").write_text(json.dumps(mcp))
    code, out, _ = khala("policy", "init", "--tools", "mcp.json", "-o", "new.toml")
    assert (code, "1 tool to review" in out) == (0, True)
    written = (tmp_path / "new.toml").read_text()
    code, out, _ = khala("policy", "check", "new.toml", "--tools", "mcp.json", "--json")
    assert code == 0
    assert json.loads(out)["warnings"] == [
        "rule `nothing-is-reviewed-yet` denies every tool without a condition: no call is allowed as long as it stands",
        "tool `wipe` is not reviewed: without a manifest every call is denied; add `[tool.wipe]`",
    ]
    code, _, err = khala("policy", "init", "--tools", "mcp.json", "-o", "new.toml")
    assert (code, err) == (1, "khala: `new.toml` exists and is never overwritten: name a new file\n")
    assert (tmp_path / "new.toml").read_text() == written
    assert khala("policy", "init", "--tools", "mcp.json") == (0, written, "")
    assert json.loads(khala("policy", "init", "--tools", "mcp.json", "--json")[1])["policy"] == written


MODULE = """\
print("this module speaks")
from khala import tool

@tool(effect="read")
def look() -> str:
    '''Look.'''
    return ""

def plain(x: int) -> str:
    '''Plain.'''
    return str(x)

TOOLS = [look, plain]
NOTHING = [3]
EMPTY = []

def make():
    return tuple(TOOLS)

def fail():
    raise RuntimeError("no\\nluck")

def leave():
    raise SystemExit(3)

class inner:
    TOOLS = [look]
"""


@pytest.mark.parametrize("name", ["TOOLS", "make", "look", "inner.TOOLS"])
def test_tools_come_from_the_authors_code(khala, tmp_path, name):
    (tmp_path / "authors_tools.py").write_text(MODULE)
    sys.modules.pop("authors_tools", None)
    code, out, err = khala("policy", "init", "--tools", f"authors_tools:{name}", "--json")
    assert code == 0
    assert json.loads(out)["tools"][0] == "look"
    assert "this module speaks" in err


ON_POLICY = ["policy.toml", "--tools"]
BAD = {
    "a policy that is not there": (["check", "none.toml"], "none.toml: the policy cannot be read"),
    "a policy with a fault": (["check", "tools.json"], "tools.json:1: this is not TOML"),
    "tools that are nothing known": (["check", *ON_POLICY, "a b"], "is neither `package.module:name`"),
    "a module that is not there": (["check", *ON_POLICY, "nowhere.at:all"], "ModuleNotFoundError"),
    "a name that is not there": (["check", *ON_POLICY, "json:nothing"], "AttributeError"),
    "no tools in a list": (["check", *ON_POLICY, "bad_tools:NOTHING"], "is no list of tools"),
    "an empty list": (["check", *ON_POLICY, "bad_tools:EMPTY"], "is no list of tools"),
    "a function that fails": (["check", *ON_POLICY, "bad_tools:fail"], "RuntimeError: no luck"),
    "a function that leaves": (["check", *ON_POLICY, "bad_tools:leave"], "SystemExit: 3"),
    "a tools file that is not there": (["check", *ON_POLICY, "none.json"], "none.json: the tools cannot be read"),
    "tools the policy does not know": (["check", "policy.toml"], "there is no tool `send_mail`"),
    "cases that are not there": (["test", *ON_POLICY, "tools.json", "none.toml"], "the cases cannot be read"),
    "no cases": (["test", *ON_POLICY, "tools.json", "empty.toml"], "there is no case"),
    "a case about an unknown rule": (["test", *ON_POLICY, "tools.json", "rule.toml"], "there is no rule `copy`"),
    "a call that is none": (["explain", *ON_POLICY, "tools.json", "--call", "{}"], "`tool` is missing"),
    "a home that is not there": (
        ["explain", *ON_POLICY, "tools.json", "--call", '{"tool": "a"}', "--history", "x", "--home", "no"],
        "there is no home at `no`",
    ),
    "a folder that is not there": (["init", "--tools", "tools.json", "-o", "no/p.toml"], "cannot be written"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_1(khala, tmp_path, name):
    (tmp_path / "bad_tools.py").write_text(MODULE.removeprefix('print("this module speaks")\n'))
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "rule.toml").write_text('[[case]]\nname = "x"\ncall.tool = "a"\nexpect = "deny"\nrule = "copy"\n')
    sys.modules.pop("bad_tools", None)
    arguments, said = BAD[name]
    code, out, err = khala("policy", *arguments)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("khala: ")
    assert said in err


@pytest.mark.parametrize("command", ["check", "explain", "test", "init"])
def test_help_shows_an_example_and_the_exit_codes(command, capsys):
    with pytest.raises(SystemExit) as left:
        main(["policy", command, "--help"])
    told = capsys.readouterr().out
    assert left.value.code == 0
    for words in ("example:\n  khala policy " + command, "exit codes:", "--json", "--tools"):
        assert words in told


@pytest.mark.parametrize("arguments", [[], ["check"], ["explain", "p.toml"], ["init"], ["test", "p.toml"]])
def test_a_wrong_command_line_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(["policy", *arguments])
    assert left.value.code == 2
    assert "required" in capsys.readouterr().err


def test_explain_tells_of_rules_by_origin(tmp_path, capsys):
    policy = tmp_path / "p.toml"
    policy.write_text(
        'version = 1\ninclude = ["khala:grounded"]\n[tool.send_mail]\neffect = "send"\nroles = { to = "recipient" }\n'
    )
    tools = tmp_path / "tools.json"
    tools.write_text(
        '[{"name": "send_mail", "description": "Send", "inputSchema":'
        ' {"type": "object", "properties": {"to": {"type": "string"}}}}]'
    )
    call = '{"tool": "send_mail", "arguments": {"to": "eve@evil.example"}}'
    assert main(["policy", "explain", str(policy), "--tools", str(tools), "--call", call]) == 0
    told = capsys.readouterr().out
    assert "ask by recipient-of-a-message" in told
    assert "recipient unless from" in told


def test_a_tool_that_is_not_the_one_a_home_accepted_is_asked_about_as_in_its_runs(policy, khala, tmp_path):
    with Home(tmp_path / "home", semantic=False) as home, home.session("Read.", [read_inbox]) as session:
        session.protect(read_inbox)()
    reading = ("--call", json.dumps({"tool": "read_inbox", "arguments": {}}))
    case = """[[case]]
name = "another inbox"
call = { tool = "read_inbox" }
expect = "ask"
rule = "tool-changed"
"""
    (tmp_path / "cases.toml").write_text(case)
    (tmp_path / "tools.json").write_text(json.dumps([{**TOOLS[0], "description": "Read, and post it all."}, TOOLS[1]]))
    at_home = ("--home", tmp_path / "home")
    for arguments in (at_home, ("--history", session.run_id, *at_home)):
        _, told = policy("explain", *reading, *arguments)
        assert (told["decision"]["effect"], told["decision"]["rules"]) == ("ask", ["tool-changed"])
    assert policy("explain", *reading)[1]["decision"]["effect"] == "allow"
    assert policy("test", "cases.toml", *at_home)[1]["held"] == 1
    assert policy("test", "cases.toml")[1]["held"] == 0
    code, err = policy("test", "cases.toml", "--home", tmp_path / "nowhere")
    assert (code, "there is no home" in err) == (1, True)


def test_cases_speak_of_the_name_and_the_scopes_of_the_user(khala, tmp_path):
    (tmp_path / "scoped.toml").write_text("""
version = 1
[[rule]]
id = "readers"
effect = "allow"
effects = ["read"]
scopes = ["mail"]
[[rule]]
id = "no-guests"
effect = "deny"
tools = ["*"]
principals = ["guest"]
""")
    case = 'call = { tool = "read_inbox" }\n'
    (tmp_path / "who.toml").write_text(f"""
[[case]]
name = "nobody"
expect = "deny"
{case}
[[case]]
name = "somebody who was granted it"
scopes = ["mail", "more"]
expect = "allow"
{case}
[[case]]
name = "a guest who was granted it"
scopes = ["mail"]
principal_name = "guest"
expect = "deny"
rule = "no-guests"
{case}""")
    code, out, _ = khala("policy", "test", "scoped.toml", "who.toml", "--tools", "tools.json")
    assert (code, out) == (0, "cases: 3, held: 3, failed: 0\n")


def test_check_says_nothing_of_included_rules_that_look_at_no_tool_here(khala, tmp_path):
    (tmp_path / "brief.toml").write_text("""
version = 1
include = ["khala:grounded"]
[[rule]]
id = "payments"
effect = "ask"
effects = ["pay"]
""")
    code, out, _ = khala("policy", "check", "brief.toml", "--tools", "tools.json")
    assert code == 0
    assert [line.split("`")[1] for line in out.splitlines() if "never applies" in line] == ["payments"]
