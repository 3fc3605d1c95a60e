"""Files with a notice are labelled and verified as any other, and the label changes nothing that people see."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fixtures import documents, pictures, sounds
from kzlabel.files import BytesReader
from kzlabel.labels import Label, Notice, System
from kzlabel.notices import check
from kzlabel.verifying import verify
from tests.contract.payload import payload
from tests.unit.notices.putting import put

FILES = {
    "jpeg": ("image/jpeg", pictures.jpeg),
    "png": ("image/png", pictures.png),
    "webp": ("image/webp", pictures.webp),
    "webp-lossless": ("image/webp", pictures.webp_lossless),
    "gif": ("image/gif", pictures.gif),
    "tiff": ("image/tiff", pictures.tiff),
    "pdf": ("application/pdf", documents.pdf),
    "wav": ("audio/wav", sounds.wav),
    "flac": ("audio/flac", sounds.flac),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_a_notice_takes_a_label_that_tells_of_it(name: str, labeler: Any, tmp_path: Path) -> None:
    media_type, make = FILES[name]
    noticed, applied = put(media_type, make())
    label = Label(
        level="ai-generated",
        system=System(name="Generator"),
        notice=Notice(kind=applied.kind, language=applied.language, text=applied.text),
    )
    out = BytesIO()
    labeler.label(noticed, label, out)
    verdict = verify(out.getvalue())
    assert verdict.status.value in {"valid", "trusted"}
    assert verdict.label is not None
    assert verdict.label.notice == label.notice
    one, other = tmp_path / f"one.{name}", tmp_path / f"other.{name}"
    one.write_bytes(noticed)
    other.write_bytes(out.getvalue())
    assert payload(name, one) == payload(name, other)
    expected = "present" if name == "pdf" else "not checkable"
    assert check(BytesReader(out.getvalue()), media_type, applied) == expected
