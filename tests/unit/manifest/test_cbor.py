"""CBOR: one reading for all decoders, or none."""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.manifest.cbor import DateText, decode

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def indefinite(value: Any) -> bytes:
    """Encode `value` with every map of indefinite length."""
    if isinstance(value, dict):
        inner = b"".join(cbor2.dumps(key) + indefinite(item) for key, item in value.items())
        return b"\xbf" + inner + b"\xff"
    if isinstance(value, list):
        return cbor2.dumps([0] * len(value))[: -len(value) or None] + b"".join(map(indefinite, value))
    return cbor2.dumps(value)


@given(PLAIN)
def test_what_is_written_plainly_is_read(value: Any) -> None:
    assert decode(cbor2.dumps(value)) == value


@given(PLAIN)
def test_maps_may_be_of_indefinite_length(value: Any) -> None:
    assert decode(indefinite(value)) == value


def test_large_maps_may_be_of_indefinite_length() -> None:
    value = {f"key {number}": {"inner": number} for number in range(300)}
    assert decode(indefinite(value)) == value


def test_numbers_may_be_of_single_precision() -> None:
    assert decode(b"\x82\xfa\x3f\x80\x00\x00\xfa\x40\x49\x0f\xdb") == [1.0, pytest.approx(3.14159274)]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "a1",
        "61",
        "62ff fe",
        "1801",
        "190001",
        "1bffffffffffffffff",
        "3bffffffffffffffff",
        "7f6161ff",
        "9f01ff",
        "5f4101ff",
        "a2616101616102",
        "bf616101616102ff",
        "a10102",
        "a0a0",
        "a000",
        "ff",
        "bf6161ff",
        "c074323031332d30332d32315432303a30343a30305a",
        "c101",
        "c249010000000000000000",
        "d81c80",
        "d81d00",
        "d90102820101",
        "d9d9f7a0",
        "d82006",
        "7bffffffffffffffff",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "a1f6 01",
        "fb7ff8000000000000",
        "b8 01 6161 01",
        "bf 7801 61 01 ff",
    ],
)
def test_other_forms_are_malformed(data: str) -> None:
    with pytest.raises(MalformedError):
        decode(bytes.fromhex(data))


def test_values_lie_as_deep_as_the_limit_allows() -> None:
    assert decode(b"\x81" * 127 + b"\x00")
    with pytest.raises(LimitError):
        decode(b"\x81" * 128 + b"\x00")
    assert decode(b"\x81" * 4 + b"\x00", depth=4) == [[[[0]]]]
    with pytest.raises(LimitError):
        decode(b"\x81" * 5 + b"\x00", depth=4)


def test_dates_are_read_where_they_may_be() -> None:
    data = cbor2.dumps({"when": cbor2.CBORTag(0, "2026-01-01T00:00:00Z")})
    value = decode(data, dates=True)
    assert value == {"when": "2026-01-01T00:00:00Z"}
    assert isinstance(value["when"], DateText)
    with pytest.raises(MalformedError):
        decode(data)


def test_a_date_that_is_no_text_is_malformed() -> None:
    with pytest.raises(MalformedError):
        decode(cbor2.dumps(cbor2.CBORTag(0, 5)), dates=True)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    try:
        value = decode(data)
    except MalformedError:
        return
    assert cbor2.loads(data) == value or value != value


@given(PLAIN, st.integers(1, 3))
def test_no_break_may_follow_what_is_read(value: Any, breaks: int) -> None:
    for data in (cbor2.dumps(value), indefinite(value)):
        with pytest.raises(MalformedError):
            decode(data + b"\xff" * breaks)


@given(PLAIN, st.data())
def test_no_longer_head_is_accepted(value: Any, data: st.DataObject) -> None:
    """Replace the head of the item by one that is a byte longer than it need be."""
    plain = cbor2.dumps(value)
    major, info = plain[0] & 0xE0, plain[0] & 0x1F
    if info < 24 and major < 0xC0:
        with pytest.raises(MalformedError):
            decode(bytes([major | 24, info]) + plain[1:])
