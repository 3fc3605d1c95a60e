"""TIFF: the strips or tiles under the badge are written anew on every page, at their own depth; all else stays.

A strip that became longer goes to the end of the file, and the page's table of strips then leads there. Pages
with lossy or facsimile compression are refused: they can't be written as they were. A later page that is too
small for the words, which is a preview mostly, has the acronym; one that is too small for that has nothing.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.notices import palette
from kzlabel.notices.badge import fitting
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pictures import MOST_BYTES, Box, Stamp, check_size, stamp
from kzlabel.notices.tiff_codec import CODECS, difference, integral
from kzlabel.notices.tiff_directory import Directory, directories
from kzlabel.notices.wanted import Wanted

__all__ = ["write"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_FILL_ORDER, _STRIPS, _SAMPLES, _ROWS, _STRIP_SIZES, _PLANAR = 266, 273, 277, 278, 279, 284
_ORIENTATION, _PREDICTOR, _COLOURS, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES = (
    274,
    317,
    320,
    322,
    323,
    324,
    325,
)
_EXTRA, _SAMPLE_FORMAT, _SUBFILE = 338, 339, 254
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK = 0, 1, 2, 3, 5
_COLOURS_OF: Final = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4}
_FULL: Final = 256

Samples = NDArray[np.uint16]


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the badge on every page to `destination`.

    Raises:
        LimitError: It has too many pages.
        MalformedError: It is broken.
        NoticeError: A page is too small or too large, or of a kind that can't be written as it was.
    """
    data = bytearray(file.read(0, file.size))
    done: set[int] = set()
    found = list(directories(data))
    pages = [part for part in found if part.has(_WIDTH) and not part.number(_SUBFILE, 0) & 1]
    if not pages:
        raise MalformedError("the TIFF has no picture")
    _Page(pages[0], done).draw(wanted)
    for directory in pages[1:]:
        page = _Page(directory, done)
        smaller = fitting(*page.size, wanted)
        if smaller is not None:
            page.draw(smaller)
    for before, part in zip(reversed(found[:-1]), reversed(found[1:]), strict=True):
        if not part.has(_WIDTH):  # it holds a manifest store (C2PA 2.4 A.3.6)
            before.skip_next(part.next)
    found[0].forget_manifest()
    destination.write(data)


class _Page:
    """One page: its layout, and its samples as they are stored."""

    def __init__(self, directory: Directory, done: set[int]) -> None:
        self._directory = directory
        self._done = done
        number = directory.number
        self.size = number(_WIDTH), number(_HEIGHT)
        check_size(*self.size)
        self._samples = number(_SAMPLES, 1)
        depths = set(directory.numbers(_BITS, (1,)))
        self._photometric = number(_PHOTOMETRIC)
        self._predicted = number(_PREDICTOR, 1) == 2
        self._compression = number(_COMPRESSION, 1)
        self._depth = depths.pop() if len(depths) == 1 else 0
        self._check()
        self._planes = self._samples if number(_PLANAR, 1) == 2 else 1
        tiled = directory.has(_TILES)
        self._across = number(_TILE_WIDTH) if tiled else self.size[0]
        self._down = number(_TILE_HEIGHT) if tiled else min(number(_ROWS, self.size[1]), self.size[1])
        check_size(self._across, self._down)
        self._tables = (_TILES, _TILE_SIZES) if tiled else (_STRIPS, _STRIP_SIZES)
        self._tiled = tiled
        self._places = list(directory.numbers(self._tables[0]))
        self._sizes = list(directory.numbers(self._tables[1]))
        columns, rows = -(-self.size[0] // self._across), -(-self.size[1] // self._down)
        if len(self._places) != len(self._sizes) or len(self._places) < columns * rows * self._planes:
            raise MalformedError("the TIFF has fewer strips than its size asks for")
        self._columns, self._rows = columns, rows

    def _check(self) -> None:
        number = self._directory.number
        colours = _COLOURS_OF.get(self._photometric)
        formats = set(self._directory.numbers(_SAMPLE_FORMAT, (1,)))
        if self._compression not in CODECS:
            raise NoticeError(
                f"a TIFF page with compression {self._compression} can't be written as it was",
                "save it with LZW or Deflate",
            )
        fine = (
            colours is not None
            and colours <= self._samples <= 8
            and formats == {1}
            and number(_FILL_ORDER, 1) == 1
            and number(_PREDICTOR, 1) in (1, 2)
            and (self._depth in (8, 16) or (self._depth == 1 and self._samples == 1 and not self._predicted))
            and (self._photometric != _PALETTE or self._depth == 8)
            and not (self._depth == 1 and self._photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO))
        )
        if not fine:
            raise NoticeError(
                "the TIFF's pixels are of a kind that can't have a notice", "save it as 8 or 16-bit RGB"
            )
        self._colours = colours or 1

    def draw(self, wanted: Wanted) -> None:
        """Draw the badge on the page."""
        turned = self._directory.number(_ORIENTATION, 1)
        solid = self._photometric == _PALETTE or self._depth == 1
        mark = stamp(self.size, turned, wanted, self._seen, solid=solid)
        under = self._read(mark.box)
        if self._photometric == _PALETTE:
            self._paint(under, mark)
        else:
            self._blend(under, mark)
        self._put(mark.box, under)

    def _seen(self, box: Box) -> Iterable[Image.Image]:
        """Return what a box looks like, in 8 bits."""
        samples = self._read(box)
        if self._photometric == _PALETTE:
            colours = np.array(self._table(), dtype=np.uint8)
            return [Image.fromarray(colours[samples[:, :, 0]])]
        scaled = (samples.astype(np.uint32) * 255 // ((1 << self._depth) - 1)).astype(np.uint8)
        height, width = scaled.shape[:2]
        mode = {1: "L", 3: "RGB", 4: "CMYK"}[self._colours]
        seen = Image.frombytes(mode, (width, height), scaled[:, :, : self._colours].tobytes())
        if self._photometric == _WHITE_IS_ZERO:
            seen = seen.point([255 - value for value in range(256)])
        seen = seen.convert("RGB")
        if self._alpha is not None:
            seen.putalpha(Image.frombytes("L", (width, height), scaled[:, :, self._alpha].tobytes()))
        return [seen]

    @property
    def _alpha(self) -> int | None:
        """The channel that says how opaque a pixel is."""
        extra = self._directory.numbers(_EXTRA, ())
        return self._colours if extra[:1] in ((1,), (2,)) and self._samples > self._colours else None

    def _blend(self, samples: Samples, mark: Stamp) -> None:
        most = (1 << self._depth) - 1
        picture = np.asarray(mark.badge, dtype=np.float64) / 255
        grey, alpha = picture[:, :, 0], picture[:, :, 3]
        if self._depth == 1:
            grey, alpha = np.rint(grey), np.rint(alpha)
        inks = {_WHITE_IS_ZERO: [1 - grey], _CMYK: [0 * grey, 0 * grey, 0 * grey, 1 - grey]}
        values = inks.get(self._photometric, [grey] * self._colours)
        if self._alpha is not None:
            values = [*values, np.ones_like(grey)]
        for channel, value in enumerate(values):
            mixed = value * most * alpha + samples[:, :, channel] * (1 - alpha)
            samples[:, :, channel] = np.rint(mixed)

    def _paint(self, samples: Samples, mark: Stamp) -> None:
        whole = self._read((0, 0, *self.size))[:, :, 0].astype(np.uint8)
        table = self._table()
        painted = palette.paint(mark.badge, table, palette.free_entries(whole, _FULL))
        samples[painted.shape, 0] = painted.numbers[painted.shape]
        if painted.new:
            mapped = [colour[band] * 257 for band in range(3) for colour in painted.table]
            self._directory.put(_COLOURS, mapped)

    def _table(self) -> list[tuple[int, int, int]]:
        mapped = self._directory.numbers(_COLOURS)
        if len(mapped) != 3 * _FULL:
            raise MalformedError("the table of colours of the TIFF has a wrong length")
        return [(mapped[n] >> 8, mapped[n + 256] >> 8, mapped[n + 512] >> 8) for n in range(_FULL)]

    def _touched(self, box: Box) -> Iterator[tuple[int, int, int, int]]:
        """Yield number, plane, left and top of each strip or tile that the box touches."""
        left, top, right, bottom = box
        for plane in range(self._planes):
            for row in range(top // self._down, -(-bottom // self._down)):
                for column in range(left // self._across, -(-right // self._across)):
                    number = (plane * self._rows + row) * self._columns + column
                    yield number, plane, column * self._across, row * self._down

    def _read(self, box: Box) -> Samples:
        left, top, right, bottom = box
        found = np.zeros((bottom - top, right - left, self._samples), dtype=np.uint16)
        for number, plane, x, y in self._touched(box):
            part = self._decoded(number, y)
            inner = found if self._planes == 1 else found[:, :, plane : plane + 1]
            into, out = _overlap(box, x, y, part.shape)
            inner[into] = part[out]
        return found

    def _put(self, box: Box, samples: Samples) -> None:
        for number, plane, x, y in self._touched(box):
            part = self._decoded(number, y)
            inner = samples if self._planes == 1 else samples[:, :, plane : plane + 1]
            into, out = _overlap(box, x, y, part.shape)
            part[out] = inner[into]
            self._encode(number, part)
        self._directory.put(self._tables[0], self._places)
        self._directory.put(self._tables[1], self._sizes)

    def _decoded(self, number: int, top: int) -> Samples:
        """Return the samples of a strip or tile, by row, column and channel."""
        rows = self._down if self._tiled else min(self._down, self.size[1] - top)
        channels = self._samples if self._planes == 1 else 1
        line = (self._across * channels * self._depth + 7) // 8
        if rows * line > MOST_BYTES:
            raise NoticeError("a strip of the TIFF is too large for a notice", "save it with smaller strips")
        at, length = self._places[number], self._sizes[number]
        data = self._directory.data
        if at + length > len(data):
            raise MalformedError("a strip of the TIFF lies outside the file")
        raw = CODECS[self._compression][0](bytes(data[at : at + length]), rows * line)
        if len(raw) != rows * line:
            raise MalformedError("a strip of the TIFF is too short")
        if self._depth == 1:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8).reshape(rows, line), axis=1)
            return bits[:, : self._across, None].astype(np.uint16)
        kind = np.uint8 if self._depth == 8 else np.dtype(self._directory.order + "u2")
        samples = np.frombuffer(raw, kind).reshape(rows, self._across, channels).astype(np.uint16)
        return integral(samples, self._depth) if self._predicted else samples

    def _encode(self, number: int, samples: Samples) -> None:
        if self._predicted:
            samples = difference(samples, self._depth)
        if self._depth == 1:
            raw = np.packbits(samples[:, :, 0].astype(np.uint8), axis=1).tobytes()
        else:
            kind = np.uint8 if self._depth == 8 else np.dtype(self._directory.order + "u2")
            raw = samples.astype(kind).tobytes()
        encoded = CODECS[self._compression][1](raw)
        data, at = self._directory.data, self._places[number]
        if len(encoded) > self._sizes[number] or at in self._done:
            data += bytes(len(data) % 2)
            at = len(data)
            data += encoded
        else:
            data[at : at + len(encoded)] = encoded
        self._done.add(at)
        self._places[number], self._sizes[number] = at, len(encoded)


def _overlap(box: Box, x: int, y: int, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return where a strip or tile at `x`, `y` lies in the box, and where the box lies in it."""
    left, top = max(box[0], x), max(box[1], y)
    right, bottom = min(box[2], x + shape[1]), min(box[3], y + shape[0])
    into = slice(top - box[1], bottom - box[1]), slice(left - box[0], right - box[0])
    return into, (slice(top - y, bottom - y), slice(left - x, right - x))
