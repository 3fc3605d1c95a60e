"""Pages of Ogg (RFC 3533): cutting a file into them, checking them, and making those of one packet.

    "OggS" | version 0 | flags 1 | granule position 8 | serial number 4 | page number 4 | CRC 4 | segments 1
    | a length for each segment | data

Integers are little-endian. A packet is made of segments of 255 bytes and a last one that is shorter, of 0 bytes
where need be; it may go on over pages, of which each then begins with the flag "continued".
"""

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from kzlabel.errors import MalformedError
from kzlabel.formats._window import Walk

__all__ = ["BEGIN", "CONTINUED", "NO_PACKET_ENDS", "Page", "checksum", "packet_size", "page_at", "pages"]
__all__ += ["write_packet"]

CONTINUED: Final = 1
"""Flag of a page whose first segment goes on with the packet of the page before."""

BEGIN: Final = 2
"""Flag of a bitstream's first page."""

END: Final = 4
"""Flag of its last one."""

NO_PACKET_ENDS: Final = (1 << 64) - 1
"""Granule position of a page on which no packet ends."""

HEAD: Final = 27
"""Bytes of a page before the lengths of its segments."""

_MAGIC: Final = b"OggS"
_HEADER: Final = Struct("<4sBBQIIIB")
_CRC: Final = slice(22, 26)
_SEGMENT: Final = 255
_MOST: Final = 255
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in reverse order."""


class Page(NamedTuple):
    """One page: what its header says, and where it lies."""

    start: int
    flags: int
    granule: int
    serial: int
    number: int
    crc: int
    segments: bytes
    """The lengths of the segments."""

    @property
    def data(self) -> int:
        """Offset of the first byte of the first segment."""
        return self.start + HEAD + len(self.segments)

    @property
    def end(self) -> int:
        """Offset of the first byte after the page."""
        return self.data + sum(self.segments)


def pages(walk: Walk) -> Iterator[Page]:
    """Yield the pages of a file, which fill it without gaps.

    Raises:
        MalformedError: Something else is there, or the file ends inside a page.
        LimitError: There are too many.
    """
    at = 0
    while at < walk.size:
        walk.count()
        header = walk.read(at, HEAD)
        page = page_at(header + walk.read(at + HEAD, header[HEAD - 1]), 0)
        assert page is not None  # noqa: S101 - all of the header was given
        page = page._replace(start=at)
        if page.end > walk.size:
            raise MalformedError(f"the file ends inside the Ogg page at {at}")
        yield page
        at = page.end


def page_at(data: bytes | bytearray, at: int) -> Page | None:
    """Return the page whose header begins at `at` of `data`; None if `data` ends before the header does.

    Raises:
        MalformedError: No page begins there.
    """
    if len(data) < at + HEAD:
        return None
    magic, version, flags, granule, serial, number, crc, count = _HEADER.unpack_from(data, at)
    if magic != _MAGIC or version:
        raise MalformedError(f"no Ogg page begins at {at}, where one should")
    segments = bytes(data[at + HEAD : at + HEAD + count])
    return Page(at, flags, granule, serial, number, crc, segments) if len(segments) == count else None


def checksum(page: bytes) -> int:
    """Return the CRC of a whole page, reckoned with zeros in the place of its CRC.

    Ogg's is the CRC-32 of everybody else with its bits the other way round, and without the two inversions.
    """
    plain = bytearray(page)
    plain[_CRC] = bytes(4)
    mirrored = zlib.crc32(plain.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED))


def packet_size(length: int) -> int:
    """Return how many bytes the pages of one packet of `length` bytes have together."""
    segments = length // _SEGMENT + 1
    return length + segments + HEAD * -(-segments // _MOST)


def write_packet(packet: bytes, serial: int) -> bytes:
    """Return a whole bitstream that consists of one packet."""
    lengths = bytes([_SEGMENT]) * (len(packet) // _SEGMENT) + bytes([len(packet) % _SEGMENT])
    made: list[bytes] = []
    for number, first in enumerate(range(0, len(lengths), _MOST)):
        segments = lengths[first : first + _MOST]
        last = first + _MOST >= len(lengths)
        flags = (CONTINUED if number else BEGIN) | (END if last else 0)
        granule = 0 if last else NO_PACKET_ENDS
        header = _HEADER.pack(_MAGIC, 0, flags, granule, serial, number, 0, len(segments))
        start = first * _SEGMENT
        page = header + segments + packet[start : start + sum(segments)]
        made.append(page[: _CRC.start] + checksum(page).to_bytes(4, "little") + page[_CRC.stop :])
    return b"".join(made)
