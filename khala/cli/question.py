"""A call that waits for a person, told with where each of its values comes from and how far a yes would reach."""

from __future__ import annotations

import json
from collections.abc import Iterator

from khala.domain.decision import Consent, Decision, Traced
from khala.domain.grounding import Endorsement
from khala.domain.value import JsonObject
from khala.infrastructure.security.confusables import FILLERS, confusable

__all__ = ["told_choices", "told_question", "told_reach"]

SHOWN_CHARS = 120
"""Of a value in the list; all of it stands in the arguments."""


def told_question(tool: str, arguments: JsonObject, decision: Decision) -> str:
    """What would run, why it is asked about, and where its values come from; to be escaped before it is shown."""
    written = _spelled(json.dumps(arguments, ensure_ascii=False, indent=2))
    rules = ", ".join(decision.rules)
    return "\n".join((f"{tool} {written}", f"asked by rule {rules}: {decision.reason}", *_told_values(decision)))


def told_reach(decision: Decision) -> Iterator[tuple[Consent, str]]:
    """What each yes that is wider than this call would allow beside it."""
    for consent in decision.consents:
        if consent != "once" and decision.tool_effect is not None:
            endorsed = "; ".join(map(_told_endorsement, decision.endorsements(consent, decision.tool_effect)))
            yield consent, f"for the rest of this run also {endorsed}"


def told_choices(decision: Decision) -> str:
    """What can be typed in answer."""
    choices = " / ".join(("[y]es once", *(f"[{each[0]}]{each[1:]}" for each, _ in told_reach(decision)), "[N]o"))
    reaches = "".join(f"{consent}: {what}\n" for consent, what in told_reach(decision))
    return f"{reaches}allow this call? {choices}"


def _told_values(decision: Decision) -> list[str]:
    refused: dict[tuple[str, str, str], list[str]] = {}
    for each in decision.offences:
        refused.setdefault((each.path, each.role, each.value), []).append(each.rule)
    # what was asked about may stand behind the values that are listed
    listed: dict[tuple[str, str, str], Traced] = {
        (each.path, each.role, each.value): each for each in (*decision.values, *decision.offences)
    }
    return [
        f"  {path} ({role}) {_quoted(value)} {_told_origin(listed[path, role, value])}"
        + (f": not enough for {', '.join(refused[path, role, value])}" if (path, role, value) in refused else "")
        for path, role, value in listed
    ]


def _told_origin(value: Traced) -> str:
    origins = " and ".join(value.origins)
    told = f"comes from {origins}" if origins else "stands nowhere"
    if value.sources:
        told += f", in {', '.join(value.sources)}"
    return f"{told}; has letters that look like others, or like none" if confusable(value.value) else told


def _told_endorsement(endorsement: Endorsement) -> str:
    what = f"whatever {endorsement.source} says" if endorsement.value is None else _quoted(endorsement.value)
    most = "" if endorsement.most is None else f" that moves {endorsement.most:g} at most"
    return f"{what} as {endorsement.role} of a {endorsement.effect} call{most}"


def _quoted(text: str) -> str:
    shown = text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."
    return _spelled(json.dumps(shown, ensure_ascii=False))


def _spelled(written: str) -> str:
    """JSON with the characters spelled out that print, as far as Python knows, and show nothing."""
    return "".join(json.dumps(sign)[1:-1] if sign in FILLERS else sign for sign in written)
