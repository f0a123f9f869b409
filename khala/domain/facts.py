"""What a decision rests on: the call as it would be executed, where its values came from, and what was done before."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .call import ToolCall
from .decision import MAX_OFFENCE_CHARS, Decision, Traced
from .grounding import Grounding, Origin, name_words
from .manifest import ToolEffect, ToolManifest
from .provenance.paths import PathMap, as_text
from .provenance.shapes import mentions_in
from .provenance.texts import normalised
from .value import JsonObject

__all__ = ["AMOUNT", "MENTIONING_ROLES", "Done", "Facts", "RoleValue", "amounts_in"]

AMOUNT = "amount"
"""The role of what an amount limit adds up."""

MENTIONING_ROLES = frozenset({"content", "title"})
"""Roles of texts: the addresses and accounts they mention are values in the roles `link`, `contact`, `account`."""

RECEIVING_ROLES = frozenset({"recipient", "payee", "url"})
"""Roles of who is told what a call says."""

MAX_TRACED = 100
"""Values with a role whose origins a question tells; more are a document."""


@dataclass(frozen=True)
class RoleValue:
    """A value of a call that has a role."""

    path: str
    """As in `args.recipients[0]`."""
    role: str
    text: str
    """As it was written."""


@dataclass(frozen=True)
class Done:
    """A call that was allowed earlier in the run."""

    call: ToolCall
    """With canonical arguments."""
    manifest: ToolManifest
    at_ms: int
    """Milliseconds since the epoch."""

    @cached_property
    def amounts(self) -> tuple[float, ...]:
        """What it moved, value by value; see `amounts_in`."""
        return tuple(amounts_in(self.manifest, self.call.arguments))


def amounts_in(manifest: ToolManifest, arguments: JsonObject) -> Iterator[float]:
    """The values in the role `amount`, each without its sign; not a number where it is written as something else."""
    for _, leaf, role in manifest.role_map.walk(arguments):
        if role == AMOUNT:
            yield abs(float(leaf)) if isinstance(leaf, int | float) and not isinstance(leaf, bool) else math.nan


@dataclass(frozen=True)
class Facts:
    """All a condition may look at."""

    manifest: ToolManifest
    arguments: JsonObject
    """Canonical: exactly what will be executed."""
    grounding: Grounding
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls of each tool that ran so far in this run."""
    spend: Mapping[str, float] = field(default_factory=dict[str, float])
    """What the run has used so far, by the names of `Spend.amounts`; what is missing is not known."""
    done: Sequence[Done] | None = None
    """The calls that were allowed so far; `None` when they are not known."""
    now_ms: int | None = None
    """Milliseconds since the epoch; `None` when it is not known."""
    digest: str = ""
    """SHA-256 of the canonical call."""

    @property
    def tool(self) -> str:
        """The tool's name."""
        return self.manifest.tool

    @property
    def effect(self) -> ToolEffect:
        """What the tool does."""
        return self.manifest.effect

    @cached_property
    def role_values(self) -> tuple[RoleValue, ...]:
        """The values that have a role, and the addresses and accounts that texts among them mention."""
        return tuple(_role_values(self.manifest, self.arguments))

    @cached_property
    def moves(self) -> float | None:
        """What a payment moves in all; `None` for any other call, and for a sum that no number tells."""
        if self.effect != "pay":
            return None
        try:
            total = math.fsum(amounts_in(self.manifest, self.arguments))
        except OverflowError:
            return None
        return total if math.isfinite(total) else None

    def in_roles(self, roles: frozenset[str]) -> list[RoleValue]:
        """The values in some roles."""
        return [each for each in self.role_values if each.role in roles]

    def is_asked_for(self) -> bool:
        """Whether the user's words hold every word of the tool's name, as `delete the file` those of `delete_file`."""
        return self.grounding.words_stand(name_words(self.tool))

    def disclosed(self) -> tuple[str, ...]:
        """Names of the private fields that the call would tell somebody who may not be told."""
        recipients = [each.text for each in self.role_values if each.role in RECEIVING_ROLES]
        texts = list(_texts(self.arguments))
        pieces = [*texts, "".join(texts), "".join(reversed(texts))]  # a value can be told in two pieces
        return tuple(sorted({name for text in pieces for name in self.grounding.disclosed(text, recipients)}))

    def origins(self, value: RoleValue) -> tuple[Origin, ...]:
        """All origins of a value, in its role and for this call; sorted."""
        found = self.grounding.origins(
            value.text, role=value.role, effect=self.effect, tool=self.tool, moves=self.moves
        )
        return tuple(sorted(found))

    def has_origin(self, value: RoleValue, origins: frozenset[Origin]) -> bool:
        """Whether a value comes from one of the origins, in its role and for this effect."""
        return self.grounding.has_origin(
            value.text, origins, role=value.role, effect=self.effect, tool=self.tool, moves=self.moves
        )

    def traced(self, value: RoleValue) -> Traced:
        """A value with its origins, in its role and for this effect, and the results in which it stands."""
        return Traced(
            path=value.path,
            role=value.role,
            value=value.text[:MAX_OFFENCE_CHARS],
            origins=self.origins(value),
            sources=self.grounding.where(value.text),
            pointed_at=self.grounding.pointed_at(value.text),
        )

    def as_asked(self, decision: Decision) -> Decision:
        """An `ask` with what the person who answers it has to know of these facts."""
        values = tuple(map(self.traced, self.role_values[:MAX_TRACED]))
        return decision.model_copy(update={"tool_effect": self.effect, "values": values, "moves": self.moves})


def _texts(arguments: JsonObject) -> Iterator[str]:
    """Everything that a call says: its values, and the names that it gives them below its own arguments."""
    return (as_text(leaf) for each in arguments.values() for _, leaf, _ in _EVERYTHING.walk(each))


_EVERYTHING = PathMap({".": True}, with_keys=True)


def _role_values(manifest: ToolManifest, arguments: JsonObject) -> Iterator[RoleValue]:
    if not manifest.roles:
        return
    leaves = list(manifest.role_map.walk(arguments, "args"))
    has_recipient = any(role == "recipient" and leaf != "" for _, leaf, role in leaves)
    for place, leaf, role in leaves:
        if role is None:
            continue
        text = as_text(leaf)
        if role == "recipient" and not text and has_recipient and "[" not in place:
            continue  # beside a `to`, an optional `cc` that is left empty names nobody
        yield RoleValue(place, role, text)
        if role in MENTIONING_ROLES:
            for kind, mention in mentions_in(normalised(text)):
                yield RoleValue(place, kind, mention)
