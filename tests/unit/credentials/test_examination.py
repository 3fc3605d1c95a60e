"""`kzlabel keys check` and `keys request`: certificates as Kazakhstan's authority issues them, and as others do."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kzlabel.cli import cli
from kzlabel.credentials import Rule, Signer, check_profile
from kzlabel.credentials.examination import examine
from kzlabel.credentials.holder import Told, check_personal, holder_of
from kzlabel.credentials.request import MAKERS
from kzlabel.errors import CredentialError
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from tests.unit.credentials.issuing import (
    EMAIL,
    NOW,
    Authority,
    Field,
    ec_key,
    field,
    key_pem,
    key_usage,
    name,
    pem,
    read_fields,
)
from tests.unit.credentials.pkcs12_files import KZ_GOST, RU_GOST

IIN, BIN = "IIN880101300123", "BIN990140000123"
INDIVIDUAL = x509.ObjectIdentifier("1.2.398.3.3.4.1.1")
ORGANISATION = x509.ObjectIdentifier("1.2.398.3.3.4.1.2")
HEAD = x509.ObjectIdentifier("1.2.398.3.3.4.1.2.1")
USAGE = key_usage("digital_signature", "content_commitment")


def policy(number: int) -> tuple[x509.CertificatePolicies, bool]:
    oid = x509.ObjectIdentifier(f"1.2.398.3.3.2.{number}")
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None)]), False


def person(*more: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    parts = [(NameOID.COMMON_NAME, "ТЕСТОВ ТЕСТ"), (NameOID.SURNAME, "ТЕСТОВ"), (NameOID.SERIAL_NUMBER, IIN), *more]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def nuca(
    authority: Authority, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, *, purposes: tuple[object, ...] = ()
) -> x509.Certificate:
    """Return a certificate for signing, as NUCA issues it to a person or an organisation."""
    organisation = ORGANISATION in purposes
    more = (
        [(NameOID.ORGANIZATION_NAME, "ТОО ТЕСТ"), (NameOID.ORGANIZATIONAL_UNIT_NAME, BIN)] if organisation else []
    )
    return authority.issue(
        key,
        subject=person(*(more if organisation else [])),
        purposes=[EMAIL, *purposes],  # type: ignore[list-item]
        usage=USAGE,
        authority=None,
        extra=[policy(1 if organisation else 3)],
    )


def gost(authority: Authority, kind: bytes) -> x509.Certificate:
    """Return a NUCA certificate for a GOST key."""

    def edit(fields: list[Field]) -> list[Field]:
        # version, serial, algorithm, issuer, validity, subject, key, extensions
        info = field(0x30, field(6, kind)) + field(3, b"\0" + field(4, bytes(range(128))))
        return [*fields[:6], (0x30, info), *fields[7:]]

    return authority.reissue(nuca(authority, ec_key().public_key(), purposes=(INDIVIDUAL,)), edit)


def test_an_rsa_certificate_of_nuca_signs_and_tells_of_a_person(
    rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    certificate = nuca(authority, rsa_key.public_key(), purposes=(INDIVIDUAL,))
    result = examine(certificate, at=NOW)
    assert result.acceptable
    assert result.holder.nuca
    assert result.holder.roles == ("individual",)
    assert result.holder.personal == (Told.NUMBER, Told.NAME)
    advice = " ".join(result.advice)
    for words in ("PS256", "trust anchor", "--accept-personal-data", "ES256 or Ed25519"):
        assert words in advice
    assert IIN[3:] not in advice


def test_an_organisation_s_certificate_of_nuca_tells_of_its_head(
    rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    holder = holder_of(nuca(authority, rsa_key.public_key(), purposes=(ORGANISATION, HEAD)))
    assert holder.organisation
    assert holder.roles == ("organisation", "head of an organisation")
    assert Told.NUMBER in holder.personal


@pytest.mark.parametrize("kind", [KZ_GOST, RU_GOST])
def test_a_gost_certificate_can_t_sign_whatever_else_it_meets(kind: bytes, authority: Authority) -> None:
    result = examine(gost(authority, kind), at=NOW)
    assert not result.acceptable
    assert [ruling.rule for ruling in result.rulings if not ruling.met] == [Rule.PUBLIC_KEY]
    assert result.holder.gost
    assert "no GOST signatures" in result.advice[0]
    assert "PS256" not in " ".join(result.advice)


def test_a_nuca_certificate_for_authentication_is_told_what_it_lacks(
    rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    certificate = authority.issue(
        rsa_key.public_key(),
        subject=person(),
        purposes=[ExtendedKeyUsageOID.CLIENT_AUTH, INDIVIDUAL],
        usage=key_usage("digital_signature", "key_encipherment"),
        extra=[policy(4)],
    )
    result = examine(certificate, at=NOW)
    (failed,) = [ruling for ruling in result.rulings if not ruling.met]
    assert failed.rule == Rule.PURPOSE
    assert "emailProtection" in failed.ask


def test_every_rule_is_ruled_on_once_and_has_something_to_ask(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    good = examine(authority.issue(key.public_key()), at=NOW)
    assert good.acceptable
    assert sorted(ruling.rule for ruling in good.rulings) == sorted(Rule)
    assert not any(ruling.ask for ruling in good.rulings)
    assert not good.holder.personal
    bad = examine(authority.certificate, at=NOW)
    assert not bad.acceptable
    assert {ruling.rule for ruling in bad.rulings if not ruling.met} == set(
        check_profile(authority.certificate, at=NOW)
    )
    assert all(ruling.ask for ruling in bad.rulings if not ruling.met)


def spoilt(authority: Authority, certificate: x509.Certificate) -> Iterator[x509.Certificate]:
    for place in range(8):
        for at in (0, 2, 7):

            def edit(fields: list[Field], place: int = place, at: int = at) -> list[Field]:
                tag, content = fields[place]
                changed = bytearray(content)
                changed[at % len(changed)] ^= 0x55
                return [*fields[:place], (tag, bytes(changed)), *fields[place + 1 :]]

            try:
                yield x509.load_der_x509_certificate(authority.reissued_der(certificate, edit))
            except (ValueError, x509.InvalidVersion):
                continue


def test_spoilt_certificates_are_examined_without_an_error(
    rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    good = nuca(authority, rsa_key.public_key(), purposes=(ORGANISATION,))
    seen = 0
    for certificate in spoilt(authority, good):
        result = examine(certificate, at=NOW)
        seen += 1
        assert result.acceptable == (not any(not ruling.met for ruling in result.rulings))
    assert seen >= 5
    assert read_fields(b"") == []


# ------------------------------------------------------------------------------------------ personal data


def test_signing_with_a_person_s_certificate_takes_consent(
    rsa_key: rsa.RSAPrivateKey, label: Label, samples: dict[str, Path]
) -> None:
    authority = Authority(at=datetime.now(UTC))
    certificate = nuca(authority, rsa_key.public_key(), purposes=(INDIVIDUAL,))
    signer = Signer.from_pem(key_pem(rsa_key), pem(certificate))
    with pytest.raises(CredentialError, match="IIN") as caught:
        Labeler(signer)
    assert "--accept-personal-data" in caught.value.remedy
    assert IIN[3:] not in str(caught.value)
    assert Labeler(signer, accept_personal_data=True).label(samples["jpeg"].read_bytes(), label)


def test_the_command_line_takes_consent_too(
    rsa_key: rsa.RSAPrivateKey, samples: dict[str, Path], tmp_path: Path
) -> None:
    authority = Authority(at=datetime.now(UTC))
    both = tmp_path / "both.pem"
    both.write_bytes(key_pem(rsa_key) + pem(nuca(authority, rsa_key.public_key(), purposes=(INDIVIDUAL,))))
    arguments = ["label", str(samples["jpeg"]), "-o", str(tmp_path / "out.jpg"), "--key", str(both), "--cert"]
    arguments += [str(both), "--level", "ai-generated", "--system", "Painter"]
    refused = CliRunner().invoke(cli, arguments)
    assert refused.exit_code != 0
    assert not (tmp_path / "out.jpg").exists()
    accepted = CliRunner().invoke(cli, [*arguments, "--accept-personal-data"])
    assert accepted.exit_code == 0, accepted.output
    assert (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize("value", [IIN, "iin880101300123", "IIN 880101300123"])
def test_a_person_s_number_is_found_wherever_it_stands(
    value: str, key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    for oid in (NameOID.SERIAL_NUMBER, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.USER_ID):
        subject = x509.Name([x509.NameAttribute(oid, value)])
        certificate = authority.issue(
            key.public_key(),
            subject=subject,
            extra=[(x509.SubjectAlternativeName([x509.RFC822Name("a@b.kz")]), False)],
        )
        assert holder_of(certificate).personal == (Told.NUMBER, Told.EMAIL)


def test_an_organisation_s_own_certificate_needs_no_consent(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    for subject in (name("ТОО ТЕСТ"), x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, BIN)])):
        check_personal(authority.issue(key.public_key(), subject=subject), accepted=False)


# --------------------------------------------------------------------------------------------- commands


def test_the_check_prints_rules_and_ends_with_a_code(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    authority = Authority(at=datetime.now(UTC))
    certificate = authority.issue(key.public_key())
    path = tmp_path / "certificate"
    for data in (pem(certificate), certificate.public_bytes(Encoding.DER)):
        path.write_bytes(data)
        done = CliRunner().invoke(cli, ["keys", "check", str(path)])
        assert done.exit_code == 0, done.output
        assert done.output.count("meets") == len(Rule)
    path.write_bytes(pem(authority.certificate))
    done = CliRunner().invoke(cli, ["keys", "check", str(path), "--json"])
    assert done.exit_code == 1
    (result,) = json.loads(done.output)
    assert result["acceptable"] is False
    assert Rule.AUTHORITY.value in {ruling["rule"] for ruling in result["rulings"] if not ruling["met"]}


@pytest.mark.parametrize("data", [b"", b"\x30", b"-----BEGIN CERTIFICATE-----", b"\x30\x82\xff\xff", bytes(999)])
def test_a_file_without_certificate_is_told(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "certificate"
    path.write_bytes(data)
    done = CliRunner().invoke(cli, ["keys", "check", str(path)])
    assert done.exit_code == 2 or isinstance(done.exception, CredentialError)


@pytest.mark.parametrize("algorithm", [one.value for one in MAKERS])
def test_a_requested_certificate_fits_the_profile(algorithm: str, tmp_path: Path) -> None:
    key_path, request_path = tmp_path / "key.pem", tmp_path / "request.pem"
    arguments = ["keys", "request", "--key", str(key_path), "-o", str(request_path), "--algorithm", str(algorithm)]
    done = CliRunner().invoke(cli, [*arguments, "--organization", "ТОО Тест", "--country", "kz"])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    request = x509.load_pem_x509_csr(request_path.read_bytes())
    assert request.is_signature_valid
    authority = Authority(at=NOW)
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(authority.name)
        .public_key(request.public_key())
        .serial_number(7)
        .not_valid_before(authority.certificate.not_valid_before_utc)
        .not_valid_after(authority.certificate.not_valid_after_utc)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority.key_id), False)
    )
    for extension in request.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certificate = builder.sign(authority.key, authority.digest())
    assert check_profile(certificate, at=NOW) == ()
    signer = Signer.from_pem(key_path.read_bytes(), pem(certificate), now=NOW)
    assert signer.algorithm == algorithm


def test_a_request_never_replaces_a_file_and_leaves_no_lone_key(tmp_path: Path) -> None:
    key_path, request_path = tmp_path / "key.pem", tmp_path / "request.pem"
    arguments = ["keys", "request", "--key", str(key_path), "-o", str(request_path), "--organization", "X"]
    request_path.write_text("mine")
    assert CliRunner().invoke(cli, arguments).exit_code != 0
    assert not key_path.exists()
    assert request_path.read_text() == "mine"
    request_path.unlink()
    key_path.write_text("mine")
    assert CliRunner().invoke(cli, arguments).exit_code != 0
    assert key_path.read_text() == "mine"
    assert not request_path.exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--organization", ""), ("--country", "KAZ"), ("--common-name", "x" * 65)]
)
def test_names_that_a_certificate_can_t_hold_are_refused(option: str, value: str, tmp_path: Path) -> None:
    key_path = tmp_path / "key.pem"
    arguments = ["keys", "request", "--key", str(key_path), "-o", str(tmp_path / "r"), "--organization", "X"]
    assert CliRunner().invoke(cli, [*arguments, option, value]).exit_code != 0
    assert not key_path.exists()


def test_a_key_is_encrypted_when_a_password_is_given(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("opens\n")
    key_path = tmp_path / "key.pem"
    arguments = ["keys", "request", "--key", str(key_path), "-o", str(tmp_path / "r"), "--organization", "X"]
    done = CliRunner().invoke(cli, [*arguments, "--key-password-file", str(tmp_path / "password")])
    assert done.exit_code == 0, done.output
    assert b"ENCRYPTED" in key_path.read_bytes()
    key = load_pem_private_key(key_path.read_bytes(), b"opens")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
