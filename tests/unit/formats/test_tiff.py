"""TIFF and DNG: stores in directories of either byte order and size, and chains that lead astray."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.formats import tiff
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

MEDIA_TYPE = "image/tiff"
STORE = store_of(50)
C2PA, XMP, SUB, EXIF, DNG = 0xCD41, 700, 330, 34665, 0xC612


class Shape(NamedTuple):
    order: Literal["little", "big"]
    word: int

    def number(self, value: int, size: int) -> bytes:
        return value.to_bytes(size, self.order)

    @property
    def header(self) -> bytes:
        mark = b"II" if self.order == "little" else b"MM"
        return mark + (self.number(42, 2) if self.word == 4 else self.number(43, 2) + self.number(8, 2) + bytes(2))

    @property
    def entries(self) -> int:
        return 2 if self.word == 4 else 8


SHAPES = {
    "classic little": Shape("little", 4),
    "classic big": Shape("big", 4),
    "big little": Shape("little", 8),
    "big big": Shape("big", 8),
}
SMALL = SHAPES["classic little"]

each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)

Entry = tuple[int, int, int, int]
"""Tag, type, count, value or offset."""

WIDTH: Entry = (256, 4, 1, 4)


def directory(entries: Sequence[Entry], following: int, shape: Shape = SMALL) -> bytes:
    body = b"".join(
        shape.number(tag, 2)
        + shape.number(kind, 2)
        + shape.number(count, shape.word)
        + shape.number(value, shape.word)
        for tag, kind, count, value in entries
    )
    return shape.number(len(entries), shape.entries) + body + shape.number(following, shape.word)


def file(*directories: Sequence[Entry], data: bytes = b"", shape: Shape = SMALL, last: int = 0) -> bytes:
    """Return a file of `data`, at offset 16, and a chain of directories behind it."""
    at = 16 + len(data)
    starts = [at]
    for entries in directories:
        starts.append(starts[-1] + len(directory(entries, 0, shape)))
    links = [*starts[1:-1], last]
    head = shape.header + shape.number(at, shape.word)
    chain = (directory(entries, link, shape) for entries, link in zip(directories, links, strict=True))
    return head.ljust(16, b"\0") + data + b"".join(chain)


def stored(at: int = 16, length: int = len(STORE), kind: int = 7) -> Entry:
    return (C2PA, kind, length, at)


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("tiff"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(tiff, row)


@pytest.mark.parametrize("name", ["tiff", "bigtiff", "pages"])
def test_what_the_reference_engine_embeds_is_found(name: str, labelled: dict[str, bytes]) -> None:
    data = labelled[name]
    (carrier,) = walk(tiff, data).carriers
    assert is_one_box(gather(data, carrier))
    stated = stated_exclusions(MEDIA_TYPE, data)
    assert stated is not None
    assert carrier.excluded[1] in stated
    # In a BigTIFF the reference engine takes entries for 16 bytes long and leaves out the wrong count.
    assert (carrier.excluded[0] in stated) is (name != "bigtiff")


@each_shape
def test_the_store_and_its_count_are_excluded(shape: Shape) -> None:
    data = file([WIDTH, stored()], data=STORE, shape=shape)
    located = walk(tiff, data)
    (carrier,) = located.carriers
    assert gather(data, carrier) == STORE
    entry = 16 + len(STORE) + shape.entries + 4 + 2 * shape.word
    assert carrier.excluded == (Span(entry + 4, shape.word), Span(16, len(STORE)))
    assert not located.damage
    assert tiff.sniff(data) == MEDIA_TYPE


@pytest.mark.parametrize("place", [0, 2])
def test_the_store_is_in_the_first_or_the_last_directory(place: int) -> None:
    chain: list[list[Entry]] = [[WIDTH], [WIDTH], [WIDTH]]
    chain[place] = [stored()]
    data = file(*chain, data=STORE)
    located = walk(tiff, data)
    assert [gather(data, carrier) for carrier in located.carriers] == [STORE]
    assert not located.damage
    assert reference(MEDIA_TYPE, data) is Seen.FOUND


def test_a_store_in_another_directory_is_no_carrier_but_damage() -> None:
    data = file([WIDTH], [stored()], [WIDTH], data=STORE)
    located = walk(tiff, data)
    assert not located.carriers
    assert "the manifest store at 16" in located.damage
    assert reference(MEDIA_TYPE, data) is Seen.NONE


def test_two_stores_are_two_carriers() -> None:
    assert len(walk(tiff, file([stored()], [WIDTH], [stored()], data=STORE)).carriers) == 2
    assert len(walk(tiff, file([stored(), stored()], data=STORE)).carriers) == 2


def test_a_store_of_another_type_is_damage() -> None:
    located = walk(tiff, file([stored(kind=1)], data=STORE))
    assert len(located.carriers) == 1
    assert "type 1" in located.damage


@pytest.mark.parametrize("shape", [SMALL, SHAPES["big big"]], ids=["classic", "big"])
@pytest.mark.parametrize(
    ("at", "length"), [(16, 10_000), (0xFFFF_FFFF, 8), (0xFFFF_FFFF, 0xFFFF_FFFF), (90_000, 1)]
)
def test_a_store_outside_the_file_is_damage(shape: Shape, at: int, length: int) -> None:
    located = walk(tiff, file([stored(at, length)], shape=shape))
    assert "reaches past the end" in located.damage
    assert not located.carriers


@pytest.mark.parametrize("back", [16 + len(STORE), 16 + len(STORE) + 18])
def test_directories_in_a_circle_are_damage(back: int) -> None:
    located = walk(tiff, file([WIDTH], [stored()], data=STORE, last=back))
    assert f"back to the one at {back}" in located.damage
    assert len(located.carriers) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (SMALL.header, "ends inside"),
        (SMALL.header + bytes(4), "no directory"),
        (SMALL.header + SMALL.number(7, 4), "ends inside"),
        (SMALL.header + SMALL.number(0xFFFF_FFFF, 4), "ends inside"),
        (SMALL.header + SMALL.number(8, 4) + b"\xff\xff" + bytes(100), "the directory at 8 reaches past the end"),
        (SHAPES["big big"].header + bytes(7) + b"\x10" + b"\xff" * 8 + bytes(99), "the directory at 16"),
        (file([WIDTH])[:-1], "the directory at 16"),
        (file([WIDTH], last=999), "ends inside"),
        (b"II+\0\x04\0\0\0" + bytes(50), "no header"),
    ],
)
def test_chains_that_lead_astray_are_damage(data: bytes, said: str) -> None:
    located = walk(tiff, data)
    assert said in located.damage
    assert not located.carriers


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ((EXIF, 4, 1, 99_999), "ends inside"),
        ((EXIF, 4, 1, 0), "the directory at 0 reaches past"),
        ((SUB, 4, 1, 99_999), "ends inside"),
        ((SUB, 4, 2, 99_999), "ends inside"),
        ((SUB, 4, 1001, 16), "1001 sub-directories"),
        ((SUB, 4, 0xFFFF_FFFF, 16), "sub-directories"),
    ],
)
def test_sub_directories_that_do_not_fit_are_damage(entry: Entry, said: str) -> None:
    data = file([WIDTH, entry], data=bytes(8))
    assert said in walk(tiff, data).damage
    assert reference(MEDIA_TYPE, data) is Seen.BROKEN


def test_sub_directories_that_fit_are_none() -> None:
    below = directory([(C2PA, 7, 8, 16)], 0)
    offsets = SMALL.number(16, 4) * 2
    data = file([WIDTH, (SUB, 4, 2, 16 + len(below)), (EXIF, 4, 1, 16)], data=below + offsets)
    located = walk(tiff, data)
    assert not located.carriers
    assert not located.damage
    assert not walk(tiff, file([WIDTH, (SUB, 4, 1, 16)], data=below)).damage


def test_xmp_is_told() -> None:
    assert walk(tiff, file([(XMP, 1, 20, 16)], data=bytes(20))).xmp == (Span(16, 20),)
    assert walk(tiff, file([WIDTH])).xmp == ()


def test_many_entries_are_read_in_pieces() -> None:
    data = file([*[WIDTH] * 3000, stored(), *[WIDTH] * 1095], data=STORE)
    assert [gather(data, carrier) for carrier in walk(tiff, data).carriers] == [STORE]
    assert reference(MEDIA_TYPE, data) is Seen.FOUND


def test_limits_hold() -> None:
    with pytest.raises(LimitError, match="boxes"):
        walk(tiff, file(*[[WIDTH] * 60_000] * 3))
    with pytest.raises(LimitError, match="boxes"):
        walk(tiff, file(*[[]] * 150_000))
    with pytest.raises(LimitError, match="store"):
        walk(tiff, file([stored()], data=STORE), Limits(store_size=len(STORE) - 1))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(tiff, file([stored()] * 17, data=STORE))


@each_shape
def test_no_prefix_and_no_changed_byte_is_more_than_damage(shape: Shape) -> None:
    below = directory([WIDTH], 0, shape)
    entries = [WIDTH, (SUB, 4, 1, 16 + len(STORE)), (XMP, 1, 16, 16), stored()]
    data = file([WIDTH], entries, data=STORE + below, shape=shape)
    check_truncations(tiff, data, range(len(data)))
    check_flips(tiff, data, range(len(data)))


@given(st.sampled_from(list(SHAPES.values())), st.binary(max_size=300))
def test_any_bytes_give_a_result(shape: Shape, rest: bytes) -> None:
    check_anything(tiff, shape.header + shape.number(16, shape.word) + rest)


@pytest.mark.parametrize("name", ["tiff", "bigtiff"])
@given(data=st.data())
@settings(max_examples=200, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    name: str, labelled: dict[str, bytes], data: st.DataObject
) -> None:
    changed = data.draw(mutants(labelled[name], tiff))
    if tiff.sniff(changed):
        located = walk(tiff, changed)
        assert agree(located, reference(MEDIA_TYPE, changed)), located


@each_shape
def test_a_digital_negative_is_known_by_its_version(shape: Shape) -> None:
    assert tiff.sniff(file([WIDTH, (DNG, 1, 4, 1)], shape=shape)) == "image/dng"
    assert tiff.sniff(file([WIDTH], shape=shape)) == MEDIA_TYPE
    assert tiff.sniff(file([WIDTH, (DNG, 1, 4, 1)], shape=shape)[:30]) == MEDIA_TYPE  # the tag isn't in the head


@pytest.mark.parametrize(
    "head", [b"", b"II*", b"II\0*", b"MM*\0", b"IIII", b"II+\0\x08\0\x01\0", b"MM\0+\0\x04\0\0"]
)
def test_other_heads_are_not_taken_for_it(head: bytes) -> None:
    assert tiff.sniff(head) is None
