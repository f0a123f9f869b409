"""A policy file with the files it includes, each once, as one list of parts.

`include = ["khala:grounded"]` names rules that khala brings, any other name is a file, looked for beside the one that
includes it. What is included counts as if it stood in the file: rules only add up, so their order means nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from khala.errors import PolicyInvalid

from .policy_document import MAX_POLICY_BYTES, PolicyDocument, PolicySource, file_content, read_document, suggestion

__all__ = ["BUILTIN_POLICIES", "PolicyPart", "builtin_source", "read_parts"]

BUILTIN_POLICIES: Mapping[str, str] = {"khala:grounded": "grounded_policy.toml", "khala:tools": "builtin_policy.toml"}
"""Policies that khala brings, by the name under which they are included."""

MAX_PARTS = 50
"""Files that one policy may be made of; more are not reviewed."""


@dataclass(frozen=True)
class PolicyPart:
    """One file of a policy."""

    source: PolicySource
    document: PolicyDocument
    is_builtin: bool
    """Whether khala brings it; such rules may speak of roles that no tool has."""


@dataclass
class _Reading:
    parts: list[PolicyPart] = field(default_factory=list[PolicyPart])
    digests: list[str] = field(default_factory=list[str])
    seen: dict[str, bool] = field(default_factory=dict[str, bool])
    """Files by what identifies them; true while the files they include are being read."""

    def read(self, content: bytes, *, name: str, folder: Path | None, identity: str, is_builtin: bool = False) -> None:
        if len(content) > MAX_POLICY_BYTES:
            raise PolicyInvalid(f"{name}: the policy is larger than {MAX_POLICY_BYTES} bytes: split what it governs")
        source = PolicySource.decoded(name, content)
        document = read_document(source)
        self.seen[identity] = True
        self.digests.append(hashlib.sha256(content).hexdigest())
        self.parts.append(PolicyPart(source, document, is_builtin))
        if len(self.parts) > MAX_PARTS:
            raise source.fault(f"the policy is made of more than {MAX_PARTS} files: put some together")
        for wanted in document.include:
            self._include(wanted, source, folder)
        self.seen[identity] = False

    def _include(self, wanted: str, source: PolicySource, folder: Path | None) -> None:
        line = source.line_of("include")
        if wanted.startswith("khala:"):
            if wanted not in BUILTIN_POLICIES:
                raise source.fault(f"khala brings no `{wanted}`: {suggestion(wanted, BUILTIN_POLICIES)}", line=line)
            content, path, identity = builtin_source(wanted), None, wanted
        else:
            if folder is None:
                raise source.fault(f"`{wanted}` cannot be included: this text stands in no folder", line=line)
            path = folder / wanted
            try:
                identity = os.path.realpath(path)
                content = file_content(path, what="included policy", most_bytes=MAX_POLICY_BYTES)
            except (PolicyInvalid, ValueError) as error:
                raise source.fault(f"`include`: {error}", line=line) from None
        if identity in self.seen:
            if self.seen[identity]:
                raise source.fault(f"`{wanted}` includes this file again: take one of the two lines out", line=line)
            return
        name = wanted if path is None else str(path)
        self.read(
            content,
            name=name,
            folder=None if path is None else path.parent,
            identity=identity,
            is_builtin=path is None,
        )


def builtin_source(name: str) -> bytes:
    """The text of a policy that khala brings."""
    return resources.files("khala.infrastructure.security").joinpath(BUILTIN_POLICIES[name]).read_bytes()


def read_parts(content: bytes, *, source: str, folder: Path | None) -> tuple[tuple[PolicyPart, ...], str]:
    """The parts of a policy, the file itself first, and the SHA-256 that stands for all of them.

    `folder` is where included files are looked for. Raises `PolicyInvalid`.
    """
    reading = _Reading()
    path = None if folder is None else os.path.realpath(folder / Path(source).name)
    reading.read(content, name=source, folder=folder, identity=path or source)
    digests = reading.digests
    whole = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return tuple(reading.parts), whole
