"""What is fuzzed, and what must hold of the answer."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from kzlabel import der
from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import FORMATS, Format, Located, identify
from kzlabel.labels import AI
from kzlabel.limits import Limits
from kzlabel.manifest import cbor, cose, jumbf, labels
from kzlabel.manifest.assertions import read_assertion
from kzlabel.manifest.claim import read_claim
from kzlabel.manifest.manifest import read_manifest
from kzlabel.manifest.store import Assertion, read_store
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier, timestamp
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.verdict import Status

Target = Callable[[bytes], None]

LIMITS = Limits(store_size=1 << 20, boxes=5_000, pdf_objects=5_000, exclusions=500, leaves=500)
"""Smaller than usual, so that reaching them is part of what is tried."""

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_LABELS = (
    "c2pa.actions", "c2pa.actions.v2", "c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.ingredient.v3",
    "c2pa.hash.data", "c2pa.hash.bmff.v3", "c2pa.hash.boxes", "c2pa.hash.collection.data",
    "c2pa.ai-disclosure", "c2pa.metadata", "stds.exif", "cawg.metadata", "cawg.training-mining",
    "org.kzlabel.label", "com.example.thing__1",
)  # fmt: skip


def targets() -> dict[str, Target]:
    """Return every target by name."""
    found: dict[str, Target] = {f"format-{form.NAME}": _walking(form) for form in FORMATS}
    found |= {
        "identify": _identify,
        "jumbf": _tolerant(lambda data: jumbf.read_superbox(data, LIMITS)),
        "cbor": _cbor,
        "store": _store,
        "claim-1": _tolerant(lambda data: read_claim(data, 1)),
        "claim-2": _tolerant(lambda data: read_claim(data, 2)),
        "assertion": _assertion,
        "cose": _tolerant(lambda data: cose.read_sign1(data, LIMITS)),
        "labels": _labels,
        "der": _tolerant(der.elements),
        "time-stamp": _tolerant(lambda data: timestamp.check(data, b"")),
        "verify": _verify,
    }
    return found


def _tolerant(parse: Callable[[bytes], Any]) -> Target:
    """Return a target that lets the parser refuse its input."""

    def target(data: bytes) -> None:
        with suppress(MalformedError, LimitError, Abstention):
            parse(data)

    return target


def _told(located: Located) -> Located:
    """Return what a walk tells, without what it took apart."""
    return msgspec.structs.replace(located, parsed=None)


def _walking(form: Format) -> Target:
    def walk(data: bytes) -> None:
        form.sniff(data[: LIMITS.head])
        file = BytesReader(data)
        located = form.locate(file, LIMITS)
        again = form.locate(file, LIMITS)
        assert _told(again) == _told(located), "the same bytes, another answer"
        for carrier in located.carriers:
            for span in (*carrier.store, *carrier.excluded):
                assert 0 <= span.start <= span.end <= len(data), f"{span} lies outside the file"
        at = 0
        for span in sorted(span for carrier in located.carriers for span in carrier.store):
            assert span.start >= at, "parts of stores overlap"
            at = span.end
        for span in located.xmp or ():
            assert 0 <= span.start <= span.end <= len(data), f"{span} lies outside the file"

    return _tolerant(walk)


def _identify(data: bytes) -> None:
    found = identify(data[: LIMITS.head])
    if found is not None:
        form, media_type = found
        assert media_type in form.MEDIA_TYPES


def _cbor(data: bytes) -> None:
    """One item in one form: with anything behind it, it is another one or none."""
    for dates in (False, True):
        try:
            cbor.decode(data, dates=dates)
        except MalformedError:
            continue
        for more in (b"\xff", b"\xf6", b"\0"):
            try:
                cbor.decode(data + more, dates=dates)
            except MalformedError:
                continue
            raise AssertionError(f"{more!r} behind an item is overlooked")


def _store(data: bytes) -> None:
    def parse(data: bytes) -> None:
        for box in read_store(data, LIMITS).manifests:
            read_manifest(box, LIMITS)

    _tolerant(parse)(data)


def _assertion(data: bytes) -> None:
    """The first byte says which assertion the rest is."""
    if not data:
        return
    kind = ("cbor", "json")[data[0] >> 7]
    label = _LABELS[data[0] % len(_LABELS)]
    _tolerant(lambda data: read_assertion(Assertion(label, kind, data, data)))(data[1:])


def _labels(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    labels.read_uri(text)
    labels.is_urn(text)
    labels.kind_of(text)
    labels.spelling(text)


_VERIFIER = Verifier(trust=Trust.none(), engine=Engine.NATIVE, limits=LIMITS, clock=lambda: _NOW)


def _verify(data: bytes) -> None:
    """Nobody is trusted, so nothing may be; whatever else is said, it is said in a verdict."""
    verdict = _VERIFIER.verify(data)
    assert verdict.status is not Status.TRUSTED
    assert verdict.status.intact or verdict.label is None or verdict.status is Status.INVALID
    assert isinstance(verdict.ai, AI)
