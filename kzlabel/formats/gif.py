"""GIF: the store is an application extension `C2PA_GIF` (C2PA 2.4 A.3.8; GIF89a).

    "GIF89a" | width 2 | height 2 | flags 1 | 2 | [global colour table] | blocks ... | 3B
    extension: 21 | label 1 | sub-blocks | 00          sub-block: length 1 | data
    image:     2C | 8 | flags 1 | [local colour table] | code size 1 | sub-blocks | 00
    store:     21 FF 0B "C2PA_GIF" 01 00 00 | sub-blocks | 00

A colour table has 3 * 2 ** (1 + (flags & 7)) bytes and is there if flags has bit 7. The store comes before the
first image (2C). Where there is none, the reference engine reads the data of that image and fails if it has no end;
so it is walked, and then the file is searched for an extension with XMP. Extensions whose length that engine takes
for another one than the standard does are damage.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "gif"
MEDIA_TYPES: tuple[str, ...] = ("image/gif",)
EXTENSIONS: tuple[str, ...] = (".gif",)

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_APPLICATION, _COMMENT, _CONTROL = 0xFF, 0xFE, 0xF9
_STORE = b"\x21\xff\x0bC2PA_GIF\x01\x00\x00"
_XMP = b"XMP DataXMP"
_PIECE = 2048
_BLOCK = 255
"""Bytes of data in a sub-block, at most."""


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a GIF."""
    return MEDIA_TYPES[0] if head[:6] in {b"GIF87a", b"GIF89a"} else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `C2PA_GIF` extensions; see `Format.locate`."""
    walk = Walk(file, limits)
    extensions = _Extensions(limits)
    damage = ""
    unclear = True
    try:
        extensions.walk(walk)
        unclear = bool(extensions.carriers) or _has_xmp(file)
    except LimitError:
        raise
    except MalformedError as error:
        damage = error.message
    carriers = tuple(extensions.carriers)
    return Located(carriers, damage=extensions.oddity or damage, xmp=None if unclear else ())


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the extension comes first, and makes the file one of version 89a."""
    del limits  # the walk was counted when the carriers were located
    check_sound(located)
    at = 13 + _table(file.read(10, 1)[0])
    new = Derived(len(_STORE) + store_size + -(-store_size // _BLOCK) + 1, _extension)
    old = [Edit(span.start, span.end) for carrier in located.carriers for span in carrier.excluded]
    parts = recut(file.size, [Edit(0, 6, (b"GIF89a",)), Edit(at, at, (new,)), *old])
    return Splice(parts, (place(parts, new),))


def _extension(store: bytes) -> bytes:
    blocks = [store[at : at + _BLOCK] for at in range(0, len(store), _BLOCK)]
    return _STORE + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def _has_xmp(file: Reader) -> bool:
    """Return whether the mark of an extension with XMP is anywhere in the file."""
    before = b""
    for piece in file.chunks([Span(0, file.size)]):
        data = before + bytes(piece)
        if _XMP in data:
            return True
        before = data[1 - len(_XMP) :]
    return False


class _Extensions:
    """What was met among the extensions so far."""

    def __init__(self, limits: Limits) -> None:
        self.carriers: list[Carrier] = []
        self._limits = limits
        self.oddity = ""

    def walk(self, walk: Walk) -> None:
        """Walk from the colour table to the first image or the trailer."""
        at = 13 + _table(walk.read(10, 1)[0])
        while (kind := walk.read(at, 1)[0]) == _EXTENSION:
            walk.count()
            head = walk.read(at, min(len(_STORE), walk.size - at))
            if head == _STORE:
                end, spans = _sub_blocks(walk, at + len(_STORE), keep=True)
                self.carriers.append(Carrier(tuple(spans), (Span(at, end - at),)))
                if len(self.carriers) > self._limits.carriers:
                    raise LimitError(f"more than {self._limits.carriers} manifest stores")
            else:
                self.oddity = self.oddity or _oddity(head, at)
                end, _ = _sub_blocks(walk, at + 2, keep=False)
            at = end
        if kind == _IMAGE:
            if not self.carriers:
                _sub_blocks(walk, at + 11 + _table(walk.read(at + 9, 1)[0]), keep=False)
        elif kind != _TRAILER:
            raise MalformedError(f"no block begins with {kind:#04x}, at {at}")


def _table(flags: int) -> int:
    """Return the size of the colour table that `flags` announce."""
    return 3 << 1 + (flags & 7) if flags & 0x80 else 0


def _oddity(head: bytes, at: int) -> str:
    """Return what makes readers disagree about the end of the extension that begins with `head`; empty for none."""
    label = head[1:2]
    plain = (
        label == bytes([_COMMENT])
        or head[1:3] == bytes([_APPLICATION, 11])
        or (head[1:3] == bytes([_CONTROL, 4]) and head[7:8] == b"\0")
    )
    return "" if plain else f"the extension at {at} is not one that every reader takes alike"


def _sub_blocks(walk: Walk, at: int, *, keep: bool) -> tuple[int, list[Span]]:
    """Return the end of the sub-blocks that begin at `at`, and where their data is if it is to be kept."""
    spans: list[Span] = []
    start, piece, size = at, b"", 0
    while True:
        walk.count()
        if at >= start + len(piece):
            if at >= walk.size:
                raise MalformedError(f"the file ends inside the sub-blocks at {at}")
            start, piece = at, walk.read(at, min(_PIECE, walk.size - at))
        length = piece[at - start]
        if length == 0:
            return at + 1, spans
        if keep:
            spans.append(Span(at + 1, length))
            size += length
            walk.check_store(size)
        at += 1 + length
