"""Kinds of nodes and links of the reasoning graph, and the table of legal links."""

from __future__ import annotations

from typing import Literal

__all__ = ["LEGAL_LINKS", "LinkKind", "NodeKind"]

NodeKind = Literal[
    "task", "subgoal", "turn", "thought", "call", "result", "recollection", "claim", "answer", "decision", "attempt"
]  # fmt: skip
"""`subgoal`: the task of another run that a call was handed to. `thought`: what the model said beside its calls.
`recollection`: evidence put back into the context before the answer. `attempt`: a draft of the answer. `claim`: a
sentence of the last draft or of the answer. `decision`: the guard's, where it stopped a call."""

LinkKind = Literal[
    "asked", "produced", "derived_from", "used_value", "supports", "contradicts", "recalls", "repeats", "retry_of",
    "blocked_by", "delegated_to",
]  # fmt: skip
"""`asked` task to turn, turn to call, in a hosted run task to call; `produced` call to result, turn to what it said;
`derived_from` a claim that cites a result, an answer made from a draft; `used_value` a call that carries a value of a
result; `supports` and `contradicts` a result span that carries a claim or says otherwise; `recalls` a recollection or
result that repeats the words of an earlier result; `repeats` a call answered from an earlier one; `retry_of` a call
made again after it failed, a draft after a draft; `blocked_by` a call that a decision stopped; `delegated_to` a call
that was handed to another run."""

LEGAL_LINKS: dict[LinkKind, frozenset[tuple[NodeKind, NodeKind]]] = {
    "asked": frozenset({("task", "turn"), ("turn", "call"), ("task", "call"), ("subgoal", "call")}),
    "produced": frozenset({
        ("call", "result"), ("turn", "claim"), ("turn", "recollection"), ("turn", "thought"), ("turn", "attempt"),
        ("turn", "answer"), ("answer", "claim"), ("attempt", "claim"),
    }),
    "derived_from": frozenset({("claim", "result"), ("answer", "attempt")}),
    "used_value": frozenset({("call", "result")}),
    "supports": frozenset({("result", "claim")}),
    "contradicts": frozenset({("result", "claim")}),
    "recalls": frozenset({("result", "result"), ("recollection", "result")}),
    "repeats": frozenset({("call", "call")}),
    "retry_of": frozenset({("call", "call"), ("attempt", "attempt")}),
    "blocked_by": frozenset({("call", "decision")}),
    "delegated_to": frozenset({("call", "subgoal")}),
}  # fmt: skip
"""Which node kinds each link may join, from and to."""
