"""What the reference engine makes of our settings: on its own files, and on certificates of every purpose."""

import json
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from kzlabel.credentials import Algorithm
from kzlabel.credentials.profile import CLAIM_SIGNING, SIGNING_PURPOSES
from kzlabel.trust import Trust, reader_settings
from tests.conftest import CORPORA, SHARED, needs_corpora
from tests.unit.credentials import engine
from tests.unit.credentials.issuing import Authority, ec_key, key_pem, pem

TEST_ROOTS = SHARED / "trust" / "c2pa-rs-test-roots.pem"
OFFICIAL = SHARED / "trust" / "C2PA-TRUST-LIST.pem"


@pytest.fixture(scope="module")
def present() -> Authority:
    return Authority(at=datetime.now(UTC).replace(microsecond=0))


def trust_in(*authorities: Authority) -> Trust:
    return Trust.from_pem(pem(*(authority.certificate for authority in authorities)), store="test")


def sign(key: ec.EllipticCurvePrivateKey, certificates: bytes) -> bytes:
    data = engine.signed(Algorithm.ES256, certificates, key_pem(key))
    assert data is not None
    return data


def test_trust_in_nobody_makes_signers_untrusted_and_is_no_error(present: Authority) -> None:
    key = ec_key()
    data = sign(key, pem(present.issue(key.public_key())))
    untrusted = ("Valid", {"signingCredential.untrusted"})
    assert engine.read(data, reader_settings(Trust.none())) == untrusted
    assert engine.read(data, reader_settings(trust_in(Authority("Other")))) == untrusted
    assert engine.read(data, reader_settings(trust_in(Authority("Other"), present))) == ("Trusted", set())


@pytest.mark.parametrize("purpose", SIGNING_PURPOSES, ids=lambda purpose: purpose.dotted_string)
def test_every_purpose_for_signing_is_accepted(purpose: x509.ObjectIdentifier, present: Authority) -> None:
    key = ec_key()
    data = sign(key, pem(present.issue(key.public_key(), purposes=[purpose])))
    assert engine.read(data, reader_settings(trust_in(present)))[0] == "Trusted"
    assert engine.read(data, reader_settings(Trust.none())) == ("Valid", {"signingCredential.untrusted"})


def test_the_engine_left_alone_rejects_c2pas_own_purpose(present: Authority) -> None:
    key = ec_key()
    data = sign(key, pem(present.issue(key.public_key(), purposes=[CLAIM_SIGNING])))
    state, codes = engine.read(data, {"trust": {"trust_anchors": pem(present.certificate).decode()}})
    assert (state, "signingCredential.invalid" in codes) == ("Invalid", True)


def test_an_intermediate_can_be_the_anchor(present: Authority) -> None:
    middle = Authority("Middle", parent=present, at=present.at)
    key = ec_key()
    leaf = middle.issue(key.public_key())
    with_middle, without_middle = sign(key, pem(leaf, middle.certificate)), sign(key, pem(leaf))
    assert engine.read(with_middle, reader_settings(trust_in(present)))[0] == "Trusted"
    assert engine.read(with_middle, reader_settings(trust_in(middle)))[0] == "Trusted"
    assert engine.read(without_middle, reader_settings(trust_in(middle)))[0] == "Trusted"
    assert engine.read(without_middle, reader_settings(trust_in(present)))[0] == "Valid"


def test_the_engine_refuses_empty_anchors_so_the_key_is_left_out() -> None:
    assert "trust_anchors" not in reader_settings(Trust.none())["trust"]
    with pytest.raises(c2pa.C2paError):
        engine.context({"trust": {"trust_anchors": ""}})


@needs_corpora
@pytest.mark.parametrize(
    "file",
    [
        "c2pa-public-testfiles/image/jpeg/adobe-20220124-C.jpg",
        "c2pa-python/tests/fixtures/C.dng",
        "c2pa-rs/sdk/tests/fixtures/CACA.jpg",
    ],
)
def test_third_party_files_are_trusted_with_the_roots_they_chain_to(file: str) -> None:
    expected = {Trust.none(): "Valid", Trust.from_files([OFFICIAL]): "Valid"}
    expected[Trust.from_files([OFFICIAL, TEST_ROOTS])] = "Trusted"
    for trust, state in expected.items():
        assert state_of(CORPORA / file, trust) == state


def state_of(path: Path, trust: Trust) -> str:
    media_type = {".jpg": "image/jpeg", ".dng": "image/tiff"}[path.suffix]
    with (
        path.open("rb") as file,
        c2pa.Reader(media_type, file, context=engine.context(reader_settings(trust))) as reader,
    ):
        return str(json.loads(reader.json())["validation_state"])
