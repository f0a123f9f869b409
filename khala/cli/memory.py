"""`khala memory ...`: the arguments of the commands over past results."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

from khala.cli.home_options import add_home_options
from khala.cli.selection_options import add_selection, count, namespace_name

__all__ = ["add_memory"]

AddParser = Callable[..., argparse.ArgumentParser]
"""How argparse adds a command; its own type for it has no public name."""

AddHome = Callable[[argparse.ArgumentParser], None]

_CODES = """\
exit codes:
  0    done
  1    it cannot be done: no such home, key, result or file, a question that was not answered with yes, or an index
       that cannot be used (`khala memory reindex` builds it anew)
  2    the command line itself is wrong
  130  interrupted
"""


def add_memory(add: AddParser, *, add_home: AddHome) -> None:
    """Add `memory` and its commands."""
    about = "find, read, forget, move and maintain past results"
    parser = add("memory", help=about, description=about)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND").add_parser
    for add_one in (_add_search, _add_show, _add_stats, _add_forget, _add_pins, _add_limits, _add_shred, _add_rotate):
        add_one(commands, add_home)
    for add_one in (_add_export, _add_import, _add_reindex, _add_optimise):
        add_one(commands, add_home)


def _add(add: AddParser, add_home: AddHome, name: str, about: str, *examples: str) -> argparse.ArgumentParser:
    shown = "".join(f"  {example}\n" for example in examples)
    parser = add(
        name,
        help=about,
        description=about,
        epilog=f"example{'s' * (len(examples) > 1)}:\n{shown}\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_home(parser)
    return parser


def _run(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """A command that is loaded when it is called: the others need not wait for what it imports."""

    def run(parsed: argparse.Namespace) -> int:
        return getattr(import_module(f"khala.cli.{module}"), name)(parsed)

    return run


def _add_search(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "search",
        "find passages of past results by meaning and by words",
        'khala memory search "flight from Vienna" -k 3',
        "khala memory search invoice --tool read_mail --since 2026-03-01 --trust untrusted --json",
    )
    parser.add_argument("query", metavar="QUERY")
    parser.add_argument("-k", type=count, default=5, metavar="N", help="passages wanted (default: %(default)s)")
    parser.add_argument("--words-only", action="store_true", help="by words only; no embedding model is loaded")
    add_selection(parser)
    add_home_options(parser)
    parser.set_defaults(command=_run("memory_look", "search"))


def _add_show(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "show",
        "print one result word for word, with its call, label and digests",
        "khala memory show 4kx0v7rm-12",
        "khala memory show 4kx0v7rm-12 --offset 8000 --limit 2000",
    )
    parser.add_argument("id", metavar="ID", help="of the result, as `search` and answers name it")
    parser.add_argument("--offset", type=count, default=0, metavar="N", help="character to begin at")
    parser.add_argument("--limit", type=count, metavar="N", help="characters wanted (default: all)")
    parser.set_defaults(command=_run("memory_look", "show"))


def _add_stats(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "stats",
        "say how much is held, for whom, how it is found and what it takes",
        "khala memory stats",
    )
    add_home_options(parser)
    parser.set_defaults(command=_run("memory_stats", "stats"))


def _add_forget(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "forget",
        "erase results for good, and look whether their words are gone",
        "khala memory forget --tool read_mail --until 2026-01-01 --dry-run",
        "khala memory forget --tenant acme --pinned --yes",
        "khala memory forget --beyond-limits --yes",
    )
    parser.add_argument("--all", action="store_true", help="all results; without it something has to be selected")
    parser.add_argument("--beyond-limits", action="store_true", help="only what is older, or more, than the limits let")
    parser.add_argument("--pinned", action="store_true", help="pinned results too")
    parser.add_argument("--dry-run", action="store_true", help="only show what would go")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_selection(parser)
    add_home_options(parser)
    parser.set_defaults(command=_run("memory_forget", "forget"))


def _add_pins(add: AddParser, add_home: AddHome) -> None:
    for name, about in (
        ("pin", "keep a result, whatever the limits are"),
        ("unpin", "let limits take a result away again"),
    ):
        parser = _add(add, add_home, name, about, f"khala memory {name} 4kx0v7rm-12")
        parser.add_argument("id", metavar="ID")
        parser.set_defaults(command=_run("memory_forget", name))


def _add_limits(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "limits",
        "show or set how much each tenant's memory keeps, and for how long; kept to whenever a run closes the home",
        "khala memory limits",
        "khala memory limits --days 90 --results 10000",
        "khala memory limits --none",
    )
    parser.add_argument("--days", type=float, metavar="N", help="since a result was finished")
    parser.add_argument("--results", type=count, metavar="N", help="results")
    parser.add_argument("--chars", type=count, metavar="N", help="characters of all texts together")
    parser.add_argument("--none", action="store_true", help="no limits any more")
    parser.set_defaults(command=_run("memory_forget", "limits"))


def _add_shred(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "shred",
        "drop the key of a tenant in a sealed home: none of its texts can be read again, in any copy or backup",
        "khala memory shred --tenant acme",
    )
    parser.add_argument("--tenant", type=namespace_name, required=True, metavar="NAME")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_home_options(parser)
    parser.set_defaults(command=_run("memory_forget", "shred"))


def _add_rotate(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "rotate-key",
        "change the master key of a sealed home, from the one in KHALA_MASTER_KEY or KHALA_MASTER_KEY_FILE to the one"
        " in KHALA_NEW_MASTER_KEY or KHALA_NEW_MASTER_KEY_FILE",
        "KHALA_MASTER_KEY_FILE=old.key KHALA_NEW_MASTER_KEY_FILE=new.key khala memory rotate-key",
    )
    parser.set_defaults(command=_run("memory_forget", "rotate_key"))


def _add_export(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "export",
        "write results, with all that is needed to take them in elsewhere; of a sealed home too they are plain text",
        "khala memory export -o memories.jsonl",
        "khala memory export --tenant acme --format parquet -o acme.parquet",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: standard output)")
    parser.add_argument("--format", choices=["jsonl", "parquet"], default="jsonl", help="(default: %(default)s)")
    add_selection(parser)
    parser.set_defaults(command=_run("memory_move", "export"))


def _add_import(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "import",
        "take in what `export` wrote, JSONL or Parquet: untrusted, marked as imported, each result once",
        "khala memory import memories.jsonl",
    )
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(command=_run("memory_move", "import_"))


def _add_reindex(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add,
        add_home,
        "reindex",
        "build the index anew from the stored texts: for another embedder, or after damage",
        "khala memory reindex",
        "khala memory reindex --embeddings http://localhost:8000/v1 --embeddings-name m --embeddings-dims 384",
    )
    parser.add_argument("--words-only", action="store_true", help="by words only; no embedding model is loaded")
    add_home_options(parser)
    parser.set_defaults(command=_run("memory_index", "reindex"))


def _add_optimise(add: AddParser, add_home: AddHome) -> None:
    parser = _add(
        add, add_home, "optimise", "fold the index and delete what it no longer needs", "khala memory optimise"
    )
    add_home_options(parser)
    parser.set_defaults(command=_run("memory_index", "optimise"))
