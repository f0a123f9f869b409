"""Drives one run: look at the trajectory, make the next move, until it has ended.

The state is the trajectory and nothing else, so a run read back from the log goes on exactly where it stood. Each move
writes at least one event; what an event says has happened is never done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from khala.domain.budget import InteractionBudget
from khala.domain.call import Recollection, ToolCall
from khala.domain.context import Context
from khala.domain.events import (
    AnswerDrafted,
    AnswerReason,
    AnswerRequested,
    ContextShrunk,
    EvidenceRecalled,
    ModelReplied,
    PassageRef,
    RunEnded,
    TurnRolledBack,
)
from khala.domain.evidence.sentences import is_only_notice
from khala.domain.message import ModelReply, Prompt
from khala.domain.ports import ChatModel
from khala.domain.retention import MAX_SHRINK_LEVEL
from khala.domain.rollback import Fault, fault_of_calls, fault_of_text
from khala.domain.trajectory import Turn
from khala.errors import ContextTooLong, MemoryUnusable, ModelError, ModelUnavailable

from . import prompts
from .calls import TurnCalls
from .recording import Recording
from .verification import Verification

__all__ = ["Run"]

MOST_FAILED_ANSWERS = 3
"""Times the final answer is asked for again when none came (MiroThinker's final-answer retries)."""

EVIDENCE_PASSAGES = 5
"""Passages put back before the final answer: as many as results stay in view."""

QUERY_CHARS = 2_000
"""Of task and draft, what is used to look for evidence."""


@dataclass
class Run:
    """One run and everything that moves it."""

    recording: Recording
    model: ChatModel
    context: Context
    budget: InteractionBudget
    calls: TurnCalls
    verification: Verification

    async def drive(self) -> None:
        """Make moves until the run has ended.

        Raises `ModelError` when the model cannot be reached and `HomeError` when nothing can be written; the run stays
        as it is and can be resumed.
        """
        trajectory = self.recording.trajectory
        while (move := trajectory.next_move) != "nothing":
            match move:
                case "think":
                    await self._think()
                case "run_calls":
                    await self._run_calls(trajectory.turns[-1])
                case "take_draft":
                    self._take_draft(trajectory.turns[-1])
                case "close":
                    await self._close()

    async def _think(self) -> None:
        trajectory = self.recording.trajectory
        request = trajectory.requested
        if request is None:
            limit = self._limit()
            if limit is not None:
                return self._request_answer("draft" if trajectory.draft else limit)
            if trajectory.turns and await self.verification.of_turn():
                return None
        elif sum(turn.answers_request for turn in trajectory.turns[-MOST_FAILED_ANSWERS:]) == MOST_FAILED_ANSWERS:
            return await self._give_up(request.reason)
        prompt = self.context.prompt(trajectory)
        tokens = prompt.chars / trajectory.chars_per_token
        if trajectory.shrink_level < MAX_SHRINK_LEVEL and self.budget.overflows(tokens):
            return self._shrink(f"about {tokens:.0f} tokens would leave no room for a reply")
        try:
            reply = await self._reply(prompt)
        except ContextTooLong as error:
            if trajectory.shrink_level < MAX_SHRINK_LEVEL:
                return self._shrink(str(error))
            return await self._give_up("context")
        except ModelError:
            if not (trajectory.turns and trajectory.turns[-1].is_sent_back):
                raise
            return self._end("draft" if request is None else request.reason, trajectory.draft)  # it was the answer
        return self._request_answer("seconds") if reply is None else self._take_reply(prompt, reply)

    def _limit(self) -> AnswerReason | None:
        """Why no more calls are to be made, if they are not."""
        trajectory = self.recording.trajectory
        last = trajectory.turns[-1].verified if trajectory.turns else None
        ended = "verifier" if last is not None and last.follows == "answer" else None
        return self.budget.exhausted(trajectory.spend) or ended

    async def _reply(self, prompt: Prompt) -> ModelReply | None:
        """The model's reply; `None` when the time of the run is over."""
        trajectory = self.recording.trajectory
        deadline = asyncio.timeout(None if trajectory.requested else self.budget.seconds_left(trajectory.spend))
        try:
            async with deadline:
                return await self.model.reply(prompt)
        except TimeoutError:
            if not deadline.expired():  # the model's own: asking it for an answer instead would end the same way
                raise ModelUnavailable(f"model `{self.model.name}` timed out: resume the run when it answers") from None
            return None

    def _take_reply(self, prompt: Prompt, reply: ModelReply) -> None:
        trajectory = self.recording.trajectory
        requested, malformed = reply.calls, reply.malformed
        if requested and trajectory.requested is not None:
            requested, malformed = (), (*malformed, "no tool can be called any more")
        calls = tuple(
            ToolCall(id=trajectory.next_call_id(offset), tool=call.tool, arguments=call.arguments)
            for offset, call in enumerate(requested)
        )
        self.recording.write(
            ModelReplied(
                turn=len(trajectory.turns) + 1,
                text=reply.text,
                thinking=reply.thinking,
                calls=calls,
                malformed=malformed,
                finish=reply.finish,
                usage=reply.usage,
                prompt_chars=prompt.chars,
            )
        )

    async def _run_calls(self, turn: Turn) -> None:
        untouched = all(state.decided is None and state.finished is None for state in turn.calls)
        fault = fault_of_calls(self.calls.faults(turn)) if untouched else None
        if fault is not None:
            return self._roll_back(turn, fault)
        return await self.calls.run_all(turn)

    def _take_draft(self, turn: Turn) -> None:
        is_better_than_none = turn.answers_request and not self.recording.trajectory.draft
        fault = fault_of_text(turn.reply, is_final=is_better_than_none)
        if fault is not None:
            return self._roll_back(turn, fault)
        return self.recording.write(AnswerDrafted(turn=turn.number, text=turn.reply.text))

    async def _close(self) -> None:
        trajectory = self.recording.trajectory
        if await self.verification.of_draft():
            return None
        if trajectory.requested is None:
            if trajectory.evidence is None:
                found = await self._evidence_out_of_view()
                if found:
                    self._put_back(found)
            if trajectory.evidence is not None:
                return self._request_answer("draft")
        self._end("draft" if trajectory.requested is None else trajectory.requested.reason, trajectory.draft)
        return None

    async def _evidence_out_of_view(self) -> Sequence[Recollection]:
        """Passages near the draft whose results the prompt no longer shows."""
        trajectory = self.recording.trajectory
        hidden = {state.call.id for state in trajectory.results if not self.context.shows(trajectory, state)}
        if not hidden:
            return ()
        found = await self._recall(f"{trajectory.task}\n{trajectory.draft}"[:QUERY_CHARS], limit=2 * EVIDENCE_PASSAGES)
        return [passage for passage in found if passage.result_id in hidden][:EVIDENCE_PASSAGES]

    async def _recall(self, query: str, *, limit: int) -> Sequence[Recollection]:
        memory = self.recording.memory
        if memory is None:
            return ()
        try:
            return await asyncio.to_thread(memory.recall, query, limit=limit)
        except MemoryUnusable:  # an answer without its evidence beside it is better than none
            return ()

    def _put_back(self, found: Sequence[Recollection]) -> None:
        refs = tuple(PassageRef(result_id=each.result_id, start=each.start, end=each.end) for each in found)
        digest = self.recording.keep_text(prompts.evidence(found))
        self.recording.write(EvidenceRecalled(passages=refs, digest=digest))

    def _request_answer(self, reason: AnswerReason) -> None:
        self.recording.write(AnswerRequested(reason=reason, text=prompts.answer_request(reason, self._clause(reason))))

    async def _give_up(self, reason: AnswerReason) -> None:
        """End with the last draft or, without one, with the passages nearest to the task."""
        trajectory = self.recording.trajectory
        answer = trajectory.draft
        if not answer:
            found = await self._recall(trajectory.task[:QUERY_CHARS], limit=EVIDENCE_PASSAGES)
            own = [passage for passage in found if passage.run_id == trajectory.run_id]
            answer = prompts.best_effort_answer(self._clause(reason), own)
        self._end(reason, answer)

    def _end(self, reason: AnswerReason, answer: str) -> None:
        why = self._clause(reason)
        status = "answered" if reason == "draft" else "best_effort"
        if not answer.strip() or is_only_notice(answer):
            status, why = "unanswered", why or prompts.NOTHING_FOUND
        self.recording.write(RunEnded(status=status, answer=answer, reason=why), durable=True)

    def _clause(self, reason: AnswerReason) -> str:
        """The limit in words."""
        findings = (finding for each in self.recording.trajectory.verified for finding in each.findings)
        return prompts.limit_reached(reason, tuple(findings))

    def _shrink(self, reason: str) -> None:
        self.recording.write(ContextShrunk(level=self.recording.trajectory.shrink_level + 1, reason=reason))

    def _roll_back(self, turn: Turn, fault: Fault) -> None:
        self.recording.write(TurnRolledBack(turn=turn.number, cause=fault.cause, note=fault.note))
