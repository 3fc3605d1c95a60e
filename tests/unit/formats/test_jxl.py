"""JPEG XL: stores in `jumb` boxes of the container, beside other boxes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.credentials import Signer
from kzlabel.errors import LimitError
from kzlabel.formats import jxl
from kzlabel.labels import Label, System
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.trust import Trust
from tests.building import build
from tests.conftest import CorpusFile, needs_corpora
from tests.unit.formats.walks import (
    Seen,
    agree,
    box,
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

MEDIA_TYPE = "image/jxl"
MAGIC = bytes.fromhex("0000000c4a584c200d0a870a")
HEAD = MAGIC + box(b"ftyp", b"jxl \0\0\0\0jxl ")
CODESTREAM = box(b"jxlc", b"\xff\x0a")
STORE = store_of(40)


@pytest.fixture(scope="module")
def labelled_container(signer: Signer, trust: Trust) -> bytes:
    return build(HEAD + CODESTREAM, Label(level="ai-generated", system=System(name="Painter")), signer, trust)


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("jxl"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(jxl, row)


def test_what_the_reference_engine_embeds_is_found(
    samples: dict[str, Path], label: Label, signer: Signer, trust: Trust
) -> None:
    data = build(samples["jxl"].read_bytes(), label, signer, trust)
    (carrier,) = walk(jxl, data).carriers
    assert is_one_box(gather(data, carrier))
    assert list(carrier.excluded) == stated_exclusions(MEDIA_TYPE, data)


@pytest.mark.parametrize("between", [b"", box(b"Exif", b"tiff")])
def test_the_box_is_the_store_and_is_excluded(between: bytes) -> None:
    data = HEAD + between + STORE + CODESTREAM
    located = walk(jxl, data)
    (carrier,) = located.carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded == (Span(len(HEAD + between), len(STORE)),)
    assert not located.damage


def test_a_box_up_to_the_end_of_the_file_counts() -> None:
    data = HEAD + CODESTREAM + bytes(4) + STORE[4:]
    (carrier,) = walk(jxl, data).carriers
    assert carrier.store == (Span(len(HEAD + CODESTREAM), len(STORE)),)


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.replace(b"c2pa\0", b"c3pa\0"),
        lambda store: store.replace(b"c2pa\0", b"c2paX"),
        lambda store: store.replace(b"\x03c2pa\0", b"\x01c2pa\0"),
        lambda store: store.replace(b"jumd", b"json"),
        lambda store: box(b"jumb", b""),
        lambda store: box(b"jumB", store[8:]),
        lambda store: box(b"brob", store),
    ],
)
def test_other_boxes_are_none(change: object) -> None:
    assert callable(change)
    data = HEAD + change(STORE) + CODESTREAM
    located = walk(jxl, data)
    assert not located.carriers
    assert not located.damage
    assert reference(MEDIA_TYPE, data) is Seen.NONE


def test_two_stores_are_two_carriers() -> None:
    data = HEAD + STORE + CODESTREAM + store_of()
    assert [gather(data, carrier) for carrier in walk(jxl, data).carriers] == [STORE, store_of()]


@pytest.mark.parametrize("size", [2, 7, 0x7FFF_FFFF])
def test_a_box_that_does_not_fit_is_damage_and_the_store_before_it_is_kept(size: int) -> None:
    located = walk(jxl, HEAD + STORE + size.to_bytes(4) + b"jxlc")
    assert len(located.carriers) == 1
    assert str(len(HEAD + STORE)) in located.damage


@pytest.mark.parametrize("size", [0, 15, 1 << 63, (1 << 64) - 1])
def test_a_long_size_that_lies_is_damage(size: int) -> None:
    located = walk(jxl, HEAD + b"\0\0\0\x01jumb" + size.to_bytes(8) + STORE)
    assert located.damage
    assert not located.carriers


def test_xmp_is_told_unless_it_is_packed() -> None:
    assert walk(jxl, HEAD + box(b"xml ", b"<x/>") + CODESTREAM).xmp == (Span(len(HEAD), 12),)
    assert walk(jxl, HEAD + CODESTREAM).xmp == ()
    assert walk(jxl, HEAD + box(b"brob", b"xml packed") + CODESTREAM).xmp is None


def test_limits_hold() -> None:
    with pytest.raises(LimitError, match="boxes"):
        walk(jxl, HEAD + box(b"free", b"") * 150_000)
    with pytest.raises(LimitError, match="store"):
        walk(jxl, HEAD + STORE, Limits(store_size=len(STORE) - 1))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(jxl, HEAD + STORE * 17)


def test_no_prefix_and_no_changed_byte_is_more_than_damage() -> None:
    data = HEAD + box(b"xml ", b"x") + STORE + CODESTREAM
    check_truncations(jxl, data, range(len(data)))
    check_flips(jxl, data, range(12, len(data)))


@given(st.binary(max_size=300))
def test_any_bytes_give_a_result(rest: bytes) -> None:
    check_anything(jxl, HEAD + rest)


@given(st.data())
@settings(max_examples=200, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    labelled_container: bytes, data: st.DataObject
) -> None:
    changed = data.draw(mutants(labelled_container, jxl))
    if jxl.sniff(changed):
        located = walk(jxl, changed)
        assert agree(located, reference(MEDIA_TYPE, changed)), located


@pytest.mark.parametrize(
    "head", [b"", MAGIC[:11], b"\xff\x0a\xfa\x7f", b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\x0cftyp"]
)
def test_other_heads_are_not_taken_for_it(head: bytes) -> None:
    assert jxl.sniff(head) is None
