"""How the command line says what a home's memory works with: an embedding endpoint, an object store for the index."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from khala.errors import CallerError

if TYPE_CHECKING:
    from khala.assembly import Home
    from khala.infrastructure.memory.endpoint_embedder import EndpointEmbedder

__all__ = ["add_home_options", "home_settings", "opened_home"]

EMBEDDINGS_KEY_VARIABLE = "KHALA_EMBEDDINGS_API_KEY"
"""Where the key of the embedding endpoint is looked for: not where the model's is, which belongs to another host."""

_SETTINGS = ("embeddings", "embeddings_name", "embeddings_dims", "query_prefix", "document_prefix", "index")


def add_home_options(parser: argparse.ArgumentParser) -> None:
    """The options, all optional."""
    parser.add_argument(
        "--embeddings",
        metavar="URL",
        help="an OpenAI-compatible endpoint that embeds what memory keeps (default: the installed model); its key is"
        f" read from {EMBEDDINGS_KEY_VARIABLE}",
    )
    parser.add_argument("--embeddings-name", metavar="NAME", help="the model to ask for at that endpoint")
    parser.add_argument("--embeddings-dims", type=int, metavar="N", help="how many numbers its vectors have")
    parser.add_argument("--query-prefix", metavar="TEXT", help="what that model wants before a query")
    parser.add_argument("--document-prefix", metavar="TEXT", help="what that model wants before a text")
    parser.add_argument(
        "--index",
        metavar="s3://BUCKET/PREFIX",
        help="keep memory's index in an object store instead of in the home; endpoint, region and keys are read from"
        " the AWS_ variables",
    )


def home_settings(parsed: argparse.Namespace) -> dict[str, str]:
    """The options as a run's log keeps them, so that a resumed run has them too."""
    return {name: str(getattr(parsed, name) or "") for name in _SETTINGS}


def opened_home(path: str, settings: Mapping[str, str], *, semantic: bool = True, must_exist: bool = False) -> Home:
    """The home at `path` with the memory that the settings describe; with `must_exist` none is made."""
    from khala.assembly import Home
    from khala.infrastructure.memory.place import Bucket

    opened = Home.existing if must_exist else Home
    index = Bucket(settings["index"]) if settings.get("index") else None
    return opened(path, semantic=semantic, embedder=_embedder(settings), index=index)


def _embedder(settings: Mapping[str, str]) -> EndpointEmbedder | None:
    url, name, dims = (settings.get(each, "") for each in _SETTINGS[:3])
    if not url:
        if name or dims:
            raise CallerError("`--embeddings-name` and `--embeddings-dims` need `--embeddings`: the endpoint's address")
        return None
    if not (name and dims):
        raise CallerError(
            "`--embeddings` needs `--embeddings-name` and `--embeddings-dims`: the model, and how long its vectors are"
        )
    from khala.infrastructure.memory.endpoint_embedder import EndpointEmbedder

    return EndpointEmbedder(
        url,
        name,
        dims=int(dims),
        api_key=os.environ.get(EMBEDDINGS_KEY_VARIABLE),
        query_prefix=settings.get("query_prefix", ""),
        document_prefix=settings.get("document_prefix", ""),
    )
