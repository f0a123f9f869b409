"""`khala import`: the log of another program becomes a run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khala.infrastructure.logs.import_log import ImportedLog, ImportedRun

__all__ = ["add_import"]

_HELP = """\
example:
  khala import task_42_attempt-1.json

Reads MiroThinker and MiroFlow task logs, their message histories, and lists of OpenAI-style messages, up to 64 MB.
What is damaged or missing is named; the run can then be shown, verified and exported, and is marked as imported.

exit codes:
  0    imported, whether or not there are warnings
  1    the file is missing, too large or no log khala knows, or the home cannot be used
  2    the command line itself is wrong
"""


def add_import(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add("import", "take in the log of another agent, to see what its answer rests on", _HELP)
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(command=_import)


def _import(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home
    from khala.cli.next_step import command
    from khala.cli.progress import printable

    with Home(parsed.home, semantic=False) as home:
        taken = home.import_log(parsed.file)
        if parsed.json:
            print(json.dumps(_as_json(taken), ensure_ascii=False))
            return 0
        show = command("show", taken.main.run_id, home.folder.path)
    lines = [f"imported a log of format `{taken.format}`", _told(taken.main), *map(_told, taken.sub_agents)]
    lines += [f"  warning: {warning}" for warning in taken.warnings]
    print(printable("\n".join((*lines, f"{show} shows what it did and what its answer rests on"))))
    return 0


def _as_json(taken: ImportedLog) -> dict[str, object]:
    return {
        **_counts(taken.main),
        "warnings": taken.warnings,
        "format": taken.format,
        "sub_agents": [{"session": run.name, **_counts(run)} for run in taken.sub_agents],
    }


def _counts(run: ImportedRun) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "status": run.status,
        "turns": run.turns,
        "tool_calls": run.tool_calls,
        "results": run.results,
    }


def _told(run: ImportedRun) -> str:
    whose = f"sub-agent session {run.name}, " if run.name else ""
    status = run.status.replace("_", " ")
    return f"{whose}run {run.run_id}: {status}, {run.turns} turns, {run.tool_calls} calls, {run.results} results"
