"""How the command line says which results are meant."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khala.domain.selection import Selection

__all__ = ["add_selection", "count", "namespace_name", "selection"]

_NAMES = (
    ("--id", "ids", "ID", "only this result"),
    ("--run", "runs", "RUN", "only results of this run"),
    ("--tool", "tools", "NAME", "only results of this tool"),
    ("--origin", "origins", "NAME", "only what has this origin, such as `tool:search` or `import`; all that are given"),
)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options, all optional; a result has to agree with each of them."""
    group = parser.add_argument_group(
        "which results", "all of these have to hold; --id, --run, --tool and --origin can be repeated"
    )
    for option, name, what, about in _NAMES:
        group.add_argument(option, dest=name, action="append", metavar=what, help=about)
    group.add_argument(
        "--tenant", type=namespace_name, metavar="NAME", help="only this tenant's; the one without a name is ``"
    )
    group.add_argument("--agent", type=namespace_name, metavar="NAME", help="only what this agent of the tenant sees")
    group.add_argument("--trust", choices=["trusted", "untrusted"], help="only results of this trust")
    group.add_argument(
        "--since", type=_moment, metavar="TIME", help="only from this date or time on (ISO 8601; UTC unless it says)"
    )
    group.add_argument("--until", type=_moment, metavar="TIME", help="only before it: a date means its first moment")


def selection(parsed: argparse.Namespace) -> Selection:
    """What the options mean."""
    from khala.domain.namespace import Namespace
    from khala.domain.selection import Selection

    of_all = parsed.tenant is None and parsed.agent is None
    ids, runs, tools = (
        None if named is None else frozenset(named) for named in (parsed.ids, parsed.runs, parsed.tools)
    )
    return Selection(
        namespace=None if of_all else Namespace(tenant=parsed.tenant or "", agent=parsed.agent or ""),
        ids=ids,
        runs=runs,
        tools=tools,
        trust=parsed.trust,
        origins=frozenset(parsed.origins or ()),
        since_ms=parsed.since,
        before_ms=parsed.until,
    )


def namespace_name(given: str) -> str:
    """A tenant or an agent."""
    from khala.domain.namespace import Namespace

    try:
        return Namespace(tenant=given).tenant
    except ValueError:
        raise argparse.ArgumentTypeError("write up to 100 letters, digits and `_.@+-`") from None


def count(text: str) -> int:
    """A whole number from 0 on."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number") from None
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number


def _moment(text: str) -> int:
    from khala.domain.moment import milliseconds_of

    try:
        return milliseconds_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"`{text}` is no date or time: write it as 2026-03-31 or 2026-03-31T18:00"
        ) from None
