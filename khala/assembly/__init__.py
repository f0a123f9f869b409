"""The one room that knows both the loop and the adapters: opens a home and puts agents together in it."""

from khala.assembly.guarding import guarded
from khala.assembly.home import Home

__all__ = ["Home", "guarded"]
