"""How long the guard takes to decide, beside plain CEL and Cedar, which do not ask where a value came from.

    python benchmarks/guard.py [--decisions 2000] [--json FILE]

The policies hold 1, 20 and 200 rules over nine tools that search, send and pay; each call is made for another rule and
decided by it. The run has 0, 60 or 600 earlier results of 4 kB. Untrusted ones are never searched; trusted ones are
searched whole, for a value that stands in none of them. `Guard.decide` is timed whole: schema, digest, facts, rules and
permit. CEL and Cedar get the same conditions without `grounded` and `from_user`, compiled before, and do nothing else.
All take turns in one process, so that a slow moment of the machine hits all alike; the first decisions of a turn only
warm it up. Cedar needs `pip install cedarpy`.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from cel_expr_python import cel
from loop_overhead import look

from khala import tool
from khala.agent.guard import Guard, Ruling
from khala.domain.budget import Spend
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.label import Label, Trust
from khala.domain.manifest import ToolEffect
from khala.domain.value import JsonObject
from khala.infrastructure.security.policy_file import parse_policy
from khala.infrastructure.store.canonical import canonical_digest

RULES = (1, 20, 200)
TURN, WARM = 50, 5
"""Decisions a variant makes in its turn, and how many of them before those are not counted."""
CEL, CEDAR = "plain CEL, one expression", "cedarpy, parsed before"
HISTORIES: dict[str, tuple[int, Trust, int | None]] = {
    "guard, no history": (0, "untrusted", 25),
    "guard, 60 untrusted": (60, "untrusted", None),
    "guard, 600 untrusted": (600, "untrusted", 60),
    "guard, 600 trusted, in none": (600, "trusted", 60),
}
"""Earlier results, their trust, and the design's target: p50 in us with 20 rules."""


def send(topic: str, recipient: str, text: str) -> None:
    """Tell somebody."""


def pay(account: str, currency: str, cents: int, reference: str, payee: str) -> None:
    """Move money."""


def read(folder: str, words: str, limit: int = 20) -> None:
    """Look for words."""


KINDS: list[tuple[tuple[ToolEffect, Callable[..., None], str], str, str, JsonObject, JsonObject]] = [
    (
        ("send", send, "send_mail post_message share_file"),
        'args.topic == "team-{n}" && args.recipient.endsWith(".example") && grounded(args.recipient)',
        'args.topic == "team-{n}" && args.recipient.endsWith("@press.example")',
        {"topic": "team-{n}", "recipient": "ann@corp.example", "text": "The report of this week is ready. " * 6},
        {"topic": "team-{n}", "recipient": "bob@press.example", "text": "The report of this week is ready. " * 6},
    ),
    (
        ("pay", pay, "pay_invoice transfer refund"),
        'args.account == "centre-{n}" && args.currency == "EUR" && from_user(args.reference) && grounded(args.payee)',
        'args.account == "centre-{n}" && args.cents > 500000',
        {"account": "centre-{n}", "currency": "EUR", "cents": 98_700, "reference": "rent", "payee": "DE8937040044"},
        {"account": "centre-{n}", "currency": "EUR", "cents": 987_000, "reference": "rent", "payee": "FR7630006000"},
    ),
    (
        ("read", read, "search_mail search_files search_tickets"),
        'args.folder == "team-{n}" && grounded(args.words)',
        'args.folder == "team-{n}" && args.limit > 100',
        {"folder": "team-{n}", "words": "heating", "limit": 20},
        {"folder": "team-{n}", "words": "roof repair", "limit": 500},
    ),
]
"""Effect, function and names of tools; what allows and what denies a call; arguments allowed, and arguments denied."""
TASK = "Search heating, roof repair; pay rent to DE8937040044, FR7630006000; mail ann@corp.example, bob@press.example"


class Ask(NamedTuple):
    """One rule, as each variant has it, and the call made for it."""

    effect: str
    looks_at: Sequence[str]
    toml: str
    cel: str
    cedar: str
    call: dict[str, Any]


def ask(number: int) -> Ask:
    """The rule of that number: of four, three allow one tool something, and one denies it to all tools of a kind."""
    team, place = divmod(number, 12)
    (tool_effect, _, names), allow, deny, fine, bad = KINDS[number % 3]
    name, denies = names.split()[place // 4], place in (3, 7, 11)
    effect, verb, looks_at = ("deny", "forbid", names.split()) if denies else ("allow", "permit", [name])
    when = (deny if denies else allow).replace("{n}", str(team))
    plain = re.sub(r" && (from_user|grounded)\(.*", "", when)
    by, chosen = ("effect", tool_effect) if denies else ("tool", name)
    actions = ", ".join(f'Action::"{each}"' for each in looks_at)
    context = re.sub(r'\.endsWith\("(.*?)"\)', r' like "*\1"', plain.replace("args.", "context."))
    toml = f"[[rule]]\nid = 'r{number}'\neffect = '{effect}'\n{by}s = ['{chosen}']\nwhen = '{when}'\n"
    cedar = f"{verb}(principal, action in [{actions}], resource) when {{ {context} }};"
    args = json.loads(json.dumps(bad if denies else fine).replace("{n}", str(team)))
    call = {"tool": name, "effect": tool_effect, "args": args}
    return Ask(effect, looks_at, toml, f'({by} == "{chosen}" && {plain})', cedar, call)


def history(results: int, trust: Trust) -> Grounding:
    """What the user and earlier results said; a trusted history says nothing of what the calls name."""
    grounding = Grounding()
    grounding.add_user_words("Pay the rent." if trust == "trusted" else TASK)
    for number in range(results):
        grounding.add_result(str(look.function(number)), Label(trust=trust))
    return grounding


@dataclass
class Variant:
    """One way to decide, with calls and answers of its own (hence Any); the calls never end."""

    name: str
    rules: int
    calls: Iterator[Any]
    decide: Callable[[Any], Any]
    allows: Callable[[Any], bool] = bool
    times_us: list[float] = field(default_factory=list[float])

    def next_allows(self) -> bool:
        """Decide on the next call; only `decide` is timed."""
        call = next(self.calls)
        began = time.perf_counter_ns()
        answer = self.decide(call)
        self.times_us.append((time.perf_counter_ns() - began) / 1_000)
        return self.allows(answer)


def guards(rules: Sequence[Ask], histories: dict[str, Grounding]) -> list[Variant]:
    """One guard over each history."""
    offered = [tool(name=name, effect=effect)(act) for (effect, act, names), *_ in KINDS for name in names.split()]
    policy = parse_policy("version = 1\n" + "".join(rule.toml for rule in rules), source="benchmark", tools=offered)
    guard = Guard(policy, offered, digest=canonical_digest)
    calls = [ToolCall(id="run-1", tool=rule.call["tool"], arguments=rule.call["args"]) for rule in rules]
    spend = Spend()

    def allows(ruling: Ruling) -> bool:
        if ruling.permit is not None:
            guard.redeem(ruling.permit)  # as in a run, or permits would pile up
        return ruling.decision.effect == "allow"

    return [
        Variant(name, len(rules), cycle(calls), lambda call, said=grounding: guard.decide(call, said, spend), allows)
        for name, grounding in histories.items()
    ]


def others(rules: Sequence[Ask]) -> list[Variant]:
    """CEL alone, the whole policy in one expression; and Cedar, its policies parsed before, when it is installed."""
    text = cel.Type.STRING
    environment = cel.NewEnv(variables={"tool": text, "effect": text, "args": cel.Type.Map(text, cel.Type.DYN)})
    allow = " || ".join(rule.cel for rule in rules if rule.effect == "allow")
    deny = " || ".join(rule.cel for rule in rules if rule.effect == "deny") or "false"
    program = environment.compile(f"({allow}) && !({deny})")
    calls = cycle([rule.call for rule in rules])
    plain = Variant(CEL, len(rules), calls, lambda call: program.eval(environment.Activation(call)).value())
    try:
        cedarpy = importlib.import_module("cedarpy")
    except ImportError:
        return [plain]
    policies = cedarpy.PolicySet.from_str("\n".join(rule.cedar for rule in rules))
    nobody = cedarpy.Entities.from_json_str("[]")
    sides = {"principal": 'User::"ann"', "resource": 'Desk::"ann"'}
    calls = cycle([{**sides, "action": f'Action::"{r.call["tool"]}"', "context": r.call["args"]} for r in rules])
    cedar = Variant(CEDAR, len(rules), calls, lambda call: cedarpy.is_authorized(call, policies, nobody).allowed)
    return [plain, cedar]


def prepared() -> list[Variant]:
    """All variants, after each has shown that it decides as the rules mean it; this also warms them up."""
    histories = {name: history(results, trust) for name, (results, trust, _) in HISTORIES.items()}
    variants: list[Variant] = []
    for count in RULES:
        rules = [ask(number) for number in range(count)]
        for variant in (*guards(rules, histories), *others(rules)):
            for rule in rules:
                if variant.next_allows() is (rule.effect == "deny" or variant.name.endswith("in none")):
                    raise SystemExit(f"{variant.name}, {count} rules: decides wrongly on {rule.call}")
            variant.times_us.clear()
            variants.append(variant)
    return variants


def measure(decisions: int) -> list[dict[str, Any]]:
    """The figures of each variant."""
    variants = prepared()
    gc.collect()
    gc.freeze()  # leaves out what was built so far; collecting stays on, as in a run
    for _ in range(max(1, decisions // TURN)):
        for variant in random.sample(variants, len(variants)):  # no one is always the neighbour of another
            for _ in range(WARM + TURN):
                variant.next_allows()
            del variant.times_us[-WARM - TURN : -TURN]
    figures: list[dict[str, Any]] = []
    for each in variants:
        *_, p99 = statistics.quantiles(each.times_us, n=100)
        times = {"decisions": len(each.times_us), "p50_us": statistics.median(each.times_us), "p99_us": p99}
        figures.append({"variant": each.name, "rules": each.rules, **times})
    plain_us = {each["rules"]: each["p50_us"] for each in figures if each["variant"] == CEL}
    return [{**each, "to_plain_cel": each["p50_us"] / plain_us[each["rules"]]} for each in figures]


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=2_000, help="counted ones of each variant")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parsed = parser.parse_args()
    figures = measure(parsed.decisions)
    policies = [[ask(number) for number in range(count)] for count in RULES]
    asked = [statistics.fmean(sum(a.call["tool"] in b.looks_at for b in each) for a in each) for each in policies]
    heads = (f"rules {count}, asked {each:.1f}" for count, each in zip(RULES, asked, strict=True))
    print(" " * 28, *(f"{head:<26}" for head in heads), "target")
    for name in (*HISTORIES, CEL, CEDAR):
        found = [each for each in figures if each["variant"] == name]
        cells = ["{p50_us:6.1f} /{p99_us:7.1f} {to_plain_cel:7.2f}x".format(**each) for each in found]
        goal = HISTORIES[name][2] or "" if name in HISTORIES else ""
        print(f"{name:<28}", *(f"{cell:<26}" for cell in cells or ["not installed: pip install cedarpy"]), goal)
    print("p50 / p99 in us, p50 to plain CEL's; asked: conditions a call; target: the design's p50 with 20 rules")
    if parsed.json:
        Path(parsed.json).write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
