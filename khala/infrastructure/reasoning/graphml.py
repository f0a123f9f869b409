r"""The reasoning graph as GraphML, which Gephi, yEd and networkx read.

GraphML knows texts, numbers and truth values: lists and objects are written as JSON, and what is not there is left
out. Characters that XML 1.0 cannot hold at all are spelled out, like `\x00`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

__all__ = ["graphml", "plain_attributes"]

Plain = str | int | float | bool
"""What GraphML can hold."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TYPES: Mapping[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}
_ENDS = frozenset({"id", "source", "target"})


def graphml(node_link: Mapping[str, Any]) -> str:
    """GraphML from node-link JSON, as `ReasoningGraph.node_link` gives it."""
    nodes: Sequence[Mapping[str, Any]] = node_link["nodes"]
    links: Sequence[Mapping[str, Any]] = node_link["links"]
    node_keys = _keys("node", nodes)
    link_keys = _keys("edge", links)
    lines = [_HEAD, *_declared("node", node_keys), *_declared("edge", link_keys), '  <graph edgedefault="directed">']
    for node in nodes:
        lines += [f"    <node id={_quoted(node['id'])}>", *_told(node, node_keys), "    </node>"]
    for link in links:
        ends = f"source={_quoted(link['source'])} target={_quoted(link['target'])}"
        lines += [f"    <edge {ends}>", *_told(link, link_keys), "    </edge>"]
    return "\n".join((*lines, "  </graph>", "</graphml>", ""))


def plain_attributes(told: Mapping[str, Any]) -> dict[str, Plain]:
    """What is told about a node or link, besides its ends, as GraphML holds it."""
    return {name: _plain(value) for name, value in told.items() if name not in _ENDS and value is not None}


def _plain(value: object) -> Plain:
    if isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _NO_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def _keys(domain: str, all_told: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """For each attribute its id and type; one that is of several types is a text."""
    types: dict[str, set[type]] = {}
    for told in all_told:
        for name, value in plain_attributes(told).items():
            types.setdefault(name, set()).add(type(value))
    return {
        name: (f"{domain}-{number}", _TYPES[found.pop()] if len(found) == 1 else "string")
        for number, (name, found) in enumerate(types.items())
    }


def _declared(domain: str, keys: Mapping[str, tuple[str, str]]) -> Iterable[str]:
    for name, (key, kind) in keys.items():
        yield f'  <key id="{key}" for="{domain}" attr.name={_quoted(name)} attr.type="{kind}"/>'


def _told(told: Mapping[str, Any], keys: Mapping[str, tuple[str, str]]) -> Iterable[str]:
    for name, value in plain_attributes(told).items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield f'      <data key="{keys[name][0]}">{escape(text, {chr(13): "&#13;"})}</data>'


def _quoted(text: str) -> str:
    return quoteattr(str(_plain(text)))
