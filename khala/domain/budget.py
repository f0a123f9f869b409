"""How much a run may use, what it has used, and what a sub-agent may be given of it.

Limits and spend are values. `None` means no limit. Running out never stops a run dead: the loop asks for a best-effort
answer and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from khala.errors import InvalidBudget

from .value import Value

__all__ = ["InteractionBudget", "LimitName", "Spend"]

LimitName = Literal[
    "turns", "tool_calls", "prompt_tokens", "completion_tokens", "money", "seconds", "rollbacks", "rollbacks_in_a_row"
]
"""The limits that end a run; `calls_per_tool` only skips calls beyond it, `context_tokens` only shrinks the context."""


@dataclass(frozen=True)
class Spend:
    """What a run has used so far; counts only grow, except the rollbacks in a row."""

    turns: int = 0
    tool_calls: int = 0
    """Calls that really ran; denied, repeated and skipped ones are free."""
    calls_per_tool: dict[str, int] = field(default_factory=dict[str, int])
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those the endpoint read from its prefix cache."""
    completion_tokens: int = 0
    money: float = 0.0
    """In whatever currency the model client reports."""
    seconds: float = 0.0
    """Time the run was being driven; the pause before a resume does not count."""
    rollbacks: int = 0
    rollbacks_in_a_row: int = 0

    def with_call(self, tool: str) -> Spend:
        """One more call of this tool."""
        per_tool = {**self.calls_per_tool, tool: self.calls_per_tool.get(tool, 0) + 1}
        return replace(self, tool_calls=self.tool_calls + 1, calls_per_tool=per_tool)

    def with_child(self, child: Spend) -> Spend:
        """What a sub-agent used, too; its seconds passed while the caller waited, its rollbacks are its own."""
        per_tool = {
            tool: self.calls_per_tool.get(tool, 0) + child.calls_per_tool.get(tool, 0)
            for tool in {**self.calls_per_tool, **child.calls_per_tool}
        }
        return replace(
            self,
            turns=self.turns + child.turns,
            tool_calls=self.tool_calls + child.tool_calls,
            calls_per_tool=per_tool,
            prompt_tokens=self.prompt_tokens + child.prompt_tokens,
            cached_tokens=self.cached_tokens + child.cached_tokens,
            completion_tokens=self.completion_tokens + child.completion_tokens,
            money=self.money + child.money,
        )

    @property
    def amounts(self) -> dict[str, float]:
        """Everything that is one number, by name."""
        amounts = vars(self).copy()
        del amounts["calls_per_tool"]
        return amounts


class InteractionBudget(Value):
    """Limits of one run."""

    turns: PositiveInt | None = 1_000
    """The only end of a run whose every call is denied or skipped, because those are free; room for 600 calls one by
    one, 50 rollbacks, and half as many replies in vain."""
    tool_calls: NonNegativeInt | None = 600
    """600 is the most calls one MiroThinker run makes (arXiv 2511.11793)."""
    calls_per_tool: dict[str, NonNegativeInt] = Field(default_factory=dict)
    prompt_tokens: PositiveInt | None = None
    completion_tokens: PositiveInt | None = None
    context_tokens: PositiveInt = 262_144
    """What fits into one prompt with its reply; 256K is MiroThinker's window (arXiv 2511.11793)."""
    reply_tokens: PositiveInt = 16_384
    """Of the context window, what is kept free for the reply; MiroThinker's max_tokens."""
    money: NonNegativeFloat | None = None
    seconds: NonNegativeFloat | None = None
    rollbacks: NonNegativeInt | None = 50
    rollbacks_in_a_row: PositiveInt = 5
    """5 is MiroThinker's limit on rollbacks in a row (its orchestrator's MAX_CONSECUTIVE_ROLLBACKS)."""
    revisions: NonNegativeInt = 2
    """Times a draft goes back to the model because of what verifiers found in it; it ends no run."""

    def exhausted(self, spend: Spend) -> LimitName | None:
        """The first limit that is reached, or `None`."""
        for name in _ENDING_LIMITS:
            limit: float | None = getattr(self, name)
            if limit is not None and getattr(spend, name) >= limit:
                return name
        return None

    def overflows(self, prompt_tokens: float) -> bool:
        """Whether such a prompt leaves less than `reply_tokens`, or than half the window, for the reply."""
        return prompt_tokens > self.context_tokens - min(self.reply_tokens, self.context_tokens // 2)

    def seconds_left(self, spend: Spend) -> float | None:
        """Time that is left, never quite nothing, so that it can be a time limit; `None` without one."""
        return None if self.seconds is None else max(0.001, self.seconds - spend.seconds)

    def allows_call(self, spend: Spend, tool: str) -> bool:
        """Whether one more call of this tool fits."""
        if self.tool_calls is not None and spend.tool_calls >= self.tool_calls:
            return False
        own = self.calls_per_tool.get(tool)
        return own is None or spend.calls_per_tool.get(tool, 0) < own

    def left(self, spend: Spend) -> InteractionBudget:
        """The budget that remains after `spend`; what is used up is 0 (turns and tokens: 1, their smallest)."""
        changed: dict[str, object] = {}
        for name in _ADDITIVE_LIMITS:
            limit: float | None = getattr(self, name)
            if limit is not None:
                smallest = 1 if name in _AT_LEAST_ONE else 0
                changed[name] = max(smallest, limit - getattr(spend, name))
        changed["calls_per_tool"] = {
            tool: max(0, limit - spend.calls_per_tool.get(tool, 0)) for tool, limit in self.calls_per_tool.items()
        }
        return self.model_copy(update=changed)

    def carve(self, spend: Spend, wish: InteractionBudget) -> InteractionBudget:
        """The part of what is left that a child gets: its wish, cut to what the parent still has.

        What the child spends is added to the parent's spend. Raises `InvalidBudget` when a limit of the parent is
        already used up.
        """
        used_up = self.exhausted(spend)
        if used_up is not None:
            raise InvalidBudget(f"nothing can be carved out: the parent's `{used_up}` are used up")
        rest = self.left(spend)
        changed: dict[str, object] = {}
        for name in (*_ADDITIVE_LIMITS, "context_tokens", "rollbacks_in_a_row", "revisions"):
            mine: float | None = getattr(rest, name)
            wished: float | None = getattr(wish, name)
            changed[name] = wished if mine is None else mine if wished is None else min(mine, wished)
        tools = {*rest.calls_per_tool, *wish.calls_per_tool}
        changed["calls_per_tool"] = {
            tool: min(limits.calls_per_tool[tool] for limits in (rest, wish) if tool in limits.calls_per_tool)
            for tool in tools
        }
        return rest.model_copy(update=changed)


_AT_LEAST_ONE = ("turns", "prompt_tokens", "completion_tokens")
_ADDITIVE_LIMITS: tuple[LimitName, ...] = (
    "turns", "tool_calls", "prompt_tokens", "completion_tokens", "money", "seconds", "rollbacks",
)  # fmt: skip
_ENDING_LIMITS: tuple[LimitName, ...] = (*_ADDITIVE_LIMITS, "rollbacks_in_a_row")
