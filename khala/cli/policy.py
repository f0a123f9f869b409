"""`khala policy ...`: the arguments of the commands for policy authors."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["add_policy"]

AddParser = Callable[..., argparse.ArgumentParser]
"""How argparse adds a command; its own type for it has no public name."""

_TOOLS = """\
--tools says which tools the policy governs:
  (nothing)            khala's own tools
  package.module:name  a list of tools or functions in your code, or a function that returns one
  tools.json           definitions: [{"name", "description", "parameters", "effect", "roles"}], the `tools` of an
                       OpenAI request, or the answer of an MCP server to tools/list (of which only names,
                       descriptions and schemas count)
"""

_CODES = """\
exit codes:
  0    done; for `test`: every case holds
  1    bad input, a policy that does not load; for `test`: a case does not hold
  2    the command line itself is wrong
"""


def add_policy(add: AddParser, *, default_home: str) -> None:
    """Add `policy` and its commands."""
    about = "check, explain, test and begin policies"
    parser = add("policy", help=about, description=about)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_check(commands.add_parser)
    _add_explain(commands.add_parser, default_home)
    _add_test(commands.add_parser)
    _add_init(commands.add_parser)


def _add(add: AddParser, name: str, about: str, example: str) -> argparse.ArgumentParser:
    parser = add(
        name,
        help=about,
        description=about,
        epilog=f"example:\n  {example}\n\n{_TOOLS}\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on standard output")
    return parser


def _add_file_and_tools(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the policy, TOML")
    parser.add_argument("--tools", metavar="MODULE:NAME|TOOLS.json", help="the tools it governs; see below")


def _add_home(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("--home", metavar="DIR", help=about)


def _add_check(add: AddParser) -> None:
    parser = _add(
        add,
        "check",
        "load a policy and say what it means for each tool, and what in it is useless or unfinished",
        "khala policy check policy.toml --tools shop.agent:TOOLS",
    )
    _add_file_and_tools(parser)
    parser.set_defaults(command=_check)


def _add_explain(add: AddParser, default_home: str) -> None:
    parser = _add(
        add,
        "explain",
        "say how a policy decides on one call: which rules looked, which applied, and where each value came from",
        "khala policy explain policy.toml --call '"
        '{"tool": "write_note", "arguments": {"name": "a.md", "text": "hello"}}\' --user "note it in a.md"',
    )
    _add_file_and_tools(parser)
    parser.add_argument("--call", required=True, metavar="JSON", help="the call, or `-` to read it from standard input")
    parser.add_argument("--user", default="", metavar="TEXT", help="words of the user, beside those of the run")
    parser.add_argument("--history", metavar="RUN", help="a run whose task and results come before the call")
    _add_home(parser, f"where that run is kept (default: {default_home}), and the definitions of tools it accepted")
    parser.set_defaults(command=_explain, default_home=default_home)


def _add_test(add: AddParser) -> None:
    parser = _add(
        add,
        "test",
        "try a policy on a table of expectations",
        "khala policy test policy.toml cases.toml --tools shop.agent:TOOLS",
    )
    _add_file_and_tools(parser)
    parser.add_argument("cases", metavar="CASES", help="the expectations, TOML: see docs/how-to/test-a-policy.md")
    _add_home(parser, "a home: a tool whose definition is none that it accepted is asked about, as in its runs")
    parser.set_defaults(command=_test)


def _add_init(add: AddParser) -> None:
    parser = _add(
        add,
        "init",
        "write a policy to begin with: every tool listed, none allowed, each effect left for you to choose",
        "khala policy init --tools tools.json -o policy.toml",
    )
    parser.add_argument("--tools", required=True, metavar="MODULE:NAME|TOOLS.json", help="the tools; see below")
    parser.add_argument("-o", "--output", metavar="FILE", help="a new file (default: standard output)")
    parser.set_defaults(command=_init)


def _check(parsed: argparse.Namespace) -> int:
    from khala.cli.policy_check import check

    return check(parsed)


def _explain(parsed: argparse.Namespace) -> int:
    from khala.cli.policy_explain import explain

    return explain(parsed)


def _test(parsed: argparse.Namespace) -> int:
    from khala.cli.policy_expectations import test

    return test(parsed)


def _init(parsed: argparse.Namespace) -> int:
    from khala.cli.policy_check import init

    return init(parsed)
