"""Digital signatures and labels in one PDF: what keeps the signature valid, as pyHanko judges it."""

import asyncio
import hashlib
import io
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kzlabel.errors import SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import Located, pdf
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Document
from kzlabel.formats._pdf_objects import Changes
from kzlabel.formats._pdf_section import section
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler
from kzlabel.status import Code
from kzlabel.trust import Trust, reader_settings
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, ec_key
from tests.unit.formats.pdfs import STORE, applied, complaints, needs, page_count, qpdf, text

pytest.importorskip("pyhanko")

from asn1crypto import keys, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, fields, signers
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

ROOM = 8192
PERMISSIONS = {
    "approval": None,
    "no-changes": fields.MDPPerm.NO_CHANGES,
    "forms": fields.MDPPerm.FILL_FORMS,
    "annotations": fields.MDPPerm.ANNOTATE,
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("pyhanko")
    before, logger.level = logger.level, logging.CRITICAL
    yield
    logger.setLevel(before)


@pytest.fixture(scope="module")
def person() -> Any:
    """Return somebody who signs documents, and whose certificate validators of documents trust."""
    authority = Authority(at=datetime.now(UTC).replace(microsecond=0) - timedelta(days=10))
    key = ec_key()
    leaf = authority.issue(key.public_key(), purposes=[EMAIL], ends=300 * DAY)
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(
        signing_cert=x509.Certificate.load(leaf.public_bytes(Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(secret),
        cert_registry=SimpleCertificateStore(),
    )


def sign(data: bytes, person: Any, permission: Any = None, **more: Any) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    certify = {"certify": True, "docmdp_permissions": permission} if permission is not None else {}
    metadata = PdfSignatureMetadata(field_name="Approval", **certify)
    signed: bytes = signers.sign_pdf(writer, metadata, person, **more).getvalue()
    return signed


def judged(data: bytes, person: Any, password: str | None = None) -> Any:
    """Return what pyHanko says of the last signature, with its analysis of what came after."""
    reader = PdfFileReader(io.BytesIO(data))
    if password is not None:
        reader.decrypt(password)
    context = ValidationContext(trust_roots=[person.signing_cert])
    return validate_pdf_signature(reader.embedded_signatures[-1], context)


def fill(data: bytes, person: Any) -> bytes:
    """Put a signature into the place that is reserved for one, as external signing services do it."""
    stated = re.findall(rb"/ByteRange \[ (\d+) +(\d+) +(\d+) +(\d+) *\]", data)[-1]
    zero, begin, end, rest = map(int, stated)
    assert (zero, end + rest) == (0, len(data))
    assert data[begin:end] == b"<" + b"0" * (end - begin - 2) + b">"
    digest = hashlib.sha256(data[:begin] + data[end:]).digest()
    signature = asyncio.run(person.async_sign(digest, digest_algorithm="sha256", use_pades=True))
    out = io.BytesIO(data)
    PreparedByteRangeDigest(digest, begin, end).fill_with_cms(out, signature)
    return out.getvalue()


def reader_state(data: bytes, trust: Trust) -> str:
    context = c2pa.Context(c2pa.Settings.from_dict(reader_settings(trust)))
    with c2pa.Reader("application/pdf", io.BytesIO(data), context=context) as reader:
        return str(reader.get_validation_state())


@pytest.mark.parametrize("kind", PERMISSIONS)
def test_a_signed_document_is_refused_and_the_message_names_the_way_out(
    kind: str, samples: dict[str, Path], labeler: Labeler, label: Label, person: Any
) -> None:
    signed = sign(samples["pdf"].read_bytes(), person, PERMISSIONS[kind])
    assert judged(signed, person).bottom_line
    words = "digital signature" if kind == "approval" else f"DocMDP {PERMISSIONS[kind].value}"
    with pytest.raises(SigningError, match=rf"{words}.*--sidecar"):
        labeler.label(signed, label)


@pytest.mark.parametrize("kind", PERMISSIONS)
def test_the_refusal_is_due_no_signature_survives_a_new_catalogue(
    kind: str, samples: dict[str, Path], person: Any
) -> None:
    signed = sign(samples["pdf"].read_bytes(), person, PERMISSIONS[kind])
    splice = pdf.splice(BytesReader(signed), Located(), len(STORE), DEFAULT_LIMITS)
    status = judged(applied(signed, splice), person)
    assert status.intact
    assert status.valid
    assert not status.docmdp_ok
    assert not status.bottom_line


def extended(data: bytes, *, entry: bool, annotation: bool) -> bytes:
    """Return `data` with an update that adds no more than an entry /AF or an attachment's annotation."""
    document = Document(BytesReader(data), DEFAULT_LIMITS)
    changes = Changes(document)
    changes.add(b"<< >>")  # what nothing refers to is permitted
    if entry:
        catalogue = changes.dictionary(document.root)
        changes.put(document.root, syntax.write_dictionary({**catalogue, b"AF": b"[]"}))
    if annotation:
        page = changes.first_page()
        entries = changes.dictionary(page)
        annotations = changes.child(entries, b"Annots")
        items = syntax.array_of(annotations.value or b"[]")
        items.append(changes.add(b"<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS (x) >>"))
        changes.replace(entries, b"Annots", annotations, syntax.write_array(items))
        changes.put(page, syntax.write_dictionary(entries))
    offsets, body = {}, b""
    for one in changes.objects():
        offsets[one.ref] = len(data) + len(body)
        body += b"".join(part for part in one.parts if isinstance(part, bytes))
    return data + body + section(document, changes, offsets, len(data) + len(body))


@pytest.mark.parametrize("kind", PERMISSIONS)
@pytest.mark.parametrize("what", ["entry", "annotation", "nothing"])
def test_neither_an_entry_of_associated_files_nor_an_attachment_annotation_is_permitted(
    what: str, kind: str, samples: dict[str, Path], person: Any
) -> None:
    signed = sign(samples["pdf"].read_bytes(), person, PERMISSIONS[kind])
    data = extended(signed, entry=what == "entry", annotation=what == "annotation")
    status = judged(data, person)
    assert status.intact
    assert status.bottom_line == (what == "nothing")


def test_a_document_that_only_has_a_field_for_a_signature_is_labelled(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(samples["pdf"].read_bytes()))
    fields.append_signature_field(writer, fields.SigFieldSpec("Later"))
    writer.write(out := io.BytesIO())
    after = labeler.label(out.getvalue(), label)
    assert verify(after, trust=trust).status is Status.TRUSTED
    assert after.startswith(out.getvalue())


VARIANTS = {"table": (), "streams": ("--object-streams=generate",), "linearised": ("--linearize",)}


@needs("qpdf", "pdftotext", "pdfinfo")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_signature_in_the_reserved_place_leaves_the_label_valid(
    variant: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, person: Any
) -> None:
    before = qpdf(samples["pdf"].read_bytes(), *VARIANTS[variant])
    reserved = labeler.label(before, label, reserve_signature=ROOM)
    assert reserved.startswith(before)
    assert complaints(reserved) == 0
    signed = fill(reserved, person)
    assert len(signed) == len(reserved)
    assert signed != reserved
    for data in (reserved, signed):
        verdict = verify(data, trust=trust)
        assert verdict.status is Status.TRUSTED
        assert Code.ASSERTION_DATA_HASH_ADDITIONAL_EXCLUSIONS_PRESENT in [one.code for one in verdict.findings]
        assert reader_state(data, trust) == "Trusted"
    status = judged(signed, person)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    assert text(signed) == text(before)
    assert page_count(signed) == page_count(before)


@needs("qpdf")
def test_an_encrypted_document_is_labelled_and_then_signed(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, person: Any
) -> None:
    locked = qpdf(samples["pdf"].read_bytes(), "--encrypt", "user", "owner", "256", "--")
    signed = fill(labeler.label(locked, label, password="user", reserve_signature=ROOM), person)
    assert judged(signed, person, "user").bottom_line
    assert verify(signed, trust=trust).status is Status.TRUSTED


def test_no_other_byte_than_the_signature_s_digits_may_change(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    data = labeler.label(samples["pdf"].read_bytes(), label, reserve_signature=50)
    place = data.index(b"/Contents <" + b"0" * 100) + len(b"/Contents <")
    for at, status in (
        (place - 1, Status.INVALID),
        (place, Status.TRUSTED),
        (place + 99, Status.TRUSTED),
        (place + 100, Status.INVALID),
        (data.index(b"/ByteRange") + 14, Status.INVALID),
    ):
        changed = bytearray(data)
        changed[at] ^= 1
        assert verify(bytes(changed), trust=trust).status is status


def test_a_signature_that_is_appended_instead_breaks_the_label(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, person: Any
) -> None:
    labelled = labeler.label(samples["pdf"].read_bytes(), label)
    signed = sign(labelled, person)
    assert judged(signed, person).bottom_line
    assert verify(signed, trust=trust).status is Status.INVALID


def test_a_document_with_an_unfilled_place_isn_t_labelled_again(
    samples: dict[str, Path], labeler: Labeler, label: Label
) -> None:
    reserved = labeler.label(samples["pdf"].read_bytes(), label, reserve_signature=ROOM)
    with pytest.raises(SigningError, match="digital signature"):
        labeler.label(reserved, label)


def test_a_form_keeps_its_fields_and_gets_one_for_the_signature(
    labeler: Labeler, label: Label, samples: dict[str, Path], person: Any
) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(samples["pdf"].read_bytes()))
    fields.append_signature_field(writer, fields.SigFieldSpec("Later"))
    writer.write(out := io.BytesIO())
    signed = fill(labeler.label(out.getvalue(), label, reserve_signature=ROOM), person)
    names = [field.get_object()["/T"] for field in PdfFileReader(io.BytesIO(signed)).root["/AcroForm"]["/Fields"]]
    assert names[0] == "Later"
    assert len(names) == 2
    assert judged(signed, person).bottom_line


@pytest.mark.parametrize("size", [-1, (1 << 20) + 1])
def test_absurd_sizes_are_refused(size: int, samples: dict[str, Path], labeler: Labeler, label: Label) -> None:
    with pytest.raises(SigningError, match="reserved for a signature"):
        labeler.label(samples["pdf"].read_bytes(), label, reserve_signature=size)


def test_only_pdfs_have_a_place_for_a_signature(samples: dict[str, Path], labeler: Labeler, label: Label) -> None:
    with pytest.raises(SigningError, match="no PDF"):
        labeler.label(samples["png"].read_bytes(), label, reserve_signature=ROOM)
