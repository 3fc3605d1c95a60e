"""DER: elements are taken apart to the last byte, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.der import Element, element, elements
from kzlabel.errors import MalformedError


def encode(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


@given(st.lists(st.tuples(st.sampled_from([0x02, 0x04, 0x30, 0x31, 0xA0]), st.binary(max_size=400)), max_size=5))
def test_elements_come_back_as_they_were_written(parts: list[tuple[int, bytes]]) -> None:
    data = b"".join(encode(*part) for part in parts)
    assert elements(data) == [Element(tag, content, encode(tag, content)) for tag, content in parts]


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_elements_or_malformed(data: bytes) -> None:
    try:
        found = elements(data)
    except MalformedError:
        return
    assert b"".join(one.whole for one in found) == data


@pytest.mark.parametrize(
    "bad", ["30", "3001", "3080", "308100", "30817f", "30820001", "3085000000000100", "1f0100", "30ffff"]
)
def test_lengths_that_lie_or_are_not_in_the_shortest_form_are_malformed(bad: str) -> None:
    with pytest.raises(MalformedError):
        elements(bytes.fromhex(bad))


def test_only_the_one_element_that_was_asked_for_is_taken() -> None:
    assert element(bytes.fromhex("0403616263"), 0x04) == b"abc"
    for other in ("0203616263", "0400" * 2, ""):
        with pytest.raises(MalformedError):
            element(bytes.fromhex(other), 0x04)
