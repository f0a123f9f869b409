from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import CallFinished, CallStarted, ModelReplied, RunEnded, RunStarted
from khala.domain.label import Label
from khala.domain.ports import RunLog
from khala.domain.retention import Retention
from khala.infrastructure.store.home import HomeFolder, open_home
from khala.infrastructure.store.sqlite_store import SqliteStore

WriteRun = Callable[[SqliteStore, int], str]


@pytest.fixture
def home(tmp_path: Path) -> HomeFolder:
    return open_home(tmp_path / "home")


@pytest.fixture
def store(home: HomeFolder) -> Iterator[SqliteStore]:
    with SqliteStore(home) as opened:
        yield opened


@pytest.fixture
def started() -> RunStarted:
    return RunStarted(
        task="why?",
        system="be exact",
        model="m",
        tools=(),
        policy="0" * 64,
        budget=InteractionBudget(money=2.5),
        retention=Retention(),
    )


@pytest.fixture
def write_turn() -> Callable[[SqliteStore, RunLog, int], str]:
    """Writes turn `number` with one finished call, whose text it stores; gives the digest."""

    def write(store: SqliteStore, log: RunLog, number: int) -> str:
        call = ToolCall(id=f"{log.run_id}-{number}", tool="look", arguments={"n": number, "big": 10**30})
        log.append(ModelReplied(turn=number, text=f"looking {number}", calls=(call,)))
        log.append(CallStarted(call_id=call.id, tool="look", side_effect=False))
        digest = store.keep_text(f"result {number} of {log.run_id}")
        log.append(
            CallFinished(
                call_id=call.id,
                status="ok",
                digest=digest,
                chars=10,
                shown_chars=10,
                label=Label(origins=("tool:look",), readers=frozenset({"ann", "bob", "cid"})),
            )
        )
        return digest

    return write


@pytest.fixture
def write_run(started: RunStarted, write_turn: Callable[[SqliteStore, RunLog, int], str]) -> WriteRun:
    """Writes a whole run of so many turns: 3 * turns + 2 events."""

    def write(store: SqliteStore, turns: int) -> str:
        with store.create() as log:
            log.append(started)
            for number in range(1, turns + 1):
                write_turn(store, log, number)
            log.append(RunEnded(status="answered", answer="so"))
        return log.run_id

    return write
