"""`khala runs`, `khala show` and `khala verify`: look at what was done."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from khala.assembly import Home
from khala.cli.next_step import command
from khala.cli.progress import printable, short
from khala.domain.trajectory import CallState, Trajectory, Turn
from khala.domain.value import JsonObject
from khala.errors import CallerError
from khala.infrastructure.store.summary import read_head

__all__ = ["runs", "show", "verify"]


def runs(parsed: argparse.Namespace) -> int:
    """List the runs of a home, newest last."""
    with Home.existing(parsed.home) as home:
        found = home.store.runs()
    if parsed.json:
        listed = [
            {
                "run_id": run.run_id,
                "status": run.status,
                "started": _moment(run.started_at_ms),
                "events": run.events,
                "imported": run.is_imported,
                "task": run.task,
            }
            for run in found
        ]
        print(json.dumps({"runs": listed}, ensure_ascii=False))
        return 0
    for run in found:
        imported = "(imported) " if run.is_imported else ""
        print(printable(f"{run.run_id}  {_moment(run.started_at_ms)}  {run.status:<11}  {imported}{short(run.task)}"))
    if not found:
        print(f"no runs in `{parsed.home}` yet: `khala ask` makes one")
    return 0


def show(parsed: argparse.Namespace) -> int:
    """Show what a run did and what its answer rests on."""
    with Home.existing(parsed.home) as home:
        records = home.store.records(parsed.run)
        graph = home.graph(parsed.run)
        trajectory = Trajectory.of(parsed.run, records)
        if parsed.graph == "json":
            print(json.dumps(graph.node_link(), ensure_ascii=False))
        elif parsed.graph == "mermaid":
            print(graph.mermaid())
        elif parsed.json:
            document: JsonObject = {
                "run_id": parsed.run,
                "events": [record.model_dump(mode="json") for record in records],
                "sources": [
                    {
                        "result_id": source.result_id,
                        "tool": source.tool,
                        "document": source.document,
                        "quote": source.quote,
                    }
                    for source in graph.sources()
                ],
                "unsupported": list(graph.unsupported()),
            }
            print(json.dumps(document, ensure_ascii=False))
        else:
            print(printable("\n".join(_told(trajectory, command("resume", parsed.run, home.folder.path)))))
            for source in graph.sources():
                where = " ".join(filter(None, (source.result_id, source.tool, source.document)))
                print(printable(f'  {where}: "{short(source.quote)}"'))
            for sentence in graph.unsupported():
                print(printable(f"  unsupported: {short(sentence)}"))
    return 0


def verify(parsed: argparse.Namespace) -> int:
    """Check the ledger of a run; a damaged one raises `LogDamaged`, which `main` turns into its exit code."""
    exported = None if parsed.head is None else read_head(_head_text(parsed.head))
    with Home.existing(parsed.home) as home:
        verified = home.store.verify(parsed.run, exported=exported)
    if parsed.json:
        print(
            json.dumps(
                {
                    "run_id": verified.run_id,
                    "verified": True,
                    "events": verified.events,
                    "head": verified.head_hash,
                    "public_key": verified.public_key,
                    "erased_texts": verified.erased_texts,
                    "imported": verified.is_imported,
                }
            )
        )
        return 0
    erased = f", {verified.erased_texts} texts erased" if verified.erased_texts else ""
    print(f"run {verified.run_id}: {verified.events} events verified{erased}")
    print(f"head {verified.head_hash}")
    if exported is not None:
        print(f"holds all {exported.events} events of the exported head")
    print(f"signed with key {verified.public_key}")
    if verified.is_imported:
        print("imported: the log was not changed since; whether it told the truth nobody here can know")
    return 0


def _head_text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise CallerError(f"`{file}` cannot be read: name a file that holds an exported head") from None


def _told(trajectory: Trajectory, next_step: str) -> list[str]:
    lines = [*_imported(trajectory), *_dry(trajectory), f"task: {trajectory.task}", ""]
    for turn in trajectory.turns:
        lines += _turn(turn)
    ended = trajectory.ended
    if ended is None:
        return [*lines, "", f"not ended: {next_step} goes on"]
    reason = f" ({ended.reason})" if ended.reason else ""
    return [*lines, "", f"{ended.status}{reason}:", ended.answer, "", "evidence:"]


def _imported(trajectory: Trajectory) -> list[str]:
    """Where an imported run comes from, and what was wrong with its log."""
    origin = trajectory.started.imported if trajectory.started else None
    if origin is None:
        return []
    asked = f", for call {origin.asked_by}" if origin.asked_by else ""
    first = f"imported from `{short(origin.file)}` ({origin.format}){asked}; khala guarded none of its calls"
    return [first, *(f"  warning: {warning}" for warning in origin.warnings)]


def _dry(trajectory: Trajectory) -> list[str]:
    is_dry = trajectory.started is not None and trajectory.started.dry_run
    return ["dry run: the policy was asked and logged, and not enforced"] if is_dry else []


def _turn(turn: Turn) -> list[str]:
    lines = [f"turn {turn.number}  {short(turn.reply.text) or '(no words)'}"]
    if turn.rolled_back is not None:
        lines.append(f"    rolled back ({turn.rolled_back.cause}): {short(turn.rolled_back.note)}")
    lines += [f"    {_call(state)}" for state in turn.calls]
    if turn.verified is not None:
        quotes = ((finding, f": {short(finding.quote)}" if finding.quote else "") for finding in turn.verified.findings)
        lines += [f"    {finding.verifier}: {finding.note}{quote}" for finding, quote in quotes]
        lines += [f"    {name} failed: {short(error)}" for name, error in turn.verified.failures.items()]
    return lines


def _call(state: CallState) -> str:
    arguments = " ".join(f"{name}={value!r}" for name, value in state.call.arguments.items())
    ending = f"{state.finished.status}, {state.finished.chars} characters" if state.finished else "no result"
    decision = state.decided.decision if state.decided else None
    rule = f" [{decision.effect} by {', '.join(decision.rules)}]" if decision is not None else ""
    return f"{state.call.id} {short(state.call.tool)} {short(arguments)}{rule} -> {ending}"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
