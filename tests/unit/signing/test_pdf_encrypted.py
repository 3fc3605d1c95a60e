"""An encrypted PDF stays encrypted when it is labelled, and its label can be seen without the password."""

import io
from pathlib import Path

import c2pa
import pytest
from pypdf import PdfReader, PdfWriter

from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.labels import AI, Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, reader_settings
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status
from tests.unit.formats.pdfs import attachments, complaints, needs, page_count, qpdf, run, text

pytestmark = needs("qpdf", "pdftotext", "pdfinfo", "pdfdetach")

OWNER = "owner"
KINDS = {
    "rc4-128-v4": ("128", "--use-aes=n", "--force-V4"),
    "aes-128": ("128", "--use-aes=y"),
    "aes-128-clear-metadata": ("128", "--use-aes=y", "--cleartext-metadata"),
    "aes-256-r5": ("256", "--force-R5"),
    "aes-256": ("256",),
}
OLD = {"rc4-40": ("40",), "rc4-128": ("128", "--use-aes=n")}


@pytest.fixture(scope="module")
def plain(samples: dict[str, Path]) -> bytes:
    """A document with an attachment whose catalogue has a string, so that there is something to encrypt."""
    writer = PdfWriter(clone_from=PdfReader(samples["pdf"]))
    writer.add_attachment("data.txt", b"attached")
    writer.write(out := io.BytesIO())
    return out.getvalue()


def encrypted(data: bytes, kind: tuple[str, ...], user: str, streams: str = "disable") -> bytes:
    options = ("--allow-weak-crypto", f"--object-streams={streams}")
    return qpdf(data, *options, "--encrypt", user, OWNER, *kind, "--")


@pytest.mark.parametrize("streams", ["disable", "generate"])
@pytest.mark.parametrize("user", ["", "user"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_labelled_document_is_encrypted_as_before(
    kind: str, user: str, streams: str, plain: bytes, labeler: Labeler, label: Label, trust: Trust
) -> None:
    before = encrypted(plain, KINDS[kind], user, streams)
    after = labeler.label(before, label, password=user)
    assert after.startswith(before)
    assert complaints(after, user) == 0
    assert text(after, user) == text(before, user) != b""
    assert page_count(after, user) == page_count(before, user)
    assert attachments(after, user) == [b"data.txt", b"manifest.c2pa"]
    reader = PdfReader(io.BytesIO(after))
    assert reader.is_encrypted
    assert bool(reader.decrypt("")) == (user == "")
    verdict = verify(after, trust=trust)
    assert (verdict.status, verdict.ai, verdict.label) == (Status.TRUSTED, AI.GENERATED, label)
    assert "native" in verdict.engine


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_is_a_file_that_others_can_take_out_in_the_clear(
    kind: str, plain: bytes, labeler: Labeler, label: Label, tmp_path: Path
) -> None:
    after = labeler.label(encrypted(plain, KINDS[kind], "user"), label, password="user")
    files = tmp_path / "store"
    assert run(after, "pdfdetach", "-upw", "user", "-save", "2", "-o", str(files), "{}")[0] == 0
    assert files.read_bytes()[4:8] == b"jumb"
    assert files.read_bytes() in after
    assert run(after, "pdfdetach", "-upw", "user", "-save", "1", "-o", str(files), "{}")[0] == 0
    assert files.read_bytes() == b"attached"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("streams", ["disable", "generate"])
def test_the_reference_engine_sees_the_label_where_no_password_is_needed(
    kind: str, streams: str, plain: bytes, labeler: Labeler, label: Label, trust: Trust
) -> None:
    context = c2pa.Context(c2pa.Settings.from_dict(reader_settings(trust)))
    after = labeler.label(encrypted(plain, KINDS[kind], "", streams), label)
    with c2pa.Reader("application/pdf", io.BytesIO(after), context=context) as reader:
        assert reader.get_validation_state() == "Trusted"
    after = labeler.label(encrypted(plain, KINDS[kind], "user", streams), label, password="user")
    with pytest.raises(c2pa.C2paError.ManifestNotFound):  # a known difference: we need no password to see it
        c2pa.Reader("application/pdf", io.BytesIO(after), context=context)


@pytest.mark.parametrize("user", ["", "user"])
def test_a_changed_bit_in_an_encrypted_document_is_invalid(
    user: str, plain: bytes, labeler: Labeler, label: Label, trust: Trust
) -> None:
    before = encrypted(plain, KINDS["aes-256"], user)
    after = bytearray(labeler.label(before, label, password=user))
    after[before.index(b"stream\n") + 20] ^= 1
    assert verify(bytes(after), trust=trust).status is Status.INVALID


def test_a_second_label_keeps_the_first_as_its_parent(
    plain: bytes, labeler: Labeler, label: Label, trust: Trust
) -> None:
    first = labeler.label(encrypted(plain, KINDS["aes-256"], "user"), label, password="user")
    second = labeler.label(first, label.replace(level="ai-assisted"), password="user")
    verdict = verify(second, trust=trust)
    assert (verdict.status, verdict.ai) == (Status.TRUSTED, AI.ASSISTED)
    assert second.startswith(first)
    assert verify(first, trust=trust).manifest.encode() in second[len(first) :]


@pytest.mark.parametrize("streams", ["disable", "generate"])
@pytest.mark.parametrize("user", ["", "user"])
@pytest.mark.parametrize("kind", OLD)
def test_encryption_without_crypt_filters_is_refused(
    kind: str, user: str, streams: str, plain: bytes, labeler: Labeler, label: Label
) -> None:
    with pytest.raises(SigningError, match=r"RC4, V below 4.*--sidecar"):
        labeler.label(encrypted(plain, OLD[kind], user, streams), label, password=user)


@pytest.mark.parametrize(("password", "words"), [("", "takes its password"), ("wrong", "doesn't open it")])
def test_a_missing_or_wrong_password_is_an_error(
    password: str, words: str, plain: bytes, labeler: Labeler, label: Label
) -> None:
    with pytest.raises(SigningError, match=words):
        labeler.label(encrypted(plain, KINDS["aes-256"], "user"), label, password=password)


def test_permissions_that_forbid_changes_are_kept_unless_the_owner_asks(
    plain: bytes, labeler: Labeler, label: Label, trust: Trust
) -> None:
    locked = encrypted(plain, ("256", "--modify=none"), "")
    with pytest.raises(SigningError, match="permissions forbid changes"):
        labeler.label(locked, label)
    assert verify(labeler.label(locked, label, password=OWNER), trust=trust).status is Status.TRUSTED


@pytest.mark.parametrize("algorithm", ["AES-128", "AES-256-R5", "AES-256"])
def test_documents_that_pypdf_encrypted_are_labelled_too(
    algorithm: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    writer = PdfWriter(clone_from=PdfReader(samples["pdf"]))
    writer.encrypt("құпия" if algorithm != "AES-128" else "secret", OWNER, algorithm=algorithm)
    writer.write(out := io.BytesIO())
    after = labeler.label(out.getvalue(), label, password=OWNER)
    assert complaints(after, OWNER) == 0
    assert verify(after, trust=trust).status is Status.TRUSTED


def test_signers_that_want_time_stamps_don_t_take_the_encryption_off(
    plain: bytes, signer: Signer, label: Label
) -> None:
    key, chain = signer.secret_key_pem(), signer.certificates_pem
    stamped = Signer.from_pem(key, chain, tsa_url="http://localhost:1/")
    with pytest.raises(SigningError, match="time-stamp"):
        Labeler(stamped).label(encrypted(plain, KINDS["aes-256"], ""), label)
