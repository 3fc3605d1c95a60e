"""XMP: properties read from a packet, and new ones put into it without touching a byte of the others (ISO 16684-1).

A packet is small XML. It is parsed with defusedxml, which refuses declarations and entities, and never when it is
larger than a mebibyte. New properties come as a further `rdf:Description` before the end tag of `rdf:RDF`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from kzlabel.errors import MalformedError
from kzlabel.markers import aigc
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.rules import load

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["LARGEST", "declared", "extended", "fields", "take", "written"]

LARGEST: Final = 1 << 20
"""Bytes of a packet that is parsed."""
_MOST: Final = 4000
"""Values of a packet that are looked at."""
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TC260: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_XMP: Final = "http://ns.adobe.com/xap/1.0/"
_NOTE: Final = "http://ns.adobe.com/xmp/note/"
_PREFIXES: Final[Mapping[str, str]] = {
    _IPTC: "Iptc4xmpExt",
    _TC260: "TC260",
    _XMP: "xmp",
    _NOTE: "xmpNote",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/pdf/1.3/": "pdf",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
}
_END: Final = re.compile(r"</([A-Za-z_][\w.-]*):RDF\s*>")
_PACKET: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="w"?>'
_META: Final = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{}">{}</rdf:RDF></x:xmpmeta>'
_ALONE: Final = r"[Dd]igital[Ss]ource\w*|AI[A-Z]\w*|\w{0,40}AIGC"
"""Properties that are made to speak of AI."""


@cache
def _speaking() -> re.Pattern[bytes]:
    """Return a pattern of the properties that rules look at, with the text of those that hold text of any kind.

    It begins with one letter and then one of few, because it is searched for in every packet.
    """
    places = {place for rule in load().rule for place in load().places(rule) if place.startswith("XMP ")}
    names = {place.rpartition(":")[2] for place in places if "*" not in place}
    free = sorted(name for name in names if not re.match(_ALONE, name))
    first = "".join(sorted({name[0] for name in free} | set("ADd")))
    value = r"(?:=\"[^\"<]*|='[^'<]*|>[^<]*(?:</?rdf:[^>]*>[^<]*)*)"
    return re.compile(f":(?=[{first}])(?:{_ALONE}|(?:{'|'.join(free)}){value})".encode())


def take(packet: bytes, texts: list[bytes]) -> bool:
    """Add to `texts` the names of a packet's properties that speak of AI, and the texts of those that may.

    False means that the packet can't be seen through so quickly: it is of two bytes a character, or spells some of
    them as numbers.
    """
    if b"\0" in packet or (b"&" in packet and b"&#" in packet):
        return False
    texts += _speaking().findall(packet)
    return True


def fields(packet: bytes) -> Iterator[Field]:
    """Yield every property of a packet with its text; nothing for one that is broken."""
    try:
        root = _parsed(packet)
    except MalformedError:
        return
    for count, (name, text) in enumerate(_properties(root)):
        if count >= _MOST:
            return
        yield Field(f"XMP {name}", text)


def _parsed(packet: bytes) -> "Element":
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415 - most files need no parser

    from defusedxml import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    if len(packet) > LARGEST:
        raise MalformedError("the XMP packet is too large")
    try:
        root: Element = fromstring(_trimmed(packet), forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise MalformedError(f"the XMP packet can't be read: {error}") from None
    return root


def _trimmed(packet: bytes) -> bytes:
    """Return `packet` without what may stand around it: zeros, and a mark that isn't at its start."""
    if packet[:2] in (b"\xff\xfe", b"\xfe\xff") or packet[:1] == b"\0" or packet[1:2] == b"\0":
        return packet
    return packet.rstrip(b"\0").lstrip()


def _properties(root: "Element") -> Iterator[tuple[str, str]]:
    """Yield name and text of every property; an item of a list has the list's name."""
    waiting: list[tuple[Element, str]] = [(root, "")]
    while waiting:
        element, owner = waiting.pop()
        space, local = _split(element.tag)
        inner = space in {_RDF, "adobe:ns:meta/"}
        name = owner if inner else _named(space, local)
        if name and element.text and element.text.strip():
            yield name, element.text.strip()
        for key, value in element.attrib.items():
            key_space, key_local = _split(key)
            if key_space == _RDF:
                if key_local in {"resource", "value"} and name:
                    yield name, value
            elif key_space and key_space != "http://www.w3.org/XML/1998/namespace":
                yield _named(key_space, key_local), value
        waiting += [(child, name) for child in reversed(element)]


def _split(tag: object) -> tuple[str, str]:
    if not isinstance(tag, str) or tag[:1] != "{":
        return "", str(tag)
    space, _, local = tag[1:].partition("}")
    return space, local


def _named(space: str, local: str) -> str:
    prefix = _PREFIXES.get(space) or _PREFIXES.get(space.rstrip("/") + "/", "")
    return f"{prefix}:{local}" if prefix else local


def extended(parts: list[tuple[int, bytes]]) -> bytes:
    """Return the packet that the parts of an extended XMP are together; empty when one is missing or too much."""
    at, joined = 0, b""
    for offset, data in sorted(parts):
        if offset != at or at + len(data) > LARGEST:
            return b""
        joined += data
        at += len(data)
    return joined


def declared(declaration: Declaration) -> dict[tuple[str, str], str]:
    """Return the properties that a declaration is, by namespace and name."""
    given = {(_IPTC, name): value for name, value in declaration.entries().items()}
    if declaration.aigc is not None:
        given[_TC260, "AIGC"] = declaration.aigc.to_json()
    if declaration.created is not None:
        given[_XMP, "CreateDate"] = declaration.created.isoformat(timespec="seconds")
    return given


def written(
    packet: bytes, declaration: Declaration, *, wrapped: bool = True, skip: frozenset[str] = frozenset()
) -> tuple[bytes, tuple[str, ...]]:
    """Return `packet` with the declaration, and the names of the properties that were added.

    What is there stays: a property that the packet has is not written, except that an `AIGC` value gets those of
    its fields that are empty. An empty packet is made new; `wrapped` says whether with the processing instructions
    by which it is found in any file, and `skip` names the fields that stand elsewhere in the file.

    Raises:
        MalformedError: The packet is broken, or of a form into which nothing is written.
    """
    wanted = {key: value for key, value in declared(declaration).items() if f"XMP {_named(*key)}" not in skip}
    if not wanted:
        return packet, ()
    if not packet.strip(b"\0 \t\r\n"):
        text = _META.format(_RDF, _description(wanted, ""))
        text = _PACKET.format(text) if wrapped else text
        return text.encode(), _names(wanted)
    root = _parsed(packet)
    text, encoding = _text(_trimmed(packet))
    present = dict(_properties(root))
    missing = {key: value for key, value in wanted.items() if _named(*key) not in present}
    names = _names(missing)
    if declaration.aigc is not None and "TC260:AIGC" in present:
        old = present["TC260:AIGC"]
        new = aigc.merged(old, declaration.aigc)
        if new:
            text = _replaced(text, old, new)
            names += ("XMP TC260:AIGC",)
    if missing:
        ends = list(_END.finditer(text))
        if not ends or len({end[1] for end in ends}) > 1:
            raise MalformedError("the XMP packet has no end of rdf:RDF before which something could be put")
        at = ends[-1].start()
        text = text[:at] + _description(missing, _about(root)) + text[at:]
    data = text.encode(encoding)
    if names:
        _check(present, data, wanted)
    return data, names


def _check(before: dict[str, str], data: bytes, wanted: dict[tuple[str, str], str]) -> None:
    """Check that the new packet has all that the old one had, and what was to be written."""
    after = dict(_properties(_parsed(data)))
    kept = all(after.get(name) == value for name, value in before.items() if name != "TC260:AIGC")
    if not kept or any(_named(*key) not in after for key in wanted):
        raise MalformedError("the XMP packet is of a form into which nothing is written")


def _names(properties: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    return tuple(f"XMP {_named(*key)}" for key in properties)


def _description(properties: Mapping[tuple[str, str], str], about: str) -> str:
    spaces = dict.fromkeys(space for space, _ in properties)
    declarations = "".join(f' xmlns:{_PREFIXES[space]}="{space}"' for space in spaces)
    values = "".join(f"<{_named(*key)}>{_quoted(value)}</{_named(*key)}>" for key, value in properties.items())
    start = f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="{_quoted(about)}"{declarations}>'
    return f"{start}{values}</rdf:Description>"


def _quoted(value: str) -> str:
    return escape(value, {'"': "&quot;", "\r": "&#13;"})


def _about(root: "Element") -> str:
    for element in root.iter(f"{{{_RDF}}}Description"):
        about: str = element.attrib.get(f"{{{_RDF}}}about", "")
        return about
    return ""


def _text(packet: bytes) -> tuple[str, str]:
    """Return a packet as text, and the encoding that gives it back."""
    if packet[:2] == b"\xff\xfe" or packet[1:2] == b"\0":
        encoding = "utf-16-le"
    elif packet[:2] == b"\xfe\xff" or packet[:1] == b"\0":
        encoding = "utf-16-be"
    else:
        encoding = "utf-8"
    try:
        return packet.decode(encoding), encoding
    except UnicodeDecodeError:
        raise MalformedError("the XMP packet is in an encoding in which nothing is written") from None


def _replaced(text: str, old: str, new: str) -> str:
    """Return `text` with the one place that stands for the value `old` changed to `new`."""
    for form in dict.fromkeys((_quoted(old), escape(old), old, escape(old, {"'": "&apos;", '"': "&quot;"}))):
        if text.count(form) == 1:
            return text.replace(form, _quoted(new).replace("'", "&apos;"))
    raise MalformedError("the AIGC value of the XMP packet can't be changed where it stands")
