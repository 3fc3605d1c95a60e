"""ZIP and the documents built on it: the store is the member `META-INF/content_credential.c2pa` (C2PA 2.4 A.6).

The central directory at the end of the file lists the members (PKWARE APPNOTE 4.3); the standard library reads it.
"""

from typing import TYPE_CHECKING

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

if TYPE_CHECKING:
    import zipfile

NAME = "zip"
MEDIA_TYPES: tuple[str, ...] = ("application/x-zip", "application/epub+zip")
EXTENSIONS: tuple[str, ...] = (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub")

_MEMBER = "META-INF/content_credential.c2pa"
_EPUB = b"mimetypeapplication/epub+zip"
_TAIL = 66_000
_END = b"PK\x05\x06"


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a ZIP file."""
    if head[:4] != b"PK\x03\x04":
        return None
    return MEDIA_TYPES[1] if head[30:58] == _EPUB else MEDIA_TYPES[0]


def locate(file: Reader, limits: Limits) -> Located:
    """Return the store's member; see `Format.locate`."""
    walk = Walk(file, limits)
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
            spans = [_data(walk, member) for member in archive.infolist() if member.filename == _MEMBER]
    except LimitError:
        raise
    except (MalformedError, zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
        return Located((), damage=f"the central directory can't be read: {error}")
    return Located(tuple(Carrier((span,), ()) for span in spans))


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
