"""Settings all tests share."""

from __future__ import annotations

from hypothesis import settings

# a shared machine may pause any example; a test that is too slow shows in the suite's time instead
settings.register_profile("khala", deadline=None)
settings.load_profile("khala")
