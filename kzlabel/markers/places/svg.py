"""SVG: XMP in the document's metadata (SVG 1.1 section 21; XMP specification part 3).

The RDF in the document is cut out and read as a packet of its own, with the namespaces that the root declares. What
is written is a packet of its own as well, first in the `metadata` element, which is made where there is none.
"""

import re
from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._splice import Edit
from kzlabel.formats._splice_svg import _Document, _tag
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places.base import LARGEST, Change

__all__ = ["read", "write"]

_MOST: Final = 1 << 24
"""Bytes of a document in which RDF is looked for."""
_RDF: Final = re.compile(rb"<(x:xmpmeta|rdf:RDF)[\s>].*?</\1\s*>", re.DOTALL)
_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?svg\b[^>]{0,16384}>")
_SPACE: Final = re.compile(rb"\sxmlns:([A-Za-z_][\w.-]*)\s*=\s*(?:\"([^\"<&]*)\"|'([^'<&]*)')")
_OURS: Final = re.compile(rb"<x:xmpmeta[\s>].*?</x:xmpmeta\s*>", re.DOTALL)
_MOST_PACKETS: Final = 16
_ENCODING: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*[\"'](?!utf-8[\"']|us-ascii[\"'])", re.IGNORECASE
)


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located, limits
    data = file.read(0, min(file.size, _MOST))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    yield from _fields(data)


def _fields(data: bytes) -> Iterator[Field]:
    root = _ROOT.search(data)
    spaces = {name: one or other for name, one, other in _SPACE.findall(root[0] if root else b"")}
    declared = b"".join(b' xmlns:%s="%s"' % pair for pair in spaces.items())
    for count, found in enumerate(_RDF.finditer(data)):
        if count >= _MOST_PACKETS:
            return
        if len(found[0]) <= LARGEST:
            yield from xmp.fields(b"<x%s>%s</x>" % (declared, found[0]))


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`."""
    if file.size > _MOST:
        raise MalformedError("the document is too large")
    data = file.read(0, file.size)
    if _ENCODING.match(data):
        raise MalformedError("the document is in an encoding in which nothing is written")
    document = _Document(file, limits)
    document.find()
    root = _tag(file, document.root)
    found = _OURS.search(data)
    if found:
        new, names = xmp.written(found[0], declaration, wrapped=False)
        return Change((Edit(*found.span(), (new,)),), names) if names else Change()
    new, names = xmp.written(b"", declaration, wrapped=False, skip=frozenset(field.name for field in _fields(data)))
    if not names:
        return Change()
    if document.metadata < 0:
        return Change((Edit(root.end, root.end, (b"<metadata>" + new + b"</metadata>",)),), names)
    at = _tag(file, document.metadata).end
    return Change((Edit(at, at, (new,)),), names)
