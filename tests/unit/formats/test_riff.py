"""RIFF, so WAV, AVI and WebP: stores in the first RIFF, pad bytes, and sizes that lie."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.formats import Format, avi, wav, webp
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

FORMATS: dict[str, Format] = {"wav": wav, "avi": avi, "webp": webp}
FORMS = {"wav": b"WAVE", "avi": b"AVI ", "webp": b"WEBP"}
ODD = store_of(41)
EVEN = store_of(40)

each_format = pytest.mark.parametrize("name", FORMATS)


def chunk(kind: bytes, data: bytes = b"", size: int | None = None) -> bytes:
    length = len(data) if size is None else size
    return kind + length.to_bytes(4, "little") + data + bytes(len(data) % 2)


def riff(*chunks: bytes, form: bytes = b"WAVE", size: int | None = None) -> bytes:
    return chunk(b"RIFF", form + b"".join(chunks), size)


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("wav", "avi", "webp"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(FORMATS[row.format], row)


@pytest.mark.parametrize("name", ["wav", "webp"])
def test_what_the_reference_engine_embeds_is_found(name: str, labelled: dict[str, bytes]) -> None:
    data, form = labelled[name], FORMATS[name]
    (carrier,) = walk(form, data).carriers
    assert is_one_box(gather(data, carrier))
    assert list(carrier.excluded) == stated_exclusions(form.MEDIA_TYPES[0], data)


@each_format
@pytest.mark.parametrize("store", [ODD, EVEN], ids=["odd", "even"])
def test_the_chunk_is_excluded_without_its_pad_byte(name: str, store: bytes) -> None:
    data = riff(chunk(b"data", b"abc"), chunk(b"C2PA", store), form=FORMS[name])
    located = walk(FORMATS[name], data)
    (carrier,) = located.carriers
    assert gather(data, carrier) == store
    assert carrier.excluded == (Span(data.index(b"C2PA"), len(store) + 8),)
    assert not located.damage


def test_two_chunks_are_two_carriers() -> None:
    data = riff(chunk(b"C2PA", ODD), chunk(b"data"), chunk(b"C2PA", EVEN))
    assert [gather(data, carrier) for carrier in walk(wav, data).carriers] == [ODD, EVEN]


@pytest.mark.parametrize("inner", [b"LIST", b"RIFF"])
def test_a_chunk_inside_a_list_is_none(inner: bytes) -> None:
    data = riff(chunk(inner, b"INFO" + chunk(b"C2PA", EVEN)))
    assert not walk(wav, data).carriers
    assert reference("audio/wav", data) is Seen.NONE


def test_what_follows_the_first_riff_is_not_walked() -> None:
    data = riff(chunk(b"movi", b"abcd"), form=b"AVI ") + riff(chunk(b"C2PA", EVEN), form=b"AVIX") + b"more"
    located = walk(avi, data)
    assert not located.carriers
    assert not located.damage
    assert reference("video/avi", data) is Seen.NONE


def test_a_missing_pad_byte_at_the_end_is_no_damage() -> None:
    data = riff(chunk(b"data", b"x"), chunk(b"C2PA", ODD))
    located = walk(wav, data[:-1])
    assert len(located.carriers) == 1
    assert not located.damage


@pytest.mark.parametrize("stray", [b"a", b"abc", b"abcd"])
def test_a_few_bytes_at_the_end_of_the_riff_are_no_damage(stray: bytes) -> None:
    data = riff(chunk(b"data", b"ab"), stray)
    assert not walk(wav, data).damage
    assert reference("audio/wav", data) is Seen.NONE


@pytest.mark.parametrize("size", [4, 0, 3])
def test_a_riff_that_says_it_is_empty_has_no_chunks(size: int) -> None:
    located = walk(wav, riff(chunk(b"C2PA", EVEN), size=size))
    assert not located.carriers
    assert not located.damage


def test_a_store_that_reaches_past_its_riff_is_kept_and_damage() -> None:
    data = riff(chunk(b"data", b"ab"), chunk(b"C2PA", EVEN), size=4 + 10 + 8 + 10)
    located = walk(wav, data)
    assert [gather(data, carrier) for carrier in located.carriers] == [EVEN]
    assert "past the end of its RIFF" in located.damage
    assert reference("audio/wav", data) is Seen.FOUND


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"RIFF\x04\0", "ends inside"),
        (riff(chunk(b"data", b"ab"), size=100), "the file ends inside the header of the chunk at 22"),
        (riff(chunk(b"data", b"ab", size=0xFFFF_FFFF)), "the chunk at 12 reaches past the end of the file"),
        (riff(chunk(b"C2PA", b"ab", size=3), size=14), "the chunk at 12 reaches past the end of the file"),
        (
            riff(chunk(b"data", b"ab"), b"stray" + bytes(1)) + bytes(9),
            "the RIFF ends inside the header of the chunk at 22",
        ),
    ],
)
def test_sizes_that_lie_are_damage(data: bytes, said: str) -> None:
    located = walk(wav, data)
    assert said in located.damage
    assert not located.carriers


def test_xmp_is_told() -> None:
    data = riff(chunk(b"VP8 ", b"picture"), chunk(b"XMP ", b"<x/>"), form=b"WEBP")
    assert walk(webp, data).xmp == (Span(data.index(b"<x/>"), 4),)
    assert walk(webp, riff(chunk(b"VP8 "), form=b"WEBP")).xmp == ()


def test_limits_hold() -> None:
    with pytest.raises(LimitError, match="boxes"):
        walk(wav, riff(chunk(b"noOp") * 150_000))
    with pytest.raises(LimitError, match="store"):
        walk(wav, riff(chunk(b"C2PA", EVEN)), Limits(store_size=len(EVEN) - 1))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(wav, riff(chunk(b"C2PA", EVEN) * 17))


def test_no_prefix_and_no_changed_byte_is_more_than_damage() -> None:
    data = riff(chunk(b"fmt ", b"abc"), chunk(b"data", b"ab"), chunk(b"C2PA", store_of(1)), chunk(b"XMP ", b"x"))
    check_truncations(wav, data, range(len(data)))
    check_flips(wav, data, range(4, len(data)))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_result(rest: bytes) -> None:
    check_anything(wav, b"RIFF" + rest)


@pytest.mark.parametrize("name", ["wav", "webp"])
@given(data=st.data())
@settings(max_examples=200, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    name: str, labelled: dict[str, bytes], data: st.DataObject
) -> None:
    form = FORMATS[name]
    changed = data.draw(mutants(labelled[name], form))
    if form.sniff(changed):
        located = walk(form, changed)
        assert agree(located, reference(form.MEDIA_TYPES[0], changed)), located


@each_format
def test_the_form_decides_which_it_is(name: str) -> None:
    head = riff(form=FORMS[name])
    assert [other for other, form in FORMATS.items() if form.sniff(head)] == [name]


@each_format
@pytest.mark.parametrize("magic", [b"RIFX", b"RF64", b"BW64", b"riff", b"FORM"])
def test_its_relatives_are_not_taken_for_it(name: str, magic: bytes) -> None:
    assert FORMATS[name].sniff(magic + bytes(4) + FORMS[name]) is None
    assert reference(FORMATS[name].MEDIA_TYPES[0], magic + bytes(4) + FORMS[name]) is not Seen.FOUND
