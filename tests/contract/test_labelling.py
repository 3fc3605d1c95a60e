"""What holds for every format that can be labelled."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import c2pa
import pytest

from fixtures.cases import CASES, case
from kzlabel.formats import FORMATS, Format
from kzlabel.labels import AI, Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, reader_settings
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status
from tests.contract.payload import payload

each_format = pytest.mark.parametrize("name", [case.name for case in CASES])


def ask_c2pa(data: bytes, media_type: str, trust: Trust) -> dict[str, Any]:
    context = c2pa.Context(c2pa.Settings.from_dict(reader_settings(trust)))
    with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
        report: dict[str, Any] = json.loads(reader.json())
    return report


def by_type(media_type: str) -> Format:
    return next(form for form in FORMATS if media_type in form.MEDIA_TYPES)


def flipped(original: bytes, labelled: bytes) -> bytes:
    """Return `labelled` with one bit changed in the middle of what `original` contributed."""
    middle = len(original) // 2
    broken = bytearray(labelled)
    broken[labelled.index(original[middle : middle + 16])] ^= 1
    return bytes(broken)


@each_format
def test_a_labelled_file_is_trusted_by_us_and_by_the_reference_engine(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    out = tmp_path / samples[name].name
    done = labeler.label(samples[name], label, out)
    verdict = verify(out, trust=trust)
    assert verdict.status is Status.TRUSTED
    assert verdict.ai is AI.GENERATED
    assert verdict.label == label
    assert by_type(verdict.media_type) is by_type(done.media_type)
    assert done.size == out.stat().st_size
    if case(name).reference:
        assert ask_c2pa(out.read_bytes(), done.media_type, trust)["validation_state"] == "Trusted"


@each_format
def test_the_payload_is_that_of_the_source(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, tmp_path: Path
) -> None:
    out = tmp_path / samples[name].name
    labeler.label(samples[name], label, out)
    before, after = payload(name, samples[name]), payload(name, out)
    assert before == after


@each_format
def test_one_flipped_bit_in_the_content_makes_it_invalid(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    original = samples[name].read_bytes()
    verdict = verify(flipped(original, labeler.label(original, label)), trust=trust)
    assert verdict.status is Status.INVALID


@each_format
def test_an_unlabelled_file_is_unlabelled(name: str, samples: dict[str, Path], trust: Trust) -> None:
    verdict = verify(samples[name], trust=trust)
    assert verdict.status is Status.UNLABELLED
    assert verdict.ai is AI.UNKNOWN
    assert verdict.findings == ()


@each_format
def test_a_second_label_keeps_the_first_as_its_parent(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    first = labeler.label(samples[name].read_bytes(), label)
    second_label = label.replace(level="ai-assisted")
    second = labeler.label(first, second_label)
    verdict = verify(second, trust=trust)
    assert (verdict.status, verdict.ai, verdict.label) == (Status.TRUSTED, AI.ASSISTED, second_label)
    if not case(name).reference:
        assert verify(first, trust=trust).manifest.encode() in second
        return
    manifests = ask_c2pa(second, verdict.media_type, trust)["manifests"]
    assert verify(first, trust=trust).manifest in manifests
    actions = manifests[verdict.manifest]["assertions"][0]["data"]["actions"]
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
    assert manifests[verdict.manifest]["ingredients"][0]["relationship"] == "parentOf"


@each_format
def test_bytes_streams_and_paths_give_the_same_verdict(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    source, out, stream = samples[name], tmp_path / samples[name].name, io.BytesIO()
    labeler.label(source, label, out)
    with source.open("rb") as file:
        labeler.label(file, label, stream)
    verdicts = {
        verify(out, trust=trust, uri="x").status,
        verify(stream.getvalue(), trust=trust, uri="x").status,
        verify(io.BytesIO(labeler.label(source.read_bytes(), label)), trust=trust, uri="x").status,
    }
    assert verdicts == {Status.TRUSTED}


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@each_format
def test_exiftool_reads_a_labelled_file_as_the_same_type(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, tmp_path: Path
) -> None:
    out = tmp_path / samples[name].name
    labeler.label(samples[name], label, out)
    types = [
        subprocess.run(["exiftool", "-s3", "-FileType", path], capture_output=True, text=True, check=True).stdout
        for path in (samples[name], out)
    ]
    assert types[0] == types[1] != ""
