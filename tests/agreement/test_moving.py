"""Manifests that are taken out and put back: what fits is told beforehand, and nothing is lost on the way."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from fixtures.cases import CASES
from kzlabel.cli import cli
from kzlabel.errors import InputError, KzlabelError, OutputError, SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import html, identify, jpeg, png, structured, text
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler
from kzlabel.signing.moving import Mover
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.binding.box_hash import _WALKERS as WALKERS
from kzlabel.verifying.verdict import Status
from tests.conftest import corpus, needs_corpora
from tests.unit.verifying.binding.forging import located, rebind, sign

TEXTS = {
    "a.txt": "Сәлем, әлем!\n".encode(),
    "utf-16.txt": "Сәлем, әлем!\r\n".encode("utf-16"),
    "a.md": b"# Title\n",
    "a.py": b"print(1)\r\n",
    "script.sh": b"#!/bin/sh\necho 1\n",
    "a.xml": b'<?xml version="1.0"?>\n<a/>',
    "a.html": b"<!DOCTYPE html>\n<html><head><title>x</title></head><body>x</body></html>\n",
}
NO_WAY_BACK = {"tiff", "dng"}
"""Formats from whose files nothing is taken out."""

FITS_BESIDE = {"ogg", "opus"}
"""Formats whose hash is over streams, each by itself: it doesn't matter whether the store's is there."""

LEAVES_TRACES = {"svg", "docx", "script.sh"}
"""Where the bare file isn't the first one: a declaration, a content type, a dropped end of the last line."""


@pytest.fixture
def mover(trust: Trust) -> Mover:
    return Mover(trust=trust)


@pytest.fixture
def verifier(trust: Trust) -> Verifier:
    return Verifier(trust=trust)


def source_of(name: str, samples: dict[str, Path], directory: Path) -> Path:
    path = directory / (samples[name].name if name in samples else name)
    path.write_bytes(samples[name].read_bytes() if name in samples else TEXTS[name])
    return path


@pytest.mark.parametrize("name", [*(case.name for case in CASES if case.name not in NO_WAY_BACK), *TEXTS])
def test_what_is_taken_out_is_put_back_byte_for_byte(
    name: str,
    samples: dict[str, Path],
    labeler: Labeler,
    label: Label,
    mover: Mover,
    verifier: Verifier,
    tmp_path: Path,
) -> None:
    source = source_of(name, samples, tmp_path)
    done, bare, again = (tmp_path / f"{what}-{source.name}" for what in ("done", "bare", "again"))
    labeler.label(source, label, done)

    moved = mover.detach(done, bare)

    assert (moved.beside, moved.restores) == ("trusted" if name in FITS_BESIDE else "invalid", "identical")
    beside = Path(f"{bare}.c2pa")
    assert moved.sidecar == str(beside)
    assert verifier.verify_with(bare, beside.read_bytes()).status.value == moved.beside
    assert Verifier(trust=verifier.trust, sidecars=False).verify(bare).status is Status.UNLABELLED
    assert (bare.read_bytes() == source.read_bytes()) == (name not in LEAVES_TRACES)
    put = mover.attach(bare, beside, again)
    assert put.status == "trusted"
    assert put.manifest == moved.manifest
    assert again.read_bytes() == done.read_bytes()
    assert beside.exists()


@pytest.mark.parametrize("name", ["jpeg", "mp4", "a.txt", "docx", "ogg"])
def test_the_parent_of_a_label_moves_with_it(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> None:
    source = source_of(name, samples, tmp_path)
    once, twice, bare, again = (tmp_path / f"{n}-{source.name}" for n in range(4))
    labeler.label(source, label, once)
    labeler.label(once, label.replace(level="ai-assisted"), twice)
    assert mover.detach(twice, bare).restores == "identical"
    mover.attach(bare, f"{bare}.c2pa", again)
    assert again.read_bytes() == twice.read_bytes()


@pytest.mark.parametrize("name", sorted(NO_WAY_BACK))
def test_a_format_without_a_way_back_is_refused_and_the_copy_named(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> None:
    done = tmp_path / samples[name].name
    labeler.label(samples[name], label, done)
    before = done.read_bytes()
    with pytest.raises(SigningError) as refusal:
        mover.detach(done, tmp_path / "bare.tiff")
    assert "--keep" in refusal.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == [done.name]
    assert done.read_bytes() == before


@pytest.mark.parametrize("name", ["jpeg", "png", "mp4", "pdf", "tiff", "flac", "ogg", "docx", "a.txt", "a.py"])
def test_a_manifest_that_is_copied_out_is_the_one_in_the_file(
    name: str,
    samples: dict[str, Path],
    labeler: Labeler,
    label: Label,
    mover: Mover,
    verifier: Verifier,
    tmp_path: Path,
) -> None:
    done = tmp_path / f"done-{(samples[name].name if name in samples else name)}"
    labeler.label(source_of(name, samples, tmp_path), label, done)
    before = done.read_bytes()
    copied = mover.copy_out(done)
    assert done.read_bytes() == before
    assert copied.manifest == verifier.verify(done).manifest
    assert not {f.code for f in verifier.verify(done).findings} & {"org.kzlabel.sidecar.ignored"}
    assert verifier.verify_with(done, Path(copied.sidecar).read_bytes()).status.value == copied.beside


def test_a_bare_file_of_an_old_binding_verifies_beside_its_sidecar(mover: Mover, tmp_path: Path) -> None:
    """The first form of `c2pa.hash.bmff` has no offsets in it, so that the box may go."""
    rows = [row for row in corpus() if row.name.endswith("legacy.mp4")]
    if not rows:
        pytest.skip("the third-party files in ../shared/corpora are missing")
    bare = tmp_path / "bare.mp4"
    moved = mover.detach(rows[0].path, bare)
    assert (moved.beside, moved.restores) == ("valid", "identical")
    assert Verifier(trust=Trust.none()).verify(bare).status is Status.VALID


@needs_corpora
def test_labels_of_others_come_back_whole_or_stay(mover: Mover, tmp_path: Path) -> None:
    count = 0
    for row in corpus():
        if (row.has_c2pa != "yes" and not row.state) or row.path.stat().st_size > 1_000_000:
            continue
        bare, again = tmp_path / f"bare{row.path.suffix}", tmp_path / f"again{row.path.suffix}"
        before = row.path.read_bytes()
        try:
            moved = mover.detach(row.path, bare, replace=True)
        except SigningError:
            continue
        count += 1
        assert moved.restores or moved.beside in {"trusted", "valid"}
        if moved.restores and Verifier(trust=Trust.none()).verify(row.path).intact:
            mover.attach(bare, moved.sidecar, again, replace=True)
            assert moved.restores != "identical" or again.read_bytes() == before, row.name
        assert row.path.read_bytes() == before
    assert count


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_a_changed_sound_does_not_fit_the_sidecar_that_was_taken_out(
    name: str,
    samples: dict[str, Path],
    labeler: Labeler,
    label: Label,
    mover: Mover,
    verifier: Verifier,
    tmp_path: Path,
) -> None:
    done, bare = tmp_path / samples[name].name, tmp_path / f"bare-{samples[name].name}"
    labeler.label(samples[name], label, done)
    store = Path(mover.detach(done, bare).sidecar).read_bytes()
    assert verifier.verify_with(done, store).status is Status.TRUSTED
    data = bare.read_bytes()
    other = done.read_bytes()
    page = data.index(b"OggS", 4)
    flipped = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (5, 14, 22, page + 18, page + 40)]
    cut = [data[:-1], data[page:], data[:page], b""]
    for changed in (*flipped, *cut, data + data, data + b"x", data + other, other + other):
        assert changed != data
        bare.write_bytes(changed)
        assert not verifier.verify_with(bare, store).intact


@pytest.fixture
def pair(
    samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> tuple[Path, Path]:
    """Return a bare photo and its sidecar."""
    done, bare = tmp_path / "done.jpg", tmp_path / "bare.jpg"
    labeler.label(samples["jpeg"], label, done)
    mover.detach(done, bare)
    return bare, tmp_path / "bare.jpg.c2pa"


def test_a_manifest_of_another_file_is_not_put_in(
    pair: tuple[Path, Path], samples: dict[str, Path], mover: Mover, tmp_path: Path
) -> None:
    bare, sidecar = pair
    out = tmp_path / "out"
    changed = tmp_path / "changed.jpg"
    changed.write_bytes(bare.read_bytes()[:-3] + b"\0" + bare.read_bytes()[-2:])
    for other in (changed, samples["png"], samples["mp4"], samples["tiff"], samples["docx"]):
        with pytest.raises(SigningError, match="isn't one that is intact"):
            mover.attach(other, sidecar, out)
        assert not out.exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".kzlabel")]


def test_a_sidecar_that_was_signed_as_one_is_not_put_in(
    samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> None:
    photo = source_of("jpeg", samples, tmp_path)
    labeler.label_beside(photo, label)
    with pytest.raises(SigningError) as refusal:
        mover.attach(photo, f"{photo}.c2pa", tmp_path / "out.jpg")
    assert "anew" in refusal.value.remedy
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize("spoil", [
    lambda store: b"",
    lambda store: store[:7],
    lambda store: store[:-1],
    lambda store: store[: len(store) // 2],
    lambda store: store + b"\0",
    lambda store: b"\xff" * len(store),
    lambda store: store + store,
    lambda store: store.replace(b"exclusions", b"exclusionz"),
    lambda store: store.replace(b"start", b"stArt"),
    lambda store: b"\0\0\0\x08jumb" + store,
    lambda store: (1 << 31).to_bytes(4) + store[4:],
])  # fmt: skip
def test_a_spoilt_store_is_not_put_in(spoil, pair: tuple[Path, Path], mover: Mover, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    bare, sidecar = pair
    sidecar.write_bytes(spoil(sidecar.read_bytes()))
    with pytest.raises(KzlabelError):
        mover.attach(bare, sidecar, tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()


def test_a_file_with_a_manifest_gets_no_second_one(pair: tuple[Path, Path], mover: Mover, tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="already"):
        mover.attach(tmp_path / "done.jpg", pair[1], tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()


def test_a_broken_label_is_taken_out_only_if_it_comes_back(
    samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> None:
    done, bare = tmp_path / "done.jpg", tmp_path / "bare.jpg"
    labeler.label(samples["jpeg"], label, done)
    data = done.read_bytes()
    done.write_bytes(data[:-40] + bytes([data[-40] ^ 1]) + data[-39:])
    moved = mover.detach(done, bare)
    assert (moved.beside, moved.restores) == ("invalid", "identical")
    with pytest.raises(SigningError):
        mover.attach(bare, moved.sidecar, tmp_path / "out.jpg")


@pytest.mark.parametrize("name", ["jpeg", "png", "a.txt", "a.html", "a.py"])
def test_files_with_two_manifests_or_none_are_left_alone(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> None:
    source = source_of(name, samples, tmp_path)
    with pytest.raises(SigningError, match="carries no manifest"):
        mover.detach(source, tmp_path / "out")
    done = tmp_path / f"done-{source.name}"
    labeler.label(source, label, done)
    data = done.read_bytes()
    forms = {"jpeg": jpeg, "png": png, "a.txt": text, "a.html": html, "a.py": structured}
    (carrier,) = forms[name].locate(BytesReader(data), DEFAULT_LIMITS).carriers
    (span,) = carrier.excluded
    twice = tmp_path / f"twice-{source.name}"
    twice.write_bytes(data[: span.end] + data[span.start :])
    with pytest.raises(SigningError):
        mover.detach(twice, tmp_path / "out")
    with pytest.raises(SigningError):
        mover.copy_out(twice)
    assert not (tmp_path / "out").exists()


def test_nothing_is_replaced_or_lost_without_being_asked(
    pair: tuple[Path, Path], mover: Mover, tmp_path: Path
) -> None:
    done, (bare, sidecar) = tmp_path / "done.jpg", pair
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for refused in (
        lambda: mover.detach(done, bare),
        lambda: mover.detach(done, tmp_path / "new.jpg", sidecar),
        lambda: mover.detach(done, done),
        lambda: mover.copy_out(done, sidecar),
        lambda: mover.attach(bare, sidecar, done),
        lambda: mover.detach(done, tmp_path / "new.jpg", tmp_path / "missing" / "x.c2pa"),
    ):
        with pytest.raises(OutputError):
            refused()
    for refused in (
        lambda: mover.detach(done, tmp_path / "new.jpg", tmp_path / "new.jpg"),
        lambda: mover.detach(done, tmp_path / "new.jpg", done, replace=True),
        lambda: mover.copy_out(done, done, replace=True),
        lambda: mover.attach(bare, sidecar, sidecar, replace=True),
    ):
        with pytest.raises(SigningError, match="both the file and its sidecar"):
            refused()
    with pytest.raises(InputError):
        mover.attach(bare, tmp_path / "missing.c2pa", tmp_path / "new.jpg")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_sidecar_is_there_before_the_file_loses_its_manifest(
    pair: tuple[Path, Path], mover: Mover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tmp_path / "done.jpg"
    before = done.read_bytes()
    replaced: list[bool] = []
    replace = Path.replace

    def fails(self: Path, target: str | os.PathLike[str]) -> Path:
        if Path(target) == done:
            replaced.append(Path(f"{done}.c2pa").exists())
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OutputError, match="no space"):
        mover.detach(done, done, replace=True, replace_sidecar=False)
    assert replaced == [True]
    assert done.read_bytes() == before


def test_anyway_never_destroys_the_only_whole_copy(
    samples: dict[str, Path],
    labeler: Labeler,
    label: Label,
    mover: Mover,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, bare = tmp_path / "done.png", tmp_path / "bare.png"
    labeler.label(samples["png"], label, done)
    monkeypatch.setattr(Mover, "_restores", lambda *_: "")
    with pytest.raises(SigningError, match="neither beside"):
        mover.detach(done, bare)
    with pytest.raises(SigningError, match="neither beside"):
        mover.detach(done, done, replace=True, anyway=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["done.png"]
    moved = mover.detach(done, bare, anyway=True)
    assert (moved.beside, moved.restores) == ("invalid", "")
    assert Path(moved.sidecar).exists()


@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "wav", "mp3", "mp4", "svg", "pdf", "docx", "jxl"])
def test_a_damaged_file_is_refused_or_comes_back(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, mover: Mover, tmp_path: Path
) -> None:
    done = tmp_path / samples[name].name
    labeler.label(samples[name], label, done)
    data = done.read_bytes()
    recognised = identify(data[: DEFAULT_LIMITS.head])
    assert recognised is not None
    (carrier,) = recognised[0].locate(BytesReader(data), DEFAULT_LIMITS).carriers
    start = carrier.store[0].start
    for number, at in enumerate((start - 9, start - 4, start, start + 5, carrier.store[-1].end - 1, len(data) - 5)):
        done.write_bytes(data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :])
        try:
            moved = mover.detach(done, tmp_path / f"{number}-{done.name}")
        except SigningError:
            continue
        assert moved.restores or moved.beside in {"trusted", "valid"}


@pytest.mark.parametrize("name", ["jpeg", "png", "gif"])
def test_a_label_bound_to_boxes_comes_back(
    name: str, samples: dict[str, Path], mover: Mover, tmp_path: Path
) -> None:
    data = sign(samples[name].read_bytes(), f"image/{name}")
    media_type, where = located(data)
    boxes = WALKERS[media_type](BytesReader(data), DEFAULT_LIMITS, where.carriers[0].excluded)
    at = [box for box, _ in boxes].index("C2PA")
    entries = []
    for group in (boxes[:at], boxes[at : at + 1], boxes[at + 1 :]):
        covered = data[group[0][1].start : group[-1][1].end]
        digest = b"\0" if group[0][0] == "C2PA" else hashlib.sha256(covered).digest()
        entries.append({"names": [box for box, _ in group], "alg": "sha256", "hash": digest, "pad": b""})
    bound = rebind(data, lambda _: {"boxes": entries}, "c2pa.hash.boxes")
    done, bare = tmp_path / samples[name].name, tmp_path / f"bare-{samples[name].name}"
    done.write_bytes(bound)
    moved = mover.detach(done, bare)
    assert (moved.beside, moved.restores) == ("valid", "identical")
    assert bare.read_bytes() == samples[name].read_bytes()
    store = Path(moved.sidecar).read_bytes()
    for engine in Engine:
        verdict = Verifier(trust=Trust.none(), engine=engine).verify_with(bare, store)
        if verdict.status is not Status.ERROR:
            assert verdict.status.value == moved.beside, engine


def test_the_command_line_takes_manifests_out_and_puts_them_back(samples: dict[str, Path], tmp_path: Path) -> None:
    environ = {"KZLABEL_CONFIG_DIR": str(tmp_path / "config")}
    done, bare, again = tmp_path / "done.jpg", tmp_path / "bare.jpg", tmp_path / "again.jpg"

    def run(*words: str | Path) -> tuple[int, str]:
        ran = CliRunner(env=environ).invoke(cli, [str(word) for word in words])
        return (2 if isinstance(ran.exception, KzlabelError) else ran.exit_code), ran.output

    assert run("label", samples["jpeg"], "-o", done, "--level", "ai-generated", "--system", "Painter")[0] == 0
    code, output = run("detach", done, "-o", bare)
    assert code == 0
    assert "does not verify beside" in output
    assert "byte for byte" in output
    assert bare.read_bytes() == samples["jpeg"].read_bytes()
    code, output = run("attach", bare, "-o", again, "--json")
    assert (code, json.loads(output)[0]["status"]) == (0, "trusted")
    assert again.read_bytes() == done.read_bytes()
    code, output = run("detach", done, "--keep", "--json")
    assert (code, json.loads(output)[0]["restores"]) == (0, "identical")
    assert run("detach", done, "--in-place")[0] == 2  # its sidecar is there already
    assert run("detach", done, "--in-place", "--force")[0] == 0
    assert done.read_bytes() == samples["jpeg"].read_bytes()
    assert run("attach", done, "--in-place")[0] == 0
    assert again.read_bytes() == done.read_bytes()
    assert run("detach", bare, "-o", tmp_path / "x.jpg")[0] == 1
    assert run("attach", samples["png"], "--sidecar", f"{bare}.c2pa", "-o", tmp_path / "x.png")[0] == 1
    assert run("detach", tmp_path / "missing", "-o", tmp_path / "x")[0] == 2
    for wrong in (("detach", done), ("detach", done, "--keep", "--in-place"), ("attach", bare),
                  ("attach", bare, "-o", "x", "--in-place"), ("detach", done, "--keep", "--anyway")):  # fmt: skip
        assert run(*wrong)[0] == 2
