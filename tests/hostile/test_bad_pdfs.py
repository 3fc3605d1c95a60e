"""PDFs made to break whoever updates them: each is refused with one kind of error, or gets a sound update."""

import zlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import Located, pdf
from kzlabel.limits import DEFAULT_LIMITS, Limits
from tests.unit.formats.pdfs import CATALOGUE, STORE, applied, document, located, qpdf, spliced, updated

CATALOGUE_OPEN = CATALOGUE[:-2]
STREAMED = b"%PDF-1.5\n"


def attempt(data: bytes, limits: Limits = DEFAULT_LIMITS, **options: int) -> bytes | None:
    """Return the updated document, in which the store must be found again; None when it is refused."""
    found = pdf.locate(BytesReader(data), limits)
    try:
        splice = pdf.splice(BytesReader(data), found, len(STORE), limits, **options)  # type: ignore[arg-type]
    except MalformedError:
        return None
    after = applied(data, splice)
    assert after.startswith(data)
    assert after[splice.excluded[0].start : splice.excluded[0].end] == STORE
    return after


def object_stream(objects: dict[int, bytes], root: int = 1) -> bytes:
    """Return a PDF whose objects lie in object stream 10, which cross-reference stream 11 lists."""
    body = b" ".join(objects.values())
    places, at = b"", 0
    for number, value in objects.items():
        places += b"%d %d " % (number, at)
        at += len(value) + 1
    data = zlib.compress(places + body)
    head = b"<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>" % (
        len(objects),
        len(places),
        len(data),
    )
    out = STREAMED + b"10 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (head, data)
    rows = b""
    for number in range(12):
        row = (0, 0, 0)
        if number in objects:
            row = (2, 10, list(objects).index(number))
        elif number in (10, 11):
            row = (1, len(STREAMED) if number == 10 else len(out), 0)
        rows += bytes([row[0]]) + row[1].to_bytes(4) + bytes([row[2]])
    info = b"<< /Type /XRef /Size 12 /W [1 4 1] /Root %d 0 R /Length %d >>" % (root, len(rows))
    return out + b"11 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (info, rows, len(out))


PACKED = {1: CATALOGUE, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: b"<< /Type /Page /Parent 2 0 R >>"}


def test_objects_in_an_object_stream_are_changed_outside_it() -> None:
    after = attempt(object_stream(PACKED))
    assert after is not None
    assert len(located(after).carriers) == 1


def test_an_object_stream_that_claims_to_lie_in_itself_is_refused() -> None:
    data = object_stream({**PACKED, 10: b"<< >>"})
    assert attempt(data.replace(b"/Root 1 0 R", b"/Root 10 0 R")) is None
    assert attempt(data) is None


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (b"/First", b"/Fisrt"),
        (b"/N 3", b"/N 9"),
        (b"/N 3", b"/N -"),
        (b"/Type /XRef", b"/Type /XREF"),
        (b"/W [1 4 1]", b"/W [9 9 9]"),
        (b"/W [1 4 1]", b"/W [0 0 0]"),
        (b"/Root 1", b"/Root 9"),
        (b"/Size 12", b"/Size  1"),
        (b"/FlateDecode", b"/CrypDecode!"[:12]),
    ],
)
def test_broken_streams_are_refused_or_survived(words: bytes, instead: bytes) -> None:
    attempt(object_stream(PACKED).replace(words, instead))


@pytest.mark.parametrize(
    "objects",
    [
        {1: CATALOGUE_OPEN + b"/Names 1 0 R >>"},
        {1: CATALOGUE_OPEN + b"/AF 1 0 R >>"},
        {1: CATALOGUE_OPEN + b"/AF [1] >>"},
        {1: CATALOGUE_OPEN + b"/AF [[]] >>"},
        {1: CATALOGUE_OPEN + b"/AF [77 0 R] >>"},
        {1: CATALOGUE_OPEN + b"/AF [<< /AFRelationship /C2PA_Manifest >>] >>"},
        {1: CATALOGUE_OPEN + b"/AF [4 0 R 4 0 R] >>", 4: b"<< /AFRelationship /C2PA_Manifest >>"},
        {1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles [] >> >>"},
        {1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles << /Names [(a)] >> >> >>"},
        {1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles << /Names [1 2] >> >> >>"},
        {1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles << /Kids [4 0 R] >> >> >>", 4: b"<< /Names [] >>"},
        {1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles 4 0 R >> >>", 4: b"<< /Kids [4 0 R] /Limits [(a) (z)] >>"},
        {1: CATALOGUE_OPEN + b"/Names (x) >>"},
        {1: CATALOGUE_OPEN + b"/Names 4 0 R >>", 4: b"<< /EmbeddedFiles 4 0 R >>"},
        {1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles 1 0 R >> >>"},
        {1: b"<< /Type /Catalog /Type /Catalog /Pages 2 0 R >>"},
        {1: b"[ /Type /Catalog ]"},
        {1: b"<< /Pages 2 0 R /A " + b"[" * 1000 + b"]" * 1000 + b" >>"},
        {1: b"<< /Pages 2 0 R /A (" + b"(" * 5000 + b" >>"},
    ],
    ids=str,
)
def test_a_catalogue_that_can_t_be_extended_is_refused(objects: dict[int, bytes]) -> None:
    assert attempt(document(objects)) is None


def test_a_name_tree_as_wide_as_a_file_is_refused() -> None:
    kids = b"4 0 R " * 20_000
    tree = {
        1: CATALOGUE_OPEN + b"/Names << /EmbeddedFiles << /Kids [%s] >> >> >>" % kids,
        4: b"<< /Limits [(a) (b)] /Names [(a) 8 0 R (b) 8 0 R] >>",
    }
    data = document(tree)
    with pytest.raises(LimitError, match="nodes"):
        spliced(data)


@pytest.mark.parametrize(
    "objects",
    [
        {2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"},
        {2: b"<< /Type /Pages /Kids [4 0 R] >>", 4: b"<< /Kids [2 0 R] >>"},
        {2: b"<< /Type /Pages /Kids [] >>"},
        {2: b"<< /Type /Pages /Kids 3 >>"},
        {2: b"<< /Type /Pages /Kids [(x)] >>"},
        {1: b"<< /Type /Catalog >>"},
        {1: CATALOGUE_OPEN + b"/AcroForm 3 >>"},
        {1: CATALOGUE_OPEN + b"/AcroForm << /Fields 3 >> >>"},
        {1: CATALOGUE_OPEN + b"/AcroForm << /SigFlags (x) >> >>"},
        {3: b"<< /Type /Page /Annots (x) >>"},
    ],
    ids=str,
)
def test_a_form_or_page_that_can_t_take_a_signature_is_refused(objects: dict[int, bytes]) -> None:
    assert attempt(document(objects), reserve_signature=100) is None


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (b"/Root 1 0 R", b"/Root 2 0 R /Prev %d"),
        (b"/Size 4", b"/Size 4 /Prev %d"),
        (b"/Size 4", b"/Size 99999999"),
        (b"/Size 4", b"/Size -4"),
        (b"/Size 4", b"/Size 4.0"),
        (b"/Size 4", b"/Sixe 4"),
        (b"/Root 1 0 R", b"/Root << >>"),
        (b"/Root 1 0 R", b"/Root 1 1 R"),
        (b"/Root 1 0 R", b"/Root 3 0 R"),
        (b"/Root 1 0 R", b"/Root 1 0 R /ID 7"),
        (b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 7"),
        (b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << >>"),
        (b"trailer", b"trailor"),
    ],
)
def test_lying_trailers_are_refused_or_survived(words: bytes, instead: bytes) -> None:
    data = document()
    if b"%d" in instead:
        instead %= data.index(b"xref\n0 1")
    after = attempt(data.replace(words, instead))
    assert after is None or len(located(after).carriers) == 1


@pytest.mark.parametrize("place", [b"0", b"1", b"7", b"99999999", b"-5", b"", b"18446744073709551616"])
def test_a_cross_reference_offset_that_leads_nowhere_is_refused(place: bytes) -> None:
    head, _, tail = document().rpartition(b"startxref\n")
    assert attempt(head + b"startxref\n" + place + b"\n" + tail.partition(b"\n")[2]) is None


def test_objects_that_aren_t_where_the_table_says_are_refused() -> None:
    assert attempt(document().replace(b"1 0 obj", b"1 1 obj")) is None
    assert attempt(document().replace(b"1 0 obj", b"4 0 obj")) is None


def test_more_objects_than_the_limit_are_refused() -> None:
    data = document(dict.fromkeys(range(10, 200), b"<< >>"))
    with pytest.raises(LimitError, match="objects"):
        pdf.splice(BytesReader(data), Located(), 10, Limits(pdf_objects=100))


@pytest.mark.parametrize("make", [document, lambda: object_stream(PACKED), lambda: updated(document())])
def test_truncations_and_flips_are_refused_or_survived(make: object) -> None:
    data: bytes = make()  # type: ignore[operator]
    for end in range(0, len(data), 11):
        attempt(data[:end])
    random = Random(1)
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(random.randint(1, 4)):
            changed[random.randrange(len(changed))] = random.choice(b"\0 0129<>[]()/%R\xff")
        attempt(bytes(changed), reserve_signature=random.choice([0, 50]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([1, 2, 3]))
def test_objects_of_any_bytes_are_refused_or_survived(value: bytes, number: int) -> None:
    attempt(document({number: value}), reserve_signature=50)


def test_a_broken_encryption_dictionary_is_refused() -> None:
    data = qpdf(document(trailer=b"/ID [<01> <02>]"), "--encrypt", "", "owner", "256", "--")
    for words in (b"/AESV3", b"/V 5", b"/R 6", b"/StdCF", b"/Standard"):
        attempt(data.replace(words, words[:-1] + b"9"))
    with pytest.raises(MalformedError, match="password"):
        pdf.splice(
            BytesReader(qpdf(document(), "--encrypt", "user", "owner", "256", "--")), Located(), 10, DEFAULT_LIMITS
        )
