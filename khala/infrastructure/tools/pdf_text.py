"""Takes the text layer out of a PDF; the only importer of pypdf."""

from __future__ import annotations

import io
import logging

from khala.errors import MissingExtra

__all__ = ["pdf_text"]


def pdf_text(content: bytes) -> tuple[str, str]:
    """Title and text of a PDF, a blank line between pages.

    Raises `MissingExtra` without pypdf, and `ValueError` for a PDF that cannot be read or has no text layer.
    """
    try:
        import pypdf
    except ImportError:
        raise MissingExtra("pypdf", extra="pdf") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns about each flaw of a file that it then reads well
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        title = (reader.metadata.title if reader.metadata else None) or ""
        pages = [page.extract_text() for page in reader.pages]
    except Exception as problem:  # noqa: BLE001 (a damaged file raises anything, not only PyPdfError)
        raise ValueError(f"cannot be read as PDF: {type(problem).__name__}") from None
    # a PDF can map glyphs to half a character or to NUL; neither can be stored as text
    text = "\n\n".join(pages).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if not text.strip():
        raise ValueError("a PDF without a text layer: scanned pages are not read")
    return str(title), text
