"""Sidecars: found beside the file, judged by its bytes, and never the word of another file."""

import io
import json
from pathlib import Path

import c2pa
import pytest
from click.testing import CliRunner

from kzlabel.cli import cli
from kzlabel.errors import OutputError, SigningError
from kzlabel.labels import AI, Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, reader_settings
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.sidecar import find_sidecar
from kzlabel.verifying.verdict import Status, Verdict

OTHERS = {"data.csv": b"a,b\n1,2\n", "data.json": b'{"a": 1}', "noise.bin": bytes(range(256)), "empty": b""}


@pytest.fixture
def verifier(trust: Trust) -> Verifier:
    return Verifier(trust=trust)


def codes(verdict: Verdict) -> set[str]:
    return {str(finding.code) for finding in verdict.findings}


def ask_c2pa(data: bytes, store: bytes, media_type: str, trust: Trust) -> str:
    context = c2pa.Context(c2pa.Settings.from_dict(reader_settings(trust)))
    with c2pa.Reader(media_type, io.BytesIO(data), store, context=context) as reader:
        return str(json.loads(reader.json())["validation_state"])


@pytest.mark.parametrize("name", ["jpeg", "png", "mp4", "pdf", "gif", "svg", "wav", "flac", "heic"])
def test_a_sidecar_is_trusted_by_both_engines_and_the_file_stays(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / samples[name].name
    path.write_bytes(samples[name].read_bytes())
    done = labeler.label_beside(path, label)
    beside = Path(f"{path}.c2pa")
    assert done.destination == str(beside)
    assert path.read_bytes() == samples[name].read_bytes()
    for engine in Engine:
        verdict = Verifier(trust=trust, engine=engine).verify(path)
        assert (verdict.status, verdict.ai, verdict.label) == (Status.TRUSTED, AI.GENERATED, label), verdict
        assert verdict.sidecar == str(beside)
    assert ask_c2pa(path.read_bytes(), beside.read_bytes(), verdict.media_type, trust) == "Trusted"


@pytest.mark.parametrize("name", sorted(OTHERS.keys() - {"empty"}))
def test_any_file_can_have_a_sidecar(
    name: str, labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(OTHERS[name])
    assert verifier.verify(path).status is Status.UNSUPPORTED
    labeler.label_beside(path, label)
    assert verifier.verify(path).status is Status.TRUSTED
    path.write_bytes(OTHERS[name] + b"x")
    verdict = verifier.verify(path)
    assert verdict.status is Status.INVALID
    assert codes(verdict) >= {"assertion.dataHash.mismatch", "org.kzlabel.sidecar.other"}


def test_the_sidecar_of_another_file_is_told(
    samples: dict[str, Path], labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.png", tmp_path / "other.gif"
    one.write_bytes(samples["png"].read_bytes())
    other.write_bytes(samples["gif"].read_bytes())
    labeler.label_beside(one, label)
    Path(f"{other}.c2pa").write_bytes(Path(f"{one}.c2pa").read_bytes())
    verdict = verifier.verify(other)
    assert verdict.status is Status.INVALID
    assert "org.kzlabel.sidecar.other" in codes(verdict)


def test_the_full_name_comes_before_the_stem(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    assert find_sidecar(str(path)) == ""
    (tmp_path / "photo.c2pa").touch()
    assert find_sidecar(str(path)) == str(tmp_path / "photo.c2pa")
    (tmp_path / "photo.jpg.c2pa").touch()
    assert find_sidecar(str(path)) == str(tmp_path / "photo.jpg.c2pa")
    assert find_sidecar(str(tmp_path / "photo.c2pa")) == ""
    (tmp_path / "directory.c2pa").mkdir()
    assert find_sidecar(str(tmp_path / "directory")) == ""


def test_what_the_file_carries_wins_and_a_disagreement_is_told(
    samples: dict[str, Path], labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    labeler.label(samples["png"], label, path)
    quiet = verifier.verify(path)
    labeler.label_beside(path, label.replace(level="ai-assisted"))
    verdict = verifier.verify(path)
    assert (verdict.status, verdict.ai, verdict.sidecar) == (Status.TRUSTED, AI.GENERATED, "")
    assert codes(verdict) - codes(quiet) == {"org.kzlabel.sidecar.ignored"}
    broken = bytearray(path.read_bytes())
    broken[-20] ^= 1
    path.write_bytes(bytes(broken))
    assert verifier.verify(path).status is Status.INVALID


def test_a_label_that_is_there_becomes_the_parent(
    samples: dict[str, Path], labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(OTHERS["data.csv"])
    labeler.label_beside(path, label)
    with pytest.raises(OutputError, match="exists"):
        labeler.label_beside(path, label)
    first = verifier.verify(path)
    done = labeler.label_beside(path, label.replace(level="ai-assisted"), replace=True)
    assert done.parent == "trusted"
    second = verifier.verify(path)
    assert (second.status, second.ai) == (Status.TRUSTED, AI.ASSISTED)
    assert first.manifest != second.manifest
    assert first.manifest.encode() in Path(f"{path}.c2pa").read_bytes()
    path.write_bytes(b"changed")
    with pytest.raises(SigningError, match="broken"):
        labeler.label_beside(path, label, replace=True)


def test_a_sidecar_is_kept_as_the_parent_when_a_label_is_put_into_the_file(
    samples: dict[str, Path], labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(samples["jpeg"].read_bytes())
    labeler.label_beside(path, label)
    first = verifier.verify(path)
    done = labeler.label(path, label.replace(level="ai-assisted"), tmp_path / "out.jpg")
    assert done.parent == "trusted"
    second = verifier.verify(tmp_path / "out.jpg")
    assert (second.status, second.ai) == (Status.TRUSTED, AI.ASSISTED)
    assert first.manifest.encode() in (tmp_path / "out.jpg").read_bytes()
    assert "ingredient" in " ".join(second.assertions)


def test_a_sidecar_that_does_not_fit_stops_labelling_unless_it_is_a_namesake_s(
    samples: dict[str, Path], labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    photo, picture = tmp_path / "photo.jpg", tmp_path / "photo.png"
    photo.write_bytes(samples["jpeg"].read_bytes())
    picture.write_bytes(samples["png"].read_bytes())
    labeler.label_beside(photo, label, tmp_path / "photo.c2pa")
    assert labeler.label(picture, label, tmp_path / "out.png").parent == ""
    labeler.label_beside(photo, label)
    photo.write_bytes(photo.read_bytes() + b" ")
    with pytest.raises(SigningError, match="sidecar"):
        labeler.label(photo, label, tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()
    assert labeler.label(photo, label, tmp_path / "out.jpg", despite_broken=True).parent == ""


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:100], lambda d: b"\xff" * 500, lambda d: d[:-40]])
def test_a_spoilt_sidecar_is_never_intact(  # type: ignore[no-untyped-def]
    spoil, labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(OTHERS["data.csv"])
    labeler.label_beside(path, label)
    beside = Path(f"{path}.c2pa")
    beside.write_bytes(spoil(beside.read_bytes()))
    for engine in Engine:
        assert not Verifier(trust=verifier.trust, engine=engine).verify(path).intact


def test_every_flipped_byte_of_a_sidecar_is_judged_like_the_reference_engine_does(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(samples["gif"].read_bytes())
    labeler.label_beside(path, label)
    store = Path(f"{path}.c2pa").read_bytes()
    native, reference = (Verifier(trust=trust, engine=engine) for engine in (Engine.NATIVE, Engine.REFERENCE))
    for at in range(0, len(store), 29):
        changed = bytearray(store)
        changed[at] ^= 4
        ours = native.verify_with(path, bytes(changed))
        if ours.intact:
            assert reference.verify_with(path, bytes(changed)).status is ours.status


def test_bytes_and_streams_have_sidecars_only_when_they_are_given(
    labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path, trust: Trust
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(OTHERS["data.csv"])
    labeler.label_beside(path, label)
    data, store = path.read_bytes(), Path(f"{path}.c2pa").read_bytes()
    assert verifier.verify(data).status is Status.UNSUPPORTED
    assert verifier.verify_with(data, store).status is Status.TRUSTED
    assert verifier.verify_with(io.BytesIO(data), store).status is Status.TRUSTED
    assert Verifier(trust=trust, sidecars=False).verify(path).status is Status.UNSUPPORTED


def test_the_command_line_writes_sidecars_where_there_is_no_place(tmp_path: Path, samples: dict[str, Path]) -> None:
    environ = {"KZLABEL_CONFIG_DIR": str(tmp_path / "config")}
    table, photo = tmp_path / "data.csv", tmp_path / "photo.png"
    table.write_bytes(OTHERS["data.csv"])
    photo.write_bytes(samples["png"].read_bytes())

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner(env=environ).invoke(cli, list(words))
        return done.exit_code, done.output

    said = ["--level", "ai-generated", "--system", "Painter"]
    code, output = run("label", str(table), str(photo), "--out-dir", str(tmp_path / "out"), *said)
    assert code == 0, output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["data.csv", "data.csv.c2pa", "photo.png"]
    assert (tmp_path / "out" / "data.csv").read_bytes() == OTHERS["data.csv"]
    code, output = run("label", str(photo), "--sidecar", *said)
    assert code == 0, output
    assert run("verify", str(photo), str(tmp_path / "out" / "data.csv"))[0] == 0
    assert run("verify", str(photo), "--no-sidecar")[0] == 1
    assert run("label", str(photo), "--sidecar", *said)[0] == 2
    assert run("label", str(photo), "--sidecar", "--force", *said)[0] == 0
