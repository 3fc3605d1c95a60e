"""PNG: the store is the data of a `caBX` chunk (C2PA 2.4 A.3.2; ISO 15948 section 5.3).

    89 "PNG" 0D 0A 1A 0A | { length 4 | type 4 | data | CRC 4 } ...

Integers are big-endian; `length` counts the data. The last chunk is `IEND`; what follows it is not walked. The CRC
is left alone: the reference engine doesn't check it, and the hard binding leaves the whole chunk out. A type that
isn't four letters is damage, and the walk goes on past it as the reference engine's does. XMP is in `iTXt` chunks
of a keyword of its own.
"""

from struct import Struct
from zlib import crc32

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "png"
MEDIA_TYPES: tuple[str, ...] = ("image/png",)
EXTENSIONS: tuple[str, ...] = (".png", ".apng")

_MAGIC = b"\x89PNG\r\n\x1a\n"
_HEADER = Struct(">I4s").unpack
_PACK = Struct(">I4s").pack
_XMP = b"XML:com.adobe.xmp\0"
_NOTES = frozenset({b"iTXt", b"tEXt", b"zTXt", b"eXIf"})
_AROUND = 12
"""Length, type and CRC of a chunk."""

_FIRST = 33
"""Where `IHDR`, which must come first, ends."""
_LONGEST = (1 << 31) - 1


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a PNG."""
    return MEDIA_TYPES[0] if head[:8] == _MAGIC else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `caBX` chunks; see `Format.locate`."""
    walk = Walk(file, limits)
    chunks = _Chunks(limits)
    damage = ""
    try:
        chunks.walk(walk)
    except LimitError:
        raise
    except MalformedError as error:
        damage = error.message
    return Located(tuple(chunks.carriers), chunks.oddity or damage, tuple(walk.xmp), tuple(walk.notes))


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the chunk comes after `IHDR`."""
    del limits  # the walk was counted when the carriers were located
    check_sound(located)
    if file.read(len(_MAGIC), 8) != _PACK(13, b"IHDR") or store_size > _LONGEST:
        raise MalformedError("the file doesn't begin with a header chunk, or the store is too large for a chunk")
    new = Derived(store_size + _AROUND, _chunk)
    old = [Edit(span.start, span.end) for carrier in located.carriers for span in carrier.excluded]
    parts = recut(file.size, [Edit(_FIRST, _FIRST, (new,)), *old])
    return Splice(parts, (place(parts, new),))


def _chunk(store: bytes) -> bytes:
    return _PACK(len(store), b"caBX") + store + crc32(store, crc32(b"caBX")).to_bytes(4)


class _Chunks:
    """What was met among the chunks so far."""

    def __init__(self, limits: Limits) -> None:
        self.carriers: list[Carrier] = []
        self._limits = limits
        self.oddity = ""

    def walk(self, walk: Walk) -> None:
        """Walk from the first chunk to `IEND`."""
        read, count, size = walk.read, walk.count, walk.size
        at = len(_MAGIC)
        while True:
            count()
            length, kind = _HEADER(read(at, 8))
            end = at + length + _AROUND
            if end > size:
                raise MalformedError(f"the chunk at {at} reaches past the end of the file")
            if kind == b"IEND":
                return
            if kind == b"caBX":
                walk.check_store(length)
                self.carriers.append(Carrier((Span(at + 8, length),), (Span(at, end - at),)))
                if len(self.carriers) > self._limits.carriers:
                    raise LimitError(f"more than {self._limits.carriers} manifest stores")
            elif kind in _NOTES:
                its_xmp = kind == b"iTXt" and length > len(_XMP) and read(at + 8, len(_XMP)) == _XMP
                if its_xmp:
                    walk.xmp.append(Span(at + 8, length))
                else:
                    walk.notes.append(Span(at, length + 8))
            elif kind != b"IDAT" and not (kind.isalpha() and kind.isascii()):
                self._odd(kind, at)
            at = end

    def _odd(self, kind: bytes, at: int) -> None:
        self.oddity = self.oddity or f"the chunk at {at} has no name of four letters"
        try:
            kind.decode()
        except UnicodeDecodeError:
            raise MalformedError(self.oddity) from None
