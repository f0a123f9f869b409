"""Tells what kind of log a JSON document is, and reads it: a pure function from a document to runs.

| kind | told by |
| --- | --- |
| MiroThinker's task log, MiroFlow's like it | `main_agent_message_history`, `step_logs`, or `task_id` with `status` |
| MiroFlow's newer task log | `task_meta` and `agent_states` |
| a message history of theirs alone | `message_history`, with `final_boxed_answer` and `summary` |
| OpenAI-style messages | a list of messages, or an object with `messages` |

Nothing in a log is trusted, and no shape is taken for granted: what cannot be read is left out and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from pydantic import JsonValue

from khala.domain.events import LogFormat
from khala.domain.value import JsonObject
from khala.errors import ImportRefused
from khala.infrastructure.logs.alignment import with_steps
from khala.infrastructure.logs.foreign_run import Damage, ForeignLog, ForeignRun
from khala.infrastructure.logs.messages import Conversation, read_conversation, text_of
from khala.infrastructure.logs.steps import SUB_AGENT, Steps, read_steps
from khala.infrastructure.models.openai.plain_text import excerpt

__all__ = ["moment", "read_log"]

_MIROTHINKER_ZONE = timezone(timedelta(hours=8))
"""Its `task_logger` writes times of UTC+8 without saying so."""

_NO_ANSWERS = ("", "No final answer generated.", "No \\boxed{} content found in the final answer.")
"""What stands where a final answer would, when there is none."""

_KNOWN = "MiroThinker and MiroFlow task logs, message histories and OpenAI-style message lists"


def read_log(document: JsonValue, damage: Damage) -> ForeignLog:
    """The runs in a log. Raises `ImportRefused` for a document that is none."""
    read = _read(document, damage)
    for run in read.runs:
        where = f"sub-agent session `{excerpt(run.name, 100)}`, " if run.name else ""
        for number, turn in enumerate(run.turns, start=1):
            if turn.malformed:
                damage.add(f"{where}turn {number}: a call in it cannot be read; it stays in the text")
            if any(call.shares >= 0 for call in turn.calls):
                damage.add(f"{where}turn {number}: one message holds the results of its calls, undivided")
    return read


def _read(document: JsonValue, damage: Damage) -> ForeignLog:
    match document:
        case list():
            return _messages(document, {}, "messages", damage)
        case {"task_meta": dict(told), "agent_states": dict(states)}:
            return _newer_task_log(told, states, document.get("step_logs"), damage)
        case {"main_agent_message_history": _} | {"step_logs": _} | {"task_id": _, "status": _}:
            return _task_log(document, damage)
        case {"message_history": list(messages)}:
            return _messages(messages, document, "history", damage)
        case {"message_history": {"message_history": list(messages)}}:
            return _messages(messages, document, "history", damage)
        case {"messages": list(messages)}:
            return _messages(messages, document, "messages", damage)
        case _:
            raise ImportRefused(f"this is no log khala knows: it reads {_KNOWN}")


def moment(written: JsonValue) -> int:
    """A time as milliseconds since the epoch; 0 for none. Without a zone it is MiroThinker's, UTC+8."""
    if not isinstance(written, str):
        return 0
    try:
        at = datetime.fromisoformat(written)
        at = at.replace(tzinfo=_MIROTHINKER_ZONE) if at.tzinfo is None else at
        return max(0, (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return 0


def _messages(messages: list[JsonValue], told: JsonObject, format_: LogFormat, damage: Damage) -> ForeignLog:
    """A list of messages, with what an object around it tells."""
    read = read_conversation(messages, damage)
    if not read.messages:
        raise ImportRefused(f"the file holds no messages khala can read: it reads {_KNOWN}")
    run = _run("", read, read.first_words)
    if "final_boxed_answer" in told:
        _answered(run, told, damage)
    else:
        _answered_by_last_words(run)
    return ForeignLog(format_, (run,))


def _task_log(document: JsonObject, damage: Damage) -> ForeignLog:
    is_miroflow = "task_name" in document
    if is_miroflow:
        damage.add("the times in this log name no zone: they are read as UTC+8")
    logged = document.get("step_logs")
    steps = read_steps(logged if isinstance(logged, list) else [], moment, damage)
    asked = document.get("input")
    described = asked.get("task_description") if isinstance(asked, dict) else asked
    read = _history(document.get("main_agent_message_history"), damage)
    main = _run("", read, text_of(described, damage))
    main.turns = with_steps(main.turns, steps.of(""), damage)
    environment = document.get("env_info")
    main.model = text_of(environment.get("llm_model_name"), damage) if isinstance(environment, dict) else ""
    main.started_at_ms, main.ended_at_ms = moment(document.get("start_time")), moment(document.get("end_time"))
    main.limit = steps.limit or "draft"
    _answered(main, document, damage)
    sessions = document.get("sub_agent_message_history_sessions")
    older = document.get("browser_agent_message_history_sessions")
    named = {**(older if isinstance(older, dict) else {}), **(sessions if isinstance(sessions, dict) else {})}
    subs = tuple(_sessions(named, steps, main, damage))
    for name in steps.replies.keys() - named.keys() - {""}:
        damage.add(f"the messages of the sub-agent session `{excerpt(name, 100)}` are not in the log")
    if not main.turns and not main.words_after and not main.task:
        raise ImportRefused("the log holds neither a task nor messages: there is nothing to import")
    return ForeignLog("miroflow" if is_miroflow else "mirothinker", (main, *subs))


def _newer_task_log(told: JsonObject, states: JsonObject, logged: JsonValue, damage: Damage) -> ForeignLog:
    histories = {
        name: entry["state"]
        for name, entry in states.items()
        if isinstance(entry, dict) and isinstance(entry.get("state"), dict)
    }
    if not histories:
        raise ImportRefused("the log holds no agent states: there is nothing to import")
    first = next((name for name in histories if "main" in name.casefold()), next(iter(histories)))
    steps = logged if isinstance(logged, list) else []
    said = [step.get("msg") for step in steps if isinstance(step, dict)]
    undone = sum(isinstance(words, str) and words.casefold().startswith(_UNDONE) for words in said)
    if undone:
        damage.add(f"{undone} turns were rolled back: the log holds nothing of them")
    main = _run("", _history(histories.pop(first), damage), text_of(told.get("task_description"), damage))
    main.started_at_ms, main.ended_at_ms = moment(told.get("start_time")), moment(told.get("end_time"))
    _answered(main, told, damage)
    subs = tuple(_sessions(dict(histories), Steps(), main, damage))
    return ForeignLog("miroflow", (main, *subs))


_UNDONE = ("rollback #", "duplicate query rollback #")


def _history(told: JsonValue, damage: Damage) -> Conversation:
    """`{system_prompt, message_history}`, or the list alone."""
    messages = told.get("message_history") if isinstance(told, dict) else told
    if not isinstance(messages, list):
        damage.add("the log holds no message history of an agent")
        messages = []
    read = read_conversation(messages, damage)
    if isinstance(told, dict) and told.get("system_prompt"):
        read.system = text_of(told["system_prompt"], damage)
    return read


def _run(name: str, read: Conversation, described: str) -> ForeignRun:
    """A run out of its messages. The first one of the user is the task, unless it is a prompt that only quotes it."""
    is_task = not described or read.first_words.startswith(described.strip()[:200])
    if read.first_words and not is_task:
        heard = read.turns[0].words_before if read.turns else read.words_after
        heard.insert(0, read.first_words)
    task = read.first_words if is_task and read.first_words else described
    return ForeignRun(name, task, system=read.system, turns=read.turns, words_after=read.words_after)


def _answered(run: ForeignRun, told: JsonObject, damage: Damage) -> None:
    """Take the answer and the status over, as far as they are true."""
    answer = text_of(told.get("final_boxed_answer"), damage).strip()
    status = str(told.get("status", ""))
    error = text_of(told.get("error"), damage).strip()
    if answer not in _NO_ANSWERS:
        run.answer = answer
        cut_short = run.limit != "draft" or status in _STOPPED
        run.status = "best_effort" if cut_short else "answered"
        run.reason = run.limit if run.limit != "draft" else status if cut_short else ""
        return
    if status in ("success", "completed"):
        damage.add(f"its status is `{status}`, but it has no answer")
    reasons = (run.limit if run.limit != "draft" else "", excerpt(error, 500), status if status in _STOPPED else "")
    run.reason = "; ".join(filter(None, reasons)) or "the log holds no final answer"


_STOPPED = ("failed", "interrupted", "running", "pending")


def _answered_by_last_words(run: ForeignRun) -> None:
    """In a bare list of messages the answer is the last reply, if it asks for no call."""
    last = run.turns[-1] if run.turns else None
    if last is None or last.calls or last.malformed or run.words_after or not last.text:
        run.reason = "the messages do not end with an answer"
        return
    run.answer, run.status = last.text, "answered"


def _sessions(named: JsonObject, steps: Steps, main: ForeignRun, damage: Damage) -> Iterator[ForeignRun]:
    """The runs of sub-agents, each with the call that asked for it: the calls of an agent and its sessions in order."""
    askers: dict[str, list[tuple[int, int]]] = {}
    for turn_place, turn in enumerate(main.turns):
        for place, call in enumerate(turn.calls):
            if call.tool.startswith(SUB_AGENT) and call.was_made:
                askers.setdefault(_agent(call.tool, named), []).append((turn_place, place))
    for name in sorted(named, key=_session_number):
        read = _history(named[name], damage)
        run = _run(name, read, "")
        run.turns = with_steps(run.turns, steps.of(name), damage)
        _answered_by_last_words(run)
        waiting = askers.get(name.rpartition("_")[0] or name, [])
        run.asked_by = waiting.pop(0) if waiting else None
        if run.asked_by is None:
            damage.add(f"no call of the main agent asked for the sub-agent session `{excerpt(name, 100)}`")
        yield run


def _agent(tool: str, sessions: JsonObject) -> str:
    """Which agent a call named `SERVER-TOOL` asks."""
    agents = {session.rpartition("_")[0] or session for session in sessions}
    return next((agent for agent in sorted(agents, key=len, reverse=True) if tool.startswith(agent)), tool)


def _session_number(name: str) -> tuple[int, str]:
    number = name.rpartition("_")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0, name  # noqa: PLR2004 (digits of a counter)
