"""IPTC-IIM in Photoshop's image resources: the fields that name a source (IIM 4.2; resource 0x0404).

    "Photoshop 3.0" 00 | { "8BIM" | id 2 | name, padded | size 4 | data, padded } ...
    IIM: { 1C | record 1 | dataset 1 | size 2 | data } ...

The resource is searched for rather than walked to, and so are the datasets in it.
"""

import re
from collections.abc import Iterator
from typing import Final

from kzlabel.markers.model import Field
from kzlabel.markers.values import decoded

__all__ = ["HEADER", "fields", "values"]

HEADER: Final = b"Photoshop 3.0\0"
_RESOURCE: Final = b"8BIM\x04\x04"
_NAMES: Final = {
    5: "ObjectName",
    40: "SpecialInstructions",
    65: "OriginatingProgram",
    80: "By-line",
    110: "Credit",
    115: "Source",
    120: "Caption",
}
_DATASET: Final = re.compile(rb"\x1c\x02([\x05\x28\x41\x50\x6e\x73\x78])([\0-\x7f].)", re.DOTALL)
_MOST: Final = 64


def values(data: bytes) -> list[tuple[int, bytes]]:
    """Return dataset and raw bytes of the fields that matter."""
    start = data.find(_RESOURCE)
    if start < 0:
        return []
    found: list[tuple[int, bytes]] = []
    for match in _DATASET.finditer(data, start):
        size = int.from_bytes(match[2])
        found.append((match[1][0], data[match.end() : match.end() + size]))
        if len(found) >= _MOST:
            break
    return found


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields that matter as text."""
    for dataset, value in values(data):
        text = decoded(value).strip()
        if text:
            yield Field(f"IIM {_NAMES[dataset]}", text)
