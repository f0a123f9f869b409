"""`khala policy check` and `khala policy init`: what a policy means for its tools, and one to begin with."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from khala.cli.policy_tools import governed, named_tools
from khala.cli.progress import printable, short
from khala.errors import CallerError
from khala.infrastructure.security.policy_draft import draft_policy
from khala.infrastructure.security.policy_review import PolicyReview, ReviewedTool, review_policy

__all__ = ["check", "init"]


def check(parsed: argparse.Namespace) -> int:
    """Load a policy and lay it out; the return value is the exit code."""
    policy, tools = governed(parsed.file, parsed.tools)
    review = review_policy(policy, tools)
    if parsed.json:
        print(json.dumps({"file": parsed.file, **review.model_dump(mode="json")}, ensure_ascii=False))
    else:
        print(printable("\n".join(_told(parsed.file, review))))
    return 0


def init(parsed: argparse.Namespace) -> int:
    """Write a policy to begin with; the return value is the exit code."""
    tools = named_tools(parsed.tools)
    text = draft_policy(tools)
    if parsed.output is not None:
        _create(Path(parsed.output), text)
    if parsed.json:
        names = [tool.name for tool in tools]
        print(json.dumps({"file": parsed.output, "tools": names, "policy": text}, ensure_ascii=False))
    elif parsed.output is None:
        print(text, end="")
    else:
        check_it = f"khala policy check {parsed.output} --tools {parsed.tools}"
        print(printable(f"{parsed.output}: {_counted(len(tools), 'tool')} to review; `{check_it}` says what is left"))
    return 0


def _create(path: Path, text: str) -> None:
    """A new file; never in place of another."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CallerError(f"`{path}` exists and is never overwritten: name a new file") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CallerError(f"`{path}` cannot be written ({reason}): name another file") from None


def _told(file: str, review: PolicyReview) -> list[str]:
    width = max(len(each.rule) for each in review.rules)
    counted = f"{_counted(len(review.rules), 'rule')}, {_counted(len(review.tools), 'tool')}"
    lines = [f"{file}: {counted}, digest {review.digest[:12]}", "", "rules"]
    for rule in review.rules:
        condition = f"  when {short(rule.when)}" if rule.when is not None else ""
        lines.append(f"  {rule.rule:<{width}}  {rule.effect:<5}  {', '.join(rule.tools) or 'no tool'}{condition}")
    width = max(len(each.tool) for each in review.tools)
    lines += ["", "tools", *(f"  {each.tool:<{width}}  {_standing(each)}" for each in review.tools), ""]
    if not review.warnings:
        return [*lines, "no warnings"]
    return [*lines, "warnings", *(f"  {warning}" for warning in review.warnings)]


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _standing(tool: ReviewedTool) -> str:
    if tool.effect is None:
        return "not described: every call is denied"
    sides = (("allowed by", tool.allowed_by), ("asked by", tool.asked_by), ("denied by", tool.denied_by))
    rules = "; ".join(f"{side} {', '.join(ids)}" for side, ids in sides if ids)
    return f"{tool.effect:<7}  {rules or 'no rule looks at it'}"
