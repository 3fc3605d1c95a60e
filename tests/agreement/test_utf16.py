"""Hidden labels in files in UTF-16: converted ones hold, new ones are written, and independent readers agree."""

import codecs
import unicodedata
from pathlib import Path

import c2pa_text
import c2patxt
import encypher_c2pa
import pytest

import kzlabel
from kzlabel.errors import KzlabelError, SigningError
from kzlabel.labels import AI, Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status

PLAIN = "Сәлем, әлем! 👍️\r\nnaïve café 한국어\r\n"
ENCODINGS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@pytest.fixture
def verifier(trust: Trust) -> Verifier:
    return Verifier(trust=trust)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_label_survives_conversion_to_utf_16(
    encoding: str, mark: str, labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    done = labeler.label_text(mark + PLAIN, label).removeprefix("\ufeff")
    converted = ENCODINGS[encoding] + done.encode(encoding)
    path = tmp_path / "a.txt"
    path.write_bytes(converted)
    for source in (path, converted):  # by its name, and by what is in it
        verdict = verifier.verify(source)
        assert (verdict.status, verdict.ai, verdict.media_type) == (Status.TRUSTED, AI.GENERATED, "text/plain")
    path.write_bytes(ENCODINGS[encoding] + done.replace("naïve", "naive").encode(encoding))
    assert verifier.verify(path).status is Status.INVALID
    path.write_bytes(ENCODINGS[encoding] + unicodedata.normalize("NFD", done).encode(encoding))
    assert verifier.verify(path).status is Status.TRUSTED


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_in_utf_16_is_labelled_in_utf_16(
    encoding: str, labeler: Labeler, label: Label, verifier: Verifier, trust: Trust, tmp_path: Path
) -> None:
    source, once, twice = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.txt"
    source.write_bytes(ENCODINGS[encoding] + PLAIN.encode(encoding))
    assert verifier.verify(source).status is Status.UNLABELLED
    labeler.label(source, label, once)
    labeler.label(once, label.replace(level="ai-assisted"), twice)
    for path, level in ((once, AI.GENERATED), (twice, AI.ASSISTED)):
        data = path.read_bytes()
        assert data.startswith(ENCODINGS[encoding])
        verdict = verifier.verify(path)
        assert (verdict.status, verdict.ai) == (Status.TRUSTED, level)
        text = data.decode("utf-16")
        assert kzlabel.plain_text(text) == PLAIN
        assert data.startswith(source.read_bytes()[:-4])
        assert verifier.verify_text(text).status is Status.TRUSTED
        assert verifier.verify(text.encode()).status is Status.TRUSTED
        report = encypher_c2pa.verify(
            text.encode(),
            "text/plain",
            trust_pem=trust.pem(),
            no_default_trust=True,
            telemetry=False,
            online=False,
        )
        assert (report["integrity"], report["hard_binding"]) == ("valid", "match")
        assert c2pa_text.extract_manifest(text)[0] is not None
    assert c2patxt.verify(once.read_bytes().decode("utf-16")).state.value == "valid"


def test_a_label_beside_a_file_in_utf_16_keeps_the_one_in_it(
    labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    source, done = tmp_path / "a.txt", tmp_path / "b.txt"
    source.write_bytes(PLAIN.encode("utf-16"))
    labeler.label(source, label, done)
    assert labeler.label_beside(done, label).parent == "trusted"
    assert verifier.verify_with(done, Path(f"{done}.c2pa").read_bytes()).status is Status.TRUSTED
    assert labeler.label_beside(source, label).parent == ""
    assert verifier.verify(source).status is Status.TRUSTED
    assert labeler.label(source, label, tmp_path / "c.txt").parent == "trusted"


def test_a_plain_text_has_a_sidecar(labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(b"text\n")
    labeler.label_beside(source, label)
    assert verifier.verify(source).status is Status.TRUSTED
    source.write_bytes(b"Text\n")
    assert verifier.verify(source).status is Status.INVALID


@pytest.mark.parametrize(("name", "data"), [
    ("a.txt", PLAIN.encode("utf-16-le")),
    ("a.txt", PLAIN.encode("utf-32")),
    ("a.txt", b"\xff\xfe" + PLAIN.encode("utf-16-le") + b"x"),
    ("a.txt", b"\xff\xfe\x00\xd8a\0"),
    ("a.txt", b"\xfe\xff\xdc\0"),
    ("a.md", PLAIN.encode("utf-16")),
    ("a.py", b"\xfe\xff" + PLAIN.encode("utf-16-be")),
    ("a.csv", PLAIN.encode("utf-16")),
])  # fmt: skip
def test_what_is_not_such_a_text_is_refused_and_the_sidecar_named(
    name: str, data: bytes, labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert verifier.verify(path).status is Status.UNSUPPORTED
    with pytest.raises(SigningError) as refusal:
        labeler.label(path, label, tmp_path / f"done-{name}")
    assert "--sidecar" in refusal.value.remedy
    labeler.label_beside(path, label)
    assert verifier.verify(path).status is Status.TRUSTED


def test_text_that_is_not_normal_is_refused_in_utf_16_too(labeler: Labeler, label: Label, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(unicodedata.normalize("NFD", PLAIN).encode("utf-16"))
    with pytest.raises(SigningError, match="normal"):
        labeler.label(path, label, tmp_path / "b.txt")
    assert not (tmp_path / "b.txt").exists()


def test_a_long_text_in_utf_16_is_not_read(labeler: Labeler, label: Label, trust: Trust, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(PLAIN.encode("utf-16") * 1)
    limits = kzlabel.Limits(text=20)
    verdict = Verifier(trust=trust, limits=limits).verify(path)
    assert verdict.status is Status.ERROR
    assert verdict.findings[0].code == "org.kzlabel.limit.exceeded"
    long = path.read_bytes() + PLAIN.encode("utf-16-le") * 10_000
    path.write_bytes(long)
    assert labeler.label(path, label, tmp_path / "b.txt").media_type == "text/plain"


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_damaged_text_in_utf_16_is_never_a_crash_or_intact(
    step: int, labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    done = labeler.label_text("text", label)
    data = b"\xff\xfe" + done.encode("utf-16-le")
    for at in range(2, len(data) - 2, 997):
        for changed in (data[:at] + data[at + step :], data[:at] + b"\xd8" * step + data[at:], data[:at]):
            path.write_bytes(changed)
            try:
                verdict = verifier.verify(path)
            except KzlabelError:
                continue
            assert not verdict.intact
