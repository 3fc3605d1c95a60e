"""Ogg: the store is a logical bitstream of its own, one packet that begins with `00 "c2pa"` (C2PA 2.4 A.3.5).

    BOS audio | BOS store | store, continued ... | audio ... audio, EOS

All streams of a file, or of a link in a chain of them, begin before any of them goes on (RFC 3533). The audio's
first page stays the first of the file, where players look for it, and every page of it stays as it is.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from kzlabel.codes import Code
from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._ogg_pages import (
    BEGIN,
    CONTINUED,
    NO_PACKET_ENDS,
    Page,
    checksum,
    packet_size,
    page_at,
    pages,
    write_packet,
)
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "bitstreams", "locate", "page_at", "sniff", "splice"]

NAME = "ogg"
MEDIA_TYPES: tuple[str, ...] = ("audio/ogg", "video/ogg")
EXTENSIONS: tuple[str, ...] = (".ogg", ".oga", ".opus", ".spx", ".ogv", ".ogx")

_MARK: Final = b"\0c2pa"
_FILMS: Final = (b"\x80theora", b"\x01video", b"BBCD", b"OVP80", b"\x80daala")
"""How the first packets of moving pictures begin."""

_SERIAL: Final = 0x63327061
"""Serial number of the store's bitstream; the next one that is free, if another stream has it."""


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of an Ogg file: that of a film if a stream is one."""
    at = 0
    try:
        while (page := page_at(head, at)) is not None and page.flags & BEGIN:
            if head.startswith(_FILMS, page.data):
                return MEDIA_TYPES[1]
            at = page.end
    except MalformedError:
        pass
    return MEDIA_TYPES[0] if head.startswith(b"OggS\0") else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the bitstreams that hold stores; see `Format.locate`.

    A labelled file that is broken elsewhere isn't damage: no binding to its streams will hold.
    """
    walk = Walk(file, limits)
    found: dict[int, list[Page]] = {}
    others: set[int] = set()
    damage = fault = ""
    try:
        for page in pages(walk):
            if page.flags & BEGIN and walk.read(page.data, min(len(_MARK), page.end - page.data)) == _MARK:
                if page.serial in found or page.serial in others:
                    fault = "the manifest's bitstream has the serial number of another one"
                found.setdefault(page.serial, []).append(page)
                walk.check_carriers(len(found))
            elif page.serial in found:
                found[page.serial].append(page)
            else:
                others.add(page.serial)
    except LimitError:
        raise
    except MalformedError as error:
        damage = error.message
    carriers = []
    for stream in found.values():
        try:
            carriers.append(_carrier(walk, stream))
        except MalformedError as error:
            fault = fault or error.message
    if len(carriers) > 1:
        fault = fault or f"there are {len(carriers)} manifests in the file"
    if fault:
        return Located(tuple(carriers), xmp=(), fault=Code.KZLABEL_MANIFEST_DAMAGED, fault_reason=fault)
    return Located(tuple(carriers), damage="" if carriers else damage, xmp=())


def _carrier(walk: Walk, stream: list[Page]) -> Carrier:
    """Return the carrier that consists of the pages of one bitstream.

    Raises:
        MalformedError: They are not one packet, whole and alone. No hash covers them: nothing else may be there.
        LimitError: The store is larger than one may be.
    """
    store: list[Span] = []
    size, done = 0, False
    for number, page in enumerate(stream):
        _check_page(walk, page, number, goes_on=bool(number) and not done)
        for length in page.segments:
            if done and length:
                raise MalformedError("the manifest's bitstream has a second packet")
            size += length
            done = done or length < 255
        if page.end > page.data:
            store.append(Span(page.data, page.end - page.data))
        walk.check_store(size - len(_MARK))
    if not done:
        raise MalformedError("the manifest's bitstream ends before its packet does")
    first = store[0]
    store[0] = Span(first.start + len(_MARK), first.length - len(_MARK))
    return Carrier(tuple(store), tuple(_joined(Span(page.start, page.end - page.start) for page in stream)))


def _check_page(walk: Walk, page: Page, number: int, *, goes_on: bool) -> None:
    if page.number != number or bool(page.flags & BEGIN) is bool(number):
        raise MalformedError(f"the manifest's bitstream lacks its page {number}")
    if bool(page.flags & CONTINUED) is not goes_on or page.flags > 7 or page.granule not in {0, NO_PACKET_ENDS}:
        raise MalformedError(f"page {number} of the manifest's bitstream says what isn't so")
    if checksum(walk.read(page.start, page.end - page.start)) != page.crc:
        raise MalformedError(f"page {number} of the manifest's bitstream is damaged")


def bitstreams(file: Reader, limits: Limits) -> Mapping[int, list[Span]]:
    """Return where the pages of each bitstream lie, by its serial number, in the order in which they begin.

    Streams of one serial number are one (C2PA 2.4 section 18.7.3.7), as they may be in a chain.

    Raises:
        MalformedError: There is something between pages.
        LimitError: There are too many pages.
    """
    spans: dict[int, list[Span]] = {}
    for page in pages(Walk(file, limits)):
        known = spans.setdefault(page.serial, [])
        if known and known[-1].end == page.start:
            known[-1] = Span(known[-1].start, page.end - known[-1].start)
        else:
            known.append(Span(page.start, page.end - page.start))
    return spans


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the bitstream comes right after the first pages of all others, of the first link."""
    check_sound(located)
    gone = {span.start: span.end for carrier in located.carriers for span in carrier.excluded}
    taken: set[int] = set()
    at, cut = None, 0
    for page in pages(Walk(file, limits)):
        cut = max(cut, gone.get(page.start, 0))
        if page.start < cut:
            continue
        taken.add(page.serial)
        if at is None and not page.flags & BEGIN:
            at = page.start
    if not taken:
        raise MalformedError("there is no stream in the file")
    serial = next(number for number in _serials() if number not in taken)
    size = packet_size(len(_MARK) + store_size)
    new = Derived(size, lambda store: write_packet(_MARK + store, serial))
    at = file.size if at is None else at
    parts = recut(file.size, [*(Edit(start, end) for start, end in gone.items()), Edit(at, at, (new,))])
    return Splice(parts, (place(parts, new),))


def _serials() -> Iterator[int]:
    yield from range(_SERIAL, 1 << 32)
    yield from range(_SERIAL)


def _joined(spans: Iterator[Span]) -> Iterator[Span]:
    """Yield `spans`, those that touch as one."""
    last = next(spans)
    for span in spans:
        if span.start == last.end:
            last = Span(last.start, span.end - last.start)
        else:
            yield last
            last = span
    yield last
