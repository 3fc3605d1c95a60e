"""JPEG: stores in APP11, whole or in pieces, among fill bytes, other boxes and broken segments."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.formats import jpeg
from kzlabel.limits import Limits
from kzlabel.spans import Span
from tests.conftest import CorpusFile, needs_corpora
from tests.unit.formats.walks import (
    Seen,
    agree,
    check_anything,
    check_flips,
    check_third_party,
    check_truncations,
    corpus_of,
    gather,
    is_one_box,
    mutants,
    reference,
    stated_exclusions,
    store_of,
    walk,
)

MEDIA_TYPE = "image/jpeg"
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SCAN = b"\xff\xda\0\x03\x01" + b"data" + EOI
TABLE = b"\xff\xdb\0\x04ab"


def segment(code: int, body: bytes) -> bytes:
    return bytes([0xFF, code]) + (len(body) + 2).to_bytes(2) + body


def piece(store: bytes, part: bytes, number: int, instance: int = 0x0211) -> bytes:
    """Return the APP11 segment of a further part of `store`."""
    return segment(0xEB, b"JP" + instance.to_bytes(2) + number.to_bytes(4) + store[:8] + part)


def pieces(store: bytes, size: int, instance: int = 0x0211, first: int = 1) -> list[bytes]:
    """Return the APP11 segments of `store`, each with `size` bytes of it."""
    parts = [store[8:size], *(store[at : at + size] for at in range(size, len(store), size))]
    return [piece(store, part, first + index, instance) for index, part in enumerate(parts)]


def file(*segments: bytes) -> bytes:
    return SOI + b"".join(segments) + SCAN


STORE = store_of(300)


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("jpeg"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(jpeg, row)


def test_what_the_reference_engine_embeds_is_found(labelled: dict[str, bytes]) -> None:
    data = labelled["jpeg"]
    (carrier,) = walk(jpeg, data).carriers
    assert is_one_box(gather(data, carrier))
    assert list(carrier.excluded) == stated_exclusions(MEDIA_TYPE, data)


@pytest.mark.parametrize(
    ("instance", "first", "size"), [(1, 1, 100), (0x0211, 1, 40), (0x0211, 1, 1000), (0x3000, 0, 1000), (1, 7, 100)]
)
def test_pieces_are_joined_without_their_repeated_headers(instance: int, first: int, size: int) -> None:
    parts = pieces(STORE, size, instance, first)
    data = file(segment(0xE0, b"JFIF\0"), *parts, TABLE)
    located = walk(jpeg, data)
    (carrier,) = located.carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded == (Span(2 + 9, sum(map(len, parts))),)
    assert not located.damage


def test_pieces_that_are_counted_from_zero_are_cut_off_as_the_reference_engine_does() -> None:
    data = file(*pieces(STORE, 100, first=0))
    (carrier,) = walk(jpeg, data).carriers
    assert gather(data, carrier) == STORE[:100]
    assert reference(MEDIA_TYPE, data) is Seen.FOUND


def test_a_box_of_extended_length_is_joined_without_its_longer_headers() -> None:
    store = b"\0\0\0\x01jumb" + (len(STORE) + 8).to_bytes(8) + STORE[8:]
    parts = [piece(store, store[8:100], 1), piece(store, store[8:16] + store[100:], 2)]
    data = file(*parts)
    (carrier,) = walk(jpeg, data).carriers
    assert gather(data, carrier) == store


def test_pieces_that_something_lies_between_are_several_ranges() -> None:
    first, *rest = pieces(STORE, 200)
    data = file(first, TABLE, *rest)
    (carrier,) = walk(jpeg, data).carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded == (Span(2, len(first)), Span(2 + len(first) + len(TABLE), len(b"".join(rest))))


def test_other_boxes_in_app11_are_left_alone() -> None:
    other = STORE.replace(b"jumdc2pa", b"jumdjson").replace(b"c2pa\0", b"360c\0")
    data = file(*pieces(other, 150, instance=7), *pieces(STORE, 150, instance=8), *pieces(other, 150, instance=9))
    (carrier,) = walk(jpeg, data).carriers
    assert gather(data, carrier) == STORE


@pytest.mark.parametrize("instances", [(1, 2), (1, 1)])
def test_two_stores_are_two_carriers(instances: tuple[int, int]) -> None:
    data = file(*(part for instance in instances for part in pieces(STORE, 150, instance)))
    located = walk(jpeg, data)
    assert [gather(data, carrier) for carrier in located.carriers] == [STORE, STORE]
    assert not located.damage


def test_segments_too_short_for_a_part_of_a_box_are_passed_over() -> None:
    first, *rest = pieces(STORE, 200)
    data = file(first, segment(0xEB, b"JP\x02\x11" + bytes(11) + b"\x09"), *rest)
    (carrier,) = walk(jpeg, data).carriers
    assert gather(data, carrier) == STORE
    assert len(carrier.excluded) == 2
    short = file(segment(0xEB, b"JP\0\1\0\0\0\1" + STORE[:20]))
    assert not walk(jpeg, short).carriers
    assert reference(MEDIA_TYPE, short) is Seen.NONE


def test_the_scan_and_what_follows_it_are_not_walked(small: dict[str, bytes]) -> None:
    whole = small["jpeg"] + b"".join(pieces(STORE, 150))
    assert walk(jpeg, whole) == walk(jpeg, small["jpeg"])
    assert reference(MEDIA_TYPE, whole) is Seen.NONE


def test_fill_bytes_before_a_marker_are_no_damage() -> None:
    data = file(b"\xff\xff\xff", *pieces(STORE, 150), b"\xff", TABLE)
    located = walk(jpeg, data)
    assert len(located.carriers) == 1
    assert not located.damage


@pytest.mark.parametrize("stray", [b"\0", b"stray", b"\xff\x01", b"\xff\xd8", b"\xff\0", segment(0xF0, b"ab")])
def test_what_belongs_to_no_segment_is_damage_and_the_store_behind_it_is_found(stray: bytes) -> None:
    data = file(TABLE, stray, *pieces(STORE, 150))
    located = walk(jpeg, data)
    assert [gather(data, carrier) for carrier in located.carriers] == [STORE]
    assert f" {2 + len(TABLE)} " in located.damage


@pytest.mark.parametrize(("interval", "damaged"), [(b"\0\x10", False), (b"\0\xff", False), (b"\xff\xeb", True)])
def test_a_restart_interval_that_looks_like_a_marker_is_damage(interval: bytes, damaged: bool) -> None:
    assert bool(walk(jpeg, file(segment(0xDD, interval), TABLE)).damage) is damaged


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (SOI, "ends inside"),
        (SOI + TABLE, "ends inside"),
        (SOI + EOI, "no segments"),
        (SOI + TABLE[:-1], "past the end"),
        (SOI + b"\xff\xe1\xff\xff" + SCAN, "past the end"),
        (SOI + b"\xff\xe1\0\0" + SCAN, "shorter than"),
        (SOI + b"\xff\xe1\0\x01" + SCAN, "shorter than"),
        (SOI + TABLE + SCAN[:5], "entropy-coded"),
        (SOI + TABLE + b"nothing", "no segment"),
    ],
)
def test_lengths_that_lie_are_damage(data: bytes, said: str) -> None:
    located = walk(jpeg, data)
    assert said in located.damage
    assert not located.carriers


def test_a_store_that_is_cut_off_is_kept_as_far_as_it_was_met() -> None:
    whole = file(*pieces(STORE, 100))
    located = walk(jpeg, whole[: 2 + 300])
    (carrier,) = located.carriers
    assert located.damage
    assert STORE.startswith(gather(whole, carrier))


def test_xmp_is_told_apart_from_other_application_data() -> None:
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
    located = walk(jpeg, file(segment(0xE1, b"Exif\0\0"), xmp))
    assert located.xmp == (Span(2 + 10, len(xmp)),)


def test_limits_hold() -> None:
    flood = SOI + b"\xff" * 300_000 + TABLE + SCAN
    with pytest.raises(LimitError, match="boxes"):
        walk(jpeg, flood)
    with pytest.raises(LimitError, match="store"):
        walk(jpeg, file(*pieces(STORE, 100)), Limits(store_size=300))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(jpeg, file(*(pieces(STORE, 400, instance)[0] for instance in range(17))))


def test_no_prefix_and_no_changed_byte_is_more_than_damage() -> None:
    data = file(segment(0xE1, b"Exif"), *pieces(store_of(20), 60), segment(0xDD, b"\0\x10"), TABLE)
    check_truncations(jpeg, data, range(len(data)))
    check_flips(jpeg, data, range(2, len(data)))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_result(rest: bytes) -> None:
    check_anything(jpeg, SOI + rest)


@given(st.data())
@settings(max_examples=300, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    labelled: dict[str, bytes], data: st.DataObject
) -> None:
    changed = data.draw(mutants(labelled["jpeg"], jpeg))
    if jpeg.sniff(changed):
        located = walk(jpeg, changed)
        assert agree(located, reference(MEDIA_TYPE, changed)), located


@pytest.mark.parametrize("head", [b"", b"\xff\xd8", b"\xff\xd8\0", b"\x89PNG\r\n\x1a\n", b"BM\xff\xd8\xff"])
def test_other_heads_are_not_taken_for_it(head: bytes) -> None:
    assert jpeg.sniff(head) is None
