"""The font of a note, embedded: the outlines of its letters, their widths, and which characters they are.

A composite font whose codes are glyph numbers (ISO 32000-2 9.7), with a map to Unicode (9.10.3), because the simple
encodings of PDF have no Kazakh letters.
"""

import zlib
from typing import Final

from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_objects import Changes
from kzlabel.notices.truetype import bundled

__all__ = ["embed", "shown"]

_NAME: Final = b"/KZNTCE+NotoSans-Bold"
_NONSYMBOLIC_BOLD: Final = 32 | 1 << 18
_STEM: Final = b"150"
_PIECE: Final = 100
"""Entries of a map to Unicode in one section (Adobe technical note 5411)."""


def embed(changes: Changes, text: str) -> bytes:
    """Add a font with the letters of `text` to a document, and return a reference to it."""
    font = bundled()
    letters = {font.glyph(letter): letter for letter in sorted(set(text) | {" "})}
    program = font.subset(letters)
    packed = zlib.compress(program, 9)
    file = changes.add(
        syntax.write_dictionary(
            {
                b"Length": b"%d" % len(packed),
                b"Length1": b"%d" % len(program),
                b"Filter": b"/FlateDecode",
            }
        )
        + b"\nstream\n"
        + packed
        + b"\nendstream"
    )
    scale = 1000 / font.units
    descriptor = changes.add(
        syntax.write_dictionary(
            {
                b"Type": b"/FontDescriptor",
                b"FontName": _NAME,
                b"Flags": b"%d" % _NONSYMBOLIC_BOLD,
                b"FontBBox": b"[ %d %d %d %d ]" % tuple(round(edge * scale) for edge in font.box),
                b"ItalicAngle": b"0",
                b"Ascent": b"%d" % round(font.ascent * scale),
                b"Descent": b"%d" % round(font.descent * scale),
                b"CapHeight": b"714",
                b"StemV": _STEM,
                b"FontFile2": file,
            }
        )
    )
    widths = b" ".join(b"%d [ %d ]" % (glyph, font.advance(glyph)) for glyph in sorted(letters))
    descendant = changes.add(
        syntax.write_dictionary(
            {
                b"Type": b"/Font",
                b"Subtype": b"/CIDFontType2",
                b"BaseFont": _NAME,
                b"CIDSystemInfo": b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>",
                b"FontDescriptor": descriptor,
                b"DW": b"600",
                b"W": b"[ " + widths + b" ]",
                b"CIDToGIDMap": b"/Identity",
            }
        )
    )
    meanings = _to_unicode(letters)
    return changes.add(
        syntax.write_dictionary(
            {
                b"Type": b"/Font",
                b"Subtype": b"/Type0",
                b"BaseFont": _NAME,
                b"Encoding": b"/Identity-H",
                b"DescendantFonts": b"[ " + descendant + b" ]",
                b"ToUnicode": changes.add(
                    syntax.write_dictionary({b"Length": b"%d" % len(meanings)})
                    + b"\nstream\n"
                    + meanings
                    + b"\nendstream"
                ),
            }
        )
    )


def shown(text: str) -> bytes:
    """Return the codes of `text` as a string for a content stream."""
    font = bundled()
    return b"<" + b"".join(b"%04X" % font.glyph(letter) for letter in text) + b">"


def _to_unicode(letters: dict[int, str]) -> bytes:
    pairs = sorted(letters.items())
    parts = [
        b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        b"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
    ]
    for at in range(0, len(pairs), _PIECE):
        piece = pairs[at : at + _PIECE]
        parts.append(b"%d beginbfchar\n" % len(piece))
        parts += [b"<%04X> <%s>\n" % (glyph, letter.encode("utf-16-be").hex().encode()) for glyph, letter in piece]
        parts.append(b"endbfchar\n")
    parts.append(b"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
    return b"".join(parts)
