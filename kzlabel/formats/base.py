"""What a format is to the rest of the program: a module that satisfies `Format`."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import msgspec

from kzlabel.codes import Code
from kzlabel.files import Reader
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["Carrier", "Derived", "Embedder", "Encoding", "Format", "Located", "Splice"]


class Encoding(StrEnum):
    """How the bytes of a carrier's spans stand for the manifest store."""

    RAW = "raw"
    BASE64 = "base64"
    SELECTORS = "selectors"
    """Variation selectors in UTF-8 (C2PA 2.4 A.8)."""


class Carrier(msgspec.Struct, frozen=True):
    """One place in a file that holds a C2PA Manifest Store."""

    store: tuple[Span, ...]
    """Where the store's bytes lie; joined in this order they are the store, framing removed."""

    excluded: tuple[Span, ...]
    """What the format says a hard binding leaves out for this carrier (C2PA 2.4 A.3 to A.5)."""

    encoding: Encoding = Encoding.RAW
    """How the joined bytes are to be decoded."""


class Located(msgspec.Struct, frozen=True):
    """What a walk through a container found: all carriers, and whether the walk reached the end.

    None, one or many carriers is a question of policy, which `kzlabel.verifying` answers.
    """

    carriers: tuple[Carrier, ...] = ()
    """Every carrier met, in file order."""

    damage: str = ""
    """Why the walk stopped before the container's end; empty when it reached it."""

    xmp: tuple[Span, ...] | None = None
    """Where the XMP packets lie, which may name a manifest kept elsewhere (C2PA 2.4 section 11.4); None when the
    walk can't tell."""

    notes: tuple[Span, ...] | None = None
    """Where other metadata lie that may say how the content was made: EXIF, comments, text; None when the walk
    doesn't collect them. `kzlabel.markers` reads them, and knows what each is by its first bytes."""

    fault: Code | None = None
    """What the specification calls it when a label is there and is put in wrongly; such a label fails."""

    fault_reason: str = ""
    """That, for a person."""

    remote: str = ""
    """Address of a store that is kept elsewhere, where the format itself has a place for one."""

    parsed: object = None
    """What the walk took apart, for whoever reads on in the same file while it is open; modules for that format
    know what it is."""


class Format(Protocol):
    """A file format: how to recognise it and where it keeps a manifest store."""

    NAME: str
    """Short lower-case name, shown to users."""

    MEDIA_TYPES: tuple[str, ...]
    """Media types of this format; the first one is the preferred one."""

    EXTENSIONS: tuple[str, ...]
    """File name extensions in lower case, with the dot."""

    def sniff(self, head: bytes) -> str | None:
        """Return the media type if `head`, the first bytes of a file, is of this format, else None."""

    def locate(self, file: Reader, limits: Limits) -> Located:
        """Walk the container and return every carrier.

        A container that is broken gives `Located.damage`, with what was found before the break.

        Raises:
            LimitError: A limit was reached.
            MalformedError: Never for a broken container; only when a read fails underneath.
        """


class Derived(msgspec.Struct, frozen=True):
    """Bytes of a labelled file that follow from the manifest store: its framed form, a checksum over it."""

    size: int
    """How many bytes; known before the store is, because the hard binding needs to know where things lie."""

    make: Callable[[bytes], bytes]
    """Makes them from the store; always `size` bytes for a store of the size that was asked for."""


class Splice(msgspec.Struct, frozen=True):
    """How a file and a manifest store become a labelled file: an immutable recipe, applied by `kzlabel.signing`."""

    parts: tuple[Span | bytes | Derived, ...]
    """The labelled file from its first byte to its last: spans of the source, new bytes, and what follows from the
    store."""

    excluded: tuple[Span, ...]
    """What a `c2pa.hash.data` binding leaves out, in offsets of the labelled file (C2PA 2.4 A.3 to A.5)."""


class Embedder(Format, Protocol):
    """A format into which a manifest store can be written.

    Where the bytes that a store takes in the file depend on its content and not on its size alone, the module has a
    function `weigh(store) -> int` that tells how many they are, and `splice` gets that number as `store_size`.
    """

    def splice(self, file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
        """Say how `file` takes a store of `store_size` bytes in place of all carriers in `located`.

        Raises:
            MalformedError: The container has no place for it, or is broken.
            LimitError: A limit was reached.
        """
