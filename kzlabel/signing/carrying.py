"""What a file carries, and the ways in which a manifest store from elsewhere can be put into one."""

from collections.abc import Iterator
from typing import BinaryIO, Final, cast

import msgspec

from kzlabel.errors import MalformedError, SigningError
from kzlabel.files import Reader
from kzlabel.formats import Derived, Embedder, Format, Located, Splice, Utf16, embedder, in_utf16, recognise
from kzlabel.formats import text as plain_text
from kzlabel.limits import Limits
from kzlabel.manifest.manifest import read_manifest
from kzlabel.manifest.store import read_store as read_manifests
from kzlabel.signing.parent import read_store
from kzlabel.sources import Opened
from kzlabel.spans import Span

__all__ = ["Carried", "candidates", "carried", "write"]

_DATA: Final = "c2pa.hash.data"


class Carried(msgspec.Struct, frozen=True):
    """The manifest that a file carries."""

    form: Format
    text: Opened
    """The file; in UTF-8 if it is text in UTF-16."""
    wide: Utf16 | None
    located: Located
    store: bytes
    label: str


def carried(file: Opened, limits: Limits) -> Carried:
    """Return what `file` carries.

    Raises:
        SigningError: It carries no single manifest that can be read.
    """
    try:
        form, source, wide = _form(file, limits)
        located = form.locate(source.reader, limits)
        if not located.carriers:
            raise SigningError(f"{file.uri} carries no manifest", "kzlabel verify tells what there is")
        store = read_store(source.reader, located)
        return Carried(form, source, wide, located, store, read_manifests(store, limits).active.label)
    except MalformedError as error:
        raise SigningError(f"the manifest of {file.uri} can't be read: {error.message}") from None


def _form(file: Opened, limits: Limits) -> tuple[Format, Opened, Utf16 | None]:
    wide = in_utf16(file, limits)
    if wide is not None:
        return cast("Format", plain_text), wide.text, wide
    recognised = recognise(file.reader, file.suffix, limits)
    if recognised is None:
        raise MalformedError("it is of no known format")
    return recognised[0], file, None


def candidates(file: Opened, store: bytes, limits: Limits) -> Iterator[tuple[Splice, Utf16 | None, Reader]]:
    """Yield the ways to put `store` into `file`: as a new one is, and where its binding says that it was.

    Raises:
        MalformedError: There is none.
    """
    form, source, wide = _form(file, limits)
    into: Embedder | None = embedder(form)
    if into is None:
        raise MalformedError(f"nothing here writes {form.NAME}")
    located = form.locate(source.reader, limits)
    if located.carriers or located.remote or located.fault:
        raise MalformedError("the file has a manifest already")
    weigh = getattr(into, "weigh", None)
    splice = into.splice(source.reader, located, weigh(store) if weigh else len(store), limits)
    yield splice, wide, source.reader
    moved = _relocated(splice, _place(store, limits))
    if moved is not None:
        yield moved, wide, source.reader


def _place(store: bytes, limits: Limits) -> int:
    """Return where the data hash of the active manifest says that the store begins; -1 where it says nothing."""
    manifest = read_manifest(read_manifests(store, limits).active, limits)
    content = manifest.bindings[0].content if manifest.bindings else None
    match content:
        case {"exclusions": [{"start": int(start), "length": int()}, *_]} if manifest.bindings[0].label == _DATA:
            return start
    return -1


def _relocated(splice: Splice, start: int) -> Splice | None:
    """Return a recipe with the store at another offset of the labelled file; None where there is no such one."""
    derived = [part for part in splice.parts if isinstance(part, Derived)]
    if len(derived) != 1 or start < 0 or [start] == [span.start for span in splice.excluded]:
        return None
    parts: list[Span | bytes | Derived] = []
    at = 0
    for part in splice.parts:
        if isinstance(part, Derived):
            continue
        size = len(part) if isinstance(part, bytes) else part.length
        if at <= start < at + size:
            cut = start - at
            first: Span | bytes = part[:cut] if isinstance(part, bytes) else Span(part.start, cut)
            rest: Span | bytes = part[cut:] if isinstance(part, bytes) else Span(part.start + cut, size - cut)
            parts += [first, derived[0], rest]
        else:
            parts.append(part)
        at += size
    if start == at:
        parts.append(derived[0])
    return Splice(tuple(parts), (Span(start, derived[0].size),)) if start <= at else None


def write(
    parts: tuple[Span | bytes | Derived, ...], file: Reader, store: bytes, wide: Utf16 | None, out: BinaryIO
) -> None:
    """Write the parts of a file; text in UTF-16 as such."""
    if wide is not None:
        out.write(wide.stored(b"".join(_pieces(parts, file, store))))
        return
    for piece in _pieces(parts, file, store):
        out.write(piece)


def _pieces(parts: tuple[Span | bytes | Derived, ...], file: Reader, store: bytes) -> Iterator[bytes | memoryview]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        elif isinstance(part, Span):
            yield from file.chunks([part])
        else:
            made = part.make(store)
            if len(made) != part.size:
                raise MalformedError(f"the carrier of the store has {len(made)} bytes instead of {part.size}")
            yield made
