"""An event loop in a thread of its own, for callers that cannot await."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["LoopThread"]

_Result = TypeVar("_Result")

_JOIN_S = 5.0
"""Seconds given to connections that are being closed."""


class LoopThread:
    """Runs coroutines one caller waits for; begins with the first, ends with this object or the interpreter.

    `close` is awaited on the loop before it ends.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """The result of a coroutine, or what it raises."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except BaseException:
            future.cancel()  # whoever was interrupted here no longer wants it
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
                thread = threading.Thread(
                    target=asyncio.run,
                    args=(_until_stopped(started, self._close),),
                    name="khala-requests",
                    daemon=True,
                )
                thread.start()
                self._loop, stop = started.result()
                weakref.finalize(self, _stop, self._loop, stop, thread)
            return self._loop


async def _until_stopped(
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]], close: Callable[[], Awaitable[None]]
) -> None:
    stop = asyncio.Event()
    started.set_result((asyncio.get_running_loop(), stop))
    await stop.wait()
    await close()


def _stop(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, thread: threading.Thread) -> None:
    if thread.is_alive():
        loop.call_soon_threadsafe(stop.set)
        if thread is not threading.current_thread():  # garbage is collected in any thread
            thread.join(_JOIN_S)
