"""`c2pa.hash.data`: one hash over the file but for byte ranges (C2PA 2.4 sections 18.5 and 15.12.1).

The ranges are the signer's word and may be forged in a file whose signature is the forger's own, so one of them
must be the very place of the manifest store. Further ranges are allowed and reported.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.formats import FOREIGN, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span, complement
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.digest import ALGORITHMS, algorithm_of, digest, same

__all__ = ["check_data_hash", "exclusions", "store_place"]

_PLAIN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "audio/wav", "video/avi"}) | FOREIGN
"""Formats in which the place of the store can't be taken for another one by another reader."""

_JPEG_FIRST, _JPEG_MORE = 12, 20
"""Bytes around the payload of the first and of each further APP11 segment (C2PA 2.4 A.3.1)."""


def check_data_hash(
    file: Reader,
    located: Located,
    media_type: str,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
    update: bool = False,
) -> Iterator[Finding]:
    """Check the bytes of `file` against a data hash assertion.

    With `update`, the assertion belongs to an ancestor of an update manifest: the range of the store has since
    grown to its present length, and later ranges have moved by as much (C2PA 2.4 section 15.12.1.1).
    """
    stated = fields.octets(content.get("hash"))
    fields.octets(content.get("pad"))
    fields.octets(content.get("pad2") or b"")
    fields.text(content.get("name") or "")
    if located.damage:
        raise Abstention("the file is damaged")
    if content.get("url") is not None:
        raise Abstention("the data hash points to content elsewhere")
    algorithm = algorithm_of(content, default_algorithm)
    excluded = exclusions(content.get("exclusions"), limits)

    if excluded:
        place = store_place(located, media_type)
        if update:
            excluded = _moved(excluded, place)
        if place not in excluded and any(span.length for span in excluded):
            if media_type not in _PLAIN:
                raise Abstention("no exclusion of the data hash is the place of the manifest store")
            yield Finding.of(
                Code.ASSERTION_DATA_HASH_MISMATCH,
                "no exclusion of the data hash is the place of the manifest store",
                uri=uri,
            )
        if len(excluded) > 1:
            yield Finding.of(
                Code.ASSERTION_DATA_HASH_ADDITIONAL_EXCLUSIONS_PRESENT,
                "the data hash leaves out more than the manifest store",
                uri=uri,
            )
    yield _compare(file, excluded, algorithm, stated, uri)


def _compare(file: Reader, excluded: list[Span], algorithm: str, stated: bytes, uri: str) -> Finding:
    if file.size == 0:
        raise Abstention("there is nothing to hash")
    if algorithm not in ALGORITHMS:
        return Finding.of(Code.ASSERTION_DATA_HASH_MISMATCH, f"{algorithm} is no known hash algorithm", uri=uri)
    if excluded and _last(excluded).end > file.size:
        # Only the range that starts last is held against the end of the file by the reference engine.
        return Finding.of(
            Code.ASSERTION_DATA_HASH_MISMATCH, "an exclusion of the data hash reaches past the end", uri=uri
        )
    if same(stated, digest(file, algorithm, complement(excluded, file.size))):
        return Finding.of(Code.ASSERTION_DATA_HASH_MATCH, "the data hash is that of the file", uri=uri)
    return Finding.of(Code.ASSERTION_DATA_HASH_MISMATCH, "the data hash is not that of the file", uri=uri)


def _last(excluded: list[Span]) -> Span:
    """Return the range that starts last; of several, the one that is listed last."""
    return max(enumerate(excluded), key=lambda entry: (entry[1].start, entry[0]))[1]


def exclusions(value: object, limits: Limits) -> list[Span]:
    """Return the ranges that a data hash assertion leaves out, as it lists them.

    Raises:
        Abstention: They are no list of ranges.
        LimitError: There are too many.
    """
    if value is None:
        return []
    entries = fields.array(value)
    if len(entries) > limits.exclusions:
        raise LimitError(f"a data hash with {len(entries)} exclusions")
    return [
        Span(fields.whole(entry.get("start")), fields.whole(entry.get("length")))
        for entry in map(fields.mapping, entries)
    ]


def store_place(located: Located, media_type: str) -> Span:
    """Return the range that stands for the manifest store among the exclusions.

    Raises:
        Abstention: It isn't one range.
    """
    if len(located.carriers) != 1:
        raise Abstention("the manifest store that the data hash leaves out isn't in the file exactly once")
    carrier = located.carriers[0]
    if len(carrier.excluded) == 1:
        place = carrier.excluded[0]
        if media_type == "image/jpeg":
            _check_contiguous(place, carrier.store)
        return place
    # TIFF leaves out the entry's count, too; the store's own range is the one that counts.
    start = carrier.store[0].start
    places = [span for span in carrier.excluded if span.start <= start < span.end]
    if len(places) != 1:
        raise Abstention("the place of the manifest store isn't one range")
    return places[0]


def _check_contiguous(place: Span, store: tuple[Span, ...]) -> None:
    framed = sum(span.length for span in store) + _JPEG_FIRST + _JPEG_MORE * (len(store) - 1)
    if place.length != framed:
        raise Abstention("something lies between the segments of the manifest store")


def _moved(excluded: list[Span], place: Span) -> list[Span]:
    """Return the exclusions as an update of the store has moved them."""
    index = next((i for i, span in enumerate(excluded) if span.start == place.start), None)
    if index is None or place.start == 0:
        raise Abstention("an updated manifest store lies where no exclusion of its data hash is")
    grown = place.length - excluded[index].length
    if grown < 0:
        raise Abstention("an updated manifest store is shorter than it was")
    moved = [Span(s.start + grown, s.length) if s.start > place.start else s for s in excluded]
    moved[index] = place
    return moved
