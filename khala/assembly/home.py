"""A home opened: its runs and its memory, and the agents and sessions that are put together in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from khala.agent.guard import APPROVAL_TIMEOUT_S
from khala.agent.research import ResearchAgent
from khala.agent.session import Session
from khala.assembly.guarding import Functions, PolicySource, guard_over, session_in
from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolResult
from khala.domain.events import CallFinished, ModelReplied, Recorded, RunStarted
from khala.domain.grounding import Principal
from khala.domain.memory_view import MemoryView
from khala.domain.namespace import Namespace
from khala.domain.ports import Approver, ChatModel, Observer
from khala.domain.retention import Retention
from khala.domain.selection import EVERYTHING, Selection
from khala.domain.tool import Tool
from khala.domain.verifiers import BUILT_IN_VERIFIERS, Verifiers
from khala.errors import HomeUnusable, MissingExtra
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import has_lancedb
from khala.infrastructure.memory.open_memory import open_memory
from khala.infrastructure.memory.place import Bucket
from khala.infrastructure.memory.ranking import Ranking
from khala.infrastructure.memory.sentence_embedder import find_embedder
from khala.infrastructure.memory.terms import Embedder, MemoryStats
from khala.infrastructure.memory.upkeep import IndexUpkeep, rebuilt
from khala.infrastructure.memory.word_memory import WordMemory
from khala.infrastructure.models.extractive.researcher import ExtractiveResearcher
from khala.infrastructure.store.forget_results import Forgets, Forgotten, forget_results, sweep
from khala.infrastructure.store.home import HomeFolder, open_home
from khala.infrastructure.store.lease import leased
from khala.infrastructure.store.sqlite_store import SqliteStore
from khala.infrastructure.store.vault import MasterKey
from khala.infrastructure.store.vault import master_key as environment_master_key
from khala.infrastructure.tools.corpus_index import CorpusIndex, Progress
from khala.infrastructure.tools.corpus_tools import corpus_tools
from khala.infrastructure.tools.documents import SkippedFile
from khala.infrastructure.tools.memory_tools import memory_tools
from khala.infrastructure.tools.notes import note_tool

if TYPE_CHECKING:
    from khala.infrastructure.logs.export_run import ExportFormat
    from khala.infrastructure.logs.import_log import ImportedLog
    from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph
    from khala.infrastructure.transfer.import_memory import ImportedMemories
    from khala.infrastructure.transfer.record_file import RecordForm

__all__ = ["Home"]


class Home:
    """A folder of runs, texts and memory, opened; use it as a context, or close it.

    With `semantic=False` memory finds by words only, which saves the seconds an embedding model takes to load.
    `embedder` takes the place of the installed model; `index` is where the index lies instead of in the folder;
    `ranking` lets recalls prefer what is new, or asks a reranker. A home that is begun with a `master_key`, 32 bytes or
    a function that fetches them, keeps texts and index sealed and needs it ever after; without one, `KHALA_MASTER_KEY`
    or `KHALA_MASTER_KEY_FILE` may hold it. Raises `HomeUnusable` or `HomeTooNew`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        semantic: bool = True,
        embedder: Embedder | None = None,
        index: Bucket | None = None,
        ranking: Ranking | None = None,
        master_key: MasterKey | None = None,
    ) -> None:
        self._semantic = semantic
        self._leaves_at_once = False
        self._embedder = embedder
        self._index = index
        self._ranking = ranking
        self.folder = open_home(path)
        self.store = SqliteStore(self.folder, master_key=master_key or environment_master_key(os.environ))
        self._opened = ExitStack()
        self._opened.callback(self.store.close)

    @classmethod
    def existing(
        cls,
        path: str | os.PathLike[str],
        *,
        semantic: bool = True,
        embedder: Embedder | None = None,
        index: Bucket | None = None,
    ) -> Self:
        """A home that is there already; nothing is made. Raises `HomeUnusable` where there is none."""
        # the functions of `os.path` answer no for a path that is too long or too odd; those of `Path` raise
        if not os.path.isfile(HomeFolder(Path(os.path.expanduser(path))).database):  # noqa: PTH111, PTH113
            raise HomeUnusable(f"there is no home at `{path}`: name the one that was asked with; `khala ask` makes one")
        return cls(path, semantic=semantic, embedder=embedder, index=index)

    @cached_property
    def memory(self) -> LanceMemory | WordMemory:
        """Every past result of this home. Raises `MemoryUnusable`, and `MissingExtra` where LanceDB is needed."""
        if self._embedder is not None and not has_lancedb():
            raise MissingExtra("lancedb", extra="memory")
        memory = open_memory(
            self._index or self.folder.memory,
            catch_up=self._results_unknown_to,
            is_wanted=self._is_wanted,
            sealing=self.store.vault if self.store.vault.is_sealed else None,
            find=self._found_embedder,
            ranking=self._ranking,
        )
        self._opened.callback(memory.close)
        sweep(self.store, memory)
        return memory

    def _found_embedder(self) -> Embedder | None:
        if not self._semantic:
            return None
        return find_embedder() if self._embedder is None else self._embedder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def stop_indexing(self) -> None:
        """Wait for nothing any more, recalls neither: what is not indexed the next start takes from the store."""
        self._leaves_at_once = True
        if isinstance(self.memory, LanceMemory):  # the other one indexes at once
            self.memory.close(timeout_s=0.0)

    def close(self) -> None:
        """Finish indexing, forget what is beyond the limits, and let go of all files."""
        with self._opened:
            if "memory" in vars(self) and not self._leaves_at_once:
                self.forget_beyond_limits()

    def corpus(
        self,
        where: str,
        *,
        on_progress: Progress | None = None,
        on_skipped: Callable[[Sequence[SkippedFile]], None] | None = None,
    ) -> tuple[Tool, ...]:
        """Tools that search and read a folder of documents, or `python-docs`.

        Files that changed since the last time are read again; `on_progress` is told how far that is, and `on_skipped`
        which files cannot be read. Raises `CorpusUnreadable`.
        """
        index = self._opened.enter_context(CorpusIndex.open(where, self.folder.corpus))
        refreshed = index.refresh(on_progress)
        if on_skipped is not None and refreshed.skipped:
            on_skipped(refreshed.skipped)
        return corpus_tools(index)

    def notes(self) -> Tool:
        """The tool that writes notes into this home."""
        return note_tool(self.folder.notes)

    def agent(
        self,
        *,
        model: ChatModel | None = None,
        tools: Iterable[Tool] = (),
        policy: PolicySource = None,
        principal: Principal | None = None,
        namespace: Namespace | None = None,
        approver: Approver | None = None,
        approval_timeout_s: float = APPROVAL_TIMEOUT_S,
        unsafe_dry_run: bool = False,
        observers: Sequence[Observer] = (),
        budget: InteractionBudget | None = None,
        retention: Retention | None = None,
        verifiers: Verifiers = BUILT_IN_VERIFIERS,
        settings: Mapping[str, str] | None = None,
    ) -> ResearchAgent:
        """An agent whose runs are kept in this home and whose tools all stand behind a guard.

        `recall` and `read_result` are added to `tools`. Without `model` it is the extractive researcher. `policy` is a
        policy or the path of a policy file; without it, reading is allowed and everything else needs a policy.
        `principal` is on whose behalf it acts, `namespace` whose its runs are: it recalls what that namespace sees and
        that principal may read. `approver` answers `ask`; without it, or without an answer in time,
        `ask` means no. A tool whose definition is none that this home accepted before is asked about. With
        `unsafe_dry_run` the policy is asked and logged, and not enforced. `verifiers` look at its turns and
        drafts; `Verifiers()` turns them off. Raises `PolicyInvalid`, `InvalidTool`.
        """
        memory = self.memory_of(namespace, principal)
        offered = (*tools, *memory_tools(memory, partial(self._result_within, memory.bounds)))
        return ResearchAgent(
            model=ExtractiveResearcher() if model is None else model,
            guard=guard_over(
                offered,
                policy,
                approver,
                approval_timeout_s,
                unsafe_dry_run=unsafe_dry_run,
                known_tools=self.store.known_tools(),
            ),
            store=self.store,
            memory=memory,
            observers=observers,
            budget=budget or InteractionBudget(),
            retention=retention or Retention(),
            verifiers=verifiers,
            principal=principal or Principal(),
            namespace=namespace or Namespace(),
            settings=settings or {},
        )

    def memory_of(self, namespace: Namespace | None = None, principal: Principal | None = None) -> MemoryView:
        """The memory as an agent of this namespace, acting for this principal, has it. Raises `MemoryUnusable`.

        A principal with a name or ids finds what everyone may read and what names them among its readers. One without
        is the owner of the home, and finds all that the namespace sees.
        """
        known_as = (principal or Principal()).known_as
        return MemoryView(self.memory, Selection(namespace=namespace or Namespace(), read_by=known_as or None))

    def _result_within(self, bounds: Selection, result_id: str) -> ToolResult | None:
        result = self.store.tool_result(result_id)
        return result if result is not None and bounds.holds(result) else None

    @contextmanager
    def session(
        self,
        task: str,
        functions: Functions = (),
        *,
        policy: PolicySource = None,
        principal: Principal | None = None,
        namespace: Namespace | None = None,
        approver: Approver | None = None,
        approval_timeout_s: float = APPROVAL_TIMEOUT_S,
        unsafe_dry_run: bool = False,
        observers: Sequence[Observer] = (),
    ) -> Generator[Session]:
        """Guard and memory for one task in somebody else's loop; what is decided and told is kept in this home.

        See `guarded` for the arguments. The session ends with the context. Raises `PolicyInvalid`, `InvalidTool`.
        """
        known = self.store.known_tools()
        guard = guard_over(
            functions, policy, approver, approval_timeout_s, unsafe_dry_run=unsafe_dry_run, known_tools=known
        )
        with session_in(
            self.store,
            task,
            guard,
            principal,
            namespace,
            memory=self.memory_of(namespace, principal),
            observers=observers,
        ) as session:
            yield session

    def graph(self, run_id: str) -> ReasoningGraph:
        """What the answer of a run rests on. Raises `RunUnknown`, `LogDamaged`."""
        from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph

        records = self.store.records(run_id)
        return ReasoningGraph.of(records, self.store.read_text, self._delegated(records))

    def import_log(self, path: str | os.PathLike[str]) -> ImportedLog:
        """Take in the log of another agent: a MiroThinker or MiroFlow task log, or a list of OpenAI-style messages.

        It becomes a run of this home, marked as imported: it can be shown, asked about and exported, never resumed.
        All its text is untrusted. Raises `ImportRefused` before anything is kept.
        """
        from khala.infrastructure.logs.import_log import import_log

        return import_log(self.store, path)

    def export(self, run_id: str, to: ExportFormat) -> str:
        """A run in a format that other programs read. Raises `RunUnknown`, `LogDamaged`."""
        from khala.infrastructure.logs.export_run import EXPORTS, RunToExport

        records = self.store.records(run_id)
        return EXPORTS[to](RunToExport(run_id, records, self.store.read_text, self._delegated(records)))

    def view(self, *run_ids: str) -> str:
        """One run, or two side by side, as an HTML page that opens from disk and needs no network.

        Raises `RunUnknown`, `LogDamaged`.
        """
        from khala.infrastructure.viewer.page import page
        from khala.infrastructure.viewer.told_run import told_runs

        runs = [self.store.records(run_id) for run_id in run_ids]
        return page(told_runs(runs, self.store.read_text, [self._delegated(records) for records in runs]))

    def _delegated(self, records: Sequence[Recorded]) -> Mapping[str, Sequence[Recorded]]:
        """For each call that was handed to a sub-agent, the run of that; the last one where there are several."""
        started = records[0].event if records else None
        is_imported = isinstance(started, RunStarted) and started.imported is not None
        if is_imported:
            calls = {call.id for each in records if isinstance(each.event, ModelReplied) for call in each.event.calls}
        else:
            ended = [each.event for each in records if isinstance(each.event, CallFinished)]
            calls = {event.call_id for event in ended if event.spend is not None}
        if not calls:
            return {}
        asked = [run for run in self.store.runs() if run.asked_by in calls]
        return {run.asked_by: self.store.records(run.run_id) for run in asked}

    def forget(self, where: Selection, *, pinned: bool = False) -> Forgotten:
        """Forget results for good: their texts, all that repeats them, and the right to be found again.

        Pinned ones only with `pinned`. Runs still verify; what the model itself wrote stays in them, and `remains`
        says where words of what was forgotten still stand. Raises `HomeUnusable`, `MemoryUnusable`.
        """
        forgotten = forget_results(self.store, self._index_in_use, where, pinned=pinned)
        if self._index is None or not self.folder.memory.exists():
            return forgotten
        unused = f"folder `{self.folder.memory}`, which `{self._index}` took the place of: delete it"
        return replace(forgotten, remains=(*forgotten.remains, unused))

    def forget_beyond_limits(self) -> Forgotten:
        """Forget what is older, or more, than `store.forgetting.limits` lets this home keep; closing it does that too.

        The same words may come again and are kept then. Raises `HomeUnusable`, `MemoryUnusable`.
        """
        beyond = Selection(ids=self.store.forgetting.beyond_limits(time.time_ns() // 1_000_000))
        return forget_results(self.store, self.memory, beyond, may_return=True)

    def shred(self, tenant: str) -> bool:
        """Drop the key of a tenant in a sealed home: none of its texts can be read again, in any copy or backup.

        Whether there was one. Raises `HomeUnusable`, `MemoryUnusable`.
        """
        if tenant not in self.store.vault.tenants():
            return False
        # forgotten first: another process may be about to index some, and another tenant may hold the same words
        self.store.forgetting.erase(self.store.forgetting.of_tenant(tenant), may_return=True)
        shredded = self.store.vault.shred(tenant)
        sweep(self.store, self._index_in_use)
        return shredded

    @property
    def upkeep(self) -> IndexUpkeep:
        """The index of the memory, to be counted and cleaned without loading an embedder."""
        return IndexUpkeep(self._index or self.folder.memory)

    @property
    def _index_in_use(self) -> Forgets:
        """What to take results out of: the memory, if it is open and may hold some that are not in the index yet."""
        return self.memory if "memory" in vars(self) else self.upkeep

    def awaits_index(self, result_id: str) -> bool:
        """Whether a result is one that the index of the memory is to hold."""
        result = self.store.tool_result(result_id)
        return result is not None and result.is_original and self._is_wanted(result)

    def reindex(self, on_progress: Callable[[int], None] | None = None) -> MemoryStats:
        """Build the index of the memory anew from the stored texts, with the embedder this home was opened with.

        The old one stays in use until the new one is whole, except in a bucket. Call it before `memory` is used.
        Raises `MemoryUnusable`, and `RunBusy` while another process does the same.
        """
        with leased(self.folder, "reindex"):
            before = self.store.forgetting.results()
            stats = rebuilt(
                self.upkeep.place,
                catch_up=self._results_unknown_to,
                is_wanted=self._is_wanted,
                sealing=self.store.vault if self.store.vault.is_sealed else None,
                find=self._found_embedder,
                on_progress=on_progress or (lambda _: None),
            )
            if meanwhile := self.store.forgetting.results() - before:
                self.upkeep.forget(meanwhile)
        return stats

    def export_memory(
        self, to: str | os.PathLike[str] | None, where: Selection = EVERYTHING, *, form: RecordForm = "jsonl"
    ) -> int:
        """Write results, all that is needed to take them in elsewhere, to a file or standard output; how many.

        The file is readable by its owner alone, and not sealed. Raises `CallerError`, `MissingExtra`.
        """
        from khala.infrastructure.transfer.export_memory import export_memory

        return export_memory(self.store, where, None if to is None else Path(to), form)

    def import_memory(self, path: str | os.PathLike[str]) -> ImportedMemories:
        """Take in results that another home exported, as runs marked as imported; ones that are here already once.

        Their labels stay, and nothing of them is trusted. Raises `ImportRefused` before anything is kept.
        """
        from khala.infrastructure.transfer.import_memory import import_memory

        return import_memory(self.store, Path(path))

    def _is_wanted(self, result: ToolResult) -> bool:
        return not self.store.forgetting.is_forgotten(result)

    def _results_unknown_to(self, known: AbstractSet[str]) -> Iterable[ToolResult]:
        return (
            result
            for _, result in self.store.tool_results()
            if result.is_original and result.call.id not in known and self._is_wanted(result)
        )
