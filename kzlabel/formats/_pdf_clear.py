"""Finding a store that an encrypted PDF holds in the clear, as C2PA 2.4 A.4.1 has it: no password is needed.

Names, numbers and references of an encrypted PDF are readable, and so is a stream whose crypt filter is Identity.
What lies in an encrypted object stream is not; then nothing is said.
"""

import re
from collections.abc import Iterator

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Document
from kzlabel.formats._window import Walk
from kzlabel.spans import Span

__all__ = ["clear_stores"]

_HEAD = 4096
"""Bytes in which a stream's dictionary ends and its data begins."""
_STREAM = re.compile(rb"[\0\t\n\f\r ]*+stream(?:\r\n|\n)")


def clear_stores(file: Reader, document: Document, walk: Walk) -> Iterator[Span]:
    """Yield the place of every store that the catalogue's associated files hold.

    Raises:
        LimitError: A limit was reached.
        MalformedError: The document is broken, or one of its associated files can't be seen without the password.
    """
    catalogue = syntax.dictionary_of(document.stored(document.root).value)
    value, _ = document.resolved(catalogue.get(b"AF"))
    for item in syntax.array_of(value) if value is not None else ():
        walk.count()
        specification, _ = document.resolved(item)
        entries = syntax.dictionary_of(specification or b"")
        if syntax.name_of(entries.get(b"AFRelationship")) != b"C2PA_Manifest":
            continue
        files, _ = document.resolved(entries.get(b"EF"))
        ref = syntax.reference_of(syntax.dictionary_of(files or b"").get(b"F"))
        if ref is None:
            raise MalformedError("the manifest store of the PDF is no stream")
        yield _data(file, document, ref)


def _data(file: Reader, document: Document, ref: tuple[int, int]) -> Span:
    """Return where the bytes of stream `ref` lie, which must not be encrypted."""
    at = document.place(ref)
    head = file.read(at, min(_HEAD, file.size - at))
    entries, end = syntax.dictionary_at(head, head.index(b"<<") if b"<<" in head else 0)
    decoding = syntax.dictionary_of(entries.get(b"DecodeParms", b"<< >>"))
    if (
        syntax.name_of(entries.get(b"Filter")) != b"Crypt"
        or syntax.name_of(decoding.get(b"Name", b"/Identity")) != b"Identity"
    ):
        raise MalformedError("the manifest store of the PDF is encrypted or encoded")
    begin = _STREAM.match(head, end)
    if begin is None:
        raise MalformedError("the manifest store of the PDF is no stream")
    span = Span(at + begin.end(), syntax.whole_of(entries.get(b"Length")))
    if not re.match(rb"[\r\n]{0,2}endstream", file.read(span.end, min(11, max(0, file.size - span.end)))):
        raise MalformedError("the manifest store of the PDF doesn't end where its length says")
    return span
