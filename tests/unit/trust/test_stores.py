"""The user's trust stores: what they believe, and that nothing half or changed is believed."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from fixtures.authority import Authority
from kzlabel.cli import cli
from kzlabel.credentials import Signer
from kzlabel.errors import KzlabelError, OutputError, TrustError
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, default_trust, stores
from kzlabel.trust.stores import Kind, StoreFile
from kzlabel.verifying import Engine, Verifier, verify
from kzlabel.verifying.verdict import Status

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Company authority")


@pytest.fixture(scope="module")
def company(authority: Authority) -> Signer:
    return authority.signer()


@pytest.fixture(scope="module")
def label() -> Label:
    return Label.from_dict({"level": "ai-generated", "system": {"name": "Painter"}})


@pytest.fixture(scope="module")
def signed(company: Signer, samples: dict[str, Path], label: Label) -> bytes:
    return Labeler(company, trust=Trust.none()).label(samples["jpeg"].read_bytes(), label)


def store(kind: Kind, *certificates: x509.Certificate, name: str = "company") -> StoreFile:
    return StoreFile.make(name, kind, "test", certificates, NOW)


def test_a_store_says_what_went_into_it(tmp_path: Path, authority: Authority) -> None:
    made = store(Kind.ANCHORS, authority.certificate)
    stores.add(tmp_path, made)
    assert stores.names(tmp_path) == ("company",)
    assert stores.load(tmp_path, "company") == made
    assert [anchor.store for anchor in stores.load_all(tmp_path).anchors] == ["company"]
    stores.remove(tmp_path, "company")
    assert stores.load_all(tmp_path) == Trust.none()


def test_a_store_is_not_replaced_unless_asked(tmp_path: Path, authority: Authority) -> None:
    stores.add(tmp_path, store(Kind.ANCHORS, authority.certificate))
    other = store(Kind.ANCHORS, Authority("Another").certificate)
    with pytest.raises(OutputError):
        stores.add(tmp_path, other)
    stores.add(tmp_path, other, replace=True)
    assert [anchor.name for anchor in stores.load_all(tmp_path).anchors] == ["Another"]


def test_the_kind_decides_what_is_believed(authority: Authority, company: Signer, signed: bytes) -> None:
    leaf = company.certificate_chain[0]
    expected = {
        store(Kind.ANCHORS, authority.certificate): Status.TRUSTED,
        store(Kind.TSA, authority.certificate): Status.VALID,
        store(Kind.SIGNERS, leaf): Status.TRUSTED,
        store(Kind.SIGNERS, Authority().signer().certificate_chain[0]): Status.VALID,
    }
    for made, status in expected.items():
        verdict = verify(signed, trust=made.trust(), engine=Engine.NATIVE)
        assert verdict.status is status
        assert verdict.signer is not None
        assert verdict.signer.trusted_by == ("company" if status is Status.TRUSTED else "")


def test_the_reference_engine_never_believes_more_than_the_native_one(authority: Authority, signed: bytes) -> None:
    trust = store(Kind.TSA, authority.certificate).trust()
    assert verify(signed, trust=trust, engine=Engine.REFERENCE).status is Status.VALID


def test_a_time_stamp_store_makes_time_stamps_count_and_no_signer(samples: dict[str, Path], label: Label) -> None:
    clock, company = Authority("Clock authority"), Authority("Company authority")
    with clock.time_stamping() as url:
        labeler = Labeler(company.signer(tsa_url=url), trust=Trust.none())
        data = labeler.label(samples["jpeg"].read_bytes(), label)
    anchors = store(Kind.ANCHORS, company.certificate).trust()
    stamps = store(Kind.TSA, clock.certificate, name="clock").trust()
    assert Verifier(trust=anchors | stamps, engine=Engine.NATIVE).verify(data).signed_at
    assert not Verifier(trust=anchors, engine=Engine.NATIVE).verify(data).signed_at
    assert Verifier(trust=stamps, engine=Engine.NATIVE).verify(data).status is Status.VALID


def test_an_anchor_must_be_an_authority(company: Signer) -> None:
    for kind in (Kind.ANCHORS, Kind.TSA):
        with pytest.raises(TrustError, match="authority"):
            store(kind, company.certificate_chain[0])


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", ".hidden", "a" * 65, "development", "anchors", "a\n"])
def test_a_name_is_no_path(name: str, tmp_path: Path, authority: Authority) -> None:
    with pytest.raises(TrustError):
        store(Kind.ANCHORS, authority.certificate, name=name)
    with pytest.raises(TrustError):
        stores.load(tmp_path, name)
    with pytest.raises(TrustError):
        stores.remove(tmp_path, name)


def test_a_changed_or_cut_store_is_an_error_and_believed_not_even_in_part(
    tmp_path: Path, authority: Authority
) -> None:
    made = store(Kind.ANCHORS, authority.certificate, Authority("Second").certificate)
    path = stores.add(tmp_path, made)
    whole = path.read_bytes()
    fewer = msgspec.structs.replace(made, pem=made.pem[: made.pem.index("-----END") + 25])
    renamed = msgspec.structs.replace(made, name="other")
    spoilt = [whole[: len(whole) // 2], b"", b"[]", b"{}", whole + b"x", msgspec.json.encode(fewer)]
    for data in (*spoilt, msgspec.json.encode(renamed), whole.replace(b'"anchors"', b'"everything"')):
        path.write_bytes(data)
        with pytest.raises(TrustError, match="remove"):
            stores.load_all(tmp_path)


def test_lists_are_read_as_pem_der_and_json(authority: Authority) -> None:
    der = authority.certificate.public_bytes(Encoding.DER)
    text = base64.b64encode(der).decode()
    forms = [
        authority.pem,
        b"Subject CN=...\n" + authority.pem,
        der,
        json.dumps({"entities": [{"name": "x", "x5c": [text, text]}]}).encode(),
        json.dumps([{"certificate": authority.pem.decode()}]).encode(),
    ]
    for data in forms:
        assert stores.certificates_in(data, source="list") == (authority.certificate,)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"x5c": ["AAAA"]}', b'{"x5c": ["%"]}', b"\x30\x03abc", b"[" * 9000]
)
def test_what_is_no_list_is_an_error(data: bytes) -> None:
    with pytest.raises(TrustError):
        stores.certificates_in(data, source="list")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_an_error(data: bytes) -> None:
    try:
        assert stores.certificates_in(data, source="list")
    except KzlabelError as error:
        assert isinstance(error, TrustError)


def test_what_the_user_added_is_believed_by_default(tmp_path: Path, authority: Authority, signed: bytes) -> None:
    environ = {"KZLABEL_CONFIG_DIR": str(tmp_path)}
    assert verify(signed, trust=default_trust(environ)).status is Status.VALID
    stores.add(tmp_path / "trust", store(Kind.ANCHORS, authority.certificate))
    assert verify(signed, trust=default_trust(environ)).status is Status.TRUSTED


def test_the_command_line_adds_lists_and_removes(tmp_path: Path, authority: Authority) -> None:
    pem = tmp_path / "Company CA.pem"
    pem.write_bytes(authority.pem)
    environ = {"KZLABEL_CONFIG_DIR": str(tmp_path / "config")}

    def run(*words: str) -> str:
        done = CliRunner(env=environ).invoke(cli, ["trust", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "company-ca" in run("add", str(pem))
    assert run("import", str(pem), "--name", "again", "--sha256", _sha256(pem)).startswith("1 certificates")
    assert [one["name"] for one in json.loads(run("list", "--json"))] == ["again", "company-ca"]
    assert "Company authority" in run("list")
    run("verify-list", str(pem))
    run("remove", "again")
    assert [one["name"] for one in json.loads(run("list", "--json"))] == ["company-ca"]
    with pytest.raises(TrustError, match="SHA-256"):
        run("import", str(pem), "--name", "wrong", "--sha256", "0" * 64)
    with pytest.raises(TrustError, match="https"):
        run("import", "http://example.org/list.pem", "--name", "wrong")


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
