"""GIF: the badge is drawn into every frame, in its own numbers of colours; all else stays as it is written.

A frame may be smaller than the picture and clear what it showed, so that each is widened to hold the whole badge,
with transparency in between. Times, loops, disposal and comments are copied. Of Pillow only its LZW coder is used
(GIF89a, sections 18 to 26).
"""

import struct
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

import msgspec
import numpy as np
from PIL import Image

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.notices import palette
from kzlabel.notices.contrast import BLACK, WHITE, Colour
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pictures import Box, Stamp, check_size, stamp
from kzlabel.notices.wanted import Wanted

__all__ = ["write"]

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_C2PA: Final = b"C2PA_GIF"
_BLOCKS: Final = 1_000_000
_FRAMES: Final = 20_000
_FULL: Final = 256
_TIMES: Final = 8
"""How many times as many pixels all frames may have together as a picture; they are drawn on one after another."""


class Frame(msgspec.Struct):
    """An image and the control extension before it."""

    box: Box
    table: list[Colour]
    """Its own table of colours or the picture's."""
    interlaced: bool
    data: bytes
    """LZW data, as it is written: the code size and sub-blocks."""
    control: bytes
    """Flags, delay and transparent entry; empty without the extension."""

    @property
    def transparent(self) -> int | None:
        """The entry that stands for transparency."""
        return self.control[3] if self.control and self.control[0] & 1 else None


class Movie(NamedTuple):
    """A GIF taken apart."""

    size: tuple[int, int]
    head: bytes
    """Header, logical screen and the picture's table of colours."""
    parts: list[Frame | bytes]
    """Frames, and extensions as they are written."""


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the badge to `destination`.

    Raises:
        LimitError: It has too many blocks.
        MalformedError: It is broken.
        NoticeError: It is too small or too large, or a frame has no room for the badge's colours.
    """
    movie = _read(file.read(0, file.size))
    frames = [part for part in movie.parts if isinstance(part, Frame)]
    if not frames:
        raise MalformedError("the GIF has no picture")
    check_size(*movie.size)
    width, height = movie.size
    if any(frame.box[2] > width or frame.box[3] > height for frame in frames):
        raise NoticeError("a frame of the GIF reaches beyond the picture", "save it anew")
    mark = stamp(movie.size, 1, wanted, lambda box: [_under(frames[0], movie.size, box)], solid=True)
    areas = sum(
        (right - left) * (bottom - top) for left, top, right, bottom in (_wide(part, mark) for part in frames)
    )
    check_size(width, height, -(-areas // (width * height)), _TIMES)
    destination.write(_newer(movie.head))
    for part in movie.parts:
        if isinstance(part, Frame):
            _write(part, mark, destination)
        else:
            destination.write(part)
    destination.write(bytes([_TRAILER]))


def _newer(head: bytes) -> bytes:
    return b"GIF89a" + head[6:]  # control extensions, which may be new, are of 89a


def _under(frame: Frame, size: tuple[int, int], box: Box) -> Image.Image:
    """Return what the first frame shows in a box; white where it shows nothing."""
    canvas = Image.new("RGB", size, WHITE)
    numbers = _numbers(frame)
    colours = np.array(frame.table, dtype=np.uint8)
    alpha = None
    if frame.transparent is not None:
        alpha = Image.fromarray(np.where(numbers == frame.transparent, 0, 255).astype(np.uint8))
    canvas.paste(Image.fromarray(colours[np.minimum(numbers, len(colours) - 1)]), frame.box[:2], alpha)
    return canvas.crop(box)


def _wide(frame: Frame, mark: Stamp) -> Box:
    """Return the box of a frame with the badge in it."""
    one, other = frame.box, mark.box
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _write(frame: Frame, mark: Stamp, destination: BinaryIO) -> None:
    left, top, right, bottom = _wide(frame, mark)
    old = _numbers(frame)
    table, clear = frame.table, frame.transparent
    free = palette.free_entries(old, _FULL, clear)
    if clear is None and (left, top, right, bottom) != frame.box:
        if not free:
            raise NoticeError("a frame of the GIF uses 256 colours and can't be widened", "save it with fewer")
        clear = free.pop()
        table += [WHITE] * (clear + 1 - len(table))
    numbers = np.full((bottom - top, right - left), clear or 0, dtype=np.uint8)
    numbers[frame.box[1] - top : frame.box[3] - top, frame.box[0] - left : frame.box[2] - left] = old
    painted = palette.paint(mark.badge, table, free, clear)
    part = numbers[mark.box[1] - top : mark.box[3] - top, mark.box[0] - left : mark.box[2] - left]
    part[painted.shape] = painted.numbers[painted.shape]

    control = frame.control or bytes(4)
    if clear is not None:
        control = bytes([control[0] | 1]) + control[1:3] + bytes([clear])
    bits = max(1, (len(painted.table) - 1).bit_length())
    colours = b"".join(bytes(colour) for colour in painted.table).ljust(3 << bits, b"\0")
    destination.write(bytes([_EXTENSION, _CONTROL, 4]) + control + b"\0")
    destination.write(struct.pack("<BHHHHB", _IMAGE, left, top, right - left, bottom - top, 0x80 | (bits - 1)))
    destination.write(colours)
    data = Image.fromarray(numbers).tobytes("gif", "L", 8, 0)
    destination.write(b"\x08" + data + (b"" if data.endswith(b"\0\0") else b"\0"))


def _numbers(frame: Frame) -> palette.Numbers:
    """Return the pixels of a frame, which Pillow decodes as a GIF of its own.

    Raises:
        MalformedError: They are broken.
    """
    width, height = frame.box[2] - frame.box[0], frame.box[3] - frame.box[1]
    grey = b"".join(bytes([entry] * 3) for entry in range(_FULL))
    flags = 0x40 if frame.interlaced else 0
    alone = (
        struct.pack("<6sHHBBB", b"GIF89a", width, height, 0xF7, 0, 0)
        + grey
        + struct.pack("<BHHHHB", _IMAGE, 0, 0, width, height, flags)
        + frame.data
        + bytes([_TRAILER])
    )
    with Image.open(BytesIO(alone), formats=("GIF",)) as picture:
        if picture.mode not in ("L", "P"):
            raise MalformedError("a frame of the GIF can't be decoded")
        numbers = np.array(picture, dtype=np.uint8)
    if numbers.shape != (height, width):
        raise MalformedError("a frame of the GIF has another size than it says")
    highest = max(int(numbers.max()), frame.transparent or 0)
    frame.table += [BLACK] * (highest + 1 - len(frame.table))  # what stands for transparency needs no colour
    return numbers


def _read(data: bytes) -> Movie:
    """Take a GIF apart.

    Raises:
        LimitError: It has too many blocks.
        MalformedError: It is broken.
    """
    try:
        return _taken_apart(data)
    except (IndexError, struct.error):
        raise MalformedError("the GIF breaks off") from None


def _taken_apart(data: bytes) -> Movie:
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise MalformedError("the file is no GIF")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    common, at = _table(data, 13, flags)
    head, control = data[:at], b""
    found: list[Frame | bytes] = []
    for _ in range(_BLOCKS):
        match data[at]:
            case 0x3B:
                return Movie((width, height), head, found)
            case 0x21:
                end = _blocks_end(data, at + 2)
                if data[at + 1] == _CONTROL:
                    control = data[at + 3 : at + 7].ljust(4, b"\0")
                elif data[at + 1] != _APPLICATION or data[at + 3 : at + 11] != _C2PA:
                    found.append(data[at:end])
                at = end
            case 0x2C:
                left, top, across, down, flags = struct.unpack_from("<HHHHB", data, at + 1)
                check_size(across, down)
                own, begin = _table(data, at + 10, flags)
                end = _blocks_end(data, begin + 1)
                table = list(own or common)
                if not table:
                    raise MalformedError("a frame of the GIF has no colours")
                box = (left, top, left + across, top + down)
                found.append(Frame(box, table, bool(flags & 0x40), data[begin:end], control))
                control, at = b"", end
                if len(found) > _FRAMES:
                    raise LimitError(f"a GIF with more than {_FRAMES} frames")
            case _:
                raise MalformedError(f"there is no block at byte {at} of the GIF")
    raise LimitError(f"a GIF with more than {_BLOCKS} blocks")


def _table(data: bytes, at: int, flags: int) -> tuple[list[Colour], int]:
    """Return the table of colours at `at`, if the flags say that there is one, and where it ends."""
    if not flags & 0x80:
        return [], at
    end = at + (6 << (flags & 7))
    if end > len(data):
        raise MalformedError("the table of colours of the GIF breaks off")
    return [(data[place], data[place + 1], data[place + 2]) for place in range(at, end, 3)], end


def _blocks_end(data: bytes, at: int) -> int:
    """Return where a chain of sub-blocks ends."""
    while data[at]:
        at += 1 + data[at]
    return at + 1
