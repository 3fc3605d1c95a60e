"""TIFF and DNG: the store is the value of tag 0xCD41 in a directory (C2PA 2.4 A.3.6; TIFF 6.0, BigTIFF).

    "II" or "MM" | 42 | offset 4 of the first directory
    directory: count 2 | { tag 2 | type 2 | count 4 | value or offset 4 } ... | offset 4 of the next, or 0

Integers are in the byte order that the first two bytes say. BigTIFF has 43 for 42, then 8 and 0 (2 bytes each),
and its counts and offsets have 8 bytes. The store itself is in its natural order whatever the file's is.

The store belongs into the last directory of the main chain; earlier versions of the specification had it in the
first, and the reference engine looks there second. Sub-directories hold none, but one that doesn't fit into the
file makes that engine give up, so it is damage. XMP is the value of tag 700.
"""

from struct import Struct
from typing import Literal

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice import Edit, check_sound, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "tiff"
MEDIA_TYPES: tuple[str, ...] = ("image/tiff", "image/dng")
EXTENSIONS: tuple[str, ...] = (".tif", ".tiff", ".dng")

_STORE, _STORE_TYPE = 0xCD41, 7
_DNG_VERSION = 0xC612
_XMP = 0x02BC
_SUB_DIRECTORIES = 330
_PRIVATE_DIRECTORIES = frozenset({34665, 34853})
"""Exif and GPS."""
_MOST_SUB_DIRECTORIES = 1000
"""The reference engine takes no more."""
_MOST_BYTES = 1 << 20
"""Bytes of entries in a directory that is written anew."""
_HEADER = (0, 0, 8)
"""What `_directories` would say of the header."""
_AT_ONCE = 1024
"""Entries read in one piece."""


class _Shape:
    """How integers are written, and what sizes follow from that."""

    def __init__(self, order: Literal["little", "big"], word: int) -> None:
        self.order = order
        self.word = word
        """Bytes in a value's count and in an offset."""
        self.first = word
        """Where the offset of the first directory is."""
        self.count = 2 if word == 4 else 8
        """Bytes in the number of entries."""
        self.entry = Struct(("<" if order == "little" else ">") + ("HHI4s" if word == 4 else "HHQ8s"))

    def number(self, data: bytes) -> int:
        """Return the unsigned integer that `data` is."""
        return int.from_bytes(data, self.order)

    def write(self, number: int, size: int) -> bytes:
        """Return `number` as `size` bytes."""
        return number.to_bytes(size, self.order)


_CLASSIC = {b"II*\0": _Shape("little", 4), b"MM\0*": _Shape("big", 4)}
_BIG = {b"II+\0\x08\0\0\0": _Shape("little", 8), b"MM\0+\0\x08\0\0": _Shape("big", 8)}


def sniff(head: bytes) -> str | None:
    """Return the media type: DNG where the first directory lies in `head` and says so."""
    shape = _shape(head)
    if shape is None:
        return None
    at = shape.number(head[shape.first : shape.first + shape.word])
    entries = shape.number(head[at : at + shape.count])
    at += shape.count
    end = min(at + entries * shape.entry.size, len(head) - 1)
    tags = (shape.number(head[spot : spot + 2]) for spot in range(at, end, shape.entry.size))
    return MEDIA_TYPES[_DNG_VERSION in tags]


def _shape(head: bytes) -> _Shape | None:
    return _CLASSIC.get(head[:4]) or _BIG.get(head[:8])


def locate(file: Reader, limits: Limits) -> Located:
    """Return the stores in the first and the last directory of the main chain; see `Format.locate`."""
    walk = Walk(file, limits)
    chain = _Chain(walk, limits)
    damage = ""
    try:
        chain.walk()
    except LimitError:
        raise
    except MalformedError as error:
        damage = error.message
    return Located(chain.carriers(), chain.oddity or damage, tuple(walk.xmp))


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the last directory is written anew at the end of the file, and the store after it.

    Where there are several, a further one is made for the store alone. Nothing else moves, since everything is
    found by its offset. The room of an old store is filled with zeros, or cut off together with its directory
    where these two are the end of the file, as they are in what is written here.
    """
    check_sound(located)
    walk = Walk(file, limits)
    shape = _shape(walk.read(0, min(8, walk.size)))
    if shape is None:
        raise MalformedError("the file has no header of a TIFF")
    directories = _directories(walk, shape)
    pointer, at, end = directories[-1]
    first = at + shape.count
    if end - first > _MOST_BYTES:
        raise MalformedError(f"the directory at {at} is too large to be written anew")
    entries = [entry for entry in shape.entry.iter_unpack(walk.read(first, end - first)) if entry[0] != _STORE]
    keep, edits = walk.size, []
    if len(directories) > 1 and entries and not located.carriers:
        pointer, entries = end, []
    for carrier in located.carriers:
        (store,), entry = carrier.store, carrier.excluded[0].start
        if not first <= entry < end:
            raise MalformedError("the file has a manifest store that is not of its last directory")
        if any(start < store.end and store.start < stop + shape.word for _, start, stop in (_HEADER, *directories)):
            raise MalformedError(f"the manifest store at {store.start} lies over what leads to it")
        if store.start == end + shape.word and store.end == walk.size and at > pointer:
            keep = at
        else:
            edits.append(Edit(store.start, store.end, (bytes(store.length),)))
    fill = bytes(-keep % (2 if shape.word == 4 else 8))
    directory, start = _directory(shape, entries, keep + len(fill), store_size)
    new = Derived(store_size, bytes)
    edits += [
        Edit(pointer, pointer + shape.word, (shape.write(keep + len(fill), shape.word),)),
        Edit(keep, walk.size, (fill, directory, new)),
    ]
    return Splice(recut(walk.size, edits), (Span(start, store_size),))


def _directory(
    shape: _Shape, entries: list[tuple[int, int, int, bytes]], at: int, store_size: int
) -> tuple[bytes, int]:
    """Return a last directory for the offset `at`, `entries` and that of a store, and where the store comes."""
    start = at + shape.count + (len(entries) + 1) * shape.entry.size + shape.word
    if start + store_size >> 8 * shape.word or len(entries) + 1 >> 8 * shape.count:
        raise MalformedError("with a manifest store the file would be larger than a TIFF can be")
    index = next((i for i, entry in enumerate(entries) if entry[0] > _STORE), len(entries))
    entry = _STORE, _STORE_TYPE, store_size, shape.write(start, shape.word)
    packed = [shape.entry.pack(*entry) for entry in (*entries[:index], entry, *entries[index:])]
    return shape.write(len(packed), shape.count) + b"".join(packed) + bytes(shape.word), start


def _directories(walk: Walk, shape: _Shape) -> list[tuple[int, int, int]]:
    """Return for each directory of the main chain where its offset is, that offset, and where its entries end."""
    found: list[tuple[int, int, int]] = []
    pointer = shape.first
    while at := shape.number(walk.read(pointer, shape.word)):
        if at < 2 * shape.word:
            raise MalformedError(f"the directory at {at} lies over the header of the file")
        _, end = _extent(walk, shape, at)
        found.append((pointer, at, end))
        pointer = end
    return found


class _Chain:
    """The main chain of directories, as far as it was walked."""

    def __init__(self, walk: Walk, limits: Limits) -> None:
        self.oddity = ""
        self._limits = limits
        self._walk = walk
        self._last = -1
        self._stores: list[tuple[int, Carrier]] = []
        """With the number of the directory that each was found in."""

    def walk(self) -> None:
        """Walk all directories, and look at the sub-directories of each."""
        shape = _shape(self._walk.read(0, min(8, self._walk.size)))
        if shape is None:
            raise MalformedError("the file has no header of a TIFF")
        seen: set[int] = set()
        at = shape.number(self._walk.read(shape.first, shape.word))
        if at == 0:
            raise MalformedError("the file has no directory")
        while at:
            if at in seen:
                raise MalformedError(f"the directories run in a circle, back to the one at {at}")
            seen.add(at)
            self._last += 1
            at = self._directory(shape, at)

    def _directory(self, shape: _Shape, at: int) -> int:
        """Look through one directory and return the offset of the next, or 0."""
        first, end = _extent(self._walk, shape, at)
        step = shape.entry.size * _AT_ONCE
        rest = b""
        for start in range(first, max(end, first + 1), step):
            stop = min(start + step, end)
            block = self._walk.read(start, stop - start + shape.word)
            entries, rest = block[: stop - start], block[stop - start :]
            for index, (tag, kind, count, value) in enumerate(shape.entry.iter_unpack(entries)):
                self._walk.count()
                if tag == _STORE:
                    self._store(shape, start + index * shape.entry.size, kind, count, value)
                elif tag == _XMP:
                    self._xmp(shape, start + index * shape.entry.size, count, value)
                elif tag == _SUB_DIRECTORIES or tag in _PRIVATE_DIRECTORIES:
                    self._check_below(shape, tag, count, value)
        return shape.number(rest)

    def _store(self, shape: _Shape, at: int, kind: int, count: int, value: bytes) -> None:
        """Take in the entry at `at`, which is of a store."""
        if kind != _STORE_TYPE:
            self._note(f"the entry at {at} of a manifest store has type {kind}, not {_STORE_TYPE}")
        start = shape.number(value)  # no store is so short that it would be the value itself
        if start + count > self._walk.size:
            self._note(f"the manifest store at {start} reaches past the end of the file")
            return
        self._walk.check_store(count)
        store = Span(start, count)
        self._stores.append((self._last, Carrier((store,), (Span(at + 4, shape.word), store))))
        if len(self._stores) > self._limits.carriers:
            raise LimitError(f"more than {self._limits.carriers} manifest stores")

    def _xmp(self, shape: _Shape, at: int, count: int, value: bytes) -> None:
        """Take in the entry at `at`, which is of an XMP packet."""
        start = at + 4 + shape.word if count <= shape.word else shape.number(value)
        if start + count > self._walk.size:
            self._note(f"the XMP packet at {start} reaches past the end of the file")
            return
        self._walk.xmp.append(Span(start, count))

    def _check_below(self, shape: _Shape, tag: int, count: int, value: bytes) -> None:
        """Check that the directories that an entry leads to fit into the file, as the reference engine does.

        It reads the offsets of sub-directories as 4 bytes each in BigTIFF, too.
        """
        walk = self._walk
        if tag in _PRIVATE_DIRECTORIES:
            _extent(walk, shape, shape.number(value))
            return
        if count > _MOST_SUB_DIRECTORIES:
            raise MalformedError(f"a directory has {count} sub-directories")
        offsets = value if 4 * count <= shape.word else walk.read(shape.number(value), 4 * count)
        for spot in range(0, 4 * count, 4):
            _extent(walk, shape, shape.number(offsets[spot : spot + 4]))

    def _note(self, oddity: str) -> None:
        self.oddity = self.oddity or oddity

    def carriers(self) -> tuple[Carrier, ...]:
        """Return the stores in the first and in the last directory; one elsewhere is no carrier, but damage."""
        for number, carrier in self._stores:
            if number not in {0, self._last}:
                self._note(f"the manifest store at {carrier.store[0].start} is not of the last directory")
        return tuple(carrier for number, carrier in self._stores if number in {0, self._last})


def _extent(walk: Walk, shape: _Shape, at: int) -> tuple[int, int]:
    """Return where the entries of the directory at `at` begin and end."""
    walk.count()
    entries = shape.number(walk.read(at, shape.count))
    first = at + shape.count
    end = first + entries * shape.entry.size
    if end + shape.word > walk.size:
        raise MalformedError(f"the directory at {at} reaches past the end of the file")
    return first, end
