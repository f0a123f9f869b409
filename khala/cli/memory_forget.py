"""`khala memory forget`, `pin`, `unpin`, `limits`, `shred` and `rotate-key`: what is kept, and for whom."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from pydantic import ValidationError

from khala.assembly import Home
from khala.cli.home_options import home_settings, opened_home
from khala.cli.memory_look import result_here, told_result, whose
from khala.cli.memory_stats import told_limits
from khala.cli.progress import printable
from khala.cli.selection_options import selection
from khala.domain.call import ToolResult
from khala.domain.memory_limits import MemoryLimits
from khala.domain.selection import EVERYTHING, Selection
from khala.errors import CallerError, HomeUnusable
from khala.infrastructure.store.forget_results import Forgotten, candidates
from khala.infrastructure.store.vault import NEW_MASTER_KEY, master_key

__all__ = ["forget", "limits", "pin", "rotate_key", "shred", "unpin"]

_LISTED = 20
"""Results that are named before a person is asked, and places that are named after; the rest is counted."""


def forget(parsed: argparse.Namespace) -> int:
    """Erase results for good, after a yes."""
    where = selection(parsed)
    if where == EVERYTHING and not (parsed.all or parsed.beyond_limits):
        raise CallerError("nothing is selected: say which results, or `--all` of them; `--dry-run` shows them first")
    with opened_home(parsed.home, home_settings(parsed), must_exist=True) as home:
        if parsed.beyond_limits:
            beyond = home.store.forgetting.beyond_limits(time.time_ns() // 1_000_000)
            where = where.within(Selection(ids=beyond))
        if parsed.yes and not parsed.dry_run:
            return _told_forgotten(home.forget(where, pinned=parsed.pinned), as_json=parsed.json)
        pins = frozenset[str]() if parsed.pinned else home.store.forgetting.pins()
        meant = [result for result in candidates(home.store, where) if where.holds(result)]
        going = [result for result in meant if result.call.id not in pins]
        kept = [result.call.id for result in meant if result.call.id in pins]
        if parsed.dry_run and parsed.json:
            print(json.dumps({"would_forget": [result.call.id for result in going], "pinned": kept}))
            return 0
        _tell_going(going, kept, file=sys.stdout if parsed.dry_run else sys.stderr)
        if parsed.dry_run:
            return 0
        if going:
            _ask("forget them for good?")
        # these and no others: what came since was not shown
        ids = frozenset(result.call.id for result in going)
        return _told_forgotten(home.forget(Selection(ids=ids), pinned=parsed.pinned), as_json=parsed.json)


def _tell_going(going: list[ToolResult], kept: list[str], *, file: object) -> None:
    lines = [told_result(result) for result in going[:_LISTED]]
    lines += [f"and {len(going) - _LISTED:,} more"] if len(going) > _LISTED else []
    lines.append(f"{len(going):,} results would be forgotten, with all that repeats them")
    lines += [f"{len(kept):,} are pinned and stay (`--pinned` takes them too)"] if kept else []
    print("\n".join(lines), file=file)  # pyright: ignore[reportCallIssue, reportArgumentType] - one of the two streams


def _told_forgotten(done: Forgotten, *, as_json: bool) -> int:
    if as_json:
        print(
            json.dumps(
                {
                    "forgotten": done.results,
                    "texts": done.texts,
                    "shared": done.shared,
                    "pinned": done.pinned,
                    "remains": done.remains,
                    "also_in": done.also_in,
                }
            )
        )
        return 0
    lines = [f"forgot {len(done.results):,} results and erased {done.texts:,} texts"]
    lines += [f"{len(done.pinned):,} pinned results stay"] if done.pinned else []
    lines += [f"{done.shared:,} texts stay, because other results hold the same"] if done.shared else []
    lines += _listed("some of the words still stand in", done.remains)
    lines += _listed("other results with some of the same words, not forgotten", done.also_in)
    lines += (
        ["their words stand nowhere else in this home"] if done.results and not (done.remains or done.also_in) else []
    )
    print(printable("\n".join(lines)))
    return 0


def _listed(what: str, names: tuple[str, ...]) -> list[str]:
    more = [f"  and {len(names) - _LISTED:,} more"] if len(names) > _LISTED else []
    return [f"{what}:", *(f"  {name}" for name in names[:_LISTED]), *more] if names else []


def pin(parsed: argparse.Namespace) -> int:
    """Keep a result, whatever the limits are."""
    with Home.existing(parsed.home) as home:
        result_here(home, parsed.id)
        home.store.forgetting.pin(parsed.id)
    return _told(parsed, {"result_id": parsed.id, "pinned": True}, f"pinned {parsed.id}")


def unpin(parsed: argparse.Namespace) -> int:
    """Let limits take a result away again."""
    with Home.existing(parsed.home) as home:
        if not home.store.forgetting.unpin(parsed.id):
            raise CallerError(f"result `{parsed.id}` is not pinned")
    return _told(parsed, {"result_id": parsed.id, "pinned": False}, f"unpinned {parsed.id}")


def limits(parsed: argparse.Namespace) -> int:
    """Show or set limits; those that are not named stay as they are."""
    given = {name: value for name in ("days", "results", "chars") if (value := getattr(parsed, name)) is not None}
    if parsed.none and given:
        raise CallerError("`--none` takes all limits away: name none beside it")
    with Home.existing(parsed.home) as home:
        now = home.store.forgetting.limits
        try:
            wanted = MemoryLimits() if parsed.none else MemoryLimits(**{**now.model_dump(), **given})
        except ValidationError:
            raise CallerError(f"`--days {parsed.days:g}` is no limit: use a number above 0") from None
        if wanted != now:
            home.store.forgetting.set_limits(wanted)
        beyond = len(home.store.forgetting.beyond_limits(time.time_ns() // 1_000_000))
    told = f"limits of each tenant: {told_limits(wanted)}"
    if beyond:
        told += f"\n{beyond:,} results are beyond them: the next run takes them away, or `khala memory forget"
        told += " --beyond-limits`"
    return _told(parsed, {**wanted.model_dump(), "beyond": beyond}, told)


def shred(parsed: argparse.Namespace) -> int:
    """Drop the key of a tenant, after a yes."""
    with opened_home(parsed.home, home_settings(parsed), must_exist=True) as home:
        if not home.store.vault.is_sealed:
            raise HomeUnusable(
                "this home is not sealed, so there is no key to drop: `khala memory forget` erases texts"
            )
        if parsed.tenant not in home.store.vault.tenants():
            raise CallerError(f"{whose(parsed.tenant)} has no key here: it never kept a text, or was shredded before")
        if not parsed.yes:
            held = sum(one.tenant == parsed.tenant for one in home.store.forgetting.held())
            print(f"{held:,} results of {whose(parsed.tenant)} can then be read by nobody", file=sys.stderr)
            _ask("shred them, here and in every backup?")
        home.shred(parsed.tenant)
    return _told(parsed, {"tenant": parsed.tenant, "shredded": True}, f"shredded {whose(parsed.tenant)}")


def rotate_key(parsed: argparse.Namespace) -> int:
    """Change the master key of a sealed home."""
    new = master_key(os.environ, variable=NEW_MASTER_KEY)
    if new is None:
        raise CallerError(f"there is no new key: put it into `{NEW_MASTER_KEY}`, or its file's name into `_FILE` of it")
    with Home.existing(parsed.home) as home:
        home.store.vault.rewrap(new)
    return _told(parsed, {"rotated": True}, "the home opens with the new master key from now on, and not with the old")


def _told(parsed: argparse.Namespace, document: dict[str, object], words: str) -> int:
    print(json.dumps(document) if parsed.json else printable(words))
    return 0


def _ask(question: str) -> None:
    """Go on after a `yes` of a person at a terminal, and never without."""
    if not sys.stdin.isatty():
        raise CallerError("nobody is there to ask: give `--yes` once you have seen what goes (`--dry-run`)")
    print(f"{question} type `yes`: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise CallerError("not answered with `yes`: nothing was done")
