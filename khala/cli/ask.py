"""`khala ask` and `khala resume`: one run, watched while it goes on and told when it has ended."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from khala.agent.guard import APPROVAL_TIMEOUT_S
from khala.agent.research import Report
from khala.assembly import Home
from khala.cli.approvers import approver
from khala.cli.home_options import home_settings, opened_home
from khala.cli.next_step import command
from khala.cli.progress import Progress, printable, short
from khala.domain.budget import InteractionBudget
from khala.domain.events import RunStarted, RunStatus
from khala.domain.namespace import Namespace
from khala.domain.policy import Effect
from khala.domain.retention import Retention
from khala.domain.tool import Tool
from khala.domain.value import Value
from khala.errors import CallerError, InvalidTask, ModelError, RunUnknown

if TYPE_CHECKING:
    from khala.infrastructure.models.openai.chat import OpenAIChat

__all__ = ["Outcome", "ask", "outcome_of", "resume", "told"]

API_KEY_VARIABLES = ("KHALA_API_KEY", "OPENAI_API_KEY")
"""Where the key of the model endpoint is looked for; it is never a setting, because settings stand in the log."""


class Quote(Value):
    """A passage of a result that carries a sentence of the answer, word for word."""

    result_id: str
    tool: str
    quote: str
    document: str = ""
    """The document it stands in, by id and title or by path; `""` where nothing names one."""


class Spent(Value):
    """What the run used."""

    turns: int
    tool_calls: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float


class Outcome(Value):
    """What `--json` prints of a run that has ended."""

    run_id: str
    status: RunStatus
    answer: str
    reason: str
    """Why the answer is only a best effort, or why there is none."""
    sources: tuple[Quote, ...]
    unsupported: tuple[str, ...]
    """Sentences of the answer that no result carries."""
    contradicted: tuple[str, ...]
    """Those of them that results say otherwise."""
    spend: Spent
    decisions: dict[Effect, int]
    """How often the guard said what."""
    home: str


def ask(parsed: argparse.Namespace) -> int:
    """Answer a question; the return value is the exit code."""
    if not parsed.question.strip():
        raise InvalidTask("the question is empty: say what you want to know")
    settings = {
        "corpus": parsed.corpus if parsed.corpus == "python-docs" else os.path.abspath(parsed.corpus),  # noqa: PTH100 (a missing folder is told later)
        "model": parsed.model or "",
        "model_name": parsed.model_name or "",
        "calls": parsed.calls,
        "stream": "yes" if parsed.stream else "",
        "reply_tokens": str(parsed.reply_tokens),
        "words_only": "yes" if parsed.words_only else "",
        **home_settings(parsed),
        "approvals": parsed.approvals or "",
        "approval_timeout": str(parsed.approval_timeout or ""),
        "dry_run": "yes" if parsed.dry_run else "",
        "tenant": parsed.tenant,
        "agent": parsed.agent,
        "policy": os.path.abspath(parsed.policy) if parsed.policy else "",  # noqa: PTH100 (the same)
    }
    drive = _Drive(
        settings,
        budget=InteractionBudget(
            tool_calls=parsed.max_calls,
            context_tokens=parsed.context_tokens,
            reply_tokens=parsed.reply_tokens,
            revisions=parsed.revisions,
        ),
        retention=Retention(keep_results=parsed.keep_results),
    )
    return drive.run(parsed, task=parsed.question)


def resume(parsed: argparse.Namespace) -> int:
    """Go on with a run; the return value is the exit code."""
    with Home.existing(parsed.home) as home:
        records = home.store.records(parsed.run)
    if not records or not isinstance(records[0].event, RunStarted):
        raise RunUnknown(f"run `{parsed.run}` stopped before it had a question: ask again")
    if records[0].event.imported is not None:
        raise RunUnknown(f"run `{parsed.run}` was imported from a log: there is nothing to resume; ask anew")
    given = {
        "model": parsed.model,
        "model_name": parsed.model_name,
        "approvals": parsed.approvals,
        "approval_timeout": str(parsed.approval_timeout or ""),
        **home_settings(parsed),
    }
    settings = records[0].event.settings | {name: value for name, value in given.items() if value}
    return _Drive(settings).run(parsed, run_id=parsed.run)


@dataclass(frozen=True)
class _Drive:
    """Everything one run is driven with, from the command line or from its own log."""

    settings: dict[str, str]
    budget: InteractionBudget | None = None
    retention: Retention | None = None

    def run(self, parsed: argparse.Namespace, *, task: str = "", run_id: str = "") -> int:
        progress = Progress(sys.stderr, resumes=bool(run_id))
        words_only = bool(self.settings.get("words_only"))
        with opened_home(parsed.home, self.settings, semantic=not words_only) as home, closing(progress):
            # before the loop runs, which would hold an interruption back until all documents are read
            documents = home.corpus(self._corpus(run_id), on_progress=progress.indexing, on_skipped=progress.skipped)
            tools = (*documents, home.notes())
            try:
                report = asyncio.run(self._driven(home, tools, progress, task, run_id))
            except (KeyboardInterrupt, ModelError) as stopped:
                if not progress.run_id:
                    raise
                progress.close()
                said = "interrupted" if isinstance(stopped, KeyboardInterrupt) else str(stopped)
                next_step = command("resume", progress.run_id, home.folder.path)
                raise type(stopped)(f"{said}; {next_step} goes on") from stopped
            outcome = outcome_of(home, report)
            progress.close()
            # before the home is closed, which may take seconds while results are still being embedded
            print(outcome.model_dump_json() if parsed.json else printable(told(outcome)), flush=True)
        return 0 if report.status == "answered" else 3

    def _corpus(self, run_id: str) -> str:
        corpus = self.settings.get("corpus", "")
        if not corpus:
            raise CallerError(f"run `{run_id}` was not started by `khala ask`: resume it in the program that began it")
        return corpus

    async def _driven(self, home: Home, tools: Sequence[Tool], progress: Progress, task: str, run_id: str) -> Report:
        model = self._model()
        timeout_s = float(self.settings.get("approval_timeout") or APPROVAL_TIMEOUT_S)
        try:
            agent = home.agent(
                model=model,
                tools=tools,
                policy=self.settings.get("policy") or None,
                approver=approver(self.settings.get("approvals", ""), home, progress, timeout_s=timeout_s),
                approval_timeout_s=timeout_s,
                unsafe_dry_run=bool(self.settings.get("dry_run")),
                namespace=Namespace(tenant=self.settings.get("tenant", ""), agent=self.settings.get("agent", "")),
                observers=(progress,),
                budget=self.budget,
                retention=self.retention,
                settings=self.settings,
            )
            return await (agent.resume(run_id) if run_id else agent.run(task))
        except asyncio.CancelledError:  # whoever pressed Ctrl-C waits for the terminal
            home.stop_indexing()
            raise
        finally:
            if model is not None:
                await model.aclose()

    def _model(self) -> OpenAIChat | None:
        url, name = self.settings.get("model", ""), self.settings.get("model_name", "")
        if not url:
            if name:
                raise CallerError("`--model-name` needs `--model`: the web address of the endpoint that serves it")
            return None
        if not name:
            raise CallerError("`--model` needs `--model-name`: the name the endpoint knows the model by")
        from khala.infrastructure.models.openai.chat import OpenAIChat

        key = next((os.environ[name] for name in API_KEY_VARIABLES if os.environ.get(name)), None)
        calls = "mcp-xml" if self.settings.get("calls") == "mcp-xml" else "native"
        return OpenAIChat(
            url,
            name,
            calls=calls,
            api_key=key,
            stream=bool(self.settings.get("stream")),
            max_completion_tokens=int(self.settings["reply_tokens"]),
        )


def outcome_of(home: Home, report: Report) -> Outcome:
    """A run that has ended, with what its answer rests on."""
    graph = home.graph(report.run_id)
    spend = report.spend
    return Outcome(
        run_id=report.run_id,
        status=report.status,
        answer=report.answer,
        reason=report.reason,
        sources=tuple(
            Quote(result_id=source.result_id, tool=source.tool, quote=source.quote, document=source.document)
            for source in graph.sources()
        ),
        unsupported=graph.unsupported(),
        contradicted=tuple(found.sentence for found in graph.contradictions() if found.degree == "contradicted"),
        spend=Spent(
            turns=spend.turns,
            tool_calls=spend.tool_calls,
            prompt_tokens=spend.prompt_tokens,
            completion_tokens=spend.completion_tokens,
            seconds=round(spend.seconds, 3),
        ),
        decisions=dict(report.decisions),
        home=str(home.folder.path),
    )


def told(outcome: Outcome) -> str:
    """An outcome for a person."""
    lines = [outcome.answer or "No answer was found.", ""]
    if outcome.sources:
        lines += [
            "evidence",
            *(
                f"  [{each.result_id}] {' '.join(filter(None, (each.tool, each.document)))}: {short(each.quote)}"
                for each in outcome.sources
            ),
            "",
        ]
    if outcome.unsupported:
        lines.append("without evidence")
        for sentence in outcome.unsupported:
            otherwise = " (results say otherwise)" if sentence in outcome.contradicted else ""
            lines.append(f"  {short(sentence)}{otherwise}")
        lines.append("")
    reason = f" ({outcome.reason})" if outcome.reason else ""
    spend, said, home = outcome.spend, outcome.decisions, Path(outcome.home)
    return "\n".join(
        (
            *lines,
            (
                f"run {outcome.run_id}: {outcome.status.replace('_', ' ')}{reason}, {spend.turns} turns,"
                f" {spend.tool_calls} calls, {spend.seconds:.1f} s;"
                f" guard: {said['allow']} allowed, {said['ask']} asked, {said['deny']} denied"
            ),
            (
                f"{command('show', outcome.run_id, home)} shows what it did,"
                f" {command('verify', outcome.run_id, home)} checks its log"
            ),
        )
    )
