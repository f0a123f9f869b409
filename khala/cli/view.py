"""`khala view`: one run, or two side by side, as a page in the browser."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from khala.errors import CallerError

__all__ = ["add_view"]

_HELP = """\
The page is one file: it opens from disk, asks nothing of the network, and runs no script but its own.

exit codes:
  0    written
  1    there is no such run, or the file cannot be written
  2    the command line itself is wrong
  5    the ledger of the run was changed
"""


def add_view(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add("view", "look at a run in the browser: answer, evidence, timeline, graph, budget", _HELP)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("other", metavar="RUN2", nargs="?", help="a second run, to be shown beside the first")
    parser.add_argument("-o", "--output", metavar="FILE", help="the page (default: khala-RUN.html in this folder)")
    parser.add_argument("--no-open", action="store_true", help="write the page and open no browser")
    parser.set_defaults(command=_view)


def _view(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home
    from khala.cli.progress import printable

    names: list[str] = [parsed.run] if parsed.other is None else [parsed.run, parsed.other]
    if len(set(names)) < len(names):
        raise CallerError(f"run `{parsed.run}` is named twice: name another one, or only this")
    with Home.existing(parsed.home) as home:
        content = home.view(*names).encode()
    file = Path(parsed.output or f"khala-{'-'.join(names)}.html")
    try:
        file.write_bytes(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CallerError(f"`{file}` cannot be written: {reason.lower()}") from None
    is_opened = not parsed.no_open and not parsed.json and has_display() and _opened(file)
    if parsed.json:
        print(json.dumps({"run_ids": names, "file": str(file), "bytes": len(content)}))
    else:
        print(printable(f"{file}{'' if is_opened else ': open it in a browser'}"))
    return 0


def has_display() -> bool:
    """Whether a browser would have somewhere to show a page; without, some would take over the terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _opened(file: Path) -> bool:
    import webbrowser

    return webbrowser.open(file.absolute().as_uri())
