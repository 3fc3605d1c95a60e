"""The tree of boxes of a BMFF file, as hard bindings name them (ISO 14496-12 section 4.2; C2PA 2.4 section 18.6).

Which boxes are containers, and which begin with version and flags, is a list and not a question of content:
both engines must descend into the same boxes. A tree that is odd in any way is left to the reference engine.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.verifying.abstain import Abstention

__all__ = ["C2PA_UUID", "Box", "Tree", "read_tree", "root_offsets"]

C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""Extended type of the `uuid` boxes that hold C2PA data (C2PA 2.4 A.5)."""

_CONTAINERS = frozenset(b"moov trak mdia minf stbl moof traf edts udta dinf tref treg mvex mfra meta schi".split())
_FULL = frozenset(
    b"pdin mvhd tkhd mdhd hdlr nmhd elng stsd stdp stts ctts cslg stss stsh elst dref stsz stz2 stsc stco co64 "
    b"padb subs saiz saio mehd trex mfhd tfhd trun tfra mfro tfdt leva trep assp sbgp sgpd csgp cprt tsel kind "
    b"meta bxml iloc pitm ipro infe iinf iref ipma schm fiin fpar fecr gitn fire stri stsg stvi csch sidx ssix "
    b"prft srpp vmhd smhd srat chnl dmix txtC mime uriI hmhd sthd vvhd medc".split()
) | {b"xml ", b"uri "}
_DEPTH = 31
"""Levels below the file that the reference engine descends."""


class Box(NamedTuple):
    """One box; the file itself is the root, of no kind."""

    kind: bytes
    """Its four-character code."""

    start: int
    """Offset of its header."""

    size: int
    """Its size with the header."""

    content: int
    """Offset of its content; behind version and flags where it has them."""

    version: int | None
    """Version of a full box."""

    children: list["Box"]
    """Boxes inside, when its kind is a container's."""

    @property
    def end(self) -> int:
        """Offset of the first byte after the box."""
        return self.start + self.size


class Tree:
    """The boxes of one file, and look-up by the paths that exclusions use."""

    def __init__(self, root: Box, boxes: int, limits: Limits) -> None:
        self.root = root
        self._found: dict[str, list[Box]] = {"": [root]}
        self._children: dict[str, Mapping[bytes, list[Box]]] = {}
        # Every distinct path looks at the children of what its parent matched: bounded as a whole.
        self._left = 16 * (boxes + limits.boxes)

    def find(self, path: str) -> list[Box]:
        """Return the boxes at `path` (`/moov/trak[2]/tkhd`) in file order; an index counts from 1.

        Raises:
            Abstention: The path isn't plain.
            LimitError: All paths together ask for too much work.
        """
        parent = ""
        for part in path.removeprefix("/").split("/"):
            kind, index = _step(part)
            here = f"{parent}/{part}"
            if here not in self._found:
                matching = self._below(parent).get(kind, [])
                self._found[here] = matching if index is None else matching[index : index + 1]
            parent = here
        return self._found[parent]

    def _below(self, path: str) -> Mapping[bytes, list[Box]]:
        if path not in self._children:
            by_kind: dict[bytes, list[Box]] = {}
            for box in self._found[path]:
                self._left -= 1 + len(box.children)
                if self._left < 0:
                    raise LimitError("the paths of a hard binding match too many boxes")
                for child in box.children:
                    by_kind.setdefault(child.kind, []).append(child)
            self._children[path] = by_kind
        return self._children[path]


def read_tree(file: Reader, limits: Limits) -> Tree:
    """Read the headers of all boxes of `file`.

    Raises:
        Abstention: A box doesn't lie inside the one around it, or the tree is odd in another way.
        LimitError: There are more boxes than are allowed.
    """
    walk = Walk(file, limits)
    root = Box(b"", 0, file.size, 0, None, [])
    try:
        count = _fill(walk, root)
    except LimitError:
        raise
    except MalformedError as error:
        raise Abstention(f"the boxes of the file are damaged: {error}") from None
    first = root.children[0] if root.children else root
    if first.kind != b"ftyp" or first.size < 16 or first.size % 4:
        raise Abstention("the file doesn't begin with a plain 'ftyp' box")
    return Tree(root, count, limits)


def _step(part: str) -> tuple[bytes, int | None]:
    kind, bracket, rest = part.partition("[")
    if len(kind) != 4 or not kind.isascii():
        raise Abstention(f"an exclusion's path has the part {part[:20]!r}")
    if not bracket:
        return kind.encode(), None
    number = rest.removesuffix("]")
    if number == rest or not number.isdecimal() or not number.isascii() or number[0] == "0" or len(number) > 9:
        raise Abstention(f"an exclusion's path has the part {part[:20]!r}")
    return kind.encode(), int(number) - 1


def _fill(walk: Walk, root: Box) -> int:
    count = 0
    open_boxes = [(root, 0)]
    while open_boxes:
        around, at = open_boxes.pop()
        if around.end - at < 8:
            if around is not root and at != around.end:
                raise Abstention(f"bytes are left over at the end of the {around.kind!r} box at {around.start}")
            continue
        box = _read_box(walk, at, around)
        count += 1
        around.children.append(box)
        open_boxes.append((around, box.end))
        if box.kind in _CONTAINERS:
            if len(open_boxes) > _DEPTH:
                raise Abstention("boxes are nested too deep")
            open_boxes.append((box, box.content))
    return count


def _read_box(walk: Walk, at: int, around: Box) -> Box:
    walk.count()
    header = walk.read(at, 8)
    size, kind, content = int.from_bytes(header[:4]), header[4:8], at + 8
    if size == 1:
        size, content = int.from_bytes(walk.read(at + 8, 8)), at + 16
    elif size == 0 and not around.kind:
        size = around.end - at
    if size < content - at or at + size > around.end:
        raise Abstention(f"the {kind!r} box at {at} doesn't fit")
    version = None
    if kind == b"uuid":
        content = _uuid_content(walk, at, size, content)
    elif kind in _FULL and not (kind == b"meta" and _is_plain_meta(walk, content)):
        if at + size < content + 4:
            raise Abstention(f"the {kind!r} box at {at} is too short for its version")
        version = walk.read(content, 1)[0]
        content += 4
    return Box(kind, at, size, content, version, [])


def _uuid_content(walk: Walk, at: int, size: int, content: int) -> int:
    if at + size < content + 16:
        raise Abstention(f"the 'uuid' box at {at} is too short")
    if walk.read(content, 16) != C2PA_UUID:
        return content + 16
    if content != at + 8 or at + size < content + 20:
        raise Abstention(f"the C2PA box at {at} is odd")
    return content + 20


def _is_plain_meta(walk: Walk, content: int) -> bool:
    """QuickTime's `meta` has no version and flags: its first child begins at once."""
    return content + 8 <= walk.size and walk.read(content + 4, 4) == b"hdlr"


def root_offsets(tree: Tree) -> Iterator[int]:
    """Yield the offsets of the boxes that lie in no other."""
    for box in tree.root.children:
        if b"/" in box.kind:
            raise Abstention(f"the {box.kind!r} box at {box.start} has a slash in its name")
        yield box.start
