"""`khala memory export` and `khala memory import`: memories on their way from one home to another."""

from __future__ import annotations

import argparse
import json
import sys

from khala.assembly import Home
from khala.cli.progress import printable
from khala.cli.selection_options import selection
from khala.errors import CallerError

__all__ = ["export", "import_"]


def export(parsed: argparse.Namespace) -> int:
    """Write results to a file or to standard output."""
    if parsed.json and parsed.output is None:
        raise CallerError("`--json` says what was written: name a file with `-o FILE`")
    with Home.existing(parsed.home) as home:
        results = home.export_memory(parsed.output, selection(parsed), form=parsed.format)
        if home.store.vault.is_sealed:
            print("khala: what was written is not sealed: keep it as you keep the master key", file=sys.stderr)
    if parsed.json:
        print(json.dumps({"results": results, "file": parsed.output, "format": parsed.format}))
    elif parsed.output is not None:
        print(printable(f"wrote {results:,} results to `{parsed.output}`"))
    return 0


def import_(parsed: argparse.Namespace) -> int:
    """Take in what another home exported."""
    with Home(parsed.home) as home:
        taken = home.import_memory(parsed.file)
    if parsed.json:
        told = {"results": taken.results, "runs": taken.runs, "known": taken.known, "forgotten": taken.forgotten}
        print(json.dumps(told))
        return 0
    lines = [f"took in {taken.results:,} results as {len(taken.runs):,} imported runs; nothing of them is trusted"]
    lines += [f"{taken.known:,} are here already"] if taken.known else []
    lines += [f"{taken.forgotten:,} were forgotten here and stay out"] if taken.forgotten else []
    print("\n".join(lines))
    return 0
