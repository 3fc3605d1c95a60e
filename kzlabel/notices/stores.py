"""Leaving out a manifest store that a text carries: it speaks of the text without the notice."""

from types import MappingProxyType
from typing import Final

from kzlabel.files import BytesReader, Reader
from kzlabel.formats import html, structured, text
from kzlabel.limits import DEFAULT_LIMITS

__all__ = ["without_store"]

_LOCATE: Final = MappingProxyType(
    {
        "text/plain": text.locate,
        "text/html": html.locate,
        "text/markdown": structured.Named(".md").locate,
    }
)


def without_store(file: Reader, media_type: str) -> Reader:
    """Return a text without the manifest store in it; one without a store, and any other file, as it is.

    Raises:
        LimitError: It is too long.
    """
    locate = _LOCATE.get(media_type)
    carriers = locate(file, DEFAULT_LIMITS).carriers if locate else ()
    spans = sorted(span for carrier in carriers for span in carrier.excluded)
    if not spans:
        return file
    kept, at = [], 0
    for span in spans:
        kept.append(file.read(at, max(0, span.start - at)))
        at = max(at, span.end)
    kept.append(file.read(at, file.size - at))
    return BytesReader(b"".join(kept))
