"""Kinds of nodes and links of the reasoning graph, and the table of legal links."""

from __future__ import annotations

from typing import Literal

__all__ = ["LEGAL_LINKS", "LinkKind", "NodeKind"]

NodeKind = Literal["task", "turn", "call", "result", "recollection", "claim", "decision"]
"""`claim`: a sentence of the answer. `recollection`: evidence put back into the context before the answer."""

LinkKind = Literal["asked", "produced", "used", "recalls", "supports", "repeats", "denied"]
"""`asked` task to turn, turn to call, in a hosted run task to call; `produced` call to result, turn to claim; `used` a
call that carries a value of a result, or a claim that cites one; `recalls` a recollection or result that repeats the
words of an earlier result; `supports` a result span that carries a claim; `repeats` a call that was made before;
`denied` a decision that stopped a call."""

LEGAL_LINKS: dict[LinkKind, frozenset[tuple[NodeKind, NodeKind]]] = {
    "asked": frozenset({("task", "turn"), ("turn", "call"), ("task", "call")}),
    "produced": frozenset({("call", "result"), ("turn", "claim"), ("turn", "recollection")}),
    "used": frozenset({("call", "result"), ("claim", "result")}),
    "recalls": frozenset({("result", "result"), ("recollection", "result")}),
    "supports": frozenset({("result", "claim")}),
    "repeats": frozenset({("call", "call")}),
    "denied": frozenset({("decision", "call")}),
}
"""Which node kinds each link may join, from and to."""
