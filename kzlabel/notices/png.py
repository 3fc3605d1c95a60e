"""PNG: the rows under the badge are written anew, at their own depth; every other pixel and chunk stays.

Pillow would make 8 bits of 16 and lose chunks that it doesn't know; so the chunks are ours, and of Pillow only the
decoder of filtered rows is used. Rows above the badge stay as they are filtered, and so do those below it but the
first, whose filter may look at the row above.
"""

import struct
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.notices import palette
from kzlabel.notices.apng import write as write_animation
from kzlabel.notices.contrast import Colour
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pictures import MOST_BYTES, Box, Stamp, check_size, stamp
from kzlabel.notices.png_rows import Header, Rows, blended, compressed, rows_of
from kzlabel.notices.wanted import Wanted

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["write"]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHUNKS: Final = 100_000
_PALETTE: Final = 3
_ORIENTATION: Final = 0x0112
_STALE: Final = {b"caBX", b"hIST"}
"""A manifest store speaks of the old bytes, a histogram of the old pixels."""


class Chunk(NamedTuple):
    """A chunk of a PNG."""

    kind: bytes
    content: bytes


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the badge to `destination`.

    Raises:
        MalformedError: It is broken.
        NoticeError: It is too small or too large, or has no room for the badge's colours.
    """
    data = file.read(0, file.size)
    chunks = _chunks(data)
    if any(chunk.kind == b"acTL" for chunk in chunks):
        kept = [chunk for chunk in chunks if chunk.kind not in _STALE]
        write_animation(file, wanted, destination, lambda encoded: _with_chunks(encoded, kept))
        return
    header = Header.of(chunks[0].content)
    check_size(header.width, header.height)
    if header.row * header.height > MOST_BYTES:
        raise NoticeError(
            "the PNG is too large for a notice", f"up to {MOST_BYTES:,} bytes of samples are drawn on"
        )
    rows = rows_of(header, b"".join(chunk.content for chunk in chunks if chunk.kind == b"IDAT"))
    content = {chunk.kind: chunk.content for chunk in chunks}
    turned = _orientation(content.get(b"eXIf", b""))
    if header.colour == _PALETTE:
        header, changed, pixels = _numbered(header, rows, content, wanted, turned)
    else:
        changed, pixels = {}, _coloured(header, rows, content.get(b"tRNS"), wanted, turned)
    changed[b"IHDR"] = header.written()
    _write(destination, chunks, changed, pixels)


def _coloured(header: Header, rows: Rows, key: bytes | None, wanted: Wanted, turned: int) -> bytes:
    """Return the compressed pixels of a picture in greys or colours, with the badge."""
    if key is not None and header.depth < 8:
        raise NoticeError("a PNG of few greys, one of them transparent, can't have a notice", "convert it to RGBA")

    def region(box: Box) -> Iterable["Image.Image"]:
        return [rows.seen(box)]

    solid = key is not None or header.depth < 8
    mark = stamp((header.width, header.height), turned, wanted, region, solid=solid)
    under = rows.samples(mark.box)
    over = blended(under, mark.badge, header)
    if key is not None:
        _avoid(over, under, key)
    rows.put(mark.box, over)
    return compressed(rows)


def _avoid(over: NDArray[np.uint16], under: NDArray[np.uint16], key: bytes) -> None:
    """Change pixels of the badge by one where they are of the colour that stands for transparency."""
    colour = np.frombuffer(key, ">u2")
    hit = (over == colour).all(axis=-1) & (over != under).any(axis=-1)
    over[hit, -1] ^= 1


def _numbered(
    header: Header, rows: Rows, content: dict[bytes, bytes], wanted: Wanted, turned: int
) -> tuple[Header, dict[bytes, bytes], bytes]:
    """Return the header, the changed chunks and the compressed pixels of a picture with a table of colours."""
    raw = content.get(b"PLTE", b"")
    if not raw or len(raw) % 3 or len(raw) > 768:
        raise MalformedError("the colour table of the PNG is missing or broken")
    table: list[Colour] = [(raw[at], raw[at + 1], raw[at + 2]) for at in range(0, len(raw), 3)]
    numbers = rows.samples((0, 0, header.width, header.height))[:, :, 0].astype(np.uint8)
    if int(numbers.max()) >= len(table):
        raise MalformedError("a pixel of the PNG has a colour that its table hasn't")
    mark = _solid_stamp(header, numbers, table, wanted, turned)
    left, top, right, bottom = mark.box
    free = palette.free_entries(numbers, 1 << header.depth)
    if len(free) < 8 and header.depth < 8:
        header = header.deeper()
        free = palette.free_entries(numbers, 256)
    painted = palette.paint(mark.badge, table, free)
    part = numbers[top:bottom, left:right]
    part[painted.shape] = painted.numbers[painted.shape]
    changed = {b"PLTE": b"".join(bytes(colour) for colour in painted.table)}
    if b"tRNS" in content:
        alphas = bytearray(content[b"tRNS"])
        for entry in (*painted.new, *np.unique(painted.numbers).tolist()):
            if entry < len(alphas):
                alphas[entry] = 255
        changed[b"tRNS"] = bytes(alphas)
    rows = Rows.made(header, numbers)
    return header, changed, compressed(rows)


def _solid_stamp(
    header: Header, numbers: palette.Numbers, table: list[Colour], wanted: Wanted, turned: int
) -> Stamp:
    from PIL import Image  # noqa: PLC0415 - an extra, and slow to import

    colours = np.array(table, dtype=np.uint8)

    def region(box: Box) -> Iterable[Image.Image]:
        left, top, right, bottom = box
        return [Image.fromarray(colours[numbers[top:bottom, left:right]])]

    return stamp((header.width, header.height), turned, wanted, region, solid=True)


def _chunks(data: bytes) -> list[Chunk]:
    """Return the chunks up to the end.

    Raises:
        MalformedError: The file is broken.
    """
    found: list[Chunk] = []
    at = len(_SIGNATURE)
    while at + 12 <= len(data) and len(found) < _CHUNKS:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length > len(data) - at - 12:
            raise MalformedError(f"the chunk at byte {at} of the PNG reaches beyond its end")
        content = data[at + 8 : at + 8 + length]
        if kind.isupper() and zlib.crc32(kind + content) != int.from_bytes(
            data[at + 8 + length : at + 12 + length]
        ):
            raise MalformedError(f"the chunk at byte {at} of the PNG has a wrong checksum")
        found.append(Chunk(kind, content))
        at += 12 + length
        if kind == b"IEND":
            break
    kinds = [chunk.kind for chunk in found]
    if kinds[:1] != [b"IHDR"] or b"IDAT" not in kinds or kinds[-1] != b"IEND":
        raise MalformedError("the PNG is not whole")
    return found


def _write(destination: BinaryIO, chunks: list[Chunk], changed: dict[bytes, bytes], pixels: bytes) -> None:
    destination.write(_SIGNATURE)
    done = False
    for chunk in chunks:
        if chunk.kind in _STALE or (chunk.kind == b"IDAT" and done):
            continue
        done = done or chunk.kind == b"IDAT"
        content = pixels if chunk.kind == b"IDAT" else changed.get(chunk.kind, chunk.content)
        destination.write(_written(chunk.kind, content))


def _written(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))


def _with_chunks(encoded: bytes, old: list[Chunk]) -> bytes:
    """Return an animation that was encoded anew, with the old file's chunks that aren't pixels."""
    new = _chunks(encoded)
    moving = {b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"IDAT", b"IEND"}
    before = [chunk for chunk in old if chunk.kind not in moving]
    first, *rest = [chunk for chunk in new if chunk.kind in moving]
    parts = [first, *before, *rest]
    return _SIGNATURE + b"".join(_written(chunk.kind, chunk.content) for chunk in parts)


def _orientation(exif: bytes) -> int:
    """Return how the picture is turned to be seen, as its EXIF says; 1 where that can't be read."""
    from PIL import Image  # noqa: PLC0415 - as above

    if not exif:
        return 1
    values = Image.Exif()
    try:
        values.load(b"Exif\0\0" + exif)
        return int(values.get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - broken EXIF says nothing
        return 1
