"""The hard binding of Ogg once more, slowly and from the text alone (C2PA 2.4 A.3.5, 18.7.3.7; RFC 3533).

Shares no code with the package: pages are cut, checked and hashed in plain loops, and the manifest store is
searched for its assertion box by box.
"""

import hashlib
from typing import NamedTuple

from tests.agreement.slow_store import assertion

__all__ = ["Page", "Stream", "binding_holds", "crc", "cut", "joined", "store_of", "streams_of"]


class Page(NamedTuple):
    """The fields of RFC 3533 section 6."""

    flags: int
    granule: int
    serial: int
    number: int
    lacing: list[int]
    body: bytes
    crc: int | None = None
    """As stored; None for the right one."""

    def write(self) -> bytes:
        """Return the page's bytes."""
        head = b"OggS\0" + bytes([self.flags]) + self.granule.to_bytes(8, "little")
        head += self.serial.to_bytes(4, "little") + self.number.to_bytes(4, "little")
        tail = bytes([len(self.lacing), *self.lacing]) + self.body
        stored = crc(head + bytes(4) + tail) if self.crc is None else self.crc
        return head + stored.to_bytes(4, "little") + tail


Stream = list[Page]

_TABLE = []
for _byte in range(256):
    _value = _byte << 24
    for _ in range(8):
        _value = (_value << 1) ^ (0x04C11DB7 if _value & 0x80000000 else 0)
    _TABLE.append(_value & 0xFFFFFFFF)


def crc(data: bytes) -> int:
    """Return the checksum of a page whose CRC field is zero."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def cut(data: bytes) -> list[Page] | None:
    """Return all pages; None if there is anything else in the file."""
    found, at = [], 0
    while at < len(data):
        if data[at : at + 5] != b"OggS\0" or at + 27 > len(data):
            return None
        count = data[at + 26]
        lacing = list(data[at + 27 : at + 27 + count])
        start = at + 27 + count
        body = data[start : start + sum(lacing)]
        if len(lacing) < count or len(body) < sum(lacing):
            return None
        whole = int.from_bytes
        found.append(
            Page(
                data[at + 5],
                whole(data[at + 6 : at + 14], "little"),
                whole(data[at + 14 : at + 18], "little"),
                whole(data[at + 18 : at + 22], "little"),
                lacing,
                body,
                whole(data[at + 22 : at + 26], "little"),
            )
        )
        at = start + sum(lacing)
    return found


def joined(pages: list[Page]) -> bytes:
    """Return the file that consists of `pages`."""
    return b"".join(page.write() for page in pages)


def streams_of(pages: list[Page]) -> dict[int, Stream]:
    """Return the pages by serial number, in the order of first appearance."""
    streams: dict[int, Stream] = {}
    for page in pages:
        streams.setdefault(page.serial, []).append(page)
    return streams


def store_of(stream: Stream) -> bytes | None:
    """Return the store that a bitstream holds; None if it isn't one whole packet in undamaged pages."""
    packets, open_packet, going_on = [], b"", False
    for number, page in enumerate(stream):
        if page.crc != crc(page._replace(crc=0).write()) or page.number != number:
            return None
        if bool(page.flags & 1) is not going_on or bool(page.flags & 2) is not (number == 0):
            return None
        at = 0
        for length in page.lacing:
            open_packet += page.body[at : at + length]
            at += length
            going_on = length == 255
            if not going_on:
                packets.append(open_packet)
                open_packet = b""
    if going_on or not packets or any(packets[1:]) or not packets[0].startswith(b"\0c2pa"):
        return None
    return packets[0][5:]


def binding_holds(data: bytes) -> bool:
    """Return whether the file has one store whose box hashes are those of all its other streams."""
    pages = cut(data)
    if pages is None:
        return False
    streams = streams_of(pages)
    carriers = [serial for serial, stream in streams.items() if stream[0].body.startswith(b"\0c2pa")]
    late = [page for page in pages if page.flags & 2 and page.body.startswith(b"\0c2pa")]
    if len(carriers) != 1 or len(late) != 1:
        return False
    store = store_of(streams[carriers[0]])
    content = None if store is None else assertion(store, "c2pa.hash.boxes")
    if content is None:
        return False
    expected = []
    for serial, stream in streams.items():
        own = serial == carriers[0]
        digest = b"\0" if own else hashlib.new(content["alg"], joined(stream)).digest()
        expected.append((["C2PA" if own else f"Stream-{serial}"], digest))
    return expected == [(entry["names"], entry["hash"]) for entry in content["boxes"]]
