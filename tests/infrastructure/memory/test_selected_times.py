from __future__ import annotations

from contextlib import closing

import pytest

from khala.domain.selection import Selection
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.word_memory import WordMemory
from khala.testing.memory_check import example_result


@pytest.mark.parametrize("kind", [LanceMemory, WordMemory])
def test_a_time_beyond_all_others_selects_all_or_nothing(tmp_path, kind):
    with closing(kind(tmp_path)) as memory:
        memory.remember(example_result("swordfish", at_ms=5))
        for far in (2**63, 2**70):
            assert not memory.recall("swordfish", where=Selection(since_ms=far))
            assert not memory.recall("swordfish", where=Selection(before_ms=-far))
            assert memory.recall("swordfish", where=Selection(since_ms=-far, before_ms=far))
