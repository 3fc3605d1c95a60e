"""PDF: a note on a page, as an incremental update: what was there stays byte for byte (ISO 32000-2 7.5.6).

The note is text in an embedded font, so that it can be searched and read aloud, and in a tagged document it has its
place in the structure. It stands upright on the page as people see it.
"""

from typing import TYPE_CHECKING, BinaryIO, Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats import pdf as format_
from kzlabel.formats._pdf_document import Document, guarded, opened
from kzlabel.formats._pdf_objects import Changes
from kzlabel.formats._pdf_section import section
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pdf_font import embed
from kzlabel.notices.pdf_page import Page, note, pages, stream
from kzlabel.notices.pdf_room import look
from kzlabel.notices.pdf_tags import Tags
from kzlabel.notices.truetype import bundled
from kzlabel.notices.wanted import Wanted

if TYPE_CHECKING:
    from pypdf import PdfReader

__all__ = ["words", "write"]

_CHUNK: Final = 1 << 20
_FONT: Final = b"KzNotice"
_READ: Final = 2_000
"""Pages whose words are looked at."""
_OPERATORS: Final = 64 << 20
"""Bytes of drawing operators on them."""


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the note to `destination`.

    Raises:
        LimitError: A limit was reached.
        MalformedError: The document is broken where it has to be changed.
        NoticeError: It is signed or encrypted, or a page is too small.
    """
    _check_protection(file)
    for line in wanted.lines():
        bundled().check(line.text)
    document = Document(file, DEFAULT_LIMITS)
    changes = Changes(document)
    chosen = _chosen(changes, wanted)
    font = embed(changes, "".join(line.text for line in wanted.lines()))
    tags = Tags.of(changes)
    before = changes.add(stream(b"q\n"))
    for page in chosen:
        _put(changes, page, font, tags, before, wanted)
    if tags is not None:
        tags.write()
    _forget_manifest(changes)
    _append(file, document, changes, destination)


def _check_protection(file: Reader) -> None:
    found = format_.protection(file)
    if found.encrypted:
        raise NoticeError("the document is encrypted", "put the notice in first, and encrypt the result")
    if found.signed or found.certified:
        raise NoticeError(
            "the document is digitally signed, and a note on a page would break the signature",
            "put the notice in first, and sign the result",
        )


def _chosen(changes: Changes, wanted: Wanted) -> list[Page]:
    found = pages(changes)
    if wanted.place == "first":
        chosen = [page for page in [next(found, None)] if page is not None]
    else:
        chosen = list(found)
        chosen = chosen[-1:] if wanted.place == "last" else chosen
    if not chosen:
        raise MalformedError("the document has no pages")
    return chosen


def _put(changes: Changes, page: Page, font: bytes, tags: Tags | None, before: bytes, wanted: Wanted) -> None:
    entries = changes.dictionary(page.ref)
    resources = syntax.dictionary_of(changes.resolved(page.resources)[0])
    fonts = changes.child(resources, b"Font").value
    listed = syntax.dictionary_of(fonts) if fonts is not None else {}
    name = _free(listed)
    resources[b"Font"] = syntax.write_dictionary({**listed, name: font})
    lines = wanted.lines()
    marks = None
    if tags is not None:
        marks = tags.add(page.ref, entries, [line.language for line in lines])
    seen = look(changes.document.pypdf, page.number)
    drawn = changes.add(
        stream(b"\n" + b"Q\n" * (1 + seen.depth) + note(page, name, lines, marks, wanted.scale, seen.words))
    )
    contents = changes.child(entries, b"Contents")
    value = contents.value
    if value is None:
        old = []
    elif value[:1] == b"[":
        old = syntax.array_of(value)
    else:
        old = [entries[b"Contents"]]
    entries[b"Contents"] = syntax.write_array([before, *old, drawn])
    entries[b"Resources"] = syntax.write_dictionary(resources)
    changes.put(page.ref, syntax.write_dictionary(entries))


def _free(listed: dict[bytes, bytes]) -> bytes:
    """Return a name for the font that the page doesn't use yet."""
    name, number = _FONT, 1
    while name in listed:
        number += 1
        name = _FONT + b"%d" % number
    return name


def _forget_manifest(changes: Changes) -> None:
    """Take a manifest store off the list of associated files: it speaks of the document without the note."""
    catalogue = changes.dictionary(changes.document.root)
    associated = changes.child(catalogue, b"AF")
    items = syntax.array_of(associated.value) if associated.value is not None else []
    kept = [item for item in items if not _is_manifest(changes, item)]
    if len(kept) < len(items):
        changes.replace(catalogue, b"AF", associated, syntax.write_array(kept))
        changes.put(changes.document.root, syntax.write_dictionary(catalogue))


def _is_manifest(changes: Changes, item: bytes) -> bool:
    value, _ = changes.resolved(item)
    return syntax.name_of(syntax.dictionary_of(value).get(b"AFRelationship")) == b"C2PA_Manifest"


def _append(file: Reader, document: Document, changes: Changes, destination: BinaryIO) -> None:
    """Write the file, the changed objects and a cross-reference section that leads back."""
    for at in range(0, file.size, _CHUNK):
        destination.write(file.read(at, min(_CHUNK, file.size - at)))
    at = file.size
    if file.read(file.size - 1, 1) not in (b"\n", b"\r"):
        destination.write(b"\n")
        at += 1
    offsets: dict[tuple[int, int], int] = {}
    for placed in changes.objects():
        offsets[placed.ref] = at
        for part in placed.parts:
            if not isinstance(part, bytes):
                raise TypeError("an object of a note is made of bytes")
            destination.write(part)
        at += placed.size
    destination.write(section(document, changes, offsets, at))


def words(file: Reader) -> str | None:
    """Return the words on the pages; None where they can't be read.

    Raises:
        MalformedError: The document is broken.
    """
    document = opened(file)
    if document.is_encrypted and not guarded(lambda: document.decrypt("")):
        return None
    if guarded(lambda: len(document.pages)) > _READ:
        return None
    return guarded(lambda: _words(document))


def _words(document: "PdfReader") -> str | None:
    found, left = [], _OPERATORS
    for page in document.pages:
        contents = page.get_contents()
        left -= 0 if contents is None else len(contents.get_data())
        if left < 0:
            return None
        found.append(page.extract_text())
    return "\n".join(found)
