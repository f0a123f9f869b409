"""Whose runs and results they are: a tenant, and an agent within it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from .value import Value

__all__ = ["Namespace"]

_NAME = re.compile(r"[\w.@+-]{0,100}")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a tenant or agent is named by up to 100 letters, digits and `_.@+-`")
    return name


class Namespace(Value):
    """A tenant and an agent, either without a name.

    Tenants never see anything of each other; the tenant without a name is a tenant like any other. An agent with a name
    sees what is its own; without a name it sees all of its tenant.
    """

    tenant: Annotated[str, AfterValidator(_checked)] = ""
    agent: Annotated[str, AfterValidator(_checked)] = ""

    def contains(self, other: Namespace) -> bool:
        """Whether whoever is here sees what is there."""
        return self.tenant == other.tenant and self.agent in {"", other.agent}
