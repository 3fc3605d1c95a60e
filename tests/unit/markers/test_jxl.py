"""XMP of JPEG XL: plain and compressed."""

import sys
from pathlib import Path

import brotli
import pytest

from kzlabel.errors import KzlabelError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats._bmff import boxes
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import Declaration, NoPlaceError
from kzlabel.markers.places import jxl
from kzlabel.markers.places.base import LARGEST
from tests.unit.markers.test_items import XMP
from tests.unit.markers.writing import ASSISTED, FULL, found, values, written


def with_box(data: bytes, kind: bytes, content: bytes) -> bytes:
    return data + (8 + len(content)).to_bytes(4) + kind + content


@pytest.fixture
def plain(samples: dict[str, Path]) -> bytes:
    """Return a picture without XMP."""
    data = samples["jxl"].read_bytes()
    top = boxes(Walk(BytesReader(data), DEFAULT_LIMITS), 0, len(data))
    return b"".join(data[box.start : box.end] for box in top if box.type != b"xml ")


def test_a_new_packet_comes_before_the_picture(plain: bytes) -> None:
    data, _ = written(plain, FULL)
    assert data.index(b"xml ") < data.index(b"jxlc" if b"jxlc" in data else b"jxlp")
    assert data.index(b"ftyp") < data.index(b"xml ")


@pytest.mark.parametrize("packed", [False, True])
def test_a_packet_that_is_there_is_added_to_in_its_own_form(packed: bool, plain: bytes) -> None:
    before = plain
    content = b"xml " + brotli.compress(XMP) if packed else XMP
    data = with_box(before, b"brob" if packed else b"xml ", content)
    after, names = written(data, FULL)
    assert names
    assert after.startswith(before)
    assert (b"DigitalSourceType" in after) is not packed
    assert values(after)["XMP dc:format"] == "image/x"
    assert found(after)
    assert written(after, FULL) == (after, ())


def test_compressed_packets_that_mean_harm_are_passed_over(plain: bytes) -> None:
    before = plain
    whole = brotli.compress(XMP)
    for content in (
        b"",
        b"xml",
        b"xml ",
        b"xml \xff\xff",
        b"xml " + whole[:-3],
        b"xml " + brotli.compress(bytes(LARGEST)),
    ):
        data = with_box(before, b"brob", content)
        assert found(data) == ()
        if content.startswith(b"xml "):
            with pytest.raises(KzlabelError):
                written(data, FULL)


def test_without_brotli_nothing_is_lost(plain: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    data = with_box(plain, b"brob", b"xml " + brotli.compress(XMP))
    monkeypatch.setitem(sys.modules, "brotli", None)
    assert found(data) == ()
    with pytest.raises(MalformedError, match="brotli"):
        written(data, FULL)


def test_two_packets_and_bare_codestreams_are_refused(plain: bytes) -> None:
    twice = with_box(with_box(plain, b"xml ", XMP), b"xml ", XMP)
    with pytest.raises(MalformedError, match="more than one"):
        written(twice, Declaration(source_type=ASSISTED))
    bare = b"\xff\x0a" + bytes(50)
    with pytest.raises(NoPlaceError, match="container"):
        jxl.write(BytesReader(bare), FULL)
    assert list(jxl.read(BytesReader(bare), None, DEFAULT_LIMITS)) == []
