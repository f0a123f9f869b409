"""The whole reasoning graph in Graphviz's DOT language, whose quoted texts no label can leave.

In a quoted text DOT gives meaning to the quotation mark and to the backslash alone; both are escaped, and what does
not print is spelled out first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from khala.domain.escaped import escaped
from khala.infrastructure.reasoning.mermaid import caption

__all__ = ["dot"]

LABEL_CHARS = 80
"""Characters of a label; two lines of a box."""

_SHAPES: Mapping[str, str] = {
    "task": "doubleoctagon",
    "turn": "ellipse",
    "result": "cylinder",
    "claim": "note",
    "decision": "diamond",
}
_STYLES: Mapping[str, str] = {
    "supports": "bold",
    "used_value": "dashed",
    "contradicts": "bold",
    "recalls": "dashed",
    "repeats": "dotted",
}


def dot(node_link: Mapping[str, Any]) -> str:
    """DOT from node-link JSON, as `ReasoningGraph.node_link` gives it."""
    lines = ["digraph khala {", "  rankdir=LR;"]
    for node in node_link["nodes"]:
        kind = node["kind"]
        shape = _SHAPES.get(kind, "box")
        lines.append(
            f"  {_quoted(node['id'])} [label={_quoted(_short(caption(node['id'], kind, node)))}, shape={shape}];"
        )
    for link in node_link["links"]:
        kind = link["kind"]
        style = _STYLES.get(kind, "solid")
        ends = f"{_quoted(link['source'])} -> {_quoted(link['target'])}"
        lines.append(f"  {ends} [label={_quoted(kind)}, style={style}];")
    return "\n".join((*lines, "}", ""))


def _short(text: str) -> str:
    line = " ".join(text[: 4 * LABEL_CHARS].split())
    return line if len(line) <= LABEL_CHARS and len(text) <= 4 * LABEL_CHARS else line[: LABEL_CHARS - 1] + "…"


def _quoted(text: str) -> str:
    return '"' + escaped(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
