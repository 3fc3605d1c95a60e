"""Input that nobody should send: each gets a verdict or a one-line error, soon, and leaves nothing behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from fixtures.hostile import HOSTILE, HostileCase, truncations
from kzlabel.errors import KzlabelError
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status, Verdict

each_hostile = pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
PATIENCE = 60
"""Seconds after which a bounded call has clearly not been bounded."""


def place(case: HostileCase, directory: Path) -> Path:
    path = directory / case.file_name
    case.write(path)
    return path


@each_hostile
def test_verification_answers_within_its_limits(case: HostileCase, tmp_path: Path, trust: Trust) -> None:
    path = place(case, tmp_path)
    start = time.monotonic()
    verdict = verify(path, trust=trust)
    assert isinstance(verdict, Verdict)
    assert not verdict.intact
    assert time.monotonic() - start < PATIENCE


@each_hostile
def test_labelling_succeeds_or_refuses_and_leaves_nothing_half_written(
    case: HostileCase, tmp_path: Path, labeler: Labeler, label: Label, trust: Trust
) -> None:
    path, out = place(case, tmp_path), tmp_path / f"out-{case.file_name}"
    before = path.stat().st_size, path.stat().st_mtime_ns
    try:
        labeler.label(path, label, out)
    except KzlabelError as error:
        assert str(error)
        assert "\n" not in str(error)
        assert not out.exists()
    else:
        assert verify(out, trust=trust).status is Status.TRUSTED
    assert (path.stat().st_size, path.stat().st_mtime_ns) == before
    assert not list(tmp_path.glob(".kzlabel-*"))


@pytest.mark.parametrize("name", ["jpeg", "png", "mp4", "pdf", "wav", "gif", "tiff", "webp", "mp3", "svg", "heic"])
def test_a_truncated_labelled_file_is_never_intact(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    whole = labeler.label(samples[name].read_bytes(), label)
    for cut in truncations(whole):
        verdict = verify(cut, trust=trust)
        assert not verdict.intact, len(cut)


@pytest.mark.parametrize("name", ["jpeg", "png", "mp4", "wav", "gif", "tiff", "webp", "mp3", "heic"])
def test_labelling_a_truncated_file_succeeds_or_refuses(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    for cut in truncations(samples[name].read_bytes()):
        try:
            labelled = labeler.label(cut, label)
        except KzlabelError:
            continue
        assert verify(labelled, trust=trust).status is Status.TRUSTED


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_labels_and_verifies(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    data = labeler.label(samples["jpeg"].read_bytes(), label)
    assert verify(data, trust=trust).status is Status.TRUSTED
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        again = labeler.label(samples["png"].read_bytes(), label)
        os._exit(0 if verify(again, trust=trust).status is Status.TRUSTED else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
