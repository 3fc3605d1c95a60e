"""Office documents (docx, xlsx, pptx): custom properties (ISO 29500-1 section 15.2.12.2; TC260-PG-20258A).

    docProps/custom.xml:
    <property fmtid="{D5CDD505-...}" pid="2" name="AIGC"><vt:lpwstr>{...}</vt:lpwstr></property>

All other parts stay as they are in the archive, compressed bytes included; only the directory at its end is new.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, unescape

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._splice import Edit
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places.base import LARGEST, Change

__all__ = ["read", "write"]

_CUSTOM: Final = "docProps/custom.xml"
_TYPES: Final = "[Content_Types].xml"
_RELATIONS: Final = "_rels/.rels"
_FORMAT: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_PROPERTIES: Final = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES: Final = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_EMPTY: Final = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<Properties xmlns="{_PROPERTIES}" xmlns:vt="{_VALUES}"></Properties>'
)
_PROPERTY: Final = re.compile(
    r"<(?:\w+:)?property\s([^<>]*)>\s*<\w+:\w+(?:\s[^<>]*)?>([^<]*)</\w+:\w+>\s*</(?:\w+:)?property>", re.DOTALL
)
_NAME: Final = re.compile(r"\bname=\"([^\"]*)\"")
_PID: Final = re.compile(r"\bpid=\"(\d{1,9})\"")
_END: Final = b"PK\x05\x06"
_ENTRY: Final = b"PK\x01\x02"
_TAIL: Final = 66_000
_MOST_MEMBERS: Final = 0xFFF0
_LARGEST: Final = 0xF0000000
"""What the fields of an archive without 64-bit extensions hold, and some room."""
_NOT_XML: Final = b"<!DOCTYPE"
_ESCAPES: Final = {"&quot;": '"', "&apos;": "'"}


class _Member(NamedTuple):
    """One entry of the archive's directory."""

    name: str
    raw: bytes
    """The entry as it lies in the directory."""
    method: int
    packed: int
    size: int
    at: int
    """Offset of its local header."""


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located
    member = next((one for one in _directory(file, limits)[0] if one.name == _CUSTOM), None)
    if member is not None:
        for name, value in _properties(_content(file, member)).items():
            yield Field(f"OOXML {name}", value)


def _directory(file: Reader, limits: Limits) -> tuple[list[_Member], int, bytes]:
    """Return the members, where the directory begins, and the record at the end of the file."""
    start = max(0, file.size - _TAIL)
    tail = file.read(start, file.size - start)
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise MalformedError("the archive has no end of its directory")
    size, offset = (int.from_bytes(tail[at + spot : at + spot + 4], "little") for spot in (12, 16))
    if offset + size > file.size or size // 46 > limits.boxes_for(file.size) or offset == 0xFFFFFFFF:
        raise MalformedError("the archive's directory isn't where it is said to be")
    data, members, spot = file.read(offset, size), [], 0
    while data[spot : spot + 4] == _ENTRY and spot + 46 <= len(data):
        lengths = [int.from_bytes(data[spot + 28 + 2 * i : spot + 30 + 2 * i], "little") for i in range(3)]
        end = spot + 46 + sum(lengths)
        raw = data[spot:end]
        numbers = [int.from_bytes(raw[i : i + 4], "little") for i in (20, 24, 42)]
        name = raw[46 : 46 + lengths[0]].decode("utf-8", "replace")
        members.append(_Member(name, raw, int.from_bytes(raw[10:12], "little"), *numbers))
        spot = end
    return members, offset, tail[at:]


def _content(file: Reader, member: _Member) -> str:
    """Return a small part as text.

    Raises:
        MalformedError: It is none.
    """
    if member.packed > LARGEST or member.size > LARGEST:
        raise MalformedError(f"{member.name} is too large")
    local = file.read(member.at, 30)
    start = member.at + 30 + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    data = file.read(start, member.packed)
    if member.method == 8:
        try:
            data = zlib.decompressobj(-15).decompress(data, LARGEST)
        except zlib.error as error:
            raise MalformedError(f"{member.name} can't be inflated: {error}") from None
    elif member.method != 0:
        raise MalformedError(f"{member.name} is compressed in a way that isn't known")
    if _NOT_XML in data:
        raise MalformedError(f"{member.name} has declarations")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def _properties(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for attributes, value in _PROPERTY.findall(text):
        name = _NAME.search(attributes)
        if name:
            found.setdefault(unescape(name[1], _ESCAPES), unescape(value, _ESCAPES).strip())
    return found


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`."""
    members, start, end = _directory(file, limits)
    by_name = {member.name: member for member in members}
    if _TYPES not in by_name or _RELATIONS not in by_name:
        raise NoPlaceError("the archive is no Office document", "only docx, xlsx and pptx have custom properties")
    if len(by_name) != len(members):
        raise MalformedError("the archive has two members of one name")
    custom = by_name.get(_CUSTOM)
    text, names = _with_properties(_content(file, custom) if custom else _EMPTY, declaration)
    if not names:
        return Change()
    new = {_CUSTOM: text}
    if custom is None:
        kinds = _content(file, by_name[_TYPES])
        override = f'<Override PartName="/{_CUSTOM}" ContentType="{_MEDIA_TYPE}"/>'
        new[_TYPES] = _before_end(kinds, "Types", override)
        relations = _content(file, by_name[_RELATIONS])
        number = next(i for i in range(1, 10_000) if f'"rId{i}"' not in relations)
        relation = f'<Relationship Id="rId{number}" Type="{_RELATION}" Target="{_CUSTOM}"/>'
        new[_RELATIONS] = _before_end(relations, "Relationships", relation)
    return Change(_edits(file, members, start, end, new), names)


def _before_end(text: str, element: str, new: str) -> str:
    ends = [match.start() for match in re.finditer(rf"</(?:\w+:)?{element}\s*>", text)]
    if len(ends) != 1 or re.search(rf"</\w+:{element}", text):
        raise MalformedError(f"the document's {element} are of a form into which nothing is written")
    return text[: ends[0]] + new + text[ends[0] :]


def _with_properties(text: str, declaration: Declaration) -> tuple[str, tuple[str, ...]]:
    present = _properties(text)
    wanted = {name: value for name, value in declaration.entries().items() if name not in present}
    names = tuple(f"OOXML {name}" for name in wanted)
    if declaration.aigc is not None:
        if "AIGC" not in present:
            wanted["AIGC"] = declaration.aigc.to_json()
            names += ("OOXML AIGC",)
        elif merged := aigc.merged(present["AIGC"], declaration.aigc):
            text = _replaced(text, merged)
            names += ("OOXML AIGC",)
    space = "" if f'xmlns:vt="{_VALUES}"' in text else f' xmlns:vt="{_VALUES}"'
    number = max([1, *(int(found) for found in _PID.findall(text))])
    for pid, (name, value) in enumerate(wanted.items(), number + 1):
        inner = f"<vt:lpwstr{space}>{escape(value)}</vt:lpwstr>"
        line = f'<property fmtid="{_FORMAT}" pid="{pid}" name="{name}">{inner}</property>'
        text = _before_end(text, "Properties", line)
    return text, names


def _replaced(text: str, value: str) -> str:
    places = [found for found in _PROPERTY.finditer(text) if 'name="AIGC"' in found[1]]
    if len(places) != 1:
        raise MalformedError("the document has more than one AIGC property")
    start, stop = places[0].span(2)
    return text[:start] + escape(value) + text[stop:]


def _edits(file: Reader, members: list[_Member], start: int, end: bytes, new: dict[str, str]) -> tuple[Edit, ...]:
    """Return the archive with `new` members in place of those of their names: they and a directory come last.

    The bytes of a replaced member are cut out, and the offsets in the directory follow.
    """
    by_place = {member.at: member for member in members}
    order = sorted(by_place)
    if file.read(0, 4) != b"PK\x03\x04" or len(order) != len(members) or order[0] != 0 or order[-1] >= start:
        raise MalformedError("the archive's members lie over each other")
    if len(members) + len(new) > _MOST_MEMBERS or file.size > _LARGEST:
        raise MalformedError("the archive is too large to be written anew")
    edits, directory, cut = [], b"", []
    for at, following in zip(order, [*order[1:], start], strict=True):
        if by_place[at].name in new:
            edits.append(Edit(at, following))
            cut.append((at, following - at))
    for member in members:
        if member.name not in new:
            at = member.at - sum(length for place, length in cut if place < member.at)
            directory += member.raw[:42] + at.to_bytes(4, "little") + member.raw[46:]
    body, at = b"", start - sum(length for _, length in cut)
    for name, text in new.items():
        data = text.encode()
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush()
        head = b"\x14\0\0\0\x08\0\0\0\x21\0" + zlib.crc32(data).to_bytes(4, "little")
        head += len(packed).to_bytes(4, "little") + len(data).to_bytes(4, "little")
        head += len(name).to_bytes(2, "little") + b"\0\0"
        directory += _ENTRY + b"\x14\0" + head + bytes(10) + (at + len(body)).to_bytes(4, "little") + name.encode()
        body += b"PK\x03\x04" + head + name.encode() + packed
    count = (len(members) + sum(name not in {m.name for m in members} for name in new)).to_bytes(2, "little")
    tail = end[:8] + count + count + len(directory).to_bytes(4, "little") + (at + len(body)).to_bytes(4, "little")
    edits.append(Edit(start, file.size, (body + directory + tail + end[20:],)))
    return tuple(edits)
