"""The provenance of a run as W3C PROV-JSON: what was made from what, by which call.

Texts are entities (task, results, recollections, claims, decisions), turns and calls are activities, the model is the
agent of its turns. Each link of the reasoning graph becomes the PROV relation that says the same; one PROV has no word
for becomes `wasInfluencedBy`. Every element keeps its kind as `khala:kind`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from khala.domain.events import CallFinished, ModelReplied, Recorded, RunStarted

__all__ = ["prov_json"]

Relation = tuple[str, str, str]
"""Name of a PROV relation, and what it calls the source and the target of the link."""

_ACTIVITIES = frozenset({"turn", "call"})
_RELATIONS: Mapping[tuple[str, str, str], Relation] = {
    ("asked", "task", "turn"): ("used", "prov:entity", "prov:activity"),
    ("asked", "task", "call"): ("used", "prov:entity", "prov:activity"),
    ("asked", "turn", "call"): ("wasInformedBy", "prov:informant", "prov:informed"),
    ("produced", "call", "result"): ("wasGeneratedBy", "prov:activity", "prov:entity"),
    **{
        ("produced", "turn", said): ("wasGeneratedBy", "prov:activity", "prov:entity")
        for said in ("thought", "attempt", "answer", "claim", "recollection")
    },
    ("produced", "answer", "claim"): ("wasDerivedFrom", "prov:usedEntity", "prov:generatedEntity"),
    ("produced", "attempt", "claim"): ("wasDerivedFrom", "prov:usedEntity", "prov:generatedEntity"),
    ("used_value", "call", "result"): ("used", "prov:activity", "prov:entity"),
    ("derived_from", "claim", "result"): ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    ("derived_from", "answer", "attempt"): ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    ("recalls", "result", "result"): ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    ("recalls", "recollection", "result"): ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    ("supports", "result", "claim"): ("wasDerivedFrom", "prov:usedEntity", "prov:generatedEntity"),
}
"""By kind of the link and of its ends."""
_OTHERWISE: Relation = ("wasInfluencedBy", "prov:influencer", "prov:influencee")


def prov_json(run_id: str, node_link: Mapping[str, Any], records: Sequence[Recorded]) -> str:
    """PROV-JSON from node-link JSON, as `ReasoningGraph.node_link` gives it, and the events for times and model."""
    document: dict[str, dict[str, Any]] = {
        "prefix": {"khala": "urn:khala:terms#", "run": f"urn:khala:run:{quote(run_id)}#"}
    }
    ends = _ends(records)
    kinds: dict[str, str] = {}
    for node in node_link["nodes"]:
        key, kind = node["id"], node["kind"]
        kinds[key] = kind
        told = {f"khala:{name}": _literal(value) for name, value in node.items() if name != "id" and value is not None}
        if kind in _ACTIVITIES and key in ends:
            told["prov:endTime"] = _moment(ends[key])
        document.setdefault("activity" if kind in _ACTIVITIES else "entity", {})[_name(key)] = told
    _relate(document, node_link["links"], kinds)
    _name_model(document, records, kinds)
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _relate(document: dict[str, dict[str, Any]], links: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> None:
    for number, link in enumerate(links, start=1):
        source, target = link["source"], link["target"]
        relation, from_role, to_role = _RELATIONS.get((link["kind"], kinds[source], kinds[target]), _OTHERWISE)
        told = {
            f"khala:{name}": _literal(value)
            for name, value in link.items()
            if name not in ("source", "target", "key") and value is not None
        }
        document.setdefault(relation, {})[f"_:link{number}"] = {
            from_role: _name(source),
            to_role: _name(target),
            **told,
        }


def _name_model(document: dict[str, dict[str, Any]], records: Sequence[Recorded], kinds: Mapping[str, str]) -> None:
    started = next((record.event for record in records if isinstance(record.event, RunStarted)), None)
    turns = [key for key, kind in kinds.items() if kind == "turn"]
    if started is None or not turns:
        return
    software = {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}
    document["agent"] = {"run:model": {"prov:type": software, "khala:model": started.model}}
    document["wasAssociatedWith"] = {
        f"_:association{number}": {"prov:activity": _name(turn), "prov:agent": "run:model"}
        for number, turn in enumerate(turns, start=1)
    }


def _ends(records: Sequence[Recorded]) -> dict[str, int]:
    """When each turn and call ended, by the key of its node; milliseconds since the epoch."""
    ends: dict[str, int] = {}
    for record in records:
        if isinstance(record.event, ModelReplied):
            ends[f"turn:{record.event.turn}"] = record.event.happened_at_ms or record.at_ms
        elif isinstance(record.event, CallFinished):
            ends[f"call:{record.event.call_id}"] = record.event.happened_at_ms or record.at_ms
    return ends


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _name(key: str) -> str:
    """A node's key as a qualified name: a colon would begin another prefix."""
    return "run:" + quote(key.replace(":", "/"), safe="/-_.")


_TEXT: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False).encode


def _literal(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float) else _TEXT(value)
