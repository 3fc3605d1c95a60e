"""ZIP and the documents built on it: the store is the member `META-INF/content_credential.c2pa` (C2PA 2.4 A.6).

The central directory at the end of the file lists the members (PKWARE APPNOTE 4.3); the standard library reads it.
"""

from typing import TYPE_CHECKING
from urllib.parse import quote

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice_zip import splice
from kzlabel.formats._window import Walk
from kzlabel.formats._zip_archive import STORE_MEMBER, Archive, Member, directory_spans, lists_store, read_archive
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

if TYPE_CHECKING:
    import zipfile

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "STORE_MEMBER", "Archive", "Member", "directory_spans", "locate"]
__all__ += ["member_uri", "read_archive", "sniff", "splice", "stated_type"]

_OFFICE = "application/vnd.openxmlformats-officedocument."
_PARTS = {
    b"word/": f"{_OFFICE}wordprocessingml.document",
    b"xl/": f"{_OFFICE}spreadsheetml.sheet",
    b"ppt/": f"{_OFFICE}presentationml.presentation",
}
"""Where the parts of an Office document are; its type is said in a member that may be anywhere."""

_EPUB = "application/epub+zip"

NAME = "zip"
MEDIA_TYPES: tuple[str, ...] = ("application/x-zip", _EPUB, *_PARTS.values())
EXTENSIONS: tuple[str, ...] = (".zip", ".docx", ".xlsx", ".pptx", ".epub")

_TAIL = 66_000
_END = b"PK\x05\x06"


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a ZIP file."""
    if head[:4] != b"PK\x03\x04":
        return None
    if stated_type(head) == _EPUB:
        return _EPUB
    if b"[Content_Types].xml" in head:
        for folder, media_type in _PARTS.items():
            if _has_folder(head, folder):
                return media_type
    return MEDIA_TYPES[0]


def stated_type(head: bytes) -> str:
    """Return what the first member says, if it is called `mimetype` and stored as it is; else nothing."""
    if head[:4] != b"PK\3\4" or head[8:10] != b"\0\0" or head[30:38] != b"mimetype":
        return ""
    start = 38 + int.from_bytes(head[28:30], "little")
    return head[start : start + int.from_bytes(head[18:22], "little")].decode("latin-1")


def _has_folder(head: bytes, folder: bytes) -> bool:
    """Return whether a member in `folder` begins in `head`."""
    at = head.find(folder)
    while at >= 0:
        if at >= 30 and head[at - 30 : at - 26] == b"PK\3\4":
            return True
        at = head.find(folder, at + 1)
    return False


def locate(file: Reader, limits: Limits) -> Located:
    """Return the store's member; see `Format.locate`."""
    walk = Walk(file, limits)
    try:
        if not lists_store(file, limits):
            return Located(xmp=())
        store = read_archive(file, limits).find(STORE_MEMBER)
    except MalformedError:
        return _leniently(walk, file, limits)
    if store is None:
        return Located(xmp=())
    walk.check_store(store.data.length)
    return Located((Carrier((store.data,), ()),), xmp=())


def _leniently(walk: Walk, file: Reader, limits: Limits) -> Located:
    """Return what the standard library finds in an archive that isn't plain; no binding to it will hold."""
    tail = file.read(max(0, file.size - _TAIL), min(_TAIL, file.size))
    end = tail.rfind(_END)
    if end < 0:
        return Located((), damage="there is no end of a central directory")
    directory = int.from_bytes(tail[end + 12 : end + 16], "little")
    if directory > file.size:
        return Located((), f"a central directory of {directory} bytes")
    if directory // 46 > limits.boxes_for(file.size):
        raise LimitError(f"a central directory of {directory} bytes")
    import zipfile  # noqa: PLC0415 - slow to import, and needed for this format only

    try:
        with zipfile.ZipFile(file.stream()) as archive:
            spans = [_data(walk, member) for member in archive.infolist() if member.filename == STORE_MEMBER]
    except LimitError:
        raise
    except (MalformedError, zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
        return Located((), damage=f"the central directory can't be read: {error}")
    return Located(tuple(Carrier((span,), ()) for span in spans), xmp=())


def member_uri(name: str) -> str:
    """Return the URI of a member, relative to the archive's root: what a URI can't have is escaped (RFC 3986)."""
    return quote(name, safe="/")


def _data(walk: Walk, member: "zipfile.ZipInfo") -> Span:
    """Return where the bytes of `member` lie: after its local header, whose name and extra field may differ."""
    local = walk.read(member.header_offset, 30)
    start = (
        member.header_offset + 30 + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    )
    if start + member.compress_size > walk.size:
        raise ValueError(f"{member.filename} reaches past the end of the file")
    walk.check_store(member.compress_size)
    return Span(start, member.compress_size)
