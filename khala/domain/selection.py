"""Which past results are meant: by whose they are, and by run, tool, trust, origin and time.

Recalling and forgetting take a `Selection`. One within another only ever narrows it, so whoever is given a view of a
part of a memory cannot ask beyond it.
"""

from __future__ import annotations

from .call import ToolResult
from .label import Label, Trust
from .namespace import Namespace
from .value import Value

__all__ = ["EVERYTHING", "Selection"]


class Selection(Value):
    """What all of its fields agree on; a field that is `None` leaves everything in."""

    namespace: Namespace | None = None
    """What whoever is there sees."""
    read_by: frozenset[str] | None = None
    """What everyone may read, and what has one of these among its readers."""
    ids: frozenset[str] | None = None
    runs: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    trust: Trust | None = None
    origins: frozenset[str] = frozenset()
    """All of these are among the origins of its label."""
    since_ms: int | None = None
    """The earliest finish, in milliseconds since the epoch."""
    before_ms: int | None = None
    """The first finish that is too late."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be meant, whatever there is."""
        return any(names is not None and not names for names in (self.ids, self.runs, self.tools))

    def holds(self, result: ToolResult) -> bool:
        """Whether a result is meant."""
        return (
            (self.namespace is None or self.namespace.contains(result.namespace))
            and self.is_readable(result.label)
            and (self.ids is None or result.call.id in self.ids)
            and (self.runs is None or result.run_id in self.runs)
            and (self.tools is None or result.call.tool in self.tools)
            and (self.trust is None or result.label.trust == self.trust)
            and self.origins <= {*result.label.origins}
            and (self.since_ms is None or result.at_ms >= self.since_ms)
            and (self.before_ms is None or result.at_ms < self.before_ms)
        )

    def is_readable(self, label: Label) -> bool:
        """Whether whom it is for may read what has this label."""
        return self.read_by is None or label.readers is None or not self.read_by.isdisjoint(label.readers)

    def within(self, bounds: Selection) -> Selection:
        """What both mean."""
        mine, theirs = self.namespace, bounds.namespace
        narrower = theirs if mine is None or (theirs is not None and mine.contains(theirs)) else mine
        apart = theirs is not None and mine is not None and not (mine.contains(theirs) or theirs.contains(mine))
        apart |= None not in {self.trust, bounds.trust} and self.trust != bounds.trust
        return Selection(
            namespace=narrower,
            read_by=_both(self.read_by, bounds.read_by),
            ids=frozenset() if apart else _both(self.ids, bounds.ids),
            runs=_both(self.runs, bounds.runs),
            tools=_both(self.tools, bounds.tools),
            trust=self.trust or bounds.trust,
            origins=self.origins | bounds.origins,
            since_ms=max((at for at in (self.since_ms, bounds.since_ms) if at is not None), default=None),
            before_ms=min((at for at in (self.before_ms, bounds.before_ms) if at is not None), default=None),
        )


EVERYTHING = Selection()
"""All results there are."""


def _both(mine: frozenset[str] | None, theirs: frozenset[str] | None) -> frozenset[str] | None:
    if mine is None or theirs is None:
        return theirs if mine is None else mine
    return mine & theirs
