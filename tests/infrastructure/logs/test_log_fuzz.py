"""Whatever stands in a file, reading it gives runs that a trajectory takes, or `ImportRefused`: no other error."""

from __future__ import annotations

import json
from contextlib import suppress

from foreign_documents import TaskLog, block, native_messages
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.events import Imported, Recorded
from khala.domain.trajectory import Trajectory
from khala.errors import ImportRefused
from khala.infrastructure.logs.as_events import events_of
from khala.infrastructure.logs.call_blocks import read_written_reply
from khala.infrastructure.logs.foreign_run import Damage
from khala.infrastructure.logs.log_file import read_json
from khala.infrastructure.logs.read_log import read_log
from khala.infrastructure.store.canonical import canonical_json

ORIGIN = Imported(format="messages", file="f", digest="0" * 64)

words = st.one_of(
    st.text(max_size=20),
    st.sampled_from([block("search", {"q": 1}), "<think>", "</think>", "<use_mcp_tool>", "success", "Rollback"]),
)
keys = st.sampled_from(
    [
        "role", "content", "tool_calls", "tool_call_id", "id", "function", "name", "arguments", "type", "text",
        "input", "messages", "message_history", "system_prompt", "main_agent_message_history", "step_logs", "step_name",
        "message", "metadata", "timestamp", "status", "task_id", "task_meta", "agent_states", "state",
        "final_boxed_answer", "sub_agent_message_history_sessions", "agent-browsing_1",
        "error", "env_info", "llm_model_name", "session_id",
    ]
)  # fmt: skip
roles = st.sampled_from(["user", "assistant", "tool", "system", "function"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words, roles)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=12,
)
calls = st.fixed_dictionaries(
    {}, optional={"id": words, "function": st.fixed_dictionaries({}, optional={"name": words, "arguments": values})}
)
messages = st.fixed_dictionaries(
    {"role": roles, "content": st.one_of(words, values)},
    optional={"tool_calls": st.lists(st.one_of(calls, values), max_size=4), "tool_call_id": words},
)
steps = st.fixed_dictionaries(
    {
        "step_name": st.sampled_from(
            [
                "🧠 Main agent | Turn: 1 | LLM Call", "▶️ ToolManager | Tool Call Start", "🧠 LLM | Token Usage",
                "👑 Main Agent | Turn: 1 | Rollback", "🤖 agent-browsing | Session Start",
                "🤖 agent-browsing | Session End",
                "👑 Main Agent | Turn: 1 | Tool Call", "👑 Main Agent | Turn: 2 | Context Limit Reached",
            ]
        ),
        "message": st.one_of(
            words,
            st.sampled_from(
                [
                    "completed successfully", "Connecting to server 'tool-web' to call tool 'search'",
                    "Input: 5, Output: 3", "Tool search completed in 5ms", "Starting agent-browsing_1 for subtask: x",
                ]
            ),
        ),
    },
    optional={"metadata": values, "timestamp": st.one_of(values, st.just("2025-12-05 08:00:00"))},
)  # fmt: skip
histories = st.one_of(
    st.lists(messages, max_size=6), st.fixed_dictionaries({"message_history": st.lists(messages, max_size=6)})
)
task_logs = st.fixed_dictionaries(
    {
        "main_agent_message_history": st.one_of(histories, values),
        "step_logs": st.lists(st.one_of(steps, values), max_size=8),
    },
    optional={
        "sub_agent_message_history_sessions": st.dictionaries(
            st.sampled_from(["agent-browsing_1", "agent-browsing_2", "x", ""]), st.one_of(histories, values), max_size=2
        ),
        "final_boxed_answer": values,
        "status": words,
        "input": values,
        "env_info": values,
        "start_time": st.one_of(values, st.just("0001-01-01 00:00:00")),
    },
)


def written(document):
    """Each run of the document, folded and made canonical as the ledger does it."""
    for run in read_log(document, Damage()).runs:
        trajectory = Trajectory("run")
        for seq, event in enumerate(events_of(run, "run", ORIGIN, lambda _: "0" * 64)):
            canonical_json(event.model_dump())
            trajectory.apply(Recorded(run_id="run", seq=seq, at_ms=1, event=event))
        assert trajectory.ended is not None
        assert (trajectory.ended.status == "unanswered") == (not trajectory.ended.answer)
        assert trajectory.calls_made == len(run.calls)
        yield trajectory


@settings(max_examples=300)
@given(st.one_of(task_logs, st.lists(messages, max_size=8), values))
def test_any_document_gives_runs_or_a_refusal(document):
    with suppress(ImportRefused):
        assert list(written(document))


@settings(max_examples=150)
@given(st.data())
def test_a_log_with_any_bytes_changed_or_cut_off_gives_runs_or_a_refusal(data):
    log = TaskLog()
    log.turn(1, {"q": "height"}, "330 🗼")
    log.answer(2)
    content = bytearray(json.dumps(data.draw(st.sampled_from([log.document(), native_messages(2)]))).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    stop = data.draw(st.integers(0, len(content)))
    with suppress(ImportRefused):
        assert list(written(read_json(bytes(content[:stop]), Damage())))


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_refused(content):
    with suppress(ImportRefused):
        read_json(content, Damage())


def test_depth_and_length_do_no_harm():
    for content in (
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"' + b"\\" * 100_001,
        b"1" * 100_000,
        b"[" + b"1" * 5_000 + b"]",
    ):
        with suppress(ImportRefused):
            read_json(content, Damage())
    # each opening tag is looked at once, closed or not
    read_written_reply(block("a", "{").removesuffix("</arguments>\n</use_mcp_tool>") * 20_000, Damage())
    read_written_reply("<think>" * 100_000, Damage())
    read_written_reply("</think>" * 100_000, Damage())
