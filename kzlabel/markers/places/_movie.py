"""The tags in a movie box: read where they lie, and written into a copy of the box (layout in `bmff.py`)."""

from collections.abc import Iterator, Mapping
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import aigc, xmp
from kzlabel.markers.model import AIGC, Field
from kzlabel.markers.places.base import LARGEST
from kzlabel.markers.values import LONGEST, decoded

__all__ = ["fields", "written"]

_MEAN: Final = "com.apple.iTunes"
_MOST_KEYS: Final = 1000
_UTF8: Final = 1
_FULL: Final = 4
"""Version and flags of a full box."""
_READ: Final = frozenset(
    {b"\xa9too", b"\xa9cmt", b"\xa9swr", b"\xa9des", b"\xa9ART", b"\xa9nam", b"desc", b"\xa9mak"}
)


def fields(walk: Walk, movie: Box) -> Iterator[Field]:
    """Yield the tags in `moov`, wherever it keeps them."""
    for box in boxes(walk, movie.start + movie.header, movie.end):
        if box.type == b"meta":
            yield from _meta(walk, box)
        elif box.type == b"udta":
            yield from _user_data(walk, box)


def _user_data(walk: Walk, data: Box) -> Iterator[Field]:
    for box in boxes(walk, data.start + data.header, _end(walk, data)):
        if box.type == b"meta":
            yield from _meta(walk, box)
        elif box.type == b"XMP_" and box.size <= LARGEST:
            yield from xmp.fields(walk.read(box.start + box.header, box.size - box.header))
        elif box.type[:1] == b"\xa9" and box.size >= box.header + 4:
            at = box.start + box.header
            length = int.from_bytes(walk.read(at, 2))
            text = walk.read(at + 4, min(length, box.end - at - 4, 4 * LONGEST))
            yield Field(f"MP4 {box.type.decode('latin-1')}", decoded(text).strip())


def _end(walk: Walk, box: Box) -> int:
    """Return where the boxes in `box` end: before the four zeros that may stand last in QuickTime's user data."""
    at = box.start + box.header
    while box.type == b"udta" and at + 8 <= box.end:
        size = int.from_bytes(walk.read(at, 4))
        if size < 8:
            break
        at += size
    return at if box.type == b"udta" and box.end - at == 4 and walk.read(at, 4) == bytes(4) else box.end


def _children(walk: Walk, meta: Box) -> tuple[int, dict[bytes, Box]]:
    """Return where the boxes in `meta` begin, which in QuickTime is no full box, and the first of each type."""
    at = meta.start + meta.header
    skip = 0 if meta.end - at >= 8 and walk.read(at + 4, 4) == b"hdlr" else _FULL
    found: dict[bytes, Box] = {}
    if at + skip <= meta.end:
        for box in boxes(walk, at + skip, meta.end):
            found.setdefault(box.type, box)
    return at + skip, found


def _handler(walk: Walk, found: Mapping[bytes, Box]) -> bytes:
    box = found.get(b"hdlr")
    return walk.read(box.start + 16, 4) if box is not None and box.size >= 20 else b""


def _meta(walk: Walk, meta: Box) -> Iterator[Field]:
    _, found = _children(walk, meta)
    tags = found.get(b"ilst")
    if tags is None:
        return
    keys = _keys(walk, found.get(b"keys")) if _handler(walk, found) == b"mdta" else None
    for item in boxes(walk, tags.start + tags.header, tags.end):
        if keys is not None:
            index = int.from_bytes(item.type) - 1
            if 0 <= index < len(keys):
                yield Field(f"MP4 {keys[index]}", _value(walk, item)[1])
        elif item.type == b"----":
            name, text = _value(walk, item)
            yield Field(f"MP4 ----:{name}", text)
        elif item.type in _READ:
            yield Field(f"MP4 {item.type.decode('latin-1')}", _value(walk, item)[1])


def _keys(walk: Walk, box: Box | None) -> list[str]:
    """Return the names in `keys`, without the QuickTime prefix that some writers give them."""
    names: list[str] = []
    if box is not None and box.size <= LARGEST:
        at = box.start + box.header + 8
        while at + 8 <= box.end and len(names) < _MOST_KEYS:
            size = int.from_bytes(walk.read(at, 4))
            if size < 8 or at + size > box.end:
                break
            names.append(decoded(walk.read(at + 8, size - 8)).removeprefix("com.apple.quicktime."))
            at += size
    return names


def _value(walk: Walk, item: Box) -> tuple[str, str]:
    """Return name and text of an item; the name is empty but for one of free form."""
    mean = name = text = ""
    for box in boxes(walk, item.start + item.header, item.end):
        at = box.start + box.header
        length = min(box.end - at, 4 * LONGEST)
        if box.type == b"data" and length >= 8 and not text:
            text = decoded(walk.read(at + 8, length - 8)).strip()
        elif box.type in (b"mean", b"name") and length >= _FULL:
            value = decoded(walk.read(at + _FULL, length - _FULL))
            mean, name = (value, name) if box.type == b"mean" else (mean, value)
    return f"{mean}:{name}" if mean else name, text


def written(
    movie: bytes, freeform: Mapping[str, str], label: AIGC | None, *, itunes: bool, quicktime: bool
) -> tuple[bytes, tuple[str, ...]]:
    """Return the movie box with the tags that are missing, and their names.

    Args:
        movie: The whole box.
        freeform: Tags of free form in the iTunes list.
        label: TC260's label: a tag of free form with `itunes`, else a QuickTime key (TC260-PG-20257A).
        itunes: See `label`.
        quicktime: Whether it is of QuickTime, where `meta` in `moov` is no full box.

    Raises:
        MalformedError: The box is broken, or of a form into which nothing is written.
    """
    walk = Walk(BytesReader(movie), DEFAULT_LIMITS)
    present = {field.name: field.value for field in fields(walk, Box(b"moov", 0, 8, len(movie)))}
    name = f"MP4 ----:{_MEAN}:AIGC" if itunes else "MP4 AIGC"
    wanted = {key: value for key, value in freeform.items() if f"MP4 ----:{_MEAN}:{key}" not in present}
    text: str | None = None
    if label is not None:
        text = aigc.merged(present[name], label) if name in present else label.to_json()
    if not wanted and not text:
        return movie, ()
    if text and name in present:
        movie = _replaced(movie, present[name], text)
        names: tuple[str, ...] = (name,)
    else:
        names = (name,) if text else ()
        if text and itunes:
            wanted["AIGC"] = text
        elif text:
            movie = _with_key(movie, "AIGC", text, quicktime=quicktime)
    if wanted:
        items = b"".join(_freeform(key, value) for key, value in wanted.items())
        movie = _with_items(movie, items)
    return movie, tuple(dict.fromkeys((*(f"MP4 ----:{_MEAN}:{key}" for key in wanted), *names)))


def _box(kind: bytes, data: bytes) -> bytes:
    return (8 + len(data)).to_bytes(4) + kind + data


def _data(text: str) -> bytes:
    return _box(b"data", _UTF8.to_bytes(4) + bytes(4) + text.encode())


def _freeform(name: str, value: str) -> bytes:
    parts = _box(b"mean", bytes(4) + _MEAN.encode()) + _box(b"name", bytes(4) + name.encode()) + _data(value)
    return _box(b"----", parts)


def _handler_box(kind: bytes) -> bytes:
    return _box(b"hdlr", bytes(8) + kind + (b"appl" if kind == b"mdir" else bytes(4)) + bytes(9))


def _path(movie: bytes, *types: bytes) -> list[Box]:
    """Return the boxes from the movie down along `types`, as far as they are there."""
    walk = Walk(BytesReader(movie), DEFAULT_LIMITS)
    path = [Box(b"moov", 0, 8, len(movie))]
    for kind in types:
        parent = path[-1]
        at = parent.start + parent.header
        if parent.type == b"meta":
            at, _ = _children(walk, parent)
        found = next((box for box in boxes(walk, at, _end(walk, parent)) if box.type == kind), None)
        if found is None:
            break
        path.append(found)
    return path


def _insert(movie: bytes, path: list[Box], new: bytes) -> bytes:
    """Return the movie with `new` as the last thing in the last box of `path`; all of them grow."""
    at = _end(Walk(BytesReader(movie), DEFAULT_LIMITS), path[-1])
    return _resized(movie[:at] + new + movie[at:], path, len(new))


def _resized(movie: bytes, path: list[Box], more: int) -> bytes:
    whole = bytearray(movie)
    for box in path:
        if box.header != 8:
            raise MalformedError("the movie has a box of a form that isn't changed")
        whole[box.start : box.start + 4] = (box.size + more).to_bytes(4)
    return bytes(whole)


def _with_items(movie: bytes, items: bytes) -> bytes:
    """Return the movie with further items in the iTunes list, which is made where there is none."""
    path = _path(movie, b"udta", b"meta", b"ilst")
    if len(path) >= 3 and _kind(movie, path[2]) not in (b"mdir", b""):
        raise MalformedError("the movie's tags aren't those of iTunes")
    for kind in (b"ilst", b"meta", b"udta")[: 4 - len(path)]:
        if kind == b"meta":
            items = bytes(4) + _handler_box(b"mdir") + items
        items = _box(kind, items)
    return _insert(movie, path, items)


def _kind(movie: bytes, meta: Box) -> bytes:
    walk = Walk(BytesReader(movie), DEFAULT_LIMITS)
    return _handler(walk, _children(walk, meta)[1])


def _with_key(movie: bytes, name: str, value: str, *, quicktime: bool) -> bytes:
    """Return the movie with a QuickTime key: in `udta/meta`, or in `meta` where iTunes has taken the former."""
    key = (8 + len(name)).to_bytes(4) + b"mdta" + name.encode()
    path = _path(movie, b"udta", b"meta")
    if len(path) == 3 and _kind(movie, path[2]) != b"mdta":
        path = _path(movie, b"meta")
        if len(path) == 2 and _kind(movie, path[1]) != b"mdta":
            raise MalformedError("the movie's tags are in lists that TC260's label has no place in")
    if path[-1].type == b"meta":
        return _in_list(movie, path, key, value)
    keys = _box(b"keys", bytes(4) + (1).to_bytes(4) + key)
    tags = _box(b"ilst", _box((1).to_bytes(4), _data(value)))
    version = b"" if quicktime and path[-1].type == b"moov" and _path(movie, b"udta")[1:] else bytes(4)
    meta = _box(b"meta", version + _handler_box(b"mdta") + keys + tags)
    below = [b"udta"] if len(path) == 1 and not _path(movie, b"udta")[1:] else []
    return _insert(movie, path, _box(b"udta", meta) if below else meta)


def _in_list(movie: bytes, path: list[Box], key: bytes, value: str) -> bytes:
    """Return the movie with a further key in the list that `path` leads to."""
    walk = Walk(BytesReader(movie), DEFAULT_LIMITS)
    _, found = _children(walk, path[-1])
    keys, tags = found.get(b"keys"), found.get(b"ilst")
    if keys is None or tags is None or keys.size < 16 or keys.start > tags.start:
        raise MalformedError("the movie's list of keys is of a form that isn't changed")
    count = int.from_bytes(movie[keys.start + 12 : keys.start + 16]) + 1
    movie = _insert(movie, [*path, tags], _box(count.to_bytes(4), _data(value)))
    path = [box._replace(size=box.size + len(_box(bytes(4), _data(value)))) for box in path]
    movie = movie[: keys.start + 12] + count.to_bytes(4) + movie[keys.start + 16 :]
    return _insert(movie, [*path, keys], key)


def _replaced(movie: bytes, old: str, new: str) -> bytes:
    """Return the movie with the text `old` of one tag changed to `new`."""
    mark = old.encode()
    at = movie.find(mark)
    if at < 0 or movie.find(mark, at + 1) >= 0:
        raise MalformedError("the AIGC value of the movie can't be changed where it stands")
    path = _around([Box(b"moov", 0, 8, len(movie))], movie, at)
    more = len(new.encode()) - len(mark)
    return _resized(movie[:at] + new.encode() + movie[at + len(mark) :], path, more)


def _around(path: list[Box], movie: bytes, at: int) -> list[Box]:
    """Return the boxes that the byte at `at` lies in, from `path` down."""
    walk = Walk(BytesReader(movie), DEFAULT_LIMITS)
    while path[-1].type != b"data":
        parent = path[-1]
        start = _children(walk, parent)[0] if parent.type == b"meta" else parent.start + parent.header
        inner = next((box for box in boxes(walk, start, _end(walk, parent)) if box.start <= at < box.end), None)
        if inner is None:
            raise MalformedError("the AIGC value of the movie can't be changed where it stands")
        path = [*path, inner]
    return path
