"""Puts what is told of the runs, our script and style, and the graph library into one page that lets nothing else run.

Why a text from a log cannot become script, markup or a request:

1. All that comes from a log stands in one JSON block. In it `<`, `>`, `&`, U+2028 and U+2029 are spelled as JSON
   escapes, so no text can end the block or begin another element.
2. The script reads the block with `JSON.parse` and puts texts into the page as text nodes only; it makes no link.
3. Should it ever do otherwise: the Content-Security-Policy lets run only the scripts, and apply only the style, whose
   SHA-256 it names, forbids every request, form and base address, and makes the browser refuse markup built from text.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Any

__all__ = ["page", "page_json"]

SCRIPTS = (
    "elements.js", "words.js", "evidence.js", "answer.js", "timeline.js", "graph_layout.js", "graph.js", "budget.js",
    "comparison.js", "viewer.js",
)  # fmt: skip
"""Our own, in the order in which they are joined to one; a later one uses what an earlier one names."""

_SPELLED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character: JSON can name it, UTF-8 cannot hold it."""


def page(document: Mapping[str, Any]) -> str:
    """The page for one or two runs; always encodable as UTF-8."""
    style, library = _own("viewer.css"), _own("cytoscape.min.js")
    script = '"use strict";\n{\n' + "".join(map(_own, SCRIPTS)) + "}\n"
    allowed = (
        "default-src 'none'",
        f"script-src {_source(library)} {_source(script)}",
        f"style-src {_source(style)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    # one pass over the template: what is put in is never searched for places to fill
    return Template(_own("viewer.html")).substitute(
        allowed="; ".join(allowed), style=style, runs=page_json(document), library=library, script=script
    )


def page_json(document: Mapping[str, Any]) -> str:
    """The document as JSON that can stand inside a `script` element and in a UTF-8 file."""
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_SPELLED)
    return _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _source(text: str) -> str:
    """How a policy names an inline script or style: by the SHA-256 of its very bytes."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _own(name: str) -> str:
    return files("khala.infrastructure.viewer").joinpath(name).read_bytes().decode()
