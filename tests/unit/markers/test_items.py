"""The item of XMP in HEIC and AVIF: in pictures of real encoders, and in tables that lie."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kzlabel.errors import KzlabelError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._window import Walk
from kzlabel.labels import AI
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import Declaration, level
from kzlabel.markers.places._item_table import Table
from tests.conftest import corpus, needs_corpora
from tests.unit.markers.writing import ASSISTED, FULL, GENERATED, PLAIN, found, values, written

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' \
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/x"/>' \
    b"</rdf:RDF></x:xmpmeta>"  # fmt: skip


def encoded(kind: str, **options: object) -> bytes:
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 50).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("options", [{}, {"xmp": XMP}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}])
def test_pictures_of_encoders_get_their_item(kind: str, options: dict[str, object]) -> None:
    before = encoded(kind, **options)
    after, names = written(before, FULL)
    assert names
    assert pixels(after) == pixels(before)
    assert level(found(after)) is AI.GENERATED
    told = values(before)
    assert {name: value for name, value in values(after).items() if name in told} == told
    with Image.open(io.BytesIO(before)) as one, Image.open(io.BytesIO(after)) as other:
        assert b"DigitalSourceType" in other.info["xmp"]
        assert one.info.get("exif") == other.info.get("exif")
        assert one.info.get("icc_profile") == other.info.get("icc_profile")
    assert written(after, FULL) == (after, ())
    again, more = written(written(before, Declaration(source_type=ASSISTED))[0], PLAIN)
    assert more
    assert level(found(again)) is AI.ASSISTED
    assert pixels(again) == pixels(before)


def meta_of(data: bytes) -> dict[bytes, Box]:
    walk = Walk(BytesReader(data), DEFAULT_LIMITS)
    (meta,) = (box for box in boxes(walk, 0, len(data)) if box.type == b"meta")
    return {b"meta": meta} | {box.type: box for box in boxes(walk, meta.start + 12, meta.end)}


def test_offsets_of_all_items_follow() -> None:
    for kind in ("AVIF", "HEIF"):
        before = encoded(kind, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
        after, _ = written(before, FULL)

        def held(data: bytes) -> Iterator[tuple[int, bytes]]:
            place = meta_of(data)[b"iloc"]
            for entry in Table(data[place.start + 8 : place.end]).entries:
                if not entry.method:
                    yield (
                        entry.number,
                        b"".join(data[entry.base + at : entry.base + at + length] for at, length in entry.extents),
                    )

        old, new = dict(held(before)), dict(held(after))
        assert {number: new[number] for number in old} == old
        (added,) = new.keys() - old.keys()
        assert b"DigitalSourceType" in new[added]


@needs_corpora
def test_pictures_of_others_are_declared_or_refused() -> None:
    done = 0
    for file in corpus():
        if file.path.suffix not in (".heic", ".heif", ".avif") or not file.path.exists():
            continue
        data = file.path.read_bytes()
        try:
            after, names = written(data, FULL, file.path.suffix)
        except KzlabelError as error:
            assert error.message
            continue
        if names:
            assert any(marker.value == GENERATED for marker in found(after, file.path.suffix)), file.name
            done += 1
    assert done


@pytest.mark.parametrize("name", ["heic", "avif"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_damage_is_refused_or_harmless(name: str, samples: dict[str, Path], data: st.DataObject) -> None:
    source = bytearray(samples[name].read_bytes())
    meta = meta_of(bytes(source))[b"meta"]
    for _ in range(data.draw(st.integers(1, 3))):
        source[data.draw(st.integers(meta.start, meta.end - 1))] = data.draw(st.integers(0, 255))
    spoilt = bytes(source)
    try:
        found(spoilt)
        after, names = written(spoilt, FULL)
    except KzlabelError:
        return
    if names:
        assert len(after) > len(spoilt)
        found(after)


@pytest.mark.parametrize(
    "change",
    [
        lambda box, data: data + data[box[b"meta"].start : box[b"meta"].end],
        lambda box, data: data[: box[b"iloc"].start + 4] + b"free" + data[box[b"iloc"].start + 8 :],
        lambda box, data: data[: box[b"pitm"].start + 4] + b"free" + data[box[b"pitm"].start + 8 :],
        lambda box, data: data[: box[b"iinf"].start + 12] + b"\xff\xff" + data[box[b"iinf"].start + 14 :],
        lambda box, data: data[: box[b"iloc"].start + 14] + b"\xff\xff" + data[box[b"iloc"].start + 16 :],
        lambda box, data: data[: box[b"iloc"].start + 8] + b"\x09" + data[box[b"iloc"].start + 9 :],
        lambda box, data: data[: box[b"iloc"].start + 12] + b"\x33" + data[box[b"iloc"].start + 13 :],
    ],
)
def test_tables_that_lie_are_refused(change: object) -> None:
    data = encoded("HEIF")
    spoilt = change(meta_of(data), data)  # type: ignore[operator]
    with pytest.raises(KzlabelError):
        written(spoilt, FULL)


def test_numbers_that_do_not_fit_are_refused() -> None:
    table = Table(b"\0\0\0\0\x44\0\0\1" + b"\0\1\0\0\0\1" + bytes(8))
    with pytest.raises(MalformedError, match="fit"):
        table.with_item(table.content, 2, 1 << 32, 5)
    with pytest.raises(MalformedError, match="fit"):
        table.with_item(table.content, 1 << 16, 5, 5)
    grown = Table(table.with_item(table.content, 2, 77, 5))
    assert [(entry.number, entry.extents) for entry in grown.entries] == [(1, ((0, 0),)), (2, ((77, 5),))]
    assert len(grown.content) - len(table.content) == table.growth()
    moved = Table(table.with_place(table.content, table.entries[0], 99, 3))
    assert moved.entries[0].extents == ((99, 3),)
