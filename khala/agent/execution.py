"""Runs one tool function with a time limit and turns whatever it returns or raises into an output.

This is the one place where any exception of foreign code is caught: a tool that breaks must not break the run.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from pydantic import RootModel

from khala.domain.tool import Tool, ToolOutput
from khala.domain.value import JsonObject
from khala.errors import KhalaError, ToolFailed

__all__ = ["execute", "in_thread", "is_being_cancelled", "output_of", "spoken"]

Result = TypeVar("Result")


async def execute(tool: Tool, arguments: JsonObject, *, timeout_s: float) -> ToolOutput:
    """Call the tool's function with canonical arguments.

    Raises `ToolFailed` for anything the function raises, be it a cancellation or an exit of its own, `TimeoutError`
    after `timeout_s` seconds; other errors of khala pass through, because they concern the run and not the call. A sync
    function runs in a thread of its own, which Python cannot stop: after a timeout it runs on unheard.
    """
    limit = asyncio.timeout(timeout_s)
    try:
        keywords = tool.bound(arguments)
        async with limit:
            if tool.is_async:
                returned = await cast("Callable[..., Awaitable[object]]", tool.function)(**keywords)
            else:
                returned = await in_thread(lambda: tool.function(**keywords))
        return output_of(returned)
    except (KhalaError, KeyboardInterrupt):
        raise
    except BaseException as error:
        if limit.expired() or (isinstance(error, asyncio.CancelledError) and is_being_cancelled()):
            raise
        raise ToolFailed(f"`{tool.name}` failed: {spoken(error)}") from error


def is_being_cancelled() -> bool:
    """Whether somebody wants the current task to end; foreign code also raises `CancelledError` by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def in_thread(function: Callable[[], Result]) -> Result:
    """Run a function in a daemon thread, so that one that never returns cannot keep the process alive."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()
    context = contextvars.copy_context()

    def settle(deliver: Callable[[], None]) -> None:
        if not outcome.done():
            deliver()

    def work() -> None:
        try:
            deliver = functools.partial(outcome.set_result, context.run(function))
        except BaseException as raised:  # noqa: BLE001 (handed to the waiting task, which decides)
            error = RuntimeError("StopIteration") if isinstance(raised, StopIteration) else raised
            deliver = functools.partial(outcome.set_exception, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, deliver)

    threading.Thread(target=work, name="khala-tool", daemon=True).start()
    return await outcome


def spoken(error: BaseException) -> str:
    """An error of foreign code in words."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 (an exception of foreign code may even fail to say what it is)
        return type(error).__name__


def output_of(returned: object) -> ToolOutput:
    """What a tool returned, as text: texts as they are, anything else as JSON. Raises `ValueError` where neither is."""
    match returned:
        case ToolOutput():
            return returned
        case str():
            # a lone surrogate is no text: UTF-8, JSON and the ledger cannot hold it
            return ToolOutput(text=returned.encode("utf-8", "replace").decode())
        case None:
            return ToolOutput(text="")
        case _:
            return ToolOutput(
                text=RootModel[Any](returned).model_dump_json(indent=2)
            )  # Any: a tool may return anything
