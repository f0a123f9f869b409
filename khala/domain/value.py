"""What every value of the domain is: frozen, closed to unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

__all__ = ["JsonObject", "Value"]

JsonObject = dict[str, JsonValue]
"""A JSON object as Python holds it."""


class Value(BaseModel):
    """A frozen value; a changed value is a new value, an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
