"""The hard binding of text once more, slowly and from the specification alone (C2PA 2.4 A.7, A.8, A.9, 15.12.1.3).

Shares no code with the package. Each function returns the manifest store of a text whose label is put in as the
specification says and whose hash holds, or None.
"""

import base64
import binascii
import hashlib
import re
import unicodedata
from io import StringIO
from typing import Any

import html5lib

from tests.agreement.slow_store import assertion

__all__ = ["block", "page", "wide", "wrapper"]

BEGIN, END = b"-----BEGIN C2PA MANIFEST-----", b"-----END C2PA MANIFEST-----"
REFERENCE = re.compile(
    BEGIN + rb"[ \t\r\n]*(?:data:application/c2pa;base64,([A-Za-z0-9+/]+=*)|https?://[!-~]+)[ \t\r\n]*" + END
)
COMMENTS = (
    ("#", ""), ("//", ""), ("--", ""), (";", ""), ("%", ""), ("..", ""), ("'", ""), ("!", ""),
    ("/*", "*/"), ("/*!", "*/"), ("<!--", "-->"), ("(*", "*)"),
)  # fmt: skip


def wrapper(data: bytes) -> bytes | None:
    """Return the store that is hidden in unstructured text (A.8)."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    for form in (text, unicodedata.normalize("NFC", text)):  # offsets as 2.5 counts them, and as 2.4 does
        try:
            found = _wrappers(form)
        except ValueError:
            return None
        if len(found) != 1:
            return None
        ((start, ends, store),) = found
        for end in ends:
            rest = unicodedata.normalize("NFC", form[:start] + form[end:]).encode()
            before, inside = len(form[:start].encode()), len(form[start:end].encode())
            if _holds(store, [(before, inside)], rest):
                return store
    return None


def wide(data: bytes) -> bytes | None:
    """Return the store that is hidden in unstructured text in UTF-16, or in the UTF-8 that became of it."""
    if data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return wrapper(data)
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError:
        return None
    return wrapper(text.encode()) or wrapper(("\ufeff" + text).encode())


def _wrappers(text: str) -> list[tuple[int, list[int], bytes]]:
    """Return where each wrapper starts, where it may end, and its store; one that goes wrong is an error."""
    found = []
    for start, character in enumerate(text):
        if character != "\ufeff":
            continue
        run = bytearray()
        for selector in text[start + 1 :]:
            byte = _byte(ord(selector))
            if byte is None:
                break
            run.append(byte)
        if not run.startswith(b"C2PATXT\0"):
            continue
        size = int.from_bytes(run[9:13])
        if len(run) < 13 + size or run[8] != 1:
            raise ValueError("corrupted")
        ends = [start + 1 + 13 + size]
        if not run[13 + size :].lstrip(b"\0").lstrip(b"\x10"):
            ends.append(start + 1 + len(run))
        found.append((start, ends, bytes(run[13 : 13 + size])))
    return found


def _byte(code: int) -> int | None:
    if 0xFE00 <= code <= 0xFE0F:
        return code - 0xFE00
    if 0xE0100 <= code <= 0xE01EF:
        return code - 0xE0100 + 16
    return None


def block(data: bytes) -> bytes | None:
    """Return the store in the comment or front matter of structured text (A.9)."""
    found = list(REFERENCE.finditer(data))
    if len(found) != 1 or found[0][1] is None:
        return None
    lines, at = [], 0
    for line in data.split(b"\n"):
        lines.append((at, line))
        at += len(line) + 1
    first, last = found[0].span()
    held = [(start, line) for start, line in lines if start < last and first <= start + len(line)]
    start, stop = held[0][0], held[-1][0] + len(held[-1][1])
    ended = min(stop + 1, len(data))
    places = [(start, ended - start)]
    if len(held) == 3:
        if [held[0][1].rstrip(b"\r"), held[2][1].rstrip(b"\r \t")] != [BEGIN, END]:
            return None
        places.append((start, stop - start))
    elif len(held) != 1 or not _is_comment(held[0][1]):
        return None
    elif start and ended == len(data):  # the last line: its line end is the one before it
        before = 2 if data[:start].endswith(b"\r\n") else 1
        places = [(start - before, len(data) - start + before), (start - 1, len(data) - start + 1)]
    store = _decoded(found[0][1])
    for place in places if store else ():
        if _holds(store, [place], data[: place[0]] + data[sum(place) :]):
            return store
    return None


def _is_comment(line: bytes) -> bool:
    opening, _, rest = line.removeprefix(b"\xef\xbb\xbf").partition(BEGIN)
    closing = rest.partition(END)[2].rstrip(b"\r")
    around = opening.strip(b" \t").decode("latin-1"), closing.strip(b" \t").decode("latin-1")
    return around in COMMENTS


def page(data: bytes) -> bytes | None:
    """Return the store in the head of an HTML document (A.7), as a parser of the WHATWG's rules sees it."""
    try:
        document = html5lib.parse(StringIO(data.decode()), namespaceHTMLElements=False)
    except UnicodeDecodeError:
        return None
    scripts = [one for one in document.findall("./head//script") if _is_type(one)]
    links = [one for one in document.findall("./head//link") if "c2pa-manifest" in one.get("rel", "").lower()]
    if len(scripts) != 1 or links or list(scripts[0].attrib) != ["type"]:
        return None
    store = _decoded((scripts[0].text or "").strip().encode())
    binding = assertion(store, "c2pa.hash.data") if store else None
    for start, length in _exclusions(binding):
        element = data[start : start + length]
        if not re.fullmatch(rb"(?is)<script[\s/][^<>]*>[A-Za-z0-9+/=\s]*</script\s*>", element):
            continue
        rest = data[:start] + data[start + length :]
        scripts[0].text = "".join((scripts[0].text or "").split())
        without = html5lib.parse(StringIO(rest.decode()), namespaceHTMLElements=False)
        _drop(document, scripts[0])
        if _shape(document) == _shape(without) and _holds(store, [(start, length)], rest):
            return store
    return None


def _is_type(script: Any) -> bool:
    return bool(script.get("type", "").strip().lower() == "application/c2pa")


def _drop(document: Any, script: Any) -> None:
    """Take an element out of a tree; the text after it goes to what stands before."""
    for parent in document.iter():
        children = list(parent)
        if script in children:
            at = children.index(script)
            tail = script.tail or ""
            if at:
                children[at - 1].tail = (children[at - 1].tail or "") + tail
            else:
                parent.text = (parent.text or "") + tail
            parent.remove(script)


def _shape(element: Any) -> Any:
    if not isinstance(element.tag, str):
        return ("comment", element.text or "", element.tail or "")
    inner = [_shape(child) for child in element]
    return (element.tag, sorted(element.attrib.items()), element.text or "", element.tail or "", inner)


def _decoded(data: bytes) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return None


def _exclusions(binding: Any) -> list[tuple[int, int]]:
    try:
        return [(int(one["start"]), int(one["length"])) for one in binding["exclusions"]]
    except (TypeError, KeyError, ValueError):
        return []


def _holds(store: bytes | None, places: list[tuple[int, int]], rest: bytes) -> bool:
    """Return whether the hash leaves out these places and nothing else, and is that of `rest`."""
    binding = assertion(store, "c2pa.hash.data") if store else None
    if not isinstance(binding, dict) or _exclusions(binding) != places:
        return False
    name = binding.get("alg", "sha256")
    return name in {"sha256", "sha384", "sha512"} and bool(binding.get("hash") == hashlib.new(name, rest).digest())
