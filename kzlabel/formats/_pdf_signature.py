"""A place in an update for a digital signature that is made afterwards (C2PA 2.4 A.4.2.2; ISO 32000-2 12.8.1).

The signature dictionary is complete but for its /Contents, whose digits the hard binding leaves out: whoever signs
the document hashes what /ByteRange says and writes the signature over the zeros, and not one other byte changes.
"""

from typing import NamedTuple

from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_objects import Changes, Placed
from kzlabel.formats.base import Derived
from kzlabel.spans import Span

__all__ = ["Reserved", "add"]

_RANGE = b"%-12d %-12d %-12d"
_BEFORE = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [ 0 "
_BETWEEN = b"] /Contents <"
_AFTER = b"> >>\nendobj\n"
_SIGNED_APPEND_ONLY = 3
"""/SigFlags: there are signatures, and changes are to be appended (ISO 32000-2 table 225)."""
_HIDDEN_PRINTED_LOCKED = 132


class Reserved(NamedTuple):
    """The object with the place for a signature."""

    placed: Placed
    """The signature dictionary."""

    size: int
    """Bytes that the signature may have."""

    def digits(self, start: int) -> Span:
        """Return the place of the hexadecimal digits, for an object written at `start`."""
        return Span(start + self.placed.size - len(_AFTER) - 2 * self.size, 2 * self.size)

    def filled(self, parts: list[Span | bytes | Derived], start: int, end: int) -> list[Span | bytes | Derived]:
        """Return `parts` with the byte range filled in, for an object at `start` of a file of `end` bytes."""
        digits = self.digits(start)
        stated = _RANGE % (digits.start - 1, digits.end + 1, end - digits.end - 1)
        return [stated if part is _UNKNOWN else part for part in parts]


_UNKNOWN = _RANGE % (0, 0, 0)


def add(changes: Changes, size: int) -> Reserved:
    """Add a signature field with a place for a signature of `size` bytes to the document's form and first page.

    Raises:
        LimitError: A limit was reached.
        MalformedError: The form or the first page is broken.
    """
    value, field, page = changes.reserve(), changes.reserve(), changes.first_page()
    name = syntax.write_string(changes.document.encrypt(b"Signature_%d" % field[0], field))
    widget = {
        b"Type": b"/Annot",
        b"Subtype": b"/Widget",
        b"FT": b"/Sig",
        b"T": name,
        b"V": changes.reference(value),
        b"F": b"%d" % _HIDDEN_PRINTED_LOCKED,
        b"Rect": b"[ 0 0 0 0 ]",
        b"P": changes.reference(page),
    }
    changes.put(field, syntax.write_dictionary(widget))

    entries = changes.dictionary(page)
    _append(changes, entries, b"Annots", changes.reference(field))
    changes.put(page, syntax.write_dictionary(entries))

    catalogue = changes.dictionary(changes.document.root)
    form = changes.child(catalogue, b"AcroForm")
    entries = syntax.dictionary_of(form.value) if form.value is not None else {}
    _append(changes, entries, b"Fields", changes.reference(field))
    flags = syntax.whole_of(entries.get(b"SigFlags", b"0"))
    entries[b"SigFlags"] = b"%d" % (flags | _SIGNED_APPEND_ONLY)
    changes.replace(catalogue, b"AcroForm", form, syntax.write_dictionary(entries))
    changes.put(changes.document.root, syntax.write_dictionary(catalogue))

    placed = Placed.framed(value, _BEFORE, _UNKNOWN, _BETWEEN, b"0" * (2 * size), _AFTER)
    return Reserved(placed, size)


def _append(changes: Changes, entries: dict[bytes, bytes], key: bytes, item: bytes) -> None:
    child = changes.child(entries, key)
    items = syntax.array_of(child.value) if child.value is not None else []
    changes.replace(entries, key, child, syntax.write_array([*items, item]))
