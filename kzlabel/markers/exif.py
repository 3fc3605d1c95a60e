"""EXIF: the few text fields of a TIFF structure that say who or what made a picture (CIPA DC-008; TIFF 6.0).

Only the first directory and the Exif directory are looked at, each entry once, with every offset checked.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from struct import Struct, error
from typing import Final

from kzlabel.markers.model import Field
from kzlabel.markers.values import decoded

__all__ = ["EXIF", "SIZES", "TAGS", "field", "fields", "take", "values"]

EXIF: Final = 0x8769
"""The tag that leads to the Exif directory."""
TAGS: Final = {
    0x000B: "ProcessingSoftware",
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x9286: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
}
"""The fields that matter."""
_WANTED: Final = frozenset({*TAGS, EXIF})
_MOST_ENTRIES: Final = 512
_LONGEST: Final = 1 << 16
_WIDE: Final = frozenset({0x9C9B, 0x9C9C})
SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4, 129: 1}
"""Bytes of one value of each type that text may have."""
_Unpack = Callable[[bytes, int], tuple[int, ...]]
_ORDERS: Final[Mapping[bytes, tuple[str, _Unpack, _Unpack, _Unpack]]] = {
    mark: (
        order,
        Struct(order + "I").unpack_from,
        Struct(order + "H").unpack_from,
        Struct(order + "HHII").unpack_from,
    )
    for mark, order in ((b"II*\0", "<"), (b"MM\0*", ">"))
}


@lru_cache(maxsize=512)
def _tags(order: str, count: int) -> _Unpack:
    """Return what unpacks the tags of a directory of so many entries."""
    return Struct(order + "H10x" * max(count, 0)).unpack_from


def values(data: bytes) -> list[tuple[int, bytes]]:
    """Return tag and raw bytes of the fields that matter; those before the break where the structure is broken."""
    known = _ORDERS.get(data[:4])
    found: list[tuple[int, bytes]] = []
    if known is None:
        return found
    order, offset, number, entry = known
    try:
        at = offset(data, 4)[0]
        for _ in range(2):
            first, below = at + 2, 0
            count = min(number(data, at)[0], _MOST_ENTRIES, (len(data) - first) // 12)
            tags = _tags(order, count)(data, first) if count > 0 else ()
            for tag in _WANTED.intersection(tags):
                spot = first + 12 * tags.index(tag)
                _, kind, length, start = entry(data, spot)
                if tag == EXIF:
                    below = start
                    continue
                size = min(length * SIZES.get(kind, 0), _LONGEST)
                start = start if size > 4 else spot + 8
                if size:
                    found.append((tag, data[start : start + size]))
            if not below:
                break
            at = below
    except error:  # a directory that isn't in the data
        pass
    return found


def take(data: bytes, base: int, texts: list[bytes]) -> None:
    """Add to `texts` what the fields that matter hold, in no order, and in haste: a value may be cut short.

    The structure begins at `base` in `data`.
    """
    known = _ORDERS.get(data[base : base + 4])
    if known is None:
        return
    order, offset, number, entry = known
    size = len(data)
    try:
        at = base + offset(data, base + 4)[0]
        for _ in range(2):
            first, below = at + 2, 0
            tags = _tags(order, min(number(data, at)[0], _MOST_ENTRIES, (size - first) // 12))(data, first)
            for tag in _WANTED.intersection(tags):
                spot = first + 12 * tags.index(tag)
                _, _, length, start = entry(data, spot)
                if tag == EXIF:
                    below = start
                elif length > 4:
                    texts.append(data[base + start : base + start + length])
            if not below:
                return
            at = base + below
    except error:  # a directory that isn't in the data
        return


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields that matter as text."""
    order = "be" if data[:2] == b"MM" else "le"
    for tag, value in sorted(values(data)):
        yield from field(tag, value, order)


def field(tag: int, value: bytes, order: str) -> Iterator[Field]:
    """Yield the field that a value is, if it is one that matters and is not empty; `order` is `le` or `be`."""
    if tag not in TAGS:
        return
    text = _comment(value, order) if tag == 0x9286 else decoded(value, "utf-16-le" if tag in _WIDE else "")
    if text.strip():
        yield Field(f"EXIF {TAGS[tag]}", text.strip())


def _comment(value: bytes, order: str) -> str:
    """Return a UserComment, whose first eight bytes name its encoding; some writers leave them out."""
    code, rest = value[:8], value[8:]
    if code == b"UNICODE\0":
        even, odd = rest[:128:2].count(0), rest[1:128:2].count(0)
        if not even and not odd and rest.isascii():
            return decoded(rest)  # says so and isn't
        order = order if even == odd else "be" if even > odd else "le"
        return decoded(rest, f"utf-16-{order}")
    return decoded(rest if code in (b"ASCII\0\0\0", bytes(8), b"JIS\0\0\0\0\0") else value)
