"""`khala export`: a run written in a format that other programs read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from khala.errors import CallerError

__all__ = ["FORMATS", "add_export"]

FORMATS = ("node-link", "graphml", "mermaid", "dot", "prov-json", "otlp-json", "csv", "chatml")
"""The names in `EXPORTS`, spelled out so that no other command loads what writes them."""

_HELP = """\
formats:
  node-link  the reasoning graph as node-link JSON, as networkx and D3 read it
  graphml    the same for Gephi, yEd and networkx
  mermaid    a diagram for a Markdown page; of a large run what its answer rests on
  dot        the whole graph for Graphviz
  prov-json  the provenance as W3C PROV-JSON
  otlp-json  OpenTelemetry spans by the conventions for generative AI, as an OTLP/JSON file
  csv        one line a call
  chatml     one line of JSON with the messages, for training; dead branches are left out

exit codes:
  0    written
  1    there is no such run, or the file cannot be written
  2    the command line itself is wrong
  5    the ledger of the run was changed
"""


def add_export(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add("export", "write a run in a format other programs read", _HELP)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--to", choices=FORMATS, required=True, help="the format; see below", metavar="FORMAT")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: standard output)")
    parser.set_defaults(command=_export)


def _export(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home

    with Home.existing(parsed.home) as home:
        written = home.export(parsed.run, parsed.to)
    if parsed.output is None:
        print(
            json.dumps({"run_id": parsed.run, "format": parsed.to, "text": written}) if parsed.json else written, end=""
        )
        return 0
    content = written.encode(errors="backslashreplace")  # half a character is `\ud800` in JSON too
    try:
        Path(parsed.output).write_bytes(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CallerError(f"`{parsed.output}` cannot be written: {reason.lower()}") from None
    if parsed.json:
        named = {"run_id": parsed.run, "format": parsed.to, "file": parsed.output, "bytes": len(content)}
        print(json.dumps(named))
    return 0
