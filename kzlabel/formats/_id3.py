"""ID3v2: the store is the object of a GEOB frame whose media type is C2PA's (C2PA 2.4 A.3.4; id3.org 2.3.0, 2.4.0).

    "ID3" | version 1 | revision 1 | flags 1 | size 4 | [extended header] | frames | zeros
    frame: id 4 | size 4 | flags 2 | data
    GEOB:  encoding 1 | media type 00 | file name 00 | description 00 | object

The tag's size has seven bits in each byte and leaves out the ten bytes of the header; so has a frame's size in
version 2.4, though some writers use all eight bits there as version 2.3 does.
"""

from collections.abc import Iterator

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["locate", "splice", "tag_size", "without_frame"]

_HEADER = 10
_VERSION_3 = 3
_XMP = b"XMP\0"
_UNSYNCHRONISED = 0x80
_EXTENDED = 0x40
_FOOTER = 0x10
_TYPES = (b"application/c2pa\0", b"application/x-c2pa-manifest-store\0")
_GEOB_HEAD = 512
_OBJECT = b"\0" + _TYPES[0] + b"c2pa\0c2pa manifest store\0"
"""What precedes the store in its frame."""
_LONGEST = (1 << 28) - 1
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}


def tag_size(head: bytes) -> int:
    """Return the length of the ID3v2 tag that `head` begins with, header and footer included; 0 without one."""
    if head[:3] != b"ID3" or len(head) < _HEADER or head[3] > 4:
        return 0
    return _HEADER + _seven(head[6:10]) + _HEADER * bool(head[5] & _FOOTER)


def locate(file: Reader, limits: Limits) -> Located:
    """Return the C2PA objects in the tag at the start of the file; see `Format.locate`."""
    walk = Walk(file, limits)
    head = walk.read(0, min(_HEADER, file.size))
    end = tag_size(head)
    if not end:
        return Located(xmp=())
    if end > file.size:
        return Located((), damage=f"the ID3 tag of {end} bytes reaches past the end of the file")
    if head[3] < _VERSION_3 or head[5] & _UNSYNCHRONISED:
        return Located()  # no writer makes these, and bytes inserted for synchronisation would break a store
    carriers: list[Carrier] = []
    try:
        for kind, start, length in _frames(walk, head, end):
            if kind == b"GEOB":
                for carrier in _object(walk, start, length):
                    walk.check_store(carrier.store[0].length)
                    carriers.append(carrier)
                    walk.check_carriers(len(carriers))
            elif kind == b"PRIV" and length > len(_XMP) and walk.read(start, len(_XMP)) == _XMP:
                walk.xmp.append(Span(start, length))
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), damage=error.message)
    return Located(tuple(carriers), xmp=tuple(walk.xmp))


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the frame comes last in the tag, before its padding; a missing tag is made."""
    check_sound(located)
    walk = Walk(file, limits)
    head = walk.read(0, min(_HEADER, file.size))
    end = tag_size(head)
    if end and (head[3] < _VERSION_3 or head[5]):
        raise MalformedError("the ID3 tag is of a kind into which nothing is written")
    head = head if end else b"ID3\x04\0\0\0\0\0\0"
    at, old = _HEADER if end else 0, []
    places = {span.start for carrier in located.carriers for span in carrier.store}
    for _, start, length in _frames(walk, head, end):
        at = start + length
        if any(start <= place < at for place in places):
            old.append(Edit(start - _HEADER, at))
    if end and walk.read(at, min(4, end - at)).strip(b"\0"):
        raise MalformedError("something that is neither a frame nor padding is in the ID3 tag")
    data = len(_OBJECT) + store_size
    size = max(end - _HEADER, 0) + _HEADER + data - sum(edit.end - edit.start for edit in old)
    if size > _LONGEST or len(old) != len(places):
        raise MalformedError("the ID3 tag would be too large, or its frames can't be made out")
    size_field = data.to_bytes(4) if head[3] == _VERSION_3 else _to_seven(data)
    new = Derived(store_size, bytes)
    header = Edit(0, min(end, _HEADER), (head[:6] + _to_seven(size),))
    frame = Edit(at, at, (b"GEOB" + size_field + b"\0\0" + _OBJECT, new))
    parts = recut(file.size, [header, *old, frame])
    return Splice(parts, (place(parts, new),))


def without_frame(file: Reader, located: Located, limits: Limits) -> tuple[Span | bytes | Derived, ...]:
    """Return the parts of the file without its manifest store, and without its tag if nothing else is in it.

    Raises:
        MalformedError: The tag is of a kind into which nothing is written.
    """
    walk = Walk(file, limits)
    head = walk.read(0, min(_HEADER, file.size))
    end = tag_size(head)
    if not end or head[3] < _VERSION_3 or head[5]:
        raise MalformedError("the ID3 tag is of a kind that isn't changed")
    places = {span.start for carrier in located.carriers for span in carrier.store}
    old = [
        Edit(start - _HEADER, start + length)
        for _, start, length in _frames(walk, head, end)
        if any(start <= place < start + length for place in places)
    ]
    size = end - _HEADER - sum(edit.end - edit.start for edit in old)
    if not size:
        return (Span(end, file.size - end),)
    return recut(file.size, [Edit(0, _HEADER, (head[:6] + _to_seven(size),)), *old])


def _frames(walk: Walk, head: bytes, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each frame's identifier, where its data begin, and how long they are."""
    version, flags = head[3], head[5]
    at = _HEADER
    if flags & _EXTENDED:
        size = walk.read(at, 4)
        at += _seven(size) if version == 4 else 4 + int.from_bytes(size)
    while at + _HEADER <= end:
        walk.count()
        frame = walk.read(at, _HEADER)
        if not frame[:4].isalnum():
            return  # padding
        length = _frame_size(walk, frame, version, at, end)
        if length > end - at - _HEADER:
            raise MalformedError(f"the ID3 frame at {at} reaches past the end of its tag")
        if frame[8:10] != b"\0\0" and frame[:4] in {b"GEOB", b"PRIV"}:
            raise MalformedError(f"the ID3 frame at {at} is compressed, encrypted or otherwise changed")
        yield frame[:4], at + _HEADER, length
        at += _HEADER + length


def _frame_size(walk: Walk, frame: bytes, version: int, at: int, end: int) -> int:
    plain = int.from_bytes(frame[4:8])
    if version == 3:
        return plain
    seven = _seven(frame[4:8])
    if plain != seven and at + _HEADER + plain + 4 <= end:
        # The writer that uses all eight bits is known by a frame that follows where the plain size ends.
        after_seven = walk.read(at + _HEADER + seven, 4) if at + _HEADER + seven + 4 <= end else b"\0\0\0\0"
        after_plain = walk.read(at + _HEADER + plain, 4)
        if not _begins_frame(after_seven) and _begins_frame(after_plain):
            return plain
    return seven


def _begins_frame(data: bytes) -> bool:
    return data == b"\0\0\0\0" or (data.isalnum() and data.isupper())


def _object(walk: Walk, start: int, length: int) -> Iterator[Carrier]:
    head = walk.read(start, min(length, _GEOB_HEAD))
    media_type = next((name for name in _TYPES if head[1:].startswith(name)), None)
    if media_type is None:
        return
    encoding = _ENCODINGS.get(head[0])
    if encoding is None:
        raise MalformedError(f"the ID3 object at {start} is in no encoding that is known")
    at = 1 + len(media_type)
    for _ in ("file name", "description"):
        begin, at = at, _after_text(head, at, wide=head[0] in {1, 2})
        try:
            head[begin:at].decode(encoding)
        except UnicodeDecodeError:
            raise MalformedError(f"the ID3 object at {start} has a name that is no text") from None
    yield Carrier((Span(start + at, length - at),), (Span(start + at, length - at),))


def _after_text(head: bytes, at: int, *, wide: bool) -> int:
    if not wide:
        end = head.find(b"\0", at)
        if end >= 0:
            return end + 1
    for spot in range(at, len(head) - 1, 2) if wide else ():
        if head[spot : spot + 2] == b"\0\0":
            return spot + 2
    raise MalformedError("an ID3 object has no end to its name")


def _seven(data: bytes) -> int:
    return (data[0] & 0x7F) << 21 | (data[1] & 0x7F) << 14 | (data[2] & 0x7F) << 7 | data[3] & 0x7F


def _to_seven(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
