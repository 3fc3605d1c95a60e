"""Revocation lists and answers that a verifier was given: whose label they bring down, and which say nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.cli import main
from kzlabel.credentials import Signer
from kzlabel.errors import TrustError
from kzlabel.labels import Label, System
from kzlabel.signing import Labeler
from kzlabel.trust import Revocations, Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.policy import NotRevoked
from kzlabel.verifying.verdict import Status, Verdict
from tests.unit.credentials.issuing import DAY, Authority, ec_key, key_pem, pem

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
LABEL = Label(level="ai-generated", system=System(name="Painter"))
USAGE = ("key_cert_sign", "crl_sign")
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>ours</text></svg>'
Change = Callable[[x509.CertificateRevocationListBuilder], x509.CertificateRevocationListBuilder]


class Pki:
    """A root, an authority under it, and a signer of that one's, with a labelled text."""

    def __init__(self) -> None:
        self.root = Authority("Root", at=NOW, usage=USAGE)
        self.middle = Authority("Middle", parent=self.root, at=NOW, usage=USAGE)
        self.trust = Trust.from_pem(pem(self.root.certificate), store="test")
        key = ec_key()
        self.leaf = self.middle.issue(key.public_key())
        self.signer = Signer.from_pem(key_pem(key), pem(self.leaf, self.middle.certificate))
        self.data = Labeler(self.signer, trust=Trust.none()).label(DRAWING, LABEL)

    def crl(
        self,
        *revoked: x509.Certificate,
        by: Authority | None = None,
        at: datetime = NOW - DAY,
        reason: x509.ReasonFlags | None = None,
        this: datetime = NOW - HOUR,
        following: datetime = NOW + DAY,
        change: Change = lambda builder: builder,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        by = by or self.middle
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(by.certificate.subject)
            .last_update(this)
            .next_update(following)
        )
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(at)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        assert isinstance(by.key, ec.EllipticCurvePrivateKey)
        return change(builder).sign(key or by.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer(self, status: ocsp.OCSPCertStatus, *, of: x509.Certificate | None = None) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        assert isinstance(self.middle.key, ec.EllipticCurvePrivateKey)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                of or self.leaf, self.middle.certificate, hashes.SHA256(), status, NOW - HOUR, NOW + DAY,
                NOW - HOUR if revoked else None, None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.middle.certificate)
        )  # fmt: skip
        return builder.sign(self.middle.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def verdict(self, *lists: bytes, answers: tuple[bytes, ...] = (), now: datetime = NOW) -> Verdict:
        revocations = Revocations(lists, answers)
        return Verifier(trust=self.trust, revocations=revocations, clock=lambda: now).verify(self.data)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki()


def codes(verdict: Verdict) -> set[str]:
    return {str(finding.code) for finding in verdict.findings}


def test_a_revoked_signer_makes_the_label_invalid(pki: Pki) -> None:
    for verdict in (
        pki.verdict(pki.crl(pki.leaf, reason=x509.ReasonFlags.key_compromise)),
        pki.verdict(answers=(pki.answer(ocsp.OCSPCertStatus.REVOKED),)),
        pki.verdict(pki.crl(), answers=(pki.answer(ocsp.OCSPCertStatus.REVOKED),)),
        pki.verdict(pki.crl(pki.leaf), answers=(pki.answer(ocsp.OCSPCertStatus.GOOD),)),
    ):
        assert verdict.status is Status.INVALID
        assert "signingCredential.ocsp.revoked" in codes(verdict)


def test_a_signer_that_is_good_stays_trusted_and_it_is_said(pki: Pki) -> None:
    for verdict in (pki.verdict(pki.crl()), pki.verdict(answers=(pki.answer(ocsp.OCSPCertStatus.GOOD),))):
        assert verdict.status is Status.TRUSTED
        assert "signingCredential.ocsp.notRevoked" in codes(verdict)
        assert NotRevoked().lacks(verdict, NOW) == ()
    assert NotRevoked().lacks(pki.verdict(), NOW)


def test_a_revoked_authority_takes_the_trust_away(pki: Pki) -> None:
    verdict = pki.verdict(pki.crl(), pki.crl(pki.middle.certificate, by=pki.root))
    assert verdict.status is Status.VALID
    assert verdict.signer is not None
    assert not verdict.signer.trusted_by
    assert "signingCredential.untrusted" in codes(verdict)


def test_what_is_not_known_is_said_for_each_certificate(pki: Pki) -> None:
    verdict = pki.verdict(pki.crl())
    unknown = [one.explanation for one in verdict.findings if one.code == "org.kzlabel.revocation.unknown"]
    assert len(unknown) == 1
    assert "Middle" in unknown[0]


def _point(name: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(name)


def _scope(**fields: object) -> Change:
    plain = {
        "full_name": None, "relative_name": None, "indirect_crl": False, "only_contains_user_certs": False,
        "only_contains_ca_certs": False, "only_some_reasons": None, "only_contains_attribute_certs": False,
    }  # fmt: skip
    value = x509.IssuingDistributionPoint(**(plain | fields))  # type: ignore[arg-type]
    return lambda builder: builder.add_extension(value, critical=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda pki: pki.crl(this=NOW - 9 * DAY, following=NOW - DAY),
        lambda pki: pki.crl(this=NOW + DAY, following=NOW + 2 * DAY),
        lambda pki: pki.crl(key=ec_key()),
        lambda pki: pki.crl(by=pki.root),
        lambda pki: pki.crl(by=Authority("Middle", at=NOW, usage=USAGE)),
        lambda pki: pki.crl(change=_scope(only_contains_ca_certs=True)),
        lambda pki: pki.crl(change=_scope(only_contains_attribute_certs=True)),
        lambda pki: pki.crl(change=_scope(indirect_crl=True)),
        lambda pki: pki.crl(change=_scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}))),
        lambda pki: pki.crl(change=_scope(full_name=[_point("http://crl.example/7")])),
        lambda pki: pki.crl(change=lambda b: b.add_extension(x509.DeltaCRLIndicator(1), critical=True)),
        lambda pki: pki.crl(
            change=lambda b: b.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b""), True)
        ),
    ],
    ids=[
        "run out", "from the future", "signed by a stranger", "of another issuer", "of a namesake",
        "of authorities only", "of attributes only", "indirect", "of some reasons", "of another part", "delta",
        "with an unknown condition",
    ],
)  # fmt: skip
def test_a_list_that_does_not_hold_proves_nothing(pki: Pki, make: Callable[[Pki], bytes]) -> None:
    verdict = pki.verdict(make(pki))
    assert verdict.status is Status.TRUSTED
    assert "signingCredential.ocsp.notRevoked" not in codes(verdict)
    assert "org.kzlabel.revocation.unknown" in codes(verdict)


def test_a_list_by_a_stranger_revokes_nobody(pki: Pki) -> None:
    assert pki.verdict(pki.crl(pki.leaf, key=ec_key())).status is Status.TRUSTED
    assert pki.verdict(pki.crl(pki.leaf, by=pki.root)).status is Status.TRUSTED


def test_an_authority_that_may_not_sign_lists_revokes_nobody(pki: Pki) -> None:
    plain = Authority("Plain", at=NOW)
    key = ec_key()
    signer = Signer.from_pem(key_pem(key), pem(plain.issue(key.public_key())))
    data = Labeler(signer, trust=Trust.none()).label(DRAWING, LABEL)
    trust = Trust.from_pem(pem(plain.certificate), store="test")
    listed = pki.crl(signer.certificate_chain[0], by=plain)
    verdict = Verifier(trust=trust, revocations=Revocations((listed,))).verify(data)
    assert verdict.status is Status.TRUSTED
    assert "org.kzlabel.revocation.unknown" in codes(verdict)


def test_an_old_list_still_revokes(pki: Pki) -> None:
    old = pki.crl(pki.leaf, this=NOW - 9 * DAY, following=NOW - 8 * DAY, at=NOW - 10 * DAY)
    assert pki.verdict(old).status is Status.INVALID


def test_what_was_taken_off_the_list_is_good(pki: Pki) -> None:
    taken_off = pki.crl(pki.leaf, reason=x509.ReasonFlags.remove_from_crl)
    assert pki.verdict(taken_off).status is Status.TRUSTED
    assert pki.verdict(pki.crl(pki.leaf, reason=x509.ReasonFlags.certificate_hold)).status is Status.INVALID


def test_a_revocation_to_come_does_not_count_yet(pki: Pki) -> None:
    later = pki.crl(pki.leaf, at=NOW + HOUR)
    assert pki.verdict(later).status is Status.TRUSTED
    assert pki.verdict(later, now=NOW + 2 * HOUR).status is Status.INVALID


def test_answers_about_others_and_unknown_ones_prove_nothing(pki: Pki) -> None:
    other = pki.middle.issue(ec_key().public_key())
    for answer in (
        pki.answer(ocsp.OCSPCertStatus.UNKNOWN),
        pki.answer(ocsp.OCSPCertStatus.GOOD, of=other),
        pki.answer(ocsp.OCSPCertStatus.REVOKED, of=other),
    ):
        verdict = pki.verdict(answers=(answer,))
        assert verdict.status is Status.TRUSTED
        assert "signingCredential.ocsp.notRevoked" not in codes(verdict)


def test_the_answer_of_one_who_may_not_give_any_proves_nothing(pki: Pki) -> None:
    key = ec_key()
    stranger = Authority("Other", at=NOW).issue(key.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING])
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            pki.leaf,
            pki.middle.certificate,
            hashes.SHA256(),
            ocsp.OCSPCertStatus.REVOKED,
            NOW,
            NOW + DAY,
            NOW,
            None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, stranger)
        .certificates([stranger])
    )
    answer = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert pki.verdict(answers=(answer,)).status is Status.TRUSTED


def test_a_broken_label_stays_broken(pki: Pki) -> None:
    spoilt = pki.data.replace(b">ours<", b">hers<", 1)
    verdict = Verifier(trust=pki.trust, revocations=Revocations((pki.crl(),))).verify(spoilt)
    assert verdict.status is Status.INVALID
    assert "signingCredential.ocsp.notRevoked" not in codes(verdict)


@pytest.mark.parametrize("engine", Engine)
def test_every_engine_hears_of_it(engine: Engine, pki: Pki, samples: dict[str, Path]) -> None:
    data = Labeler(pki.signer, trust=Trust.none()).label(samples["jpeg"].read_bytes(), LABEL)
    verifier = Verifier(trust=pki.trust, revocations=Revocations((pki.crl(pki.leaf),)), engine=engine)
    assert verifier.verify(data).status is Status.INVALID
    assert verifier.verify(data).status is Status.INVALID  # what was learned from the first one changes nothing


def test_sidecars_hear_of_it(pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(range(256)))
    Labeler(pki.signer, trust=Trust.none()).label_beside(path, LABEL)
    assert Verifier(trust=pki.trust).verify(path).status is Status.TRUSTED
    verifier = Verifier(trust=pki.trust, revocations=Revocations((pki.crl(pki.leaf),)))
    assert verifier.verify(path).status is Status.INVALID


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_spoilt_list_says_that_somebody_is_good(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(REVOKING) - 1))
    spoilt = REVOKING[:at] + bytes([REVOKING[at] ^ data.draw(st.integers(1, 255))]) + REVOKING[at + 1 :]
    verdict = PKI.verdict(spoilt)
    assert "signingCredential.ocsp.notRevoked" not in codes(verdict)


PKI = Pki()
REVOKING = PKI.crl(PKI.leaf)


def test_files_are_told_apart_by_their_content(pki: Pki, tmp_path: Path) -> None:
    der, text, answer = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    der.write_bytes(pki.crl())
    lists = [pki.crl(), pki.crl(by=pki.root)]
    text.write_bytes(b"".join(x509.load_der_x509_crl(one).public_bytes(Encoding.PEM) for one in lists))
    answer.write_bytes(pki.answer(ocsp.OCSPCertStatus.GOOD))
    found = Revocations.from_files([der, text, answer])
    assert (len(found.lists), len(found.answers)) == (3, 1)
    for content in (b"", b"hello", pem(pki.leaf), der.read_bytes()[:-1], b"-----BEGIN X509 CRL-----\nAAAA\n"):
        der.write_bytes(content)
        with pytest.raises(TrustError) as caught:
            Revocations.from_files([der])
        assert caught.value.remedy


def test_the_command_line_takes_lists_and_asks_for_proof(pki: Pki, tmp_path: Path) -> None:
    names = {"label.svg": pki.data, "good.crl": pki.crl(), "bad.crl": pki.crl(pki.leaf)}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "ca.pem").write_bytes(pem(pki.root.certificate))

    def run(*arguments: str) -> int:
        paths = [str(tmp_path / one) if "." in one else one for one in arguments]
        with pytest.raises(SystemExit) as ended:
            main(["verify", *paths, "--trust", str(tmp_path / "ca.pem")])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    assert run("label.svg") == 0
    assert run("label.svg", "--not-revoked") == 1
    assert run("label.svg", "--not-revoked", "--revocation", "good.crl") == 0
    assert run("label.svg", "--revocation", "bad.crl") == 1
    assert run("label.svg", "--revocation", "label.svg") == 2
