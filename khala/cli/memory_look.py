"""`khala memory search` and `khala memory show`: look at what is remembered."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from khala.assembly import Home
from khala.cli.home_options import home_settings, opened_home
from khala.cli.progress import printable, short
from khala.cli.selection_options import selection
from khala.domain.call import Recollection, ToolResult
from khala.domain.label import Label
from khala.errors import CallerError
from khala.infrastructure.store.canonical import canonical_digest

__all__ = ["moment", "result_here", "search", "show", "told_result", "whose"]


def search(parsed: argparse.Namespace) -> int:
    """Find passages of past results."""
    settings = home_settings(parsed)
    with opened_home(parsed.home, settings, semantic=not parsed.words_only, must_exist=True) as home:
        found = home.memory.recall(parsed.query, limit=parsed.k, where=selection(parsed))
        home.stop_indexing()
    if parsed.json:
        print(json.dumps({"passages": [_passage_as_json(each) for each in found]}, ensure_ascii=False))
        return 0
    for each in found:
        also = f", the same words in {len(each.also_in)} more" if each.also_in else ""
        head = (
            f"{each.result_id}  {short(each.tool)}  run {each.run_id}  {moment(each.at_ms)}  {each.label.trust}"
            f"  characters {each.start} to {each.end}{also}"
        )
        print(printable("\n".join((" ".join(head.split("\n")), *(f"  {line}" for line in each.passage.splitlines())))))
    if not found:
        print(f"nothing in the memory of `{parsed.home}` matches")
    return 0


def show(parsed: argparse.Namespace) -> int:
    """Print one result word for word."""
    with Home.existing(parsed.home) as home:
        result = result_here(home, parsed.id)
        is_pinned = parsed.id in home.store.forgetting.pins()
    chars = len(result.text)
    if parsed.offset and parsed.offset >= chars:
        raise CallerError(f"result `{parsed.id}` has {chars:,} characters: use an `--offset` below that")
    end = chars if parsed.limit is None else min(chars, parsed.offset + parsed.limit)
    text = result.text[parsed.offset : end]
    if parsed.json:
        print(json.dumps({**_result_as_json(result, pinned=is_pinned), "offset": parsed.offset, "text": text}))
        return 0
    told = [
        f"result {result.call.id}{' (pinned)' * is_pinned}, {result.status}, {moment(result.at_ms)}",
        *([f"imported; finished {moment(result.happened_at_ms)} by what it says"] if result.happened_at_ms else []),
        f"run {result.run_id}, {whose(result.namespace.tenant, result.namespace.agent)}",
        f"call: {short(result.call.tool)} {short(json.dumps(result.call.arguments, ensure_ascii=False))}",
        f"label: {_told_label(result.label)}",
        f"text: SHA-256 {result.digest}",
        f"arguments: SHA-256 {canonical_digest(result.call.arguments)}",
        *([f"repeats {', '.join(result.derived_from)}"] if result.derived_from else []),
        f"characters {parsed.offset} to {end} of {chars}:",
    ]
    print(printable("\n".join((*told, "", text))))
    return 0


def result_here(home: Home, result_id: str) -> ToolResult:
    """A result of the home. Raises `CallerError`."""
    if (result := home.store.tool_result(result_id)) is not None:
        return result
    if home.store.forgetting.has(result_id):
        raise CallerError(f"result `{result_id}` was forgotten")
    raise CallerError(f"no result `{result_id}` can be read in `{home.folder.path}`: `khala memory search` finds some")


def told_result(result: ToolResult) -> str:
    """One line about a result."""
    call = f"{result.call.tool} {json.dumps(result.call.arguments, ensure_ascii=False)}"
    line = f"{result.call.id}  {moment(result.at_ms)}  {result.label.trust}  {len(result.text):,} characters  {call}"
    return printable(short(line))


def whose(tenant: str, agent: str = "") -> str:
    """A namespace in words."""
    return f"tenant {tenant or '(without a name)'}" + (f", agent {agent}" if agent else "")


def moment(at_ms: int) -> str:
    """A moment in UTC, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _told_label(label: Label) -> str:
    readers = "everyone" if label.readers is None else ", ".join(sorted(label.readers)) or "nobody"
    return f"{label.trust}; from {', '.join(label.origins) or 'nowhere named'}; readers: {readers}"


def _label_as_json(label: Label) -> dict[str, object]:
    readers = None if label.readers is None else sorted(label.readers)
    return {"trust": label.trust, "readers": readers, "origins": label.origins}


def _passage_as_json(found: Recollection) -> dict[str, object]:
    return {
        "result_id": found.result_id,
        "run_id": found.run_id,
        "tool": found.tool,
        "tenant": found.namespace.tenant,
        "agent": found.namespace.agent,
        "at": moment(found.at_ms),
        "label": _label_as_json(found.label),
        "start": found.start,
        "end": found.end,
        "score": found.score,
        "digest": found.digest,
        "arguments_digest": found.arguments_digest,
        "also_in": found.also_in,
        "passage": found.passage,
    }


def _result_as_json(result: ToolResult, *, pinned: bool) -> dict[str, object]:
    return {
        "result_id": result.call.id,
        "run_id": result.run_id,
        "tool": result.call.tool,
        "arguments": result.call.arguments,
        "tenant": result.namespace.tenant,
        "agent": result.namespace.agent,
        "status": result.status,
        "at": moment(result.at_ms),
        "happened": moment(result.happened_at_ms) if result.happened_at_ms else None,
        "label": _label_as_json(result.label),
        "digest": result.digest,
        "arguments_digest": canonical_digest(result.call.arguments),
        "derived_from": result.derived_from,
        "pinned": pinned,
        "chars": len(result.text),
    }
