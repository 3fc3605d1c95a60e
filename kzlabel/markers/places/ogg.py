"""Ogg: Vorbis comments in the second packet of a bitstream (RFC 3533, RFC 7845, Vorbis I).

    Vorbis  03 "vorbis" | comments | 01        Opus  "OpusTags" | comments | padding        Speex  comments
    FLAC    04 | length 3 | comments           Theora  81 "theora" | comments

The pages that hold the comments are written anew and keep their numbers, so that no other page changes. They take
as much more as 255 segments of 255 bytes for each page allow.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._ogg_pages import BEGIN, Page, checksum, pages
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places import vorbis
from kzlabel.markers.places.base import LARGEST, Change

__all__ = ["read", "write"]

_KINDS: Final = {
    b"\x01vorbis": b"\x03vorbis",
    b"OpusHead": b"OpusTags",
    b"Speex   ": b"",
    b"\x7fFLAC": b"\x04",
    b"\x80theora": b"\x81theora",
}
"""How the second packet begins, by how the first does; sound comes before pictures."""

_FLAC: Final = b"\x04"
_LENGTH: Final = 3
"""Bytes of the length that a FLAC block says."""
_LONGEST_BLOCK: Final = (1 << 24) - 1
_MOST_PAGES: Final = 1000
_SEGMENTS: Final = 255
_HEADER: Final = Struct("<4sBBQIIIB")
_CRC: Final = slice(22, 26)


class _Comments(NamedTuple):
    """Where the comments of a bitstream are."""

    start: bytes
    """How their packet begins."""

    pages: list[Page]
    """The pages that it is on."""

    rest: int
    """Segments of the last of them that belong to other packets."""


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located
    for found in _streams(file, limits):
        packet = _packet(file, found)
        if _begins(packet, found.start):
            yield from vorbis.fields(packet[_skip(found) :][:LARGEST])


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: into the comments of the first bitstream of sound, or of pictures."""
    streams = list(_streams(file, limits))
    found = min(streams, key=lambda stream: list(_KINDS.values()).index(stream.start), default=None)
    if found is None:
        raise NoPlaceError("the file has no bitstream whose comments could be found")
    packet = _packet(file, found)
    if not _begins(packet, found.start):
        raise MalformedError("the second packet of the bitstream isn't that of its comments")
    new, names = vorbis.with_declaration(packet[_skip(found) :], declaration)
    if not names:
        return Change()
    start = packet[: _skip(found)]
    if found.start == _FLAC:
        if len(new) > _LONGEST_BLOCK:
            raise NoPlaceError("the file's comments would be too large")
        start = packet[:1] + len(new).to_bytes(_LENGTH)
    return Change(tuple(_placed(file, found, start + new)), names)


def _begins(packet: bytes, start: bytes) -> bool:
    if start == _FLAC:
        return bytes([packet[0] & 0x7F]) == _FLAC if packet else False  # the first bit says that no block follows
    return packet.startswith(start)


def _skip(found: _Comments) -> int:
    return len(found.start) + (_LENGTH if found.start == _FLAC else 0)


def _streams(file: Reader, limits: Limits) -> Iterator[_Comments]:
    """Yield the bitstreams of the file's first part whose comments can be found."""
    walk = Walk(file, limits)
    open_streams: dict[int, _Comments] = {}
    for number, page in enumerate(pages(walk)):
        if page.flags & BEGIN:
            head = file.read(page.data, min(8, page.end - page.data))
            start = next((second for first, second in _KINDS.items() if head.startswith(first)), None)
            if start is not None:
                open_streams[page.serial] = _Comments(start, [], 0)
        elif page.serial in open_streams:
            stream = open_streams[page.serial]
            stream.pages.append(page)
            end = next((at for at, length in enumerate(page.segments) if length < _SEGMENTS), None)
            if end is not None:
                del open_streams[page.serial]
                yield stream._replace(rest=len(page.segments) - end - 1)
        if (number and not open_streams) or number > _MOST_PAGES:
            return


def _packet(file: Reader, found: _Comments) -> bytes:
    """Return the packet of comments.

    Raises:
        MalformedError: It is too large.
    """
    sizes = [sum(page.segments) for page in found.pages]
    if found.rest:
        sizes[-1] = sum(found.pages[-1].segments[: -found.rest])
    if sum(sizes) > _LONGEST_BLOCK:
        raise MalformedError("the file's comments are too large")
    return b"".join(file.read(page.data, size) for page, size in zip(found.pages, sizes, strict=True))


def _placed(file: Reader, found: _Comments, packet: bytes) -> Iterator[Edit]:
    """Yield the pages of the comments with `packet` on them."""
    lengths = bytes([_SEGMENTS]) * (len(packet) // _SEGMENTS) + bytes([len(packet) % _SEGMENTS])
    taken = at = 0
    for number, page in enumerate(found.pages):
        last = number == len(found.pages) - 1
        here = len(lengths) - taken if last else min(_SEGMENTS, len(lengths) - taken - 1)
        segments = lengths[taken : taken + here]
        data = packet[at : at + sum(segments)]
        taken, at = taken + here, at + sum(segments)
        if last and found.rest:
            rest = page.segments[-found.rest :]
            segments += rest
            data += file.read(page.end - sum(rest), sum(rest))
        if not segments or len(segments) > _SEGMENTS:
            raise NoPlaceError("the pages of the file's comments are full", "keep the statement in the label alone")
        header = _HEADER.pack(b"OggS", 0, page.flags, page.granule, page.serial, page.number, 0, len(segments))
        made = header + segments + data
        made = made[: _CRC.start] + checksum(made).to_bytes(4, "little") + made[_CRC.stop :]
        yield Edit(page.start, page.end, (made,))
