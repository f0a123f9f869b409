"""A graph as a Mermaid flowchart whose labels cannot break out of it.

Texts of results are hostile. A label therefore keeps letters, digits, spaces and a few harmless marks; every other
character is written as the number of its code point (`#34;`), which Mermaid shows as that character and never reads as
syntax or HTML. Control, format and unpaired surrogate characters are left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from khala.domain.reasoning import LinkKind, NodeKind

__all__ = ["DrawnLink", "DrawnNode", "caption", "flowchart", "label"]

LABEL_CHARS = 80
"""Characters of a label before escaping; two lines of a box."""
_HARMLESS = frozenset(" .,-_")
_SHAPES: Mapping[NodeKind, tuple[str, str]] = {
    "task": ("([", "])"),
    "subgoal": ("([", "])"),
    "turn": ("(", ")"),
    "thought": ("(", ")"),
    "call": ("[", "]"),
    "result": ("[(", ")]"),
    "recollection": ("[[", "]]"),
    "claim": ("([", "])"),
    "attempt": ("(", ")"),
    "answer": ("([", "])"),
    "decision": ("{{", "}}"),
}
_PLAIN = ("asked", "produced")
_HEAVY: Mapping[LinkKind, str] = {"supports": "==>", "contradicts": "--x", "blocked_by": "--x"}
"""What is neither plain nor heavy is dotted."""


@dataclass(frozen=True)
class DrawnNode:
    """A node and what is written into it."""

    key: str
    kind: NodeKind
    text: str


@dataclass(frozen=True)
class DrawnLink:
    """A link between two drawn nodes."""

    source: str
    target: str
    kind: LinkKind


def flowchart(nodes: Iterable[DrawnNode], links: Iterable[DrawnLink]) -> str:
    """The flowchart; links whose ends are not drawn are left out."""
    lines = ["flowchart LR"]
    ids: dict[str, str] = {}
    for node in nodes:
        ids[node.key] = f"n{len(ids)}"
        opening, closing = _SHAPES[node.kind]
        lines.append(f'    {ids[node.key]}{opening}"{label(node.text)}"{closing}')
    for link in dict.fromkeys(links):
        if link.source in ids and link.target in ids:
            arrow = "-->" if link.kind in _PLAIN else _HEAVY.get(link.kind, "-.->")
            kind = "" if link.kind in _PLAIN else f"|{link.kind}|"
            lines.append(f"    {ids[link.source]} {arrow}{kind} {ids[link.target]}")
    return "\n".join(lines) + "\n"


def caption(key: str, kind: NodeKind, about: Mapping[str, Any]) -> str:
    """What is written into a node of the reasoning graph."""
    name = key.partition(":")[2]
    match kind:
        case "task" | "subgoal" | "thought":
            return str(about["text"])
        case "claim":
            mark = "" if about["degree"] in ("quoted", "supported") else f"{about['degree']}, "
            return f"{mark}{about['text']}"
        case "call":
            return f"{about['tool']}, {', '.join(map(str, about['arguments'].values()))}"
        case "decision":
            return f"denied, {about['reason']}"
        case "result":
            return f"{name} {about.get('status', 'of another run')}"
        case "turn" | "recollection" | "attempt" | "answer":
            return f"{kind} {name}"


def label(text: str) -> str:
    """A text as the inside of a quoted label, cut to `LABEL_CHARS`."""
    one_line = " ".join(text[: 4 * LABEL_CHARS].split())
    if len(one_line) > LABEL_CHARS or len(text) > 4 * LABEL_CHARS:
        one_line = one_line[: LABEL_CHARS - 1] + "…"
    return "".join(map(_escaped, one_line)) or " "


def _escaped(character: str) -> str:
    if character.isalnum() or character in _HARMLESS:
        return character
    return "" if unicodedata.category(character).startswith("C") else f"#{ord(character)};"
