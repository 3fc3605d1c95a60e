"""GIF: stores in an application extension before the first image, and blocks that readers take differently."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.files import FileReader
from kzlabel.formats import gif
from kzlabel.limits import DEFAULT_LIMITS, Limits
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

MEDIA_TYPE = "image/gif"
STORE = store_of(1000)
SCREEN = b"\x04\0\x04\0\0\0\0"
"""4 x 4, no global colour table."""
CONTROL = b"\x21\xf9\x04\0\0\0\0\0"
COMMENT = b"\x21\xfe\x02hi\0"
LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
IMAGE = b"\x2c\0\0\0\0\x04\0\x04\0\0" + b"\x02\x03abc\0"
TRAILER = b"\x3b"


def blocks(data: bytes, size: int = 255) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def extension(store: bytes, size: int = 255) -> bytes:
    return b"\x21\xff\x0bC2PA_GIF\x01\0\0" + blocks(store, size)


def file(*parts: bytes, magic: bytes = b"GIF89a", screen: bytes = SCREEN) -> bytes:
    return magic + screen + b"".join(parts) + IMAGE + TRAILER


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("gif"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(gif, row)


@pytest.mark.parametrize("name", ["gif", "animation"])
def test_what_the_reference_engine_embeds_is_found(name: str, labelled: dict[str, bytes]) -> None:
    data = labelled[name]
    (carrier,) = walk(gif, data).carriers
    assert is_one_box(gather(data, carrier))
    assert list(carrier.excluded) == stated_exclusions(MEDIA_TYPE, data)


@pytest.mark.parametrize("size", [1, 100, 255])
@pytest.mark.parametrize("magic", [b"GIF87a", b"GIF89a"])
def test_sub_blocks_are_joined_and_the_whole_extension_is_excluded(size: int, magic: bytes) -> None:
    data = file(COMMENT, LOOP, extension(STORE, size), CONTROL, magic=magic)
    located = walk(gif, data)
    (carrier,) = located.carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded == (Span(data.index(b"C2PA_GIF") - 3, len(extension(STORE, size))),)
    assert not located.damage


def test_a_global_colour_table_is_passed_over() -> None:
    data = file(bytes(3 * 8), extension(STORE), screen=b"\x04\0\x04\0\x82\0\0")
    assert [gather(data, carrier) for carrier in walk(gif, data).carriers] == [STORE]


def test_two_extensions_are_two_carriers() -> None:
    data = file(extension(STORE), extension(store_of()))
    assert [gather(data, carrier) for carrier in walk(gif, data).carriers] == [STORE, store_of()]


def test_an_extension_after_the_first_image_is_none() -> None:
    data = file(COMMENT, IMAGE, extension(STORE))
    located = walk(gif, data)
    assert not located.carriers
    assert not located.damage
    assert reference(MEDIA_TYPE, data) is Seen.NONE


@pytest.mark.parametrize("mark", [b"C2PA_GIF\x02\0\0", b"C2PA_GIF\x01\0\x01", b"c2pa_gif\x01\0\0"])
def test_another_version_or_name_is_none(mark: bytes) -> None:
    data = file(b"\x21\xff\x0b" + mark + blocks(STORE))
    assert not walk(gif, data).carriers
    assert reference(MEDIA_TYPE, data) is Seen.NONE


@pytest.mark.parametrize(
    "odd",
    [
        b"\x21\x01\x0c" + bytes(12) + b"\x02hi\0",  # plain text
        b"\x21\x99\x02hi\0",
        b"\x21\xff\x04abcd\0",
        b"\x21\xf9\x05\0\0\0\0\0\0",
        b"\x21\xf9\x04\0\0\0\0\x02hi\0",
    ],
)
def test_an_extension_that_readers_take_differently_is_damage_and_the_store_behind_it_is_found(odd: bytes) -> None:
    located = walk(gif, file(odd, extension(STORE)))
    assert len(located.carriers) == 1
    assert "the extension at 13" in located.damage


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a", "ends inside"),
        (b"GIF89a" + SCREEN, "ends inside"),
        (b"GIF89a" + SCREEN + b"\x21", "the extension at 13"),
        (b"GIF89a" + SCREEN + COMMENT[:3], "the file ends inside the sub-blocks at 18"),
        (b"GIF89a" + SCREEN + b"\x07" + TRAILER, "no block begins with 0x07, at 13"),
        (b"GIF89a" + SCREEN + extension(STORE)[:700], "the file ends inside the sub-blocks"),
        (b"GIF89a" + b"\x04\0\x04\0\x87\0\0" + TRAILER, "ends inside"),
        (b"GIF89a" + SCREEN + IMAGE[:-1], "the file ends inside the sub-blocks"),
        (b"GIF89a" + SCREEN + IMAGE[:5], "ends inside"),
    ],
)
def test_blocks_that_run_out_are_damage(data: bytes, said: str) -> None:
    located = walk(gif, data)
    assert said in located.damage
    assert not located.carriers


def test_xmp_anywhere_leaves_open_whether_it_refers_elsewhere(tmp_path: Path) -> None:
    xmp = b"\x21\xff\x0bXMP DataXMP" + blocks(b"<x/>")
    assert walk(gif, file(COMMENT)).xmp == ()
    assert walk(gif, file(xmp)).xmp is None
    assert walk(gif, file(IMAGE, xmp)).xmp is None
    start = b"GIF89a" + SCREEN + IMAGE
    path = tmp_path / "far.gif"
    path.write_bytes(start.ljust((1 << 18) - 8, b"\0") + xmp + TRAILER)  # across the edge of two reads
    with path.open("rb") as opened:
        assert gif.locate(FileReader(opened), DEFAULT_LIMITS).xmp is None


def test_limits_hold() -> None:
    with pytest.raises(LimitError, match="boxes"):
        walk(gif, file(b"\x21\xfe" + b"\1." * 300_000 + b"\0"))
    with pytest.raises(LimitError, match="boxes"):
        walk(gif, file(COMMENT * 200_000))
    with pytest.raises(LimitError, match="store"):
        walk(gif, file(extension(STORE)), Limits(store_size=len(STORE) - 1))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(gif, file(extension(STORE) * 17))
    walk(gif, file(b"\x21\xfe" + blocks(STORE)), Limits(store_size=10))  # no store, no limit


def test_no_prefix_and_no_changed_byte_is_more_than_damage() -> None:
    data = file(COMMENT, extension(store_of(), 20), CONTROL)
    check_truncations(gif, data, range(len(data)))
    check_flips(gif, data, range(6, len(data)))


@given(st.binary(max_size=300))
def test_any_bytes_give_a_result(rest: bytes) -> None:
    check_anything(gif, b"GIF89a" + SCREEN + rest)


@given(st.data())
@settings(max_examples=300, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    labelled: dict[str, bytes], data: st.DataObject
) -> None:
    changed = data.draw(mutants(labelled["gif"], gif))
    if gif.sniff(changed):
        located = walk(gif, changed)
        assert agree(located, reference(MEDIA_TYPE, changed)), located


@pytest.mark.parametrize("head", [b"", b"GIF89", b"GIF88a", b"gif89a", b"\0GIF89a"])
def test_other_heads_are_not_taken_for_it(head: bytes) -> None:
    assert gif.sniff(head) is None
