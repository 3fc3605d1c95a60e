"""Structured text: the store is base64 in a comment between two delimiters (C2PA 2.4 A.9).

    # -----BEGIN C2PA MANIFEST----- data:application/c2pa;base64,... -----END C2PA MANIFEST-----

The comment is a line of its own: the first, unless the format wants another there, such as `#!` or an XML
declaration, then the last. In a front matter the block may have three lines: delimiter, reference, delimiter. We
don't write that form, since a front matter with it in it is no YAML and no TOML any more. Instead of the data
there may be the address of a store that is kept elsewhere. The hash leaves out the block's lines with their line
ends; a last one with the line end before it.

Nothing but a comment's marks may stand beside the delimiters, since whatever else is there is in no hash.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from kzlabel.codes import Code
from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._comments import SYNTAXES, Syntax, syntax_of
from kzlabel.formats._marks import BOM, find_all
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats.base import Carrier, Derived, Encoding, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span, complement

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "Named", "locate", "sniff"]

NAME = "structured"
MEDIA_TYPES: tuple[str, ...] = tuple(dict.fromkeys(syntax.media_type for syntax in SYNTAXES))
EXTENSIONS: tuple[str, ...] = tuple(suffix for syntax in SYNTAXES for suffix in syntax.extensions)

_BEGIN: Final = b"-----BEGIN C2PA MANIFEST-----"
_END: Final = b"-----END C2PA MANIFEST-----"
_DATA: Final = b"data:application/c2pa;base64,"
_INLINE: Final = re.compile(re.escape(_DATA) + rb"([A-Za-z0-9+/]*={0,2})")
_ADDRESS: Final = re.compile(rb"https?://[\x21-\x7e]{1,2000}")
_MENTIONS: Final = 1000
"""Delimiters in one text."""
_EDGE: Final = 256
"""Bytes of a first or last line around a block that refers to nothing."""
_LINE: Final = 4096
"""Bytes of what may stand before a delimiter in its line, and after."""
_RESERVED: Final = (b"#!", b"<?", b"---", b"+++", b"%YAML", b"%!", b"%&", b"<!DOCTYPE", b"<!doctype", b"@charset")
"""What a first line begins with that has to stay the first."""
_ENCODING: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+")
"""PEP 263: in the first two lines of a Python file."""


def sniff(head: bytes) -> str | None:
    """Return the media type of Markdown if there is a block in `head`; others are known by their names."""
    return MEDIA_TYPES[0] if _BEGIN in head and b"\0" not in head else None


class _Block(NamedTuple):
    """A manifest block."""

    begin: int
    """Offset of the first delimiter."""
    end: int
    """Offset of the second one."""
    reference: Span
    """What is between them, without white space."""


def locate(file: Reader, limits: Limits) -> Located:
    """Return the block's store; see `Format.locate`.

    Text that speaks of delimiters, as documentation does, has no block: there must be a reference between them, or
    they must stand in the first or the last line.
    """
    blocks = list(_blocks(file, limits))
    referring = [block for block in blocks if _refers(file, block)]
    if len(referring) > 1:
        return _faulty(Code.MANIFEST_STRUCTURED_TEXT_MULTIPLE_REFERENCES, "the text has several manifest blocks")
    if not referring:
        return _without_reference(file, blocks)
    (block,) = referring
    try:
        excluded = _excluded(file, block)
    except MalformedError as error:
        return _faulty(Code.ASSERTION_DATA_HASH_MISMATCH, error.message)
    reference = file.read(block.reference.start, block.reference.length)
    if not reference.startswith(_DATA):
        return Located(xmp=(), remote=reference.decode("ascii"))
    store = Span(block.reference.start + len(_DATA), len(reference) - len(_DATA))
    return Located((Carrier((store,), (excluded,), Encoding.BASE64),), xmp=())


def _blocks(file: Reader, limits: Limits) -> Iterator[_Block]:
    ends = list(find_all(file, _END, _MENTIONS))
    longest = limits.store_size * 4 // 3 + _LINE
    for begin in find_all(file, _BEGIN, _MENTIONS):
        end = next((end for end in ends if end > begin), None)
        if end is None:
            return
        if end - begin > longest:
            raise LimitError(f"a manifest block of {end - begin} bytes")
        inner = file.read(begin + len(_BEGIN), end - begin - len(_BEGIN))
        reference = inner.strip(b" \t\r\n")
        yield _Block(begin, end, Span(begin + len(_BEGIN) + inner.find(reference), len(reference)))


def _refers(file: Reader, block: _Block) -> bool:
    reference = file.read(block.reference.start, block.reference.length)
    inline = _INLINE.fullmatch(reference)
    return bool(inline and inline[1]) or bool(_ADDRESS.fullmatch(reference))


def _without_reference(file: Reader, blocks: list[_Block]) -> Located:
    """Tell of blocks at the start or end of the text that should refer to a store and don't."""
    for block in blocks:
        around = file.read(max(0, block.begin - _EDGE), min(_EDGE, block.begin))
        behind = file.read(block.end + len(_END), min(_EDGE, file.size - block.end - len(_END)))
        first = block.begin <= _EDGE and b"\n" not in around
        last = len(behind) < _EDGE and b"\n" not in behind.rstrip(b"\r\n")
        if not (first or last):
            continue
        if not block.reference.length:
            said = "there is nothing between the delimiters"
            return _faulty(Code.MANIFEST_STRUCTURED_TEXT_EMPTY_REFERENCE, said)
        said = "what is between the delimiters is neither a store nor the address of one"
        return _faulty(Code.MANIFEST_STRUCTURED_TEXT_MALFORMED_REFERENCE, said)
    return Located(xmp=())


def _faulty(code: Code, reason: str) -> Located:
    return Located(xmp=(), fault=code, fault_reason=reason)


def _excluded(file: Reader, block: _Block) -> Span:
    """Return what the hash leaves out for a block.

    Raises:
        MalformedError: Something stands beside it in its lines that is no mark of a comment.
    """
    begin, stop = block.begin, block.end + len(_END)
    before = file.read(max(0, begin - _LINE), min(begin, _LINE))
    newline = before.rfind(b"\n")
    after = file.read(stop, min(_LINE, file.size - stop))
    close = after.find(b"\n")
    if (newline < 0 and begin > _LINE) or (close < 0 and stop + _LINE < file.size):
        raise MalformedError("the line of the manifest block is longer than one of a comment is")
    prefix = before[newline + 1 :]
    suffix = after if close < 0 else after[:close].removesuffix(b"\r")
    start = begin - len(prefix)
    inner = file.read(begin + len(_BEGIN), block.end - begin - len(_BEGIN))
    if b"\n" in inner:
        if prefix.strip() or suffix.strip() or inner.count(b"\n") != 2:
            raise MalformedError("a manifest block of several lines has something else in them")
        return Span(begin, (file.size if close < 0 else stop + close + 1) - begin)
    _check_marks(prefix, suffix, first=start == 0)
    line_end = file.size if close < 0 else stop + close + 1
    if start == 0:
        return Span(0, line_end)
    if line_end < file.size:
        return Span(start, line_end - start)
    ended = 2 if before[: newline + 1].endswith(b"\r\n") else 1
    return Span(start - ended, file.size - start + ended)


def _check_marks(prefix: bytes, suffix: bytes, *, first: bool) -> None:
    """Check that a line has the marks of a comment around the block and nothing more."""
    opening = (prefix.removeprefix(BOM) if first else prefix).strip(b" \t")
    closing = suffix.strip(b" \t")
    if not any(opening == s.opening.encode() and closing == s.closing.encode() for s in SYNTAXES):
        raise MalformedError("something stands beside the manifest block in its line, which no hash would cover")


class Named(NamedTuple):
    """The format of files with one extension: an `Embedder` that knows how comments are written in them."""

    suffix: str
    """Their extension, lower case, with the dot."""

    NAME: str = NAME
    MEDIA_TYPES: tuple[str, ...] = MEDIA_TYPES
    EXTENSIONS: tuple[str, ...] = EXTENSIONS

    def sniff(self, head: bytes) -> str | None:
        """See `Format.sniff`."""
        return sniff(head)

    def locate(self, file: Reader, limits: Limits) -> Located:
        """See `Format.locate`."""
        return locate(file, limits)

    def splice(self, file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
        """See `Embedder.splice`: a comment as the first line, or as the last where the first has to stay.

        Raises:
            MalformedError: No way to write comments is known for it.
        """
        check_sound(located)
        syntax = syntax_of(self.suffix)
        if syntax is None:
            raise MalformedError(
                f"no way to write a comment is known for {self.suffix or 'a file without extension'}"
            )
        if located.remote:
            raise MalformedError("the text names a manifest that is kept elsewhere")
        old = [span for carrier in located.carriers for span in carrier.excluded]
        spans = list(complement(old, file.size))
        head = b"".join(file.read(s.start, min(s.length, limits.head)) for s in spans[:2])[: limits.head]
        newline = b"\r\n" if b"\r\n" in head else b"\n"
        before, after = (newline, b"") if _keeps_first(head) else (b"", newline)
        size = len(before + after) + len(_line(b"", syntax)) + 4 * -(-store_size // 3)
        new = Derived(size, lambda store: before + _line(base64.b64encode(store), syntax) + after)
        edits = [Edit(span.start, span.end) for span in old]
        if not before:
            return _spliced(recut(file.size, [Edit(0, 0, (new,)), *edits]), new)
        end = spans[-1].end if spans else 0
        tail = file.read(max(0, end - 2), min(2, end))
        cut = next((len(mark) for mark in (b"\r\n", b"\n") if tail.endswith(mark)), 0)
        # The last line's end comes to stand before the block, and so it is the block's: it is written anew.
        if cut:
            edits = [Edit(end - cut, file.size)]
        return _spliced(recut(file.size, [*edits, Edit(file.size, file.size, (new,))]), new)


def _spliced(parts: tuple[Span | bytes | Derived, ...], new: Derived) -> Splice:
    return Splice(parts, (place(parts, new),))


def _line(data: bytes, syntax: Syntax) -> bytes:
    """Return the comment that holds a store, written in base64."""
    closing = f" {syntax.closing}".encode() if syntax.closing else b""
    return b"".join((syntax.opening.encode(), b" ", _BEGIN, b" ", _DATA, data, b" ", _END, closing))


def _keeps_first(head: bytes) -> bool:
    """Tell whether the first line has to stay the first: it names an interpreter, an encoding, the kind of file."""
    return head.startswith((BOM, *_RESERVED)) or any(_ENCODING.match(line) for line in head.split(b"\n", 2)[:2])
