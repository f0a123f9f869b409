"""`khala`: the commands, their arguments and their exit codes."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

from khala.cli.approvals import add_approvals
from khala.cli.export import add_export
from khala.cli.home_options import add_home_options
from khala.cli.import_log import add_import
from khala.cli.memory import add_memory
from khala.cli.next_step import DEFAULT_HOME
from khala.cli.policy import add_policy
from khala.cli.view import add_view
from khala.cli.watch import add_watch
from khala.errors import KhalaError, LogDamaged, ModelError

__all__ = ["main"]

EXIT_CODES = """\
exit codes:
  0    done; for `ask` and `resume`: answered; for `policy test`: every case holds
  1    the request cannot be met: bad input, a policy that does not load, a home that cannot be used, a run that is
       busy; for `policy test`: a case does not hold
  2    the command line itself is wrong
  3    `ask`, `resume`: ended without a full answer (a limit was reached, or nothing was found)
  4    the model could not be reached; the run waits for `khala resume`
  5    `verify`: the ledger was changed
  130  interrupted; the run waits for `khala resume`
"""

_LONGEST_WAIT_S = 7 * 24 * 3600
"""Seconds a question may be open: an answer is to rest on what the person knows now."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    parsed = _parser().parse_args(arguments)
    _log_to_standard_error()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot spell a word is no reason to stop
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        code = command(parsed)
        print(end="", flush=True)  # what cannot be written is to fail here, where it can be told
    except KeyboardInterrupt as interrupt:
        from khala.cli.progress import printable

        said = str(interrupt) or "interrupted; `khala runs` lists what can be resumed"
        print(printable(f"khala: {said}"), file=sys.stderr)
        return 130
    except KhalaError as error:
        from khala.cli.progress import printable

        print(printable(f"khala: {error}"), file=sys.stderr)
        return 5 if isinstance(error, LogDamaged) else 4 if isinstance(error, ModelError) else 1
    except OSError as error:  # those of homes and documents are ours by now; what is left is our own output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries to write it once more
        if not isinstance(error, BrokenPipeError):  # whoever read it is gone; there is nobody to tell
            print(f"khala: the output cannot be written: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="khala",
        description="Ask questions over documents; every answer tied to its evidence, every tool call through a guard,"
        " everything in one verifiable log.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"khala {version('khala')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_ask(commands.add_parser)
    _add_resume(commands.add_parser)
    _add_runs(commands.add_parser)
    _add_show(commands.add_parser)
    _add_verify(commands.add_parser)
    add_import(partial(_add, commands.add_parser))
    add_export(partial(_add, commands.add_parser))
    add_view(partial(_add, commands.add_parser))
    add_watch(partial(_add, commands.add_parser))
    add_approvals(partial(_add, commands.add_parser))
    add_memory(commands.add_parser, add_home=_add_home)
    add_policy(commands.add_parser, default_home=DEFAULT_HOME)
    return parser


AddParser = Callable[..., argparse.ArgumentParser]
"""How argparse adds a command; its own type for it has no public name."""


def _add(add: AddParser, name: str, about: str, epilog: str = "") -> argparse.ArgumentParser:
    parser = add(
        name, help=about, description=about, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_home(parser)
    return parser


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home",
        type=_folder,
        default=DEFAULT_HOME,
        metavar="DIR",
        help="where runs, texts and memory are kept (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on standard output")


def _add_ask(add: AddParser) -> None:
    parser = _add(
        add,
        "ask",
        "answer a question over documents",
        'example:\n  khala ask "How does Python determine the metaclass of a class?" --corpus python-docs\n\n'
        + EXIT_CODES,
    )
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument(
        "--corpus",
        type=_folder,
        required=True,
        metavar="DIR|python-docs",
        help="a folder of documents, or the documentation inside this Python",
    )
    parser.add_argument(
        "--model",
        metavar="URL",
        help="an OpenAI-compatible endpoint such as http://localhost:8000/v1"
        " (default: the built-in extractive researcher, which is no language model)",
    )
    parser.add_argument("--model-name", metavar="NAME", help="the model to ask for at that endpoint")
    parser.add_argument(
        "--calls",
        choices=["native", "mcp-xml"],
        default="native",
        help="how the model writes tool calls (default: %(default)s)",
    )
    parser.add_argument("--stream", action="store_true", help="let the endpoint stream its replies")
    parser.add_argument("--policy", metavar="FILE", help="a policy in TOML instead of the built-in one")
    parser.add_argument(
        "--dry-run", action="store_true", help="only log what the policy says: every call runs, whatever it does"
    )
    parser.add_argument(
        "--revisions",
        type=_times,
        default=2,
        metavar="N",
        help="times a draft goes back to the model for sentences without evidence (default: %(default)s)",
    )
    parser.add_argument(
        "--max-calls", type=_count, default=600, metavar="N", help="most tool calls of the run (default: %(default)s)"
    )
    parser.add_argument(
        "--keep-results",
        type=_kept,
        default=5,
        metavar="K",
        help="results that stay in view; -1 keeps all (default: %(default)s)",
    )
    parser.add_argument(
        "--context-tokens",
        type=_window,
        default=262_144,
        metavar="N",
        help="what fits into one prompt with its reply (default: %(default)s)",
    )
    parser.add_argument(
        "--reply-tokens",
        type=_count,
        default=16_384,
        metavar="N",
        help="most tokens of one reply (default: %(default)s)",
    )
    parser.add_argument(
        "--words-only", action="store_true", help="memory finds by words only; no embedding model is loaded"
    )
    _add_namespace(parser)
    add_home_options(parser)
    _add_who_approves(parser)
    parser.set_defaults(command=_ask)


def _add_namespace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tenant",
        type=_namespace_name,
        default="",
        metavar="NAME",
        help="whose this is; tenants never see each other",
    )
    parser.add_argument(
        "--agent",
        type=_namespace_name,
        default="",
        metavar="NAME",
        help="which agent of the tenant; it sees what is its own (default: the one without a name, which sees all)",
    )


def _add_resume(add: AddParser) -> None:
    parser = _add(add, "resume", "go on with a run that was interrupted", EXIT_CODES)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--model", metavar="URL", help="another endpoint than the run began with")
    parser.add_argument("--model-name", metavar="NAME", help="another model than the run began with")
    add_home_options(parser)
    _add_who_approves(parser)
    parser.set_defaults(command=_resume)


def _add_who_approves(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--approvals",
        choices=["queue", "terminal", "none"],
        help="who answers when the policy asks: whoever types `khala approve` or `khala deny` in any terminal, the"
        " person at this one, or nobody, which means no (default: terminal if this is one, else none; for a resumed"
        " run, as it began)",
    )
    parser.add_argument(
        "--approval-timeout",
        type=_wait,
        metavar="SECONDS",
        help="how long a question is open, at most a week; then the answer is no (default: 600)",
    )


def _add_runs(add: AddParser) -> None:
    _add(add, "runs", "list the runs of a home").set_defaults(command=_runs)


def _add_show(add: AddParser) -> None:
    parser = _add(add, "show", "show what a run did and what its answer rests on")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument(
        "--graph",
        choices=["json", "mermaid"],
        help="print the reasoning graph instead: node-link JSON or a Mermaid diagram",
    )
    parser.set_defaults(command=_show)


def _add_verify(add: AddParser) -> None:
    parser = _add(add, "verify", "check that nothing in the log of a run was changed", EXIT_CODES)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument(
        "--head",
        metavar="FILE",
        help="what `verify --json` printed earlier (`-`: standard input): check that nothing of it was cut or changed",
    )
    parser.set_defaults(command=_verify)


def _log_to_standard_error() -> None:
    """Warnings of the library go to the person, and never into what `--json` prints."""
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _folder(text: str) -> str:
    if not text:  # an unset variable of a script, which would otherwise mean the current folder
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def _number(text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"must be {least} or more")
    return number


def _namespace_name(given: str) -> str:
    from khala.domain.namespace import Namespace

    try:
        return Namespace(tenant=given).tenant
    except ValueError:
        raise argparse.ArgumentTypeError("write up to 100 letters, digits and `_.@+-`") from None


def _count(text: str) -> int:
    return _number(text, least=1)


def _times(text: str) -> int:
    return _number(text, least=0)


def _window(text: str) -> int:
    return _number(text, least=2_000)  # system prompt and tools alone take about a thousand


def _wait(text: str) -> int:
    seconds = _count(text)
    if seconds > _LONGEST_WAIT_S:
        raise argparse.ArgumentTypeError(f"must be {_LONGEST_WAIT_S} or less")
    return seconds


def _kept(text: str) -> int:
    return _number(text, least=-1)


def _ask(parsed: argparse.Namespace) -> int:
    from khala.cli.ask import ask

    return ask(parsed)


def _resume(parsed: argparse.Namespace) -> int:
    from khala.cli.ask import resume

    return resume(parsed)


def _runs(parsed: argparse.Namespace) -> int:
    from khala.cli.runs import runs

    return runs(parsed)


def _show(parsed: argparse.Namespace) -> int:
    from khala.cli.runs import show

    return show(parsed)


def _verify(parsed: argparse.Namespace) -> int:
    from khala.cli.runs import verify

    return verify(parsed)


if __name__ == "__main__":
    sys.exit(main())
