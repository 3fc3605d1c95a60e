"""Trust: what a store may hold, how stores are joined, and that the real lists load."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from kzlabel.credentials import development
from kzlabel.errors import TrustError
from kzlabel.trust import Anchor, Trust, development_trust
from tests.conftest import SHARED
from tests.unit.credentials.issuing import NOW, Authority, ec_key, key_pem, name, pem
from tests.unit.credentials.users import run_unprivileged

A, B, C = (Authority(f"Authority {letter}") for letter in "ABC")
ALL = pem(A.certificate, B.certificate, C.certificate)


def trust_in(*authorities: Authority, store: str = "test.pem") -> Trust:
    return Trust.from_pem(pem(*(authority.certificate for authority in authorities)), store=store)


def names(trust: Trust) -> list[str]:
    return [anchor.name for anchor in trust.anchors]


def test_an_anchor_says_who_it_is_and_where_it_came_from() -> None:
    (anchor,) = trust_in(A).anchors
    assert (anchor.name, anchor.store) == ("Authority A", "test.pem")
    assert anchor.fingerprint == A.certificate.fingerprint(hashes.SHA256()).hex()
    assert x509.load_der_x509_certificate(anchor.der) == A.certificate
    assert anchor.pem().encode() == pem(A.certificate)


def test_trust_is_a_value() -> None:
    assert trust_in(A, B) == trust_in(A, B)
    assert hash(trust_in(A, B)) == hash(trust_in(A, B))
    assert Trust.none() == Trust()
    with pytest.raises(AttributeError):
        trust_in(A).anchors = ()  # type: ignore[misc]


def test_text_between_certificates_and_repeated_ones_are_passed_over() -> None:
    data = b"Subject\tCN=\xc3\x84\n" + ALL + b"\n\nSubject\tagain\n" + pem(A.certificate)
    assert names(Trust.from_pem(data, store="list")) == ["Authority A", "Authority B", "Authority C"]


def test_intermediates_are_anchors_too() -> None:
    middle = Authority("Middle", parent=A)
    assert names(trust_in(middle)) == ["Middle"]


def test_joining_keeps_each_certificate_once_with_its_first_store() -> None:
    joined = trust_in(A, B, store="left") | trust_in(B, C, store="right")
    assert [(anchor.name, anchor.store) for anchor in joined.anchors] == [
        ("Authority A", "left"),
        ("Authority B", "left"),
        ("Authority C", "right"),
    ]
    assert Trust.none() | joined == joined | Trust.none() == joined


def test_the_digest_depends_on_the_set_alone() -> None:
    forward, backward = trust_in(A, B, store="x"), trust_in(B, A, store="y")
    assert forward != backward
    assert forward.digest == backward.digest == (forward | backward).digest
    assert len({trust.digest for trust in (forward, trust_in(A), trust_in(B), Trust.none())}) == 4


def test_the_pem_text_gives_the_same_trust_again() -> None:
    trust = trust_in(A, B, C)
    assert Trust.from_pem(trust.pem().encode(), store="test.pem") == trust
    assert Trust.none().pem() == ""


def test_files_are_joined_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(pem(A.certificate))
    (tmp_path / "b.pem").write_bytes(ALL)
    trust = Trust.from_files([tmp_path / "a.pem", str(tmp_path / "b.pem")])
    assert [(anchor.name, anchor.store) for anchor in trust.anchors] == [
        ("Authority A", "a.pem"),
        ("Authority B", "b.pem"),
        ("Authority C", "b.pem"),
    ]
    assert Trust.from_files([]) == Trust.none()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no PEM block"),
        (b"\xff\xfe garbage", "no PEM block"),
        (ALL[:-30], "cut short"),
        (ALL.replace(b"\nM", b"\n!", 1), "certificate 1 of 3 is damaged"),
        (ALL + key_pem(ec_key()), "holds a private key"),
        (pem(A.issue(ec_key().public_key(), subject=name("Leaf"))), "Leaf in store is not a certificate authority"),
    ],
    ids=["empty", "garbage", "cut", "damaged", "key", "leaf"],
)
def test_what_is_no_trust_store_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(TrustError, match=words) as caught:
        Trust.from_pem(data, store="store")
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_one_bad_file_spoils_all(tmp_path: Path) -> None:
    (tmp_path / "good.pem").write_bytes(ALL)
    (tmp_path / "bad.pem").write_bytes(b"")
    for bad in ("bad.pem", "missing.pem", "."):
        with pytest.raises(TrustError):
            Trust.from_files([tmp_path / "good.pem", tmp_path / bad])


def test_a_store_that_cant_be_read_is_told(tmp_path: Path) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(ALL)
    store.chmod(0o000)
    imports = "import sys\nfrom kzlabel.trust import Trust\nfrom kzlabel.errors import TrustError\n"
    program = "try:\n    Trust.from_files(sys.argv[1:])\nexcept TrustError as error:\n    print(error)"
    assert "can't be read: Permission denied" in run_unprivileged(imports, program, store)


def test_the_development_identity_is_trusted_where_there_is_one(tmp_path: Path) -> None:
    directory = tmp_path / "development"
    assert development_trust(directory) == Trust.none()
    identity = development.create(directory, now=NOW)
    (anchor,) = development_trust(directory).anchors
    assert anchor.store == "development"
    assert anchor.pem().encode() == identity.authority_pem


@pytest.mark.parametrize("content", [b"", b"garbage", ALL[:100]], ids=["empty", "garbage", "cut"])
def test_a_damaged_development_anchor_is_refused_with_the_remedy(content: bytes, tmp_path: Path) -> None:
    directory = tmp_path / "development"
    development.create(directory, now=datetime.now(UTC))
    (directory / "ca.pem").write_bytes(content)
    with pytest.raises(TrustError) as caught:
        development_trust(directory)
    assert "kzlabel keys init --force" in caught.value.remedy


@pytest.mark.skipif(not SHARED.exists(), reason="the trust lists in ../shared/trust are missing")
@pytest.mark.parametrize(
    ("file", "count", "first"),
    [
        ("C2PA-TRUST-LIST.pem", 30, "Google C2PA Media Services 1P ICA G3"),
        ("C2PA-TSA-TRUST-LIST.pem", 22, "Google C2PA Core Time-Stamping ICA G3"),
        ("c2pa-rs-test-roots.pem", 8, "Root CA"),
    ],
)
def test_published_trust_lists_load(file: str, count: int, first: str) -> None:
    trust = Trust.from_files([SHARED / "trust" / file])
    assert len(trust.anchors) == count
    assert trust.anchors[0] == Anchor(first, file, trust.anchors[0].der)


def test_a_file_name_of_any_bytes_can_be_shown(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.pem")
    Path(path).write_bytes(ALL)
    assert Trust.from_files([path]).anchors[0].store == "\\xff.pem"
