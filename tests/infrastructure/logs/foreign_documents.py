"""Logs as other programs write them, made for tests."""

from __future__ import annotations

import json
from typing import Any

ANSWER = "The Eiffel Tower is 330 metres tall."
TASK = "How tall is the Eiffel Tower?"


def block(tool: str, arguments: Any, server: str = "tool-web") -> str:
    """A call as MiroThinker's models write it."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return (
        f"<use_mcp_tool>\n<server_name>{server}</server_name>\n<tool_name>{tool}</tool_name>\n"
        f"<arguments>\n{written}\n</arguments>\n</use_mcp_tool>"
    )


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


class TaskLog:
    """A MiroThinker task log, written step by step as its orchestrator writes it."""

    def __init__(self, task: str = TASK) -> None:
        self.second = 0
        self.messages = [said("user", f"{task}\nWrap the answer in a box.")]
        self.steps: list[dict[str, Any]] = []
        self.sessions: dict[str, Any] = {}
        self.told: dict[str, Any] = {"final_boxed_answer": ANSWER, "status": "success"}
        self.task = task

    def step(self, name: str, message: str, **metadata: Any) -> None:
        self.second += 1
        at = f"2025-12-05 08:00:{self.second:02}"
        level = "warning" if name.endswith("Rollback") else "info"
        self.steps.append(
            {"step_name": name, "message": message, "timestamp": at, "info_level": level, "metadata": metadata}
        )

    def replied(self, turn: int, agent: str = "Main agent", tokens: tuple[int, int] = (0, 0)) -> None:
        self.step("🧠 LLM | Token Usage", f"Input: {tokens[0]}, Output: {tokens[1]}")
        self.step(f"🧠 {agent} | Turn: {turn} | LLM Call", "completed successfully")

    def started(self, tool: str, arguments: Any, server: str = "tool-web") -> None:
        told = f"Connecting to server '{server}' to call tool '{tool}'"
        self.step("▶️ ToolManager | Tool Call Start", told, arguments=arguments)

    def completed(self, turn: int, tool: str, elapsed_ms: int) -> None:
        self.step(f"👑 Main Agent | Turn: {turn} | Tool Call", f"Tool {tool} completed in {elapsed_ms}ms")

    def turn(self, number: int, arguments: Any, result: str, tool: str = "search") -> None:
        """A turn with one call, as history and steps tell it."""
        self.messages += [said("assistant", f"I look.\n{block(tool, arguments)}"), said("user", result)]
        self.replied(number)
        self.started(tool, arguments)
        self.completed(number, tool, 250)

    def rolled_back(self, turn: int, why: str) -> None:
        self.step(f"👑 Main Agent | Turn: {turn} | Rollback", why)

    def answer(self, number: int, text: str = ANSWER) -> None:
        self.messages.append(said("assistant", text))
        self.replied(number)

    def document(self) -> dict[str, Any]:
        return {
            "status": "success",
            "start_time": "2025-12-05 08:00:00",
            "end_time": "2025-12-05 08:01:00",
            "task_id": "task_1",
            "input": {"task_description": self.task, "task_file_name": ""},
            "env_info": {"llm_model_name": "mirothinker-8b"},
            "main_agent_message_history": {"system_prompt": "You use tools.", "message_history": self.messages},
            "sub_agent_message_history_sessions": self.sessions,
            "step_logs": self.steps,
            **self.told,
        }


def native_messages(calls: int = 1) -> list[dict[str, Any]]:
    """OpenAI-style messages: one turn with so many calls, whose results come in the opposite order."""
    asked = [
        {"id": f"c{n}", "type": "function", "function": {"name": "fetch", "arguments": json.dumps({"page": n})}}
        for n in range(calls)
    ]
    results = [said("tool", f"page {n}: {ANSWER}", tool_call_id=f"c{n}") for n in reversed(range(calls))]
    return [
        said("system", "You use tools."),
        said("user", TASK),
        said("assistant", None, tool_calls=asked),
        *results,
        said("assistant", ANSWER),
    ]
