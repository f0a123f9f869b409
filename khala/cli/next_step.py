"""Commands that a message names: spelled so that they work where they are typed."""

from __future__ import annotations

import shlex
from pathlib import Path

__all__ = ["DEFAULT_HOME", "command"]

DEFAULT_HOME = "~/.khala"


def command(name: str, run_id: str, home: Path) -> str:
    """A command about a run, in backticks; the home is named when it is not the default one."""
    is_default = home == Path(DEFAULT_HOME).expanduser().absolute()
    option = "" if is_default else f" --home {shlex.quote(str(home))}"
    return f"`khala {name} {run_id}{option}`"
