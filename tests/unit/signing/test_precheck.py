"""What is refused before anything is written, because labelling would lose or launder something."""

import io
from pathlib import Path

import pytest

from fixtures.hostile import HOSTILE
from kzlabel.errors import OutputError, SigningError
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status

CASES = {case.name: case for case in HOSTILE}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pdf-encrypted", "is encrypted"),
        ("pdf-owner-locked", "is encrypted"),
        ("pdf-signed", "digital signature"),
        ("pdf-certified", "digital signature"),
        ("empty", "empty"),
        ("garbage", "no known format"),
        ("mp4-box-flood", "boxes"),
        ("gif-block-flood", "boxes"),
        ("jpeg-segment-zero", "shorter than its own length"),
    ],
)
def test_what_can_t_be_labelled_without_harm_is_refused_with_the_reason(
    name: str, words: str, labeler: Labeler, label: Label
) -> None:
    with pytest.raises(SigningError, match=words):
        labeler.label(CASES[name].make(), label)


def test_a_format_that_nothing_writes_is_refused(labeler: Labeler, label: Label) -> None:
    archive = b"PK\x05\x06" + bytes(18)
    with pytest.raises(SigningError):
        labeler.label(archive, label)


def test_a_broken_label_is_refused_unless_told_otherwise(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    broken = bytearray(labeler.label(samples["png"].read_bytes(), label))
    broken[-100] ^= 1
    with pytest.raises(SigningError, match=r"is broken: .*dataHash\.mismatch"):
        labeler.label(bytes(broken), label)
    verdict = verify(labeler.label(bytes(broken), label, despite_broken=True), trust=trust)
    assert verdict.status is Status.TRUSTED
    assert any(finding.code == "org.kzlabel.ingredient.broken" for finding in verdict.findings)


def test_a_label_that_can_t_be_read_is_refused_always(
    samples: dict[str, Path], labeler: Labeler, label: Label
) -> None:
    unreadable = labeler.label(samples["jpeg"].read_bytes(), label).replace(b"jumdc2pa", b"junkc2pa", 1)
    for despite_broken in (False, True):
        with pytest.raises(SigningError, match="can't be read"):
            labeler.label(unreadable, label, despite_broken=despite_broken)


def test_a_path_without_a_destination_is_refused(samples: dict[str, Path], labeler: Labeler, label: Label) -> None:
    with pytest.raises(OutputError, match="no destination"):
        labeler.label(samples["jpeg"], label)  # type: ignore[call-overload]


def test_a_destination_that_fails_is_an_error_and_the_source_is_untouched(
    samples: dict[str, Path], labeler: Labeler, label: Label
) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    before = samples["jpeg"].read_bytes()
    with pytest.raises(OSError, match="No space left"):
        labeler.label(samples["jpeg"], label, Full())
    assert samples["jpeg"].read_bytes() == before
