"""JPEG XL: XMP in a box `xml ` and EXIF in a box `Exif` of the container (ISO 18181-2)."""

from collections.abc import Iterator
from typing import Final

from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._bmff import boxes
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.markers import exif, xmp
from kzlabel.markers.model import Field
from kzlabel.markers.places.base import LARGEST

__all__ = ["read"]

_CONTAINER: Final = b"\0\0\0\x0cJXL "


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`; a bare codestream has no metadata."""
    del located
    if not file.head.startswith(_CONTAINER):
        return
    walk = Walk(file, limits)
    for box in boxes(walk, 0, file.size):
        at = box.start + box.header
        if box.size > LARGEST or box.type not in (b"xml ", b"Exif"):
            continue
        data = file.read(at, box.end - at)
        if box.type == b"xml ":
            yield from xmp.fields(data)
        else:
            yield from exif.fields(data[4 + int.from_bytes(data[:4]) :])
