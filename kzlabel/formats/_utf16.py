"""Unstructured text in UTF-16: a byte order mark, then units of two bytes.

A hidden manifest is bound to the characters of a text, which are hashed in UTF-8 whatever they are stored in
(C2PA 2.4 A.8.1, A.8.6.1), so that a text in UTF-16 is read, and labelled, as the same text in UTF-8. Its byte order
mark is no part of the text (Unicode Standard 23.8). Other kinds of text are bound to their bytes, and aren't read
this way.
"""

from typing import Final

import msgspec

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import text
from kzlabel.formats._marks import BOM
from kzlabel.limits import Limits
from kzlabel.sources import Opened

__all__ = ["Utf16", "in_utf16"]

_MARKS: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UTF_32: Final = b"\xff\xfe\0\0"


class Utf16(msgspec.Struct, frozen=True):
    """A text that is stored in UTF-16."""

    mark: bytes
    """Its byte order mark."""

    encoding: str
    """Python's name for its encoding."""

    text: Opened
    """The same text in UTF-8, without a mark."""

    @property
    def marked(self) -> Opened:
        """The text as it was if it had a mark in UTF-8, too, which converting it would have changed."""
        reader = self.text.reader
        return Opened(BytesReader(BOM + reader.read(0, reader.size)), self.text.uri, self.text.suffix)

    def stored(self, data: bytes) -> bytes:
        """Return a text in UTF-8 as one that is stored as this one is."""
        return self.mark + data.decode().encode(self.encoding)


def in_utf16(file: Opened, limits: Limits) -> Utf16 | None:
    """Return what `file` is if it is unstructured text in UTF-16: by its name, or by a hidden manifest in it.

    Raises:
        LimitError: It is longer than a text may be that is read as a whole.
        MalformedError: It became shorter while it was read.
    """
    head = file.reader.head[:4]
    mark, encoding = next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", ""))
    named = file.suffix in text.EXTENSIONS
    if not mark or head == _UTF_32 or file.reader.size % 2 or not (named or not file.suffix):
        return None
    if file.reader.size > limits.text:
        if not named:
            return None
        raise LimitError(f"a text of {file.reader.size} bytes; at most {limits.text} are looked at")
    try:
        data = file.reader.read(2, file.reader.size - 2).decode(encoding).encode()
    except UnicodeDecodeError:
        return None
    if not named and text.sniff(data) is None:
        return None
    return Utf16(mark, encoding, Opened(BytesReader(data), file.uri, text.EXTENSIONS[0]))
