"""`kill -9` at random moments of a 60-call run, resumed each time."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from khala.assembly import Home
from khala.domain.events import CallFinished
from khala.domain.trajectory import Trajectory

DRIVER = Path(__file__).parent / "driven_run.py"
KILLS = 20


def drive(home: Path, run_id: str, kill_after_s: float | None) -> list[str]:
    """Start or resume the run, kill it after a while, and give the lines it printed."""
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(home), *([run_id] if run_id else [])], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]  # wait until it is under way
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        process.kill()
    lines += process.stdout.read().splitlines()
    process.wait(60)
    process.stdout.close()
    return lines


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing_acknowledged_and_repeat_no_finished_call(tmp_path):
    chance = random.Random(20261122)
    acknowledged: set[str] = set()
    run_id, kills = "", 0
    done_before = Counter()
    while True:
        lines = drive(tmp_path, run_id, chance.uniform(0.0, 0.12) if kills < KILLS else None)
        run_id = run_id or next(line.split()[1] for line in lines if line.startswith("run "))
        acknowledged |= {line.split()[1] for line in lines if line.startswith("finished ")}
        with Home(tmp_path, semantic=False) as home:
            events = [record.event for record in home.store.records(run_id)]
        finished = [event.call_id for event in events if isinstance(event, CallFinished)]
        assert acknowledged <= set(finished)
        executions = (
            Counter((tmp_path / "executions").read_text().split()) if (tmp_path / "executions").exists() else Counter()
        )
        for number, times in done_before.items():
            assert executions[number] == times, f"finished step {number} ran again"
        done_before = Counter(
            {str(int(name.split("-")[1]) - 1): executions[str(int(name.split("-")[1]) - 1)] for name in finished}
        )
        if any(line.startswith("ended ") for line in lines):
            break
        kills += 1
    assert kills >= KILLS
    assert lines[-1] == "ended answered 60"
    assert len(finished) == len(set(finished)) == 60
    with Home(tmp_path, semantic=False) as home:
        home.store.verify(run_id)
        trajectory = Trajectory.of(run_id, home.store.records(run_id))
        for state in trajectory.calls:
            assert state.finished is not None
            assert f"step {state.call.arguments['number']} took place" in home.store.read_text(state.finished.digest)
        found = {each.result_id for each in home.memory.recall("step 59 took place", limit=3)}
    assert found
