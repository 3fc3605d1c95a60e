"""PDFs that are made to be read differently, or to be read as a whole."""

from pathlib import Path

import pytest

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader, FileReader
from kzlabel.formats import pdf
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status


def document(*objects: bytes) -> bytes:
    """Return a PDF with `objects`, numbered from 1; the first is its catalogue."""
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return data + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(data)


def test_a_document_that_refers_to_itself_is_damaged_in_the_same_words_each_time() -> None:
    """What pypdf says of an object names a place in memory, which is another one each time."""
    file = BytesReader(document(b"<</Type/Catalog/AF[2 0 R]>>", b"<</Length 2 0 R>>\nstream\n\nendstream"))
    first, second = pdf.locate(file, DEFAULT_LIMITS), pdf.locate(file, DEFAULT_LIMITS)
    assert "object 2 0" in first.damage
    assert first == second


def sparse(path: Path, data: bytes, size: int) -> Path:
    with path.open("wb") as file:
        file.write(data)
        file.truncate(size)
    return path


@pytest.mark.parametrize("cut", [0, 60], ids=["zeros behind the end", "no cross-references"])
def test_a_huge_document_is_not_read_as_a_whole(tmp_path: Path, cut: int) -> None:
    data = document(b"<</Type/Catalog>>")
    path = sparse(tmp_path / "torn.pdf", data[: len(data) - cut], 1 << 30)
    with path.open("rb") as file, pytest.raises(LimitError, match="must be read"):
        pdf.locate(FileReader(file), DEFAULT_LIMITS)
    assert Verifier(trust=Trust.none()).verify(path).status is Status.ERROR


def test_a_small_document_with_broken_cross_references_is_still_read() -> None:
    data = document(b"<</Type/Catalog>>").replace(b"startxref\n", b"startxref\n9")
    assert not pdf.locate(BytesReader(data), DEFAULT_LIMITS).damage
