"""The guard inside somebody else's loop: functions that are decided on before they run, and one log of all they did.

A session stands for one task of one user. Each protected function asks the guard before its body runs, and what came
of it is written down: the same events, in the same ledger, as a run of khala's own loop, except that the model's words
are not known. What a function returns counts as a result of its tool, with the label its manifest gives it.

Decisions and log are kept in step by one lock; the functions themselves run beside each other.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, ParamSpec, TypeVar, cast, overload

from khala.domain.call import CallStatus, Recollection, ToolCall
from khala.domain.events import CallRequested, RunEnded, RunStarted, ToolDigest, UserSaid
from khala.domain.label import Label
from khala.domain.selection import EVERYTHING, Selection
from khala.domain.strict_json import JsonRefused, check_shape, check_written
from khala.domain.tool import TOOL_NAME, ArgumentsInvalid, Tool, ToolOutput
from khala.domain.trajectory import CallState
from khala.domain.value import JsonObject
from khala.errors import CallDenied, InvalidTool, PermitRefused

from .calls import OWN_WORDS, refusal
from .execution import output_of, spoken
from .guard import Guard, Permit, Ruling, label_of
from .recording import Recording

__all__ = ["Session"]

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")
Result = TypeVar("Result")


class Session:
    """One task of one user, guarded; made by `Home.session` or `khala.guarded`."""

    def __init__(self, guard: Guard, recording: Recording, started: RunStarted) -> None:
        self._guard = guard
        self._run = recording
        self._turn = threading.Lock()
        self._run.write(started)
        self._run.meet_tools(guard)

    @property
    def run_id(self) -> str:
        """The run in the ledger."""
        return self._run.trajectory.run_id

    @property
    def tool_digests(self) -> tuple[ToolDigest, ...]:
        """Each tool with the digest of its definition: `known_tools` of a later guard without this home."""
        return self._guard.tool_digests

    def user_said(self, words: str) -> None:
        """Take in further words of the user: what stands in them counts as theirs."""
        with self._turn:
            self._run.write(UserSaid(text=words))

    def remember(self, tool: str, arguments: JsonObject, text: str, *, label: Label | None = None) -> str:
        """Take in what a function told that is not protected here; the id by which it is found again.

        It can be recalled from now on, in this session and in later ones, with its label; without one it is untrusted.
        Nothing was decided about the call. Raises `InvalidTool` for a name that is none, or arguments that are no JSON.
        """
        if not TOOL_NAME.match(tool):
            raise InvalidTool(f"`{tool}` cannot name a tool: use up to 64 ASCII letters, digits, `_` and `-`")
        try:
            check_shape(arguments)
            check_written(arguments)
        except JsonRefused as error:
            raise InvalidTool(f"the arguments of `{tool}` cannot be written down: {error}") from None
        came_from = Label(origins=(f"tool:{tool}",))
        with self._turn:
            call = ToolCall(id=self._run.trajectory.next_call_id(), tool=tool, arguments=arguments)
            self._run.write(CallRequested(call=call))
            self._run.finish(
                self._run.trajectory.call(call.id),
                "ok",
                output_of(text).text,
                label=came_from if label is None else label.join(came_from.model_copy(update={"trust": label.trust})),
                shown_chars=len(text),
            )
        return call.id

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The best passages of what this session's namespace sees and its principal may read, best first.

        It may wait for what was just remembered to be embedded: `asyncio.to_thread(session.recall, query)` does not
        hold up a loop. Raises `MemoryUnusable`; a session without a home has no memory, and finds nothing.
        """
        memory = self._run.memory
        return [] if memory is None else memory.recall(query, limit=limit, where=where)

    def end(self, answer: str = "") -> None:
        """Close the log, with the answer the host gave if there is one; no call can follow."""
        with self._turn:
            status = "answered" if answer.strip() else "unanswered"
            self._run.write(RunEnded(status=status, answer=answer), durable=True)

    @overload
    def protect(self, function: Tool) -> Callable[..., Any]: ...  # Any: a `Tool` does not carry its function's types
    @overload
    def protect(self, function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]: ...
    def protect(self, function: Tool | Callable[..., object]) -> Callable[..., object]:
        """The same function behind the guard, sync for sync and async for async.

        `function` is one the session was made with, or its `Tool`. Where the guard says no it raises `CallDenied` and
        the function does not run. What the function raises passes through. Raises `InvalidTool` for any other function.
        """
        guarded = next((each for each in self._guard.tools.values() if function in (each, each.function)), None)
        if guarded is None:
            name = getattr(function, "__name__", repr(function))
            raise InvalidTool(f"`{name}` is not a tool of this session: name it where the session is made")
        signature = inspect.signature(guarded.function)

        def asked(args: tuple[object, ...], named: dict[str, object]) -> JsonObject:
            bound = signature.bind(*args, **named)
            bound.apply_defaults()
            return cast("JsonObject", bound.arguments)

        if guarded.is_async:

            @functools.wraps(guarded.function)
            async def call_async(*args: object, **named: object) -> object:
                state, ruling = self._request(guarded, asked(args, named))
                permit = self._start(state, await self._guard.ask(ruling))
                running = cast("Callable[..., Awaitable[object]]", guarded.function)
                began = time.monotonic()
                try:
                    returned = await running(**guarded.bound(permit.call.arguments))
                except BaseException as error:
                    self._finish_failed(state, permit, error, began)
                    raise
                return self._finish(state, permit, returned, began)

            return call_async

        @functools.wraps(guarded.function)
        def call(*args: object, **named: object) -> object:
            state, ruling = self._request(guarded, asked(args, named))
            permit = self._start(state, _waited(self._guard.ask(ruling)) if ruling.pending else ruling)
            began = time.monotonic()
            try:
                returned = guarded.function(**guarded.bound(permit.call.arguments))
            except BaseException as error:
                self._finish_failed(state, permit, error, began)
                raise
            return self._finish(state, permit, returned, began)

        return call

    def _request(self, tool: Tool, arguments: JsonObject) -> tuple[CallState, Ruling]:
        """Write the call down and decide on it."""
        try:
            canonical = tool.canonical_arguments(arguments)
        except ArgumentsInvalid as error:
            raise CallDenied(f"the arguments of `{tool.name}` do not fit: {error}", rules=(), call_id="") from None
        with self._turn:
            trajectory = self._run.trajectory
            if trajectory.ended is not None:
                raise PermitRefused(f"the session has ended: `{tool.name}` did not run; make a new session")
            call = ToolCall(id=trajectory.next_call_id(), tool=tool.name, arguments=canonical)
            self._run.write(CallRequested(call=call))
            state = trajectory.call(call.id)
            return state, self._run.decide(self._guard, call, trajectory.spend)

    def _start(self, state: CallState, ruling: Ruling) -> Permit:
        """Write the decision down and use its permit up; after this the function runs."""
        call = state.call
        with self._turn:
            self._run.take(self._guard, ruling, call.id)
            permit = ruling.permit
            if permit is None:
                words = refusal(ruling.decision)
                self._run.finish(state, "denied", words, label=OWN_WORDS, shown_chars=len(words))
                raise CallDenied(f"`{call.tool}` was {words}", rules=ruling.decision.rules, call_id=call.id)
            self._guard.redeem(permit)
            started = permit.started()
            self._run.write(started, durable=started.changes)
            return permit

    def _finish(self, state: CallState, permit: Permit, returned: Result, began: float) -> Result:
        try:
            output = output_of(returned)
        except ValueError:  # the host's objects are its own affair; the log keeps what can be said of them
            output = ToolOutput(text=repr(returned))
        self._close(state, "ok", output, label_of(permit.manifest, output), began)
        return returned

    def _finish_failed(self, state: CallState, permit: Permit, error: BaseException, began: float) -> None:
        output = output_of(spoken(error))
        self._close(state, "failed", output, Label(origins=(f"tool:{permit.manifest.tool}",)), began)

    def _close(self, state: CallState, status: CallStatus, output: ToolOutput, label: Label, began: float) -> None:
        with self._turn:
            self._run.finish(
                state,
                status,
                output.text,
                label=label,
                shown_chars=len(output.text),
                derived_from=output.derived_from,
                elapsed_ms=round((time.monotonic() - began) * 1000),
            )


def _waited(asking: Coroutine[Any, Any, Ruling]) -> Ruling:  # Any: what coroutines send and take is nobody's concern
    """The result of a coroutine, from a function that is not async; a running event loop is left alone."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(asking)
    outcome: list[Ruling] = []
    thread = threading.Thread(target=lambda: outcome.append(asyncio.run(asking)), name="khala-approval")
    thread.start()
    thread.join()
    return outcome[0]
