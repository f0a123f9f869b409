"""The guard's answer to a call: what it says, which values made it so, and how far a person's yes to it may reach."""

from __future__ import annotations

from typing import Literal

from .grounding import Endorsement, Origin
from .manifest import ToolEffect
from .value import Value

__all__ = ["TOOL_CHANGED", "Consent", "Decision", "Effect", "Offence", "Traced", "asked_of_changed_tool"]

Effect = Literal["allow", "ask", "deny"]

Consent = Literal["once", "value", "source"]
"""How far a person's yes reaches: this call; its values, in this role and for this effect, for the rest of the run; all
that the source of those values says, in this role and for this effect, for the rest of the run."""

MAX_OFFENCE_CHARS = 2_000
"""Characters of a value that a decision keeps; a longer one cannot be endorsed."""

TOOL_CHANGED = "tool-changed"
"""Id of the built-in reason to ask before a tool whose definition is not the one that was accepted."""


class Traced(Value):
    """A value of a call that has a role, and where it comes from."""

    path: str
    """As in `args.recipients[0]`."""
    role: str
    value: str
    """Cut at 2,000 characters."""
    origins: tuple[Origin, ...]
    """Where it does come from, sorted; empty for nowhere."""
    sources: tuple[str, ...]
    """Ids of the results in which it stands."""
    pointed_at: tuple[str, ...] = ()
    """Those of them that the user wrote or named."""

    @property
    def source(self) -> str | None:
        """The one source a person can mean: the only one, or the only one that the user wrote or named."""
        if len(self.sources) == 1:
            return self.sources[0]
        return self.pointed_at[0] if len(self.pointed_at) == 1 else None


class Offence(Traced):
    """A value that a rule does not accept where it stands."""

    rule: str


class Decision(Value):
    """The answer to one call."""

    effect: Effect
    rules: tuple[str, ...]
    """Ids of the rules that made it so, sorted; or the id of a built-in reason."""
    reason: str
    """For the model and for the person."""
    offences: tuple[Offence, ...] = ()
    """The values that made it so."""
    values: tuple[Traced, ...] = ()
    """Of an `ask`: the values that have a role, for the person who answers."""
    call_digest: str = ""
    """SHA-256 of the canonical call; an execution permit is bound to it."""
    tool_effect: ToolEffect | None = None
    """Of an `ask`: what the tool does, to which an endorsement is bound."""
    moves: float | None = None
    """Of an `ask` to pay: what the call moves in all, beyond which an endorsement does not reach."""
    tool_digest: str = ""
    policy_digest: str = ""
    """Of an `ask`: SHA-256 of the tool's definition and of the policy, to which a person's answer is bound."""

    @property
    def consents(self) -> tuple[Consent, ...]:
        """The answers, beside no, that make a difference: how far a yes may reach."""
        if self.tool_effect is None or not self.endorsements("value", self.tool_effect):
            return ("once",)
        if any(each.source is not None for each in self.endorsements("source", self.tool_effect)):
            return ("once", "value", "source")
        return ("once", "value")

    def endorsements(self, consent: Consent, effect: ToolEffect) -> tuple[Endorsement, ...]:
        """What a yes endorses beyond this call.

        A source is endorsed where it is the only one that can be meant, and never for what moves money, destroys, gives
        access or is secret; there the yes is to the value. For a payment it counts up to what this call moves.
        """
        if consent == "once":
            return ()
        most = None if effect != "pay" else 0.0 if self.moves is None else self.moves
        found = (
            Endorsement(role=each.role, effect=effect, source=each.source)
            if consent == "source" and self.can_endorse_source(each, effect)
            else Endorsement(role=each.role, effect=effect, value=each.value, most=most)
            for each in self.offences
            if len(each.value) < MAX_OFFENCE_CHARS
        )
        return tuple(dict.fromkeys(found))

    @staticmethod
    def can_endorse_source(offence: Offence, effect: ToolEffect) -> bool:
        """Whether a yes may reach to all that the source of a value says."""
        costly = effect in ("pay", "delete", "grant") or offence.role in ("payee", "secret", "account", "amount")
        return not costly and offence.source is not None


def asked_of_changed_tool(decision: Decision, tool: str) -> Decision:
    """The decision once the tool turns out to have changed: a deny stays one, anything else asks."""
    if decision.effect == "deny":
        return decision
    reason = (
        f"the definition of `{tool}` is not the one that was accepted before: a yes accepts the new one,"
        " for this and later calls"
    )
    return decision.model_copy(
        update={
            "effect": "ask",
            "rules": (*decision.rules, TOOL_CHANGED) if decision.effect == "ask" else (TOOL_CHANGED,),
            "reason": f"{reason}; {decision.reason}" if decision.effect == "ask" else reason,
        }
    )
