"""The packaged MiniLM, loaded once for all tests of memory."""

from __future__ import annotations

import pytest

from khala.infrastructure.memory.sentence_embedder import SentenceEmbedder, find_embedder


@pytest.fixture(scope="session")
def minilm() -> SentenceEmbedder:
    embedder = find_embedder()
    if embedder is None:
        pytest.skip("needs the `memory` and `minilm` extras")
    return embedder
