"""Notices for people, put into files with the label: said in it, covered by it, and checked later."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import kzlabel
from kzlabel.cli import cli
from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.labels import Label, System
from kzlabel.notices import Wanted
from kzlabel.regimes import Outcome
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status

LABEL = Label(level="ai-generated", system=System(name="Painter"), simulates=["person-appearance"])
KINDS = {
    "jpeg": "image-badge", "png": "image-badge", "webp": "image-badge", "gif": "image-badge", "tiff": "image-badge",
    "wav": "audio-notice", "flac": "audio-notice", "pdf": "pdf-note",
}  # fmt: skip


@pytest.fixture(scope="module")
def telling(signer: Signer, trust: Trust) -> Labeler:
    return Labeler(signer, trust=trust, notice=Wanted(), markers=True)


@pytest.mark.parametrize("name", KINDS)
def test_a_file_with_a_notice_is_trusted_and_the_label_tells_of_it(
    name: str, samples: dict[str, Path], telling: Labeler, trust: Trust
) -> None:
    data = telling.label(samples[name].read_bytes(), LABEL)
    for engine in (Engine.NATIVE, Engine.REFERENCE):
        verdict = Verifier(trust=trust, engine=engine).verify(data)
        assert verdict.status is Status.TRUSTED, verdict
        assert verdict.label is not None
        notice = verdict.label.notice
        assert notice is not None
        assert (notice.kind.value, notice.language) == (KINDS[name], "mul")
        assert "Жасанды интеллект" in notice.text
        assert notice.place


@pytest.mark.parametrize("name", ["jpeg", "png", "wav", "pdf"])
def test_an_earlier_label_is_kept_under_the_notice(
    name: str, samples: dict[str, Path], labeler: Labeler, telling: Labeler, trust: Trust
) -> None:
    first = labeler.label(samples[name].read_bytes(), LABEL.replace(level="ai-assisted"))
    before = Verifier(trust=trust).verify(first)
    second = telling.label(first, LABEL)
    for engine in (Engine.AUTO, Engine.REFERENCE):
        verdict = Verifier(trust=trust, engine=engine).verify(second)
        assert verdict.status is Status.TRUSTED, verdict
    assert before.manifest.encode() in second


def test_words_of_a_notice_are_looked_for_in_the_content(
    samples: dict[str, Path], telling: Labeler, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    telling.label(samples["pdf"], LABEL.replace(regimes=["kz"]), path)
    report = kzlabel.check(path, regime="kz", trust=trust)
    outcomes = {one.requirement: one for one in report.results}
    assert outcomes["kz-21-2-warning"].outcome is Outcome.MET
    assert outcomes["kz-21-2-mark"].outcome is Outcome.MET
    assert outcomes["kz-languages"].outcome is Outcome.MET
    assert not report.missing


def test_a_picture_s_notice_is_the_signer_s_word(
    samples: dict[str, Path], telling: Labeler, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    telling.label(samples["jpeg"], LABEL, path)
    report = kzlabel.check(path, regime="kz", trust=trust)
    warning = next(one for one in report.results if one.requirement == "kz-21-2-warning")
    assert warning.outcome is not Outcome.MISSING


def test_a_file_that_can_have_none_is_refused(samples: dict[str, Path], telling: Labeler) -> None:
    with pytest.raises(SigningError, match="notice") as caught:
        telling.label(samples["mp4"].read_bytes(), LABEL)
    assert caught.value.remedy


def test_the_command_line_puts_notices_into_files(
    samples: dict[str, Path], tmp_path: Path, config_directory: Path
) -> None:
    out = tmp_path / "out.png"
    arguments = ["label", str(samples["png"]), "-o", str(out), "--level", "ai-generated", "--system", "Painter"]
    done = CliRunner().invoke(cli, [*arguments, "--notice", "kk,ru,en", "--notice-form", "icon", "--regime", "kz"])
    assert done.exit_code == 0, done.output
    verdict = kzlabel.verify(out)
    assert verdict.label is not None
    assert verdict.label.notice is not None
    assert verdict.label.notice.text == "ЖИ / ИИ / AI"
    assert CliRunner().invoke(cli, [*arguments, "--notice-form", "icon"]).exit_code == 2
