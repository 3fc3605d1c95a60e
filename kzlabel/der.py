"""DER, as far as structures have to be taken apart that `cryptography` doesn't show (X.690 section 10)."""

from typing import NamedTuple

from kzlabel.errors import MalformedError

__all__ = ["Element", "element", "elements"]


class Element(NamedTuple):
    """One element: its tag, its content, and all of it."""

    tag: int
    """The identifier octet."""

    content: bytes
    """The bytes after identifier and length."""

    whole: bytes
    """The element from its identifier to its end."""


_new = tuple.__new__  # half the time of calling the class, and there are many elements


def elements(data: bytes) -> list[Element]:
    """Return the elements that `data` is made of, to its last byte.

    Raises:
        MalformedError: An element is cut short, or its length isn't written as DER wants it.
    """
    found = []
    at, size_of_all = 0, len(data)
    while at < size_of_all:
        start = at
        if at + 2 > size_of_all or data[at] & 0x1F == 0x1F:
            raise MalformedError("a DER element is cut short or has a long tag")
        tag, length = data[at], data[at + 1]
        at += 2
        if length > 0x7F:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size])
            if not 1 <= size <= 4 or length < 0x80 or length >> 8 * (size - 1) == 0:
                raise MalformedError("a DER length is not in its shortest form")
            at += size
        end = at + length
        if end > size_of_all:
            raise MalformedError("a DER element is cut short")
        found.append(_new(Element, (tag, data[at:end], data[start:end])))
        at = end
    return found


def element(data: bytes, tag: int) -> bytes:
    """Return the content of the one element with `tag` that `data` is.

    Raises:
        MalformedError: `data` is something else.
    """
    match elements(data):
        case [Element(found, content, _)] if found == tag:
            return content
        case _:
            raise MalformedError(f"a DER structure is not one element with the tag {tag:#04x}")
