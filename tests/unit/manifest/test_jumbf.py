"""JUMBF: what is read, what is called odd, and what is refused."""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.jumbf import ContentBox, Superbox, read_superbox, type_of
from tests.agreement.composing import box, cbor_box, superbox

SALT = bytes(range(16))


def read(data: bytes, **limits: int) -> Superbox:
    return read_superbox(data, Limits(**limits) if limits else DEFAULT_LIMITS)


def test_a_superbox_gives_type_label_and_content() -> None:
    data = cbor_box("a.b", {"x": 1})
    found = read(data)
    assert (found.type, found.label, found.salt, found.oddity) == (type_of(b"cbor"), "a.b", None, "")
    (inner,) = found.boxes
    assert isinstance(inner, ContentBox)
    assert (inner.kind, data[inner.start : inner.end]) == (b"cbor", b"\xa1\x61x\x01")
    assert (found.start, found.end) == (8, len(data))


def test_what_follows_a_superbox_is_left_alone() -> None:
    data = cbor_box("a.b", {})
    assert read(data + b"rest").end == len(data)


def test_superboxes_are_nested() -> None:
    found = read(superbox(b"c2pa", "c2pa", cbor_box("a", 1), superbox(b"abcd", "b", cbor_box("c", 2))))
    assert [inner.label for inner in found.boxes if isinstance(inner, Superbox)] == ["a", "b"]


def test_a_salt_is_nothing_odd() -> None:
    found = read(cbor_box("a.b", 1, salt=SALT))
    assert (found.salt, found.oddity) == (SALT, "")


@pytest.mark.parametrize(
    "data",
    [
        superbox(b"cbor", "a", box(b"cbor", b"\x01"), box(b"free", bytes(4))),
        superbox(b"cbor", "a", box(b"abcd", b"\x01")),
        superbox(b"cbor", "a", b"\x00\x00\x00\x01cbor" + (17).to_bytes(8) + b"\x01"),
        superbox(b"cbor", "a", box(b"cbor", b"\x01"), salt=bytes(8)),
        superbox(b"c2pa", "a", superbox(b"cbor", "b", box(b"free", b""))),
        superbox(b"cbor", "a", b"", toggles=0x83),
    ],
    ids=["padding", "unknown", "long length", "short salt", "inner", "toggles"],
)
def test_what_is_seldom_is_called_odd(data: bytes) -> None:
    assert read(data).oddity


def test_identifier_and_hash_are_skipped_and_odd() -> None:
    extra = box(b"jumd", type_of(b"cbor") + b"\x0fa\0" + bytes(36))
    found = read(box(b"jumb", extra + box(b"cbor", b"\x01")))
    assert found.label == "a"
    assert found.oddity


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00\x00\x08jumb",
        box(b"abcd", bytes(40)),
        box(b"jumb", bytes(40)),
        superbox(b"cbor", ""),
        superbox(b"cbor", "a", toggles=0x01),
        cbor_box("a", 1)[:-1],
        superbox(b"cbor", "a", b"\x00\x00\x00\x07cbor"),
        superbox(b"cbor", "a", b"\xff\xff\xff\xffcbor"),
        superbox(b"cbor", "a", b"\x00\x00\x00\x01cbor" + b"\xff" * 8),
        superbox(b"cbor", "a", b"\x00\x00\x00\x01cbor"),
        superbox(b"cbor", "a", b"abc"),
        box(b"jumb", box(b"jumd", type_of(b"cbor") + b"\x03\xff\xfe\0")),
        box(b"jumb", box(b"jumd", type_of(b"cbor") + b"\x13a\0" + box(b"abcd", bytes(16)))),
        box(b"jumb", box(b"jumd", type_of(b"cbor") + b"\x03a\0more")),
    ],
)
def test_a_broken_box_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data)


def test_nesting_has_a_limit() -> None:
    data = cbor_box("a", 1)
    for _ in range(40):
        data = superbox(b"abcd", "a", data)
    with pytest.raises(LimitError):
        read(data)


def test_the_number_of_boxes_has_a_limit() -> None:
    data = superbox(b"abcd", "a", *[box(b"cbor", b"\x01")] * 50)
    assert len(read(data).boxes) == 50
    with pytest.raises(LimitError):
        read(data, boxes=40)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert read(data).end <= len(data)


@settings(max_examples=300)
@given(st.randoms(use_true_random=False))
def test_a_damaged_store_is_read_or_malformed(rng: random.Random) -> None:
    data = bytearray(superbox(b"c2pa", "c2pa", superbox(b"c2ma", "urn", cbor_box("a", {"b": 1}, salt=SALT))))
    for _ in range(rng.randrange(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    try:
        found = read(bytes(data))
    except MalformedError:
        return
    assert found.end <= len(data)
