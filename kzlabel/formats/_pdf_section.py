"""The cross-reference section and trailer that end an update of a PDF (ISO 32000-2 7.5.4 to 7.5.8)."""

import hashlib
from collections.abc import Iterator, Mapping

from kzlabel.errors import MalformedError
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Document, Ref
from kzlabel.formats._pdf_objects import Changes

__all__ = ["section"]

_TABLE_END = 10**10
"""Offsets in a cross-reference table have ten digits."""


def section(document: Document, changes: Changes, offsets: Mapping[Ref, int], at: int) -> bytes:
    """Return the section that lists the objects at `offsets` and is itself written at `at`, with its trailer.

    Raises:
        LimitError: There is no object number left.
        MalformedError: The file is too large for its kind of cross-references, or its identifier is broken.
    """
    entries: dict[bytes, bytes] = {}
    entries |= {key: document.trailer[key] for key in (b"Root", b"Info", b"Encrypt") if key in document.trailer}
    identifier = _identifier(document, offsets, at)
    if identifier is not None:
        entries[b"ID"] = identifier
    entries[b"Prev"] = b"%d" % document.previous
    if not document.as_stream:
        if at >= _TABLE_END:
            raise MalformedError("the file is too large for a cross-reference table")
        entries[b"Size"] = b"%d" % changes.size
        return b"xref\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
            b"".join(_table(offsets)),
            syntax.write_dictionary(entries),
            at,
        )
    own = changes.reserve()
    places = {**offsets, own: at}
    width = (at.bit_length() + 7) // 8
    data = b"".join(b"\1" + place.to_bytes(width) + ref[1].to_bytes(2) for ref, place in sorted(places.items()))
    runs = b" ".join(b"%d %d" % (run[0][0], len(run)) for run in _runs(places))
    stream = {
        b"Type": b"/XRef",
        b"Size": b"%d" % changes.size,
        b"W": b"[ 1 %d 2 ]" % width,
        b"Index": b"[ %s ]" % runs,
        b"Length": b"%d" % len(data),
        **entries,
    }
    return b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        own[0],
        syntax.write_dictionary(stream),
        data,
        at,
    )


def _table(offsets: Mapping[Ref, int]) -> Iterator[bytes]:
    for run in _runs(offsets):
        yield b"%d %d\n" % (run[0][0], len(run))
        for ref in run:
            yield b"%010d %05d n \n" % (offsets[ref], ref[1])


def _runs(offsets: Mapping[Ref, int]) -> list[list[Ref]]:
    """Return the objects in order, those with numbers in a row together."""
    runs: list[list[Ref]] = []
    for ref in sorted(offsets):
        if runs and runs[-1][-1][0] + 1 == ref[0]:
            runs[-1].append(ref)
        else:
            runs.append([ref])
    return runs


def _identifier(document: Document, offsets: Mapping[Ref, int], at: int) -> bytes | None:
    """Return the file identifier: its first half stays, which encryption depends on; its second half is new."""
    value = document.trailer.get(b"ID")
    if value is None:
        return None
    value, _ = document.resolved(value)
    items = syntax.array_of(value or b"")
    if len(items) != 2:
        return value
    new = hashlib.sha256(b"%s %d %s" % (value, at, repr(sorted(offsets)).encode())).digest()[:16]
    return syntax.write_array([items[0], syntax.write_string(new)])
