"""What `import khala` offers, and what it must not do."""

from __future__ import annotations

import json
import subprocess
import sys

import khala
from khala import errors


def test_every_public_name_can_be_had():
    for name in khala.__all__:
        assert getattr(khala, name) is not None
    assert sorted(khala.__all__) == khala.__all__ == sorted(khala._LOADED_ON_FIRST_USE)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(khala, "nothing_of_the_kind")


def test_importing_khala_loads_nothing_heavy_and_is_quick():
    script = (
        "import sys, time, json; t = time.process_time(); import khala; s = time.process_time() - t;"
        "heavy = [m for m in ('lancedb', 'torch', 'sentence_transformers', 'networkx', 'httpx', 'structlog')"
        " if m in sys.modules]; print(json.dumps([s, heavy]))"
    )
    seconds, heavy = json.loads(subprocess.check_output([sys.executable, "-c", script]))
    assert heavy == []
    assert seconds < 0.25


def test_every_error_is_listed_and_stands_in_the_tree():
    public = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert public == set(errors.__all__)
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in public)
