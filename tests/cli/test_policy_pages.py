"""The pages about policies are true: their files are written, their commands run, their output compared."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from khala.domain.grounding import ORIGINS
from khala.domain.manifest import FieldKind, ToolEffect

DOCS = Path(__file__).parents[2] / "docs"
ELSEWHERE = {"keep-the-index-on-an-object-store"}
"""Pages that need a server of their own, tested beside it."""

PAGES = [DOCS / "policy.md", *sorted(page for page in (DOCS / "how-to").glob("*.md") if page.stem not in ELSEWHERE)]
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown(page: Path) -> list[tuple[str, str]]:
    """Commands of a page with the output it promises."""
    consoles = [body for kind, _, body in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == "console"]
    steps = [step for body in consoles for step in re.split(r"^\$ ", body, flags=re.MULTILINE) if step]
    return [(step.partition("\n")[0], step.partition("\n")[2]) for step in steps]


def write_files(page: Path, folder: Path) -> None:
    for _, name, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if name:
            (folder / name).write_text(body, encoding="utf-8")


class Shell:
    """Runs commands as a page shows them; `RUN` stands for the last run of the home, `RUN-1` for a result of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0

    def run(self, command: str) -> str:
        if command == "echo $?":
            return f"{self.code}\n"
        program, *arguments = shlex.split(command)
        start = {"khala": ["-m", "khala.cli.main"], "python": []}[program]
        run_id = self._last_run()
        arguments = [re.sub(r"^RUN(?=-\d+$|$)", run_id, each) for each in arguments]
        done = subprocess.run(
            [sys.executable, *start, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env={**os.environ, "PYTHONWARNINGS": "error"},
            timeout=60,
            check=False,
        )
        self.code = done.returncode
        told = re.sub(r"^\d{4}-\d\d-\d\d .*\n", "", done.stdout, flags=re.MULTILINE)  # log lines bear the time
        for known in filter(None, (run_id, self._last_run())):  # the command may have made one
            told = told.replace(known, "RUN")
        return told.replace(f"{self.folder}{os.sep}", "")

    def _last_run(self) -> str:
        if not (self.folder / "home").is_dir():
            return ""
        listed = subprocess.run(
            [sys.executable, "-m", "khala.cli.main", "runs", "--home", "home", "--json"],
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=60,
            check=True,
        )
        return json.loads(listed.stdout)["runs"][-1]["run_id"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_happens(page, tmp_path):
    write_files(page, tmp_path)
    steps = shown(page)
    assert steps
    shell = Shell(tmp_path)
    for command, output in steps:
        assert shell.run(command) == output, command


def test_the_language_page_names_every_key_and_every_example_on_it_loads():
    from khala.cli.policy_tools import builtin_tools
    from khala.domain.tool import tool
    from khala.infrastructure.security.policy_document import LimitEntry, PolicyDocument, RuleEntry, ToolEntry
    from khala.infrastructure.security.policy_file import ROLES, parse_policy

    @tool
    def send_mail(to: str, body: str, cc: list[str] | None = None) -> str:
        """Send a mail."""
        return f"{to}{body}{cc}"

    @tool
    def read_inbox() -> str:
        """Read the inbox."""
        return ""

    text = PAGES[0].read_text(encoding="utf-8")
    fields = [
        field for entry in (PolicyDocument, RuleEntry, LimitEntry, ToolEntry) for field in entry.model_fields.items()
    ]
    shown_as = {"rule": "[[rule]]", "limit": "[[limit]]", "tool": "[tool.NAME]"}
    for key in (shown_as.get(name, about.alias or name) for name, about in fields):
        assert re.search(rf"^\| (?:`\w+`, )*`{re.escape(key)}`(?:, `\w+`)* \|", text, re.MULTILINE), key
    origins = text.partition("## Origins")[2].partition("## Conditions")[0]
    assert re.findall(r"^\| `(\w+)` \|", origins, re.MULTILINE) == [*ORIGINS]
    assert [each for each in get_args(FieldKind) if f"| `{each}` |" not in text] == []
    assert [each for each in ROLES if f"`{each}`" not in text] == []
    assert [each for each in get_args(ToolEffect) if f'`"{each}"`' not in text] == []
    examples = {name: body for _, name, body in BLOCK.findall(text)}
    tools = [send_mail, read_inbox, *builtin_tools()]
    policy, sharing = (
        parse_policy(examples[name], source=name, tools=tools) for name in ("policy.toml", "sharing.toml")
    )
    assert [rule.effect for rule in policy.rules] == ["allow", "allow", "ask", "deny"]
    assert [rule.id for rule in sharing.rules if rule.origins or rule.principals or rule.when] == [
        "recipients-somebody-vouches-for",
        "only-the-office-sends",
        "ten-mails-an-hour",
    ]
