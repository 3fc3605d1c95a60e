"""The pixels of a PNG: rows as they are filtered, and samples at their own depth (PNG 3rd edition, 7 and 9)."""

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kzlabel.errors import MalformedError
from kzlabel.notices.errors import NoticeError

if TYPE_CHECKING:
    from PIL import Image

    from kzlabel.notices.pictures import Box

__all__ = ["Header", "Rows", "blended", "compressed", "rows_of"]

_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_NONE, _SUB, _UP = 0, 1, 2
_DECODERS: Final = {
    1: ("L", ("L",)),
    2: ("LA", ("LA",)),
    3: ("RGB", ("RGB",)),
    4: ("RGBA", ("RGBA",)),
    6: ("RGB", ("RGB;16B", "RGB;16L")),
    8: ("RGBA", ("RGBA;16B", "RGBA;16L")),
}
"""By bytes of a pixel: the mode in which Pillow's decoder gives them, and how, high and low bytes apart."""


class Header(NamedTuple):
    """What IHDR says."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: int

    @staticmethod
    def of(content: bytes) -> "Header":
        """Return the header that an IHDR holds.

        Raises:
            MalformedError: It is broken.
        """
        if len(content) != 13:
            raise MalformedError("the header of the PNG has a wrong length")
        width, height, depth, colour, compression, filters, interlaced = struct.unpack(">IIBBBBB", content)
        if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlaced > 1:
            raise MalformedError("the header of the PNG says what no PNG has")
        return Header(width, height, depth, colour, interlaced)

    @property
    def channels(self) -> int:
        """Samples of a pixel."""
        return _CHANNELS[self.colour]

    @property
    def pixel(self) -> int:
        """Bytes between a byte and the one that a filter compares it with."""
        return max(1, self.channels * self.depth // 8)

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return (self.width * self.channels * self.depth + 7) // 8

    def deeper(self) -> "Header":
        """Return the header of the same picture with 8 bits for each sample."""
        return self._replace(depth=8)

    def written(self) -> bytes:
        """Return the content of its IHDR; what is written isn't interlaced."""
        return struct.pack(">IIBBBBB", self.width, self.height, self.depth, self.colour, 0, 0, 0)


class Rows:
    """The rows of a picture: `filtered` as a PNG has them, and unfiltered where that was asked for."""

    def __init__(self, header: Header, filtered: bytearray, plain: NDArray[np.uint8] | None = None) -> None:
        self.header = header
        self.filtered = filtered
        self._plain = plain

    @staticmethod
    def made(header: Header, samples: NDArray[np.uint8]) -> "Rows":
        """Return the rows of a picture with one sample of up to 8 bits for each pixel."""
        rows = Rows(header._replace(interlaced=0), bytearray(), _packed(samples[:, :, None], header))
        rows.refilter(0, header.height)
        return rows

    def plain(self, until: int) -> NDArray[np.uint8]:
        """Return the unfiltered bytes of at least the first `until` rows."""
        if self._plain is None or len(self._plain) < until:
            self._plain = _unfiltered(self.header, self.filtered, until)
        return self._plain

    def samples(self, box: "Box") -> NDArray[np.uint16]:
        """Return the samples of the pixels in a box, by row, column and channel."""
        left, top, right, bottom = box
        rows = self.plain(bottom)[top:bottom]
        return _unpacked(rows, self.header)[:, left:right].astype(np.uint16)

    def put(self, box: "Box", samples: NDArray[np.uint16]) -> None:
        """Let the pixels in a box have these samples."""
        left, top, right, bottom = box
        last = min(bottom + 1, self.header.height)
        plain = self.plain(last)
        part = _unpacked(plain[top:bottom], self.header).copy()
        part[:, left:right] = samples
        plain[top:bottom] = _packed(part, self.header)
        self.refilter(top, last)

    def refilter(self, start: int, stop: int) -> None:
        """Write rows `start` to `stop` anew from their plain bytes; all of them where none are written yet."""
        plain = self.plain(stop)[start:stop]
        step = self.header.pixel
        before = np.zeros_like(plain)
        before[:, step:] = plain[:, :-step]
        coloured = self.header.depth >= 8 and self.header.colour != 3
        lines = np.empty((len(plain), self.header.row + 1), dtype=np.uint8)
        lines[:, 0] = _SUB if coloured else _NONE
        lines[:, 1:] = plain - before if coloured else plain
        size = self.header.row + 1
        self.filtered[start * size : stop * size] = lines.tobytes()

    def seen(self, box: "Box") -> "Image.Image":
        """Return the pixels in a box as they look, in 8 bits."""
        from PIL import Image  # noqa: PLC0415 - an extra, and slow to import

        samples = self.samples(box).astype(np.uint32) * 255 // ((1 << self.header.depth) - 1)
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[self.header.channels]
        left, top, right, bottom = box
        return Image.frombytes(mode, (right - left, bottom - top), samples.astype(np.uint8).tobytes())


def rows_of(header: Header, stream: bytes) -> Rows:
    """Return the rows in a compressed stream.

    Raises:
        MalformedError: It is broken, or has too few or too many bytes.
    """
    if header.interlaced:
        whole = _deinterlaced(header, stream)
        rows = Rows(header._replace(interlaced=0), bytearray(), whole)
        rows.refilter(0, header.height)
        return rows
    size = header.height * (header.row + 1)
    inflate = zlib.decompressobj()
    try:
        filtered = bytearray(inflate.decompress(stream, size))
    except zlib.error as error:
        raise MalformedError(f"the pixels of the PNG can't be read: {error}") from None
    if len(filtered) != size:
        raise MalformedError("the PNG has fewer pixels than it says")
    return Rows(header, filtered)


def _unfiltered(header: Header, filtered: bytearray, until: int) -> NDArray[np.uint8]:
    from PIL import Image  # noqa: PLC0415 - as above

    mode, ways = _DECODERS[header.pixel]
    width = header.row // header.pixel
    size = header.row + 1
    stream = zlib.compress(bytes(filtered[: until * size]), 1)
    planes = [
        np.frombuffer(Image.frombytes(mode, (width, until), stream, "zip", way, 0).tobytes(), np.uint8)
        for way in ways
    ]
    return np.stack(planes, axis=-1).reshape(until, header.row)


def _deinterlaced(header: Header, stream: bytes) -> NDArray[np.uint8]:
    """Return the plain rows of an interlaced picture; Pillow's decoder puts the passes together."""
    from PIL import Image  # noqa: PLC0415 - as above

    mode, ways = _DECODERS[header.pixel]
    if header.depth < 8:
        mode, ways = "P", (f"P;{header.depth}",)
    size = header.width, header.height
    planes = [np.frombuffer(Image.frombytes(mode, size, stream, "zip", way, 1).tobytes(), np.uint8) for way in ways]
    if header.depth < 8:
        return _packed(planes[0].reshape(header.height, header.width, 1), header)
    return np.stack(planes, axis=-1).reshape(header.height, header.row)


def _unpacked(rows: NDArray[np.uint8], header: Header) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """Return rows of bytes as samples, by row, column and channel."""
    if header.depth == 16:
        wide = np.ascontiguousarray(rows).view(">u2").astype(np.uint16)
        return wide.reshape(len(rows), header.width, header.channels)
    if header.depth == 8:
        return rows.reshape(len(rows), header.width, header.channels)
    bits = np.unpackbits(rows, axis=1).reshape(len(rows), -1, header.depth)
    weights = 1 << np.arange(header.depth - 1, -1, -1, dtype=np.uint8)
    samples: NDArray[np.uint8] = (bits * weights).sum(axis=2, dtype=np.uint8)[:, : header.width, None]
    return samples


def _packed(samples: NDArray[np.uint16] | NDArray[np.uint8], header: Header) -> NDArray[np.uint8]:
    """Return samples as rows of bytes."""
    count = len(samples)
    if header.depth == 16:
        return np.ascontiguousarray(samples.astype(">u2")).view(np.uint8).reshape(count, header.row)
    if header.depth == 8:
        return samples.astype(np.uint8).reshape(count, header.row)
    shifts = np.arange(header.depth - 1, -1, -1, dtype=np.uint8)
    bits = (samples.astype(np.uint8) >> shifts) & 1
    return np.packbits(bits.reshape(count, -1), axis=1)


def blended(under: NDArray[np.uint16], badge: "Image.Image", header: Header) -> NDArray[np.uint16]:
    """Return the samples in the badge's box with the badge over them; transparent ones become opaque under it."""
    most = (1 << header.depth) - 1
    picture = np.asarray(badge, dtype=np.float64) / 255
    grey, alpha = picture[:, :, 0], picture[:, :, 3]
    result = under.astype(np.float64)
    colours = header.channels - (header.colour in (4, 6))
    shown = alpha
    if colours < header.channels:
        own = result[:, :, -1] / most
        total = alpha + own * (1 - alpha)
        shown = np.divide(alpha, total, out=np.zeros_like(alpha), where=total > 0)
        result[:, :, -1] = total * most
    if header.depth < 8:
        shown = (alpha >= 0.5).astype(np.float64)
    for channel in range(colours):
        result[:, :, channel] = grey * most * shown + result[:, :, channel] * (1 - shown)
    new = np.rint(result).astype(np.uint16)
    if new.shape != under.shape:
        raise NoticeError("the badge doesn't fit its place")
    return new


def compressed(rows: Rows) -> bytes:
    """Return the stream of the rows."""
    return zlib.compress(bytes(rows.filtered), 6)
