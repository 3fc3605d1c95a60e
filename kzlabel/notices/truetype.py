"""The font that the notices carry, read as far as they need it: which letters it has, how wide they are, a subset.

Its tables are those of the OpenType specification; the font is our own file, so that it is trusted.
"""

import struct
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from kzlabel.notices.errors import NoticeError

__all__ = ["Font", "bundled"]

_COMPOSITE_MORE: Final = 0x20
_COMPOSITE_WORDS: Final = 0x01
_COMPOSITE_SCALES: Final = ((0x08, 2), (0x40, 4), (0x80, 8))
_KEPT: Final = ("head", "hhea", "maxp", "hmtx", "loca", "glyf", "cvt ", "fpgm", "prep")
"""The tables that a font in a PDF needs (ISO 32000-1 9.9)."""


class Font:
    """A TrueType font with a format 4 character map."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        count = struct.unpack_from(">H", data, 4)[0]
        self._tables: dict[str, bytes] = {}
        for number in range(count):
            tag, _, at, length = struct.unpack_from(">4sIII", data, 12 + 16 * number)
            self._tables[tag.decode()] = data[at : at + length]
        head, hhea = self._tables["head"], self._tables["hhea"]
        self.units: int = struct.unpack_from(">H", head, 18)[0]
        self.box: tuple[int, int, int, int] = struct.unpack_from(">4h", head, 36)
        self.ascent, self.descent = struct.unpack_from(">2h", hhea, 4)
        self._count: int = struct.unpack_from(">H", self._tables["maxp"], 4)[0]
        self._widths = _widths(self._tables["hmtx"], struct.unpack_from(">H", hhea, 34)[0], self._count)
        long = struct.unpack_from(">h", head, 50)[0] == 1
        loca = self._tables["loca"]
        self._places: list[int] = (
            list(struct.unpack(f">{self._count + 1}I", loca))
            if long
            else [2 * place for place in struct.unpack(f">{self._count + 1}H", loca)]
        )
        self.glyphs = _characters(self._tables["cmap"])

    def check(self, text: str) -> None:
        """Check that the font has every letter of `text`.

        Raises:
            NoticeError: It hasn't.
        """
        missing = sorted({letter for letter in text if ord(letter) not in self.glyphs})
        if missing:
            raise NoticeError(
                f"the font of the notices has no {' '.join(missing[:8])}",
                "it has Latin and Cyrillic letters; write the notice in those",
            )

    def glyph(self, letter: str) -> int:
        """Return the number of the glyph for `letter`, which `check` has found."""
        return self.glyphs[ord(letter)]

    def advance(self, glyph: int) -> int:
        """Return how wide a glyph is, in thousandths of the type size."""
        return round(self._widths[glyph] * 1000 / self.units)

    def width(self, text: str) -> float:
        """Return how wide `text` is at a type size of 1."""
        return sum(self.advance(self.glyph(letter)) for letter in text) / 1000

    def subset(self, glyphs: Iterable[int]) -> bytes:
        """Return a font with the outlines of `glyphs` alone, under their own numbers."""
        wanted, waiting = {0}, list(glyphs)
        while waiting:
            number = waiting.pop()
            if number not in wanted:
                wanted.add(number)
                waiting += _components(self._outline(number))
        outlines, places = bytearray(), [0]
        for number in range(self._count):
            if number in wanted:
                outline = self._outline(number)
                outlines += outline + bytes(-len(outline) % 4)
            places.append(len(outlines))
        head = bytearray(self._tables["head"])
        struct.pack_into(">I", head, 8, 0)
        struct.pack_into(">h", head, 50, 1)
        changed = {
            "head": bytes(head),
            "glyf": bytes(outlines),
            "loca": struct.pack(f">{len(places)}I", *places),
        }
        return _assembled({tag: changed.get(tag, self._tables.get(tag, b"")) for tag in _KEPT})

    def _outline(self, number: int) -> bytes:
        return self._tables["glyf"][self._places[number] : self._places[number + 1]]


@cache
def bundled() -> Font:
    """Return the font that comes with the package."""
    return Font(files("kzlabel.notices").joinpath("data", "NotoSans-Bold-subset.ttf").read_bytes())


def _widths(hmtx: bytes, metrics: int, count: int) -> list[int]:
    widths = [struct.unpack_from(">H", hmtx, 4 * number)[0] for number in range(metrics)]
    return widths + widths[-1:] * (count - metrics)


def _characters(cmap: bytes) -> dict[int, int]:
    """Return the glyph of each character, from the Unicode table of format 4."""
    for number in range(struct.unpack_from(">H", cmap, 2)[0]):
        at = struct.unpack_from(">I", cmap, 8 + 8 * number)[0]
        if struct.unpack_from(">H", cmap, at)[0] == 4:
            return _format_4(cmap[at:])
    raise NoticeError("the font of the notices has no table of characters")


def _format_4(table: bytes) -> dict[int, int]:
    count = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts = struct.unpack_from(f">{count}H", table, 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", table, 16 + 4 * count)
    ranges_at = 16 + 6 * count
    ranges = struct.unpack_from(f">{count}H", table, ranges_at)
    found: dict[int, int] = {}
    for segment, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", table, ranges_at + 2 * segment + offset + 2 * (code - start))[0]
                if not glyph:
                    continue
            found[code] = (glyph + delta) & 0xFFFF
    return found


def _components(outline: bytes) -> list[int]:
    """Return the glyphs that a composite outline is made of."""
    if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
        return []
    found: list[int] = []
    at, flags = 10, _COMPOSITE_MORE
    while flags & _COMPOSITE_MORE:
        flags, glyph = struct.unpack_from(">2H", outline, at)
        found.append(glyph)
        at += 4 + (4 if flags & _COMPOSITE_WORDS else 2)
        at += next((size for bit, size in _COMPOSITE_SCALES if flags & bit), 0)
    return found


def _assembled(tables: dict[str, bytes]) -> bytes:
    """Return a font file with `tables`, those that are empty left out."""
    present = {tag: data for tag, data in sorted(tables.items()) if data}
    power = len(present).bit_length() - 1
    head = struct.pack(">IHHHH", 0x10000, len(present), 16 << power, power, 16 * len(present) - (16 << power))
    at, directory, body = 12 + 16 * len(present), b"", b""
    for tag, data in present.items():
        directory += struct.pack(">4sIII", tag.encode(), _checksum(data), at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    whole = bytearray(head + directory + body)
    place = at + sum(len(data) + -len(data) % 4 for tag, data in present.items() if tag < "head")
    struct.pack_into(">I", whole, place + 8, (0xB1B0AFBA - _checksum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def _checksum(data: bytes) -> int:
    data += bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 4}I", data)
    return sum(words) & 0xFFFFFFFF
