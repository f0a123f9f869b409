"""`khala watch`: a run as it goes on, read from its ledger by another process than the one that drives it.

On a terminal the state is drawn anew at each change; in a pipe each step is a line; with `--json` each event is one.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

from khala.domain.events import Recorded
from khala.domain.trajectory import CallState, Trajectory

__all__ = ["add_watch"]

_HELP = """\
examples:
  khala watch RUN
  khala watch RUN --json | jq .event.kind

Ends when the run has ended; interrupt it at any time, the run goes on. A run that nobody drives stays as it is.

exit codes:
  0    the run has ended, or `--once`
  1    there is no such run
  2    the command line itself is wrong
  5    the ledger of the run was changed
  130  interrupted
"""

POLL_S = 0.5
"""Seconds between two looks at the ledger."""
POLL_SHARE = 10
"""A look takes at most one part in so many of the time: reading verifies the whole run, and a long one takes long."""
LAST_CALLS = 12
"""Calls that are listed, the newest last."""
BAR_CHARS = 30


def add_watch(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add("watch", "follow a run that goes on in another terminal", _HELP)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--once", action="store_true", help="show where the run stands, and leave")
    parser.set_defaults(command=_watch)


def _watch(parsed: argparse.Namespace) -> int:
    from khala.assembly import Home

    with Home.existing(parsed.home) as home:

        def read() -> Sequence[Recorded]:
            return home.store.records(parsed.run)

        looks = iter([read()]) if parsed.once else _looks(read)
        try:
            if parsed.json:
                _as_json(looks)
            elif parsed.once:
                print("\n".join(_state(Trajectory.of(parsed.run, next(looks)))))
            elif sys.stdout.isatty():
                _drawn(parsed.run, looks)
            else:
                _as_lines(looks)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("no longer watching; the run goes on") from None
    return 0


def _looks(read: Callable[[], Sequence[Recorded]]) -> Iterator[Sequence[Recorded]]:
    """All events of the run at each look at which there are more, the last time when it has ended."""
    seen = -1
    while True:
        began = time.monotonic()
        records = read()
        if len(records) > seen:
            seen = len(records)
            yield records
        if records and records[-1].event.kind == "run_ended":
            return
        time.sleep(max(POLL_S, POLL_SHARE * (time.monotonic() - began)))


def _new(looks: Iterator[Sequence[Recorded]]) -> Iterator[Recorded]:
    seen = 0
    for records in looks:
        yield from records[seen:]
        seen = len(records)


def _as_json(looks: Iterator[Sequence[Recorded]]) -> None:
    import json

    for record in _new(looks):
        print(json.dumps(record.model_dump(mode="json"), ensure_ascii=False), flush=True)


def _as_lines(looks: Iterator[Sequence[Recorded]]) -> None:
    from khala.cli.progress import Progress, printable

    show = Progress(sys.stdout)
    for record in _new(looks):
        show(record)
        if record.event.kind == "run_ended":
            print(printable(f"{record.event.status}: {record.event.answer or record.event.reason}"), flush=True)


def _drawn(run_id: str, looks: Iterator[Sequence[Recorded]]) -> None:
    last: Sequence[Recorded] = ()
    with _other_screen():
        for records in looks:
            size = shutil.get_terminal_size()
            lines = [line[: size.columns - 1] for line in _state(Trajectory.of(run_id, records))]
            print("\x1b[H\x1b[2J" + "\n".join(lines[: size.lines - 1]), flush=True)
            last = records
    print("\n".join(_state(Trajectory.of(run_id, last))))


@contextmanager
def _other_screen() -> Generator[None]:
    """The terminal's second screen, so that what stood on the first is there again afterwards."""
    print("\x1b[?1049h\x1b[?25l", end="")
    try:
        yield
    finally:
        print("\x1b[?25h\x1b[?1049l", end="", flush=True)


def _state(trajectory: Trajectory) -> list[str]:
    """Where the run stands; every line is safe to print."""
    from khala.cli.progress import printable, short

    ended, spend = trajectory.ended, trajectory.spend
    stands = ended.status.replace("_", " ") if ended else trajectory.next_move.replace("_", " ")
    lines = [
        f"run {trajectory.run_id}  {'' if ended else 'next: '}{stands}  {spend.seconds:.0f} s",
        f"task: {short(trajectory.task)}",
        *_budget_lines(trajectory),
        f"guard: {', '.join(f'{number} {effect}' for effect, number in trajectory.decisions.items())}",
        "",
    ]
    calls = list(trajectory.calls)
    if len(calls) > LAST_CALLS:
        lines.append(f"... {len(calls) - LAST_CALLS} calls before")
    lines += [_call_line(state) for state in calls[-LAST_CALLS:]]
    if trajectory.turns:
        lines.append(f"turn {trajectory.turns[-1].number}: {short(trajectory.turns[-1].reply.text) or '(no words)'}")
    if ended is not None:
        lines += ["", f"{short(ended.reason)}" if ended.reason else "", *ended.answer.splitlines()]
    return [printable(" ".join(line.split("\n"))) for line in lines]


def _budget_lines(trajectory: Trajectory) -> Iterator[str]:
    budget = trajectory.started.budget if trajectory.started else None
    for name in ("tool_calls", "turns", "rollbacks", "prompt_tokens", "completion_tokens"):
        used: float = getattr(trajectory.spend, name)
        limit: float | None = getattr(budget, name, None)
        if limit:
            filled = round(BAR_CHARS * min(1.0, used / limit))
            yield f"{name.replace('_', ' '):<18}[{'#' * filled}{'.' * (BAR_CHARS - filled)}] {used:,} of {limit:,}"
        elif used:
            yield f"{name.replace('_', ' '):<18}{used:,}"


def _call_line(state: CallState) -> str:
    from khala.cli.progress import short

    decided = state.decided.decision if state.decided else None
    guard = f"  [{decided.effect} by {', '.join(decided.rules)}]" if decided and decided.effect != "allow" else ""
    ending = f"{state.finished.status}, {state.finished.chars:,} characters" if state.finished else "..."
    arguments = short(" ".join(f"{name}={value!r}" for name, value in state.call.arguments.items()))
    return f"  {state.turn or ''} {short(state.call.tool)} {arguments} -> {ending}{guard}"
