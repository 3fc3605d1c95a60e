"""Stores put into files: found where they were put, everything else untouched, and never two of them."""

import io
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kzlabel.errors import MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import FORMATS, Derived, Embedder, Splice, embedder, identify
from kzlabel.formats._splice import Edit, place, recut
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.spans import Span
from kzlabel.verifying.binding.digest import digest
from tests.unit.formats.walks import box, gather, store_of, walk

KINDS = ("jpeg", "png", "gif", "animation", "tiff", "bigtiff", "pages", "webp", "wav", "svg")
SAMPLES = ("jxl", "mp3", "flac", "ogg", "opus", "avi", "dng", "heic", "m4a")
SIZES = (100, 101, 255, 256, 511, 63_999, 64_000, 64_001, 130_000)


@pytest.fixture(scope="session")
def sources(small: dict[str, bytes], samples: dict[str, Path]) -> dict[str, bytes]:
    """Return unlabelled files of all formats with a splice."""
    bare = samples["mp3"].read_bytes()
    return small | {name: samples[name].read_bytes() for name in SAMPLES} | {"mp3-bare": bare[untagged(bare) :]}


def untagged(data: bytes) -> int:
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte
    return 10 + size


ALL = (*KINDS, *SAMPLES, "mp3-bare")


def exactly(size: int) -> bytes:
    """Return a store of `size` bytes."""
    return store_of(size - len(store_of()))


def form_of(data: bytes) -> Embedder:
    recognised = identify(data)
    assert recognised is not None
    form = embedder(recognised[0])
    assert form is not None
    return form


def spliced(data: bytes, size: int) -> Splice:
    form, reader = form_of(data), BytesReader(data)
    return form.splice(reader, form.locate(reader, DEFAULT_LIMITS), size, DEFAULT_LIMITS)


def apply(recipe: Splice, data: bytes, store: bytes) -> bytes:
    made = []
    for part in recipe.parts:
        piece = data[part.start : part.end] if isinstance(part, Span) else part
        if isinstance(piece, Derived):
            size, piece = piece.size, piece.make(store)
            assert len(piece) == size
        made.append(piece)
    return b"".join(made)


def put(data: bytes, store: bytes) -> bytes:
    return apply(spliced(data, len(store)), data, store)


def test_every_format_with_a_splice_is_tested_here(sources: dict[str, bytes]) -> None:
    here = {form_of(sources[name]).NAME for name in ALL}
    updated = {"html", "pdf", "structured", "text"}  # keeps its past, and a store in it: see test_pdf_update.py
    members = {"zip"}  # its checksums follow from the store as well: see tests/agreement/test_zip.py
    assert {form.NAME for form in FORMATS if embedder(form)} <= here | updated | members


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ALL)
def test_a_store_is_found_where_it_was_put(name: str, size: int, sources: dict[str, bytes]) -> None:
    store = exactly(size)
    recipe = spliced(sources[name], size)
    made = apply(recipe, sources[name], store)
    located = walk(form_of(made), made)
    assert located.damage == ""
    (carrier,) = located.carriers
    assert gather(made, carrier).rstrip(b"\0") == store.rstrip(b"\0")
    assert set(recipe.excluded) <= set(carrier.excluded)
    assert carrier.store[0].start >= recipe.excluded[0].start
    assert carrier.store[-1].end <= recipe.excluded[0].end


@pytest.mark.parametrize("name", ALL)
def test_a_second_store_takes_the_place_of_the_first(name: str, sources: dict[str, bytes]) -> None:
    first, second = exactly(70_001), exactly(502)
    assert put(put(sources[name], first), second) == put(sources[name], second)


@pytest.mark.parametrize("name", ALL)
def test_the_source_is_in_the_labelled_file_in_order_and_nearly_all_of_it(
    name: str, sources: dict[str, bytes]
) -> None:
    data = sources[name]
    spans = [part for part in spliced(data, 200).parts if isinstance(part, Span)]
    assert spans == sorted(spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    tables = 500 if name in {"heic", "m4a"} else 20  # where offsets stand
    assert len(data) - sum(span.length for span in spans) <= tables


@pytest.mark.parametrize("name", ALL)
def test_the_content_outside_of_the_store_hashes_the_same_for_any_store(
    name: str, sources: dict[str, bytes]
) -> None:
    recipe = spliced(sources[name], 300)
    hashes = set()
    for store in (exactly(300), bytes(300)):
        made = apply(recipe, sources[name], store)
        (left_out,) = recipe.excluded
        rest = [Span(0, left_out.start), Span(left_out.end, len(made) - left_out.end)]
        hashes.add(digest(BytesReader(made), "sha256", rest))
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "tiff", "bigtiff", "pages"])
def test_pixels_stay_as_they_were(name: str, sources: dict[str, bytes]) -> None:
    made = put(sources[name], exactly(5000))
    with Image.open(io.BytesIO(sources[name])) as before, Image.open(io.BytesIO(made)) as after:
        assert (before.mode, before.size, before.tobytes()) == (after.mode, after.size, after.tobytes())


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_is_cut_off_is_refused_or_still_takes_a_store(name: str, sources: dict[str, bytes]) -> None:
    data = put(sources[name], exactly(150))
    for end in {*range(min(len(data), 300)), *range(len(data) - 300, len(data))}:
        check(data[:end])


def check(data: bytes) -> None:
    """Splice into `data`: what comes out carries the store, once, or nothing comes out."""
    recognised = identify(data)
    form = embedder(recognised[0]) if recognised else None
    if form is None:
        return
    store = exactly(333)
    try:
        located = form.locate(BytesReader(data), DEFAULT_LIMITS)
        recipe = form.splice(BytesReader(data), located, len(store), DEFAULT_LIMITS)
    except MalformedError:
        return
    made = apply(recipe, data, store)
    after = walk(form, made)
    assert not after.damage
    (carrier,) = after.carriers
    assert gather(made, carrier).rstrip(b"\0") == store.rstrip(b"\0")


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60)
@given(rng=st.randoms(use_true_random=False))
def test_a_spoilt_file_is_refused_or_takes_a_store_that_is_found(
    name: str, sources: dict[str, bytes], rng: random.Random
) -> None:
    labelled = put(sources[name], exactly(150))
    check(spoilt(labelled, rng))


def spoilt(data: bytes, rng: random.Random) -> bytes:
    """Return `data` changed in one to three places, most of them near its store or its ends."""
    (carrier,) = walk(form_of(data), data).carriers
    start, end = carrier.excluded[-1].start, carrier.excluded[-1].end
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        low, high = rng.choice(
            ((0, 200), (start - 24, start + 40), (end - 24, end + 40), (len(data) - 24, len(data)))
        )
        at = min(max(0, rng.randint(low, high)), len(changed))
        match rng.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([rng.choice((0, 1, 0x20, 0x7F, 0xFF, rng.randrange(256)))])
            case 1:
                del changed[at : at + rng.choice((1, 2, 4, 12))]
            case 2:
                changed[at:at] = rng.choice((b"\0", b"\xff", b"\xff\xd0", bytes(12), b"<!-- -->"))
            case 3:
                changed[at:at] = data[start:end]
            case _:
                del changed[at:]
    return bytes(changed)


def test_a_jpeg_with_other_boxes_in_app11_keeps_them_apart(sources: dict[str, bytes]) -> None:
    data = sources["jpeg"]
    body = b"JP" + (0x0211).to_bytes(2) + (1).to_bytes(4) + box(b"jumb", b"another box, not of ours" * 2)
    segment = b"\xff\xeb" + (len(body) + 2).to_bytes(2) + body
    made = put(data[:2] + segment + data[2:], exactly(70_000))
    assert segment in made
    (carrier,) = walk(form_of(made), made).carriers
    assert gather(made, carrier) == exactly(70_000)


def test_a_riff_whose_last_pad_byte_is_missing_gets_it(sources: dict[str, bytes]) -> None:
    chunk = b"odd " + (3).to_bytes(4, "little") + b"abc"
    data = sources["wav"] + chunk
    data = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]
    made = put(data, exactly(100))
    assert made.index(chunk + b"\0C2PA") > 0


def test_parts_of_a_large_avi_are_not_moved(sources: dict[str, bytes]) -> None:
    part = b"RIFF" + (4).to_bytes(4, "little") + b"AVIX"
    with pytest.raises(MalformedError, match="offset"):
        put(sources["avi"] + part, exactly(100))


@pytest.mark.parametrize(
    "text",
    [
        "<svg/>",
        '<svg:svg xmlns:svg="http://www.w3.org/2000/svg"></svg:svg>',
        '<svg xmlns:c2pa="urn:other"></svg>',
        "<svg><metadata/></svg>",
        '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>',
        "<svg><metadata><c2pa:manifest></c2pa:manifest></metadata></svg>",
        '<?xml version="1.0" encoding="iso-8859-1"?><svg></svg>',
    ],
)
def test_a_drawing_of_an_unusual_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        put(text.encode(), exactly(100))


@pytest.mark.parametrize(
    "text",
    [
        "<svg a='>'  b=\">\" ><metadata id='>'>x</metadata></svg>",
        "<svg><g><metadata>not this one</metadata></g><metadata >x</metadata></svg>",
        "<svg><!-- <metadata> --><desc>x</desc></svg>",
        '\ufeff<?xml version="1.0" encoding="UTF-8"?><svg xmlns:c2pa="http://c2pa.org/manifest">ә</svg>',
    ],
)
def test_a_drawing_takes_a_store_wherever_its_tags_end(text: str) -> None:
    made = put(text.encode(), exactly(100))
    (carrier,) = walk(form_of(made), made).carriers
    assert gather(made, carrier) == exactly(100)
    assert made.count(b"xmlns:c2pa") == 1


def test_an_id3_tag_that_is_unsynchronised_is_refused(sources: dict[str, bytes]) -> None:
    data = sources["mp3"]
    with pytest.raises(MalformedError, match="ID3"):
        put(data[:5] + b"\x80" + data[6:], exactly(100))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.binary(max_size=3)), max_size=5))
def test_recutting_does_what_slicing_does(edits: list[tuple[int, int, bytes]]) -> None:
    data = bytes(range(40))
    wanted, at, ordered = b"", 0, sorted(edits, key=lambda edit: edit[:2])
    fits = True
    for start, end, piece in ordered:
        fits = fits and at <= start <= end <= len(data)
        wanted += data[at:start] + piece
        at = end
    recut_edits = [Edit(start, end, (piece,)) for start, end, piece in edits]
    if not fits:
        with pytest.raises(MalformedError):
            recut(len(data), recut_edits)
        return
    parts: Any = recut(len(data), recut_edits)
    assert apply(Splice(parts, ()), data, b"") == wanted + data[at:]


def test_the_place_of_a_part_is_that_of_this_very_part() -> None:
    first, second = Derived(3, bytes), Derived(3, bytes)
    assert place((b"ab", first, Span(0, 5), second), second) == Span(10, 3)
