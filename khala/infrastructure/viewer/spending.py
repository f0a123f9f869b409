"""How context and budget of a run grew: one reading a turn, in a hosted run one a call."""

from __future__ import annotations

from khala.domain.events import CallFinished, ModelReplied, Recorded, RunStarted
from khala.domain.trajectory import Trajectory

__all__ = ["Spending"]


class Spending:
    """Feed it the events of a run in order."""

    def __init__(self, run_id: str) -> None:
        self.damage: list[str] = []
        """Why the readings end early, if they do."""
        self._trajectory = Trajectory(run_id)
        self._turns: list[int] = []
        self._context: list[int] = []
        self._is_measured = True
        self._used: dict[str, list[float]] = {name: [] for name in self._trajectory.spend.amounts}

    def __call__(self, record: Recorded) -> None:
        """Take in the next event."""
        if self.damage:
            return
        try:
            self._trajectory.apply(record)
        except ValueError as error:
            self.damage.append(str(error))
            return
        event, trajectory = record.event, self._trajectory
        is_hosted = trajectory.started is not None and trajectory.started.hosted
        if isinstance(event, ModelReplied):
            self._read(event.turn, event.usage.prompt_tokens or self._estimated(event.prompt_chars))
        elif isinstance(event, CallFinished) and is_hosted:
            self._read(len(self._turns) + 1, 0)

    def told(self, started: RunStarted | None) -> dict[str, object]:
        """All readings by name, the last one of the end, with the limits that were set."""
        if self._turns:
            for name, amount in self._trajectory.spend.amounts.items():
                self._used[name][-1] = amount
        limits = started.budget.model_dump(mode="json") if started is not None and not started.imported else {}
        limits.pop("calls_per_tool", None)
        return {
            "turns": self._turns,
            "context": self._context,
            "is_context_measured": self._is_measured,
            "used": self._used,
            "spent": self._trajectory.spend.amounts,
            "limits": limits,
        }

    def _read(self, turn: int, context_tokens: int) -> None:
        self._turns.append(turn)
        self._context.append(context_tokens)
        for name, amount in self._trajectory.spend.amounts.items():
            self._used[name].append(amount)

    def _estimated(self, prompt_chars: int) -> int:
        if prompt_chars:
            self._is_measured = False
        return round(prompt_chars / self._trajectory.chars_per_token)
