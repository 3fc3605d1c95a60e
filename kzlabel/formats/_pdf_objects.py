"""The objects that an update of a PDF adds and changes, each changed one under its own number."""

from typing import NamedTuple

from kzlabel.errors import MalformedError
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Document, Ref
from kzlabel.formats.base import Derived

__all__ = ["Changes", "Child", "Placed"]


class Placed(NamedTuple):
    """An object as it will be written, from its header to its end."""

    ref: Ref
    """Its number."""

    parts: tuple[bytes | Derived, ...]
    """Its bytes; `Placed.framed` adds the header."""

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return sum(len(part) if isinstance(part, bytes) else part.size for part in self.parts)

    @staticmethod
    def framed(ref: Ref, *parts: bytes | Derived) -> "Placed":
        """Return object `ref` that consists of `parts`, with its header."""
        return Placed(ref, (b"%d %d obj\n" % ref, *parts))


class Child(NamedTuple):
    """What stands under a key: the value, and the object that it is when it isn't written in place."""

    value: bytes | None
    ref: Ref | None


class Changes:
    """Objects added to and changed in a document, not yet written."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._next = document.next_number
        self._objects: dict[Ref, bytes] = {}
        self._known: set[Ref] = set()

    @property
    def size(self) -> int:
        """One more than the highest object number: the trailer's /Size."""
        return self._next

    def reserve(self) -> Ref:
        """Return a number that no object has."""
        self._next += 1
        return self._next - 1, 0

    def put(self, ref: Ref, value: bytes) -> None:
        """Let object `ref` be `value`, whose strings are encrypted for it.

        Raises:
            MalformedError: It was changed since it was read: the document uses one object for two things.
        """
        if ref in self._objects and ref not in self._known:
            raise MalformedError(f"object {ref[0]} of the PDF is two things at once")
        self._known.discard(ref)
        self._objects[ref] = value

    def add(self, value: bytes) -> bytes:
        """Add an object without strings, and return a reference to it."""
        ref = self.reserve()
        self.put(ref, value)
        return self.reference(ref)

    def value(self, ref: Ref) -> bytes:
        """Return object `ref` as it is after the changes so far, with strings encrypted for it.

        Raises:
            LimitError: It is too large or too deeply nested.
            MalformedError: It is missing or broken.
        """
        self._known.add(ref)
        if ref in self._objects:
            return self._objects[ref]
        value, packed = self.document.stored(ref)
        if packed and self.document.encrypted:
            return syntax.with_strings(value, lambda text: self.document.encrypt(text, ref))
        return value

    def dictionary(self, ref: Ref) -> dict[bytes, bytes]:
        """Return the entries of object `ref`; see `value`."""
        return syntax.dictionary_of(self.value(ref))

    def resolved(self, value: bytes) -> tuple[bytes, Ref | None]:
        """Return what `value` refers to, with its number; `value` itself when it is no reference."""
        ref = syntax.reference_of(value)
        return (value, None) if ref is None else (self.value(ref), ref)

    def child(self, entries: dict[bytes, bytes], key: bytes) -> Child:
        """Return what stands under `key`, whether in place or as an object of its own; null is nothing."""
        value = entries.get(key)
        if value is None or value == b"null":
            return Child(None, None)
        return Child(*self.resolved(value))

    def replace(self, entries: dict[bytes, bytes], key: bytes, child: Child, value: bytes) -> None:
        """Put `value` where `child`, which stands under `key` of `entries`, was."""
        if child.ref is None:
            entries[key] = value
        else:
            self.put(child.ref, value)

    def objects(self) -> list[Placed]:
        """Return every object, as it will be written."""
        return [Placed.framed(ref, value, b"\nendobj\n") for ref, value in self._objects.items()]

    @staticmethod
    def reference(ref: Ref) -> bytes:
        """Return a reference to `ref`."""
        return b"%d %d R" % ref

    def first_page(self) -> Ref:
        """Return the object that is the document's first page.

        Raises:
            MalformedError: It has none, or its page tree is broken.
        """
        catalogue = self.dictionary(self.document.root)
        ref = syntax.reference_of(catalogue.get(b"Pages"))
        seen: set[Ref] = set()
        while ref is not None and ref not in seen:
            seen.add(ref)
            node = self.dictionary(ref)
            if b"Kids" not in node:
                return ref
            kids = self.child(node, b"Kids").value
            items = syntax.array_of(kids) if kids is not None else []
            ref = syntax.reference_of(items[0]) if items else None
        raise MalformedError("the document has no first page")
