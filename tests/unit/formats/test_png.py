"""PNG: stores in `caBX` chunks, wherever they are, and chunks that lie about themselves."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.formats import png
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

MEDIA_TYPE = "image/png"
MAGIC = b"\x89PNG\r\n\x1a\n"
STORE = store_of(40)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


IHDR, IDAT, IEND = chunk(b"IHDR", bytes(13)), chunk(b"IDAT", b"pixels"), chunk(b"IEND")


def file(*chunks: bytes) -> bytes:
    return MAGIC + IHDR + b"".join(chunks) + IEND


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("png"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(png, row)


def test_what_the_reference_engine_embeds_is_found(labelled: dict[str, bytes]) -> None:
    data = labelled["png"]
    (carrier,) = walk(png, data).carriers
    assert is_one_box(gather(data, carrier))
    assert list(carrier.excluded) == stated_exclusions(MEDIA_TYPE, data)


@pytest.mark.parametrize("before", [(), (IDAT, IDAT)])
def test_the_store_is_the_data_of_the_chunk_and_the_whole_chunk_is_excluded(before: tuple[bytes, ...]) -> None:
    data = file(*before, chunk(b"caBX", STORE), IDAT)
    located = walk(png, data)
    (carrier,) = located.carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded == (Span(data.index(b"caBX") - 4, len(STORE) + 12),)
    assert not located.damage


def test_the_checksum_of_the_chunk_is_left_alone() -> None:
    wrong = chunk(b"caBX", STORE)[:-1] + b"\0"
    assert walk(png, file(wrong, IDAT)) == walk(png, file(chunk(b"caBX", STORE), IDAT))


def test_two_chunks_are_two_carriers() -> None:
    data = file(chunk(b"caBX", STORE), IDAT, chunk(b"caBX", store_of(1)))
    assert [gather(data, carrier) for carrier in walk(png, data).carriers] == [STORE, store_of(1)]
    assert reference(MEDIA_TYPE, data) is not Seen.NONE


def test_what_follows_the_end_is_not_walked() -> None:
    data = file(IDAT) + chunk(b"caBX", STORE)
    assert not walk(png, data).carriers
    assert reference(MEDIA_TYPE, data) is Seen.NONE


@pytest.mark.parametrize("kind", [b"id0t", b"    ", b"a\0bc"])
def test_a_chunk_without_a_proper_name_is_damage_and_the_store_behind_it_is_found(kind: bytes) -> None:
    data = file(chunk(kind, b"x"), chunk(b"caBX", STORE), chunk(b"0000"), IDAT)
    located = walk(png, data)
    assert [gather(data, carrier) for carrier in located.carriers] == [STORE]
    assert "the chunk at 33 has no name" in located.damage


def test_a_name_that_is_no_text_ends_the_walk() -> None:
    data = file(chunk(b"\xff\xfeab"), chunk(b"caBX", STORE))
    located = walk(png, data)
    assert not located.carriers
    assert "the chunk at 33" in located.damage
    assert reference(MEDIA_TYPE, data) is Seen.BROKEN


@pytest.mark.parametrize("length", [7, 12, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_chunk_that_is_longer_than_the_file_is_damage(length: int) -> None:
    data = MAGIC + IHDR + length.to_bytes(4) + b"caBX" + b"short"
    located = walk(png, data)
    assert located.damage == "the chunk at 33 reaches past the end of the file"
    assert not located.carriers


def test_a_file_without_an_end_is_damage() -> None:
    whole = file(chunk(b"caBX", STORE), IDAT)
    located = walk(png, whole[: -len(IEND)])
    assert len(located.carriers) == 1
    assert "the file ends" in located.damage


def test_xmp_is_told_apart_from_other_text() -> None:
    data = file(chunk(b"iTXt", b"Comment\0"), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"), chunk(b"tEXt"))
    assert walk(png, data).xmp == (Span(data.index(b"XML"), 26),)


def test_limits_hold() -> None:
    with pytest.raises(LimitError, match="boxes"):
        walk(png, file(chunk(b"noOp") * 150_000))
    with pytest.raises(LimitError, match="store"):
        walk(png, file(chunk(b"caBX", STORE)), Limits(store_size=len(STORE) - 1))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(png, file(chunk(b"caBX", STORE) * 17))


def test_no_prefix_and_no_changed_byte_is_more_than_damage() -> None:
    data = file(chunk(b"gAMA", b"gamm"), chunk(b"caBX", store_of()), IDAT, IDAT)
    check_truncations(png, data, range(len(data)))
    check_flips(png, data, range(8, len(data)))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_result(rest: bytes) -> None:
    check_anything(png, MAGIC + rest)


@given(st.data())
@settings(max_examples=300, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    labelled: dict[str, bytes], data: st.DataObject
) -> None:
    changed = data.draw(mutants(labelled["png"], png))
    if png.sniff(changed):
        located = walk(png, changed)
        assert agree(located, reference(MEDIA_TYPE, changed)), located


@pytest.mark.parametrize("head", [b"", MAGIC[:7], b"\x89PNG\n\x1a\n\0", b"\x8aMNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_other_heads_are_not_taken_for_it(head: bytes) -> None:
    assert png.sniff(head) is None
