"""Texts of unknown encoding made readable: a wrong encoding costs the field, never the file."""

import re
import zlib
from typing import Final

__all__ = ["LONGEST", "decoded", "inflated", "shown"]

LONGEST: Final = 1 << 16
"""Characters of one value that rules look at."""
_SHOWN: Final = 300
_UNPRINTABLE: Final = re.compile(
    "[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]+"
)


def decoded(data: bytes, encoding: str = "") -> str:
    """Return `data` as text: by its mark, by `encoding`, as UTF-8, else as Latin-1; cut at the first NUL."""
    data = data[: 4 * LONGEST]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    elif encoding:
        text = data.decode(encoding, "replace")
    else:
        data = data.partition(b"\0")[0]
        try:
            text = data.removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError as error:
            # cut inside a character, or another encoding altogether
            cut = error.start >= len(data) - 4
            text = data.decode("utf-8", "ignore") if cut else data.decode("latin-1")
    return text.lstrip("\ufeff").partition("\0")[0][:LONGEST]


def inflated(data: bytes, most: int = LONGEST) -> bytes:
    """Return up to `most` bytes of what the zlib stream `data` holds; nothing when it is broken at its start."""
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error:
        return b""


def shown(value: str, most: int = _SHOWN) -> str:
    """Return `value` for a person: one line, without control and direction characters, of at most `most`."""
    text = _UNPRINTABLE.sub(" ", value[: 4 * most]).strip()
    return text if len(text) <= most else f"{text[:most]}..."
