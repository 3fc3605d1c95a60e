"""Declarations for tests, and writing them."""

import io
from datetime import UTC, datetime
from pathlib import Path

from kzlabel import markers
from kzlabel.files import BytesReader
from kzlabel.formats import Format, recognise
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import AIGC, Declaration, Marker

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ASSISTED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
LABEL = AIGC(label="1", content_producer="Painter-KZ", produce_id="42")
PLAIN = Declaration(source_type=GENERATED, system="Painter <&> Жана", system_version="2.1")
FULL = Declaration(
    source_type=GENERATED,
    system="Painter <&> Жана",
    system_version="2.1",
    prompt='a "lake" & <hill>, таң',
    prompt_writer="Айгүл",
    created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    aigc=LABEL,
)


def form_of(data: bytes, suffix: str = "") -> Format:
    found = recognise(BytesReader(data), suffix, DEFAULT_LIMITS)
    assert found is not None
    return found[0]


def written(data: bytes, declaration: Declaration = PLAIN, suffix: str = "") -> tuple[bytes, tuple[str, ...]]:
    out = io.BytesIO()
    names = markers.write(BytesReader(data), form_of(data, suffix), declaration, out)
    return out.getvalue(), names


def found(data: bytes, suffix: str = "") -> tuple[Marker, ...]:
    """Return the markers, read with and without the walk of the format, which must agree."""
    reader, form = BytesReader(data), form_of(data, suffix)
    alone = markers.read(reader, form)
    assert markers.read(reader, form, located=form.locate(reader, DEFAULT_LIMITS)) == alone
    return alone


def rules(data: bytes, suffix: str = "") -> set[str]:
    return {marker.rule for marker in found(data, suffix)}


def values(data: bytes, suffix: str = "") -> dict[str, str]:
    reader = BytesReader(data)
    return {field.name: field.value for field in markers.fields(reader, form_of(data, suffix))}


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
