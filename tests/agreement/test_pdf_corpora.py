"""Third-party PDFs are labelled by an update; other programs see the same document in the result."""

import io
from pathlib import Path

import c2pa
import pytest
from pypdf import PdfReader

from kzlabel.errors import SigningError
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, reader_settings
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status
from tests.conftest import CORPORA, needs_corpora
from tests.unit.formats.pdfs import attachments, complaints, needs, page_count, run, text

REFUSED = {
    "basic-password.pdf": "takes its password",
    "basic-retest.pdf": "carries a digital signature",
    "libreoffice-writer-password.pdf": "in an old way",
    "basic-signed.pdf": "permissions forbid changes",
}
"""Those that can't be labelled as they are, and what the message says of each."""

BROKEN = frozenset({"100kb.pdf"})
"""Those without cross-references: they can't be updated, and the reference engine writes them anew."""

LABELLED = frozenset({"adobe-20240110-single_manifest_store.pdf"})
"""Those that carry a label, whose signer is on no list here."""

FILES = sorted(CORPORA.rglob("*.pdf")) if CORPORA.exists() else []

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


@needs_corpora
@needs("qpdf", "pdftotext", "pdfinfo", "pdfdetach")
@each_file
def test_a_third_party_document_is_the_same_with_a_label(
    path: Path, labeler: Labeler, label: Label, trust: Trust
) -> None:
    before = path.read_bytes()
    if path.name in REFUSED:
        with pytest.raises(SigningError, match=REFUSED[path.name]):
            labeler.label(before, label)
        return
    after = labeler.label(before, label, despite_broken=True)
    verdict = verify(after, trust=trust)
    assert verdict.status is (Status.VALID if path.name in LABELLED else Status.TRUSTED)
    context = c2pa.Context(c2pa.Settings.from_dict(reader_settings(trust)))
    with c2pa.Reader("application/pdf", io.BytesIO(after), context=context) as reader:
        assert str(reader.get_validation_state()).lower() == verdict.status
    assert len(PdfReader(io.BytesIO(after)).pages) == len(PdfReader(io.BytesIO(before)).pages)
    if path.name in BROKEN:
        return
    assert after.startswith(before)
    assert complaints(after) <= complaints(before)
    assert page_count(after) == page_count(before)
    assert text(after) == text(before)
    new = set() if path.name in LABELLED else {b"manifest.c2pa"}
    assert set(attachments(after)) == set(attachments(before)) | new
    seen = [run(data, "pdfinfo", "-meta", "{}") for data in (before, after)]
    assert seen[0] == seen[1]


@needs_corpora
def test_each_refusal_is_of_a_file_that_is_there() -> None:
    assert {path.name for path in FILES} >= set(REFUSED) | BROKEN | LABELLED
