"""OCSP answers stapled to labels: what the reference engine makes of them, and which are never stapled."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.credentials import Signer
from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.credentials.revocation import Revocation, _checked
from kzlabel.errors import CredentialError, SigningError
from kzlabel.labels import Label
from kzlabel.signing import Labeler, Labelled, builder
from kzlabel.signing.batch import Job, label_each
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status
from tests.agreement.comparison import compare
from tests.unit.credentials.issuing import DAY, Authority, ec_key, key_pem, pem

Make = Callable[[bytes], tuple[int, bytes]]
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


class Pki:
    """A root, an authority under it, its responder, and a signer's key."""

    def __init__(self) -> None:
        self.root = Authority("Root", at=NOW)
        self.middle = Authority("Middle", parent=self.root, at=NOW)
        self.trust = Trust.from_pem(pem(self.root.certificate), store="test")
        self.key = ec_key()
        self.responder_key = ec_key()
        self.responder = self.middle.issue(
            self.responder_key.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING]
        )

    def leaf(self, url: str) -> x509.Certificate:
        place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
        return self.middle.issue(self.key.public_key(), extra=[(x509.AuthorityInformationAccess([place]), False)])

    def signer(self, url: str) -> Signer:
        return Signer.from_pem(key_pem(self.key), pem(self.leaf(url), self.middle.certificate))

    def answer(
        self,
        query: ocsp.OCSPRequest | None,
        leaf: x509.Certificate,
        *,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        this: datetime = NOW - HOUR,
        following: datetime | None = NOW + DAY,
        key: ec.EllipticCurvePrivateKey | None = None,
        responder: x509.Certificate | None = None,
        issuer: x509.Certificate | None = None,
    ) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        responder = responder or self.responder
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                leaf,
                issuer or self.middle.certificate,
                hashes.SHA1(),
                status,
                this,
                following,
                NOW - DAY if revoked else None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
            .certificates([responder])
        )
        return builder.sign(key or self.responder_key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki()


@contextmanager
def responding(make: Make) -> Iterator[str]:
    """Run a responder on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = make(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def stapling(pki: Pki) -> Iterator[Signer]:
    """A signer with an honest answer."""
    certificates: list[x509.Certificate] = []

    def make(query: bytes) -> tuple[int, bytes]:
        return 200, pki.answer(ocsp.load_der_ocsp_request(query), certificates[0])

    with responding(make) as url:
        signer = pki.signer(url)
        certificates.append(signer.certificate_chain[0])
        yield signer.with_ocsp()


@pytest.mark.parametrize("name", ["jpeg", "png", "wav", "pdf"])
def test_the_reference_engine_reads_the_stapled_answer(
    name: str, pki: Pki, stapling: Signer, samples: dict[str, Path], label: Label
) -> None:
    done = Labeler(stapling, trust=Trust.none()).label(samples[name].read_bytes(), label)
    for engine in (Engine.REFERENCE, Engine.AUTO):
        verdict = Verifier(trust=pki.trust, engine=engine).verify(done)
        assert verdict.status is Status.TRUSTED, verdict
        assert "signingCredential.ocsp.notRevoked" in {str(finding.code) for finding in verdict.findings}


@contextmanager
def openssl_responder(
    pki: Pki, leaf: x509.Certificate, folder: Path, port: int, *, revoked: bool
) -> Iterator[None]:
    """Run OpenSSL's own responder for one certificate."""
    serial = f"{leaf.serial_number:X}"
    since = f"{NOW - DAY:%y%m%d%H%M%SZ},keyCompromise" if revoked else ""
    fields = ["R" if revoked else "V", f"{leaf.not_valid_after_utc:%y%m%d%H%M%SZ}", since, serial]
    fields[3] = serial if len(serial) % 2 == 0 else f"0{serial}"
    (folder / "index.txt").write_text("\t".join([*fields, "unknown", "/O=Test/CN=Test signer"]) + "\n")
    for name, data in {
        "issuer.pem": pem(pki.middle.certificate),
        "responder.pem": pem(pki.responder),
        "key.pem": key_pem(pki.responder_key),
    }.items():
        (folder / name).write_bytes(data)
    arguments = "-index index.txt -CA issuer.pem -rsigner responder.pem -rkey key.pem -ndays 1".split()  # noqa: SIM905
    process = subprocess.Popen(
        ["openssl", "ocsp", *arguments, "-port", str(port)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "waiting for OCSP client connections" not in said:
            said = process.stdout.readline()
            assert said, "the responder ended"
        yield
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("revoked", [False, True])
def test_the_answers_of_openssl_s_responder_are_understood(
    revoked: bool, pki: Pki, samples: dict[str, Path], label: Label, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    signer = pki.signer(f"http://127.0.0.1:{port}/")
    with openssl_responder(pki, signer.certificate_chain[0], tmp_path, port, revoked=revoked):
        if revoked:
            with pytest.raises(CredentialError, match="revoked"):
                signer.with_ocsp()
            return
        done = Labeler(signer.with_ocsp(), trust=Trust.none()).label(samples["jpeg"].read_bytes(), label)
    result = compare(done, pki.trust)
    assert result is not None
    assert (result.native, result.agrees) == ("Trusted", True), result


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_whoever_verifies_online_hears_of_a_revocation(
    pki: Pki, samples: dict[str, Path], label: Label, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    signer = pki.signer(f"http://127.0.0.1:{port}/")
    data = Labeler(signer, trust=Trust.none()).label(samples["jpeg"].read_bytes(), label)
    with openssl_responder(pki, signer.certificate_chain[0], tmp_path, port, revoked=True):
        verdict = Verifier(trust=pki.trust, online=True).verify(data)
    assert verdict.status is Status.INVALID, verdict
    assert "signingCredential.ocsp.revoked" in {str(finding.code) for finding in verdict.findings}


def test_a_child_process_staples_too(pki: Pki, stapling: Signer, samples: dict[str, Path], tmp_path: Path) -> None:
    template = {"level": "ai-generated", "system": {"name": "Painter"}}
    (done,) = label_each([Job(source=samples["jpeg"], destination=tmp_path / "out.jpg")], template, stapling)
    assert isinstance(done, Labelled)
    assert stapling.stapled(NOW) in (tmp_path / "out.jpg").read_bytes()


def test_an_answer_that_has_run_out_is_not_stapled(
    pki: Pki, stapling: Signer, samples: dict[str, Path], label: Label
) -> None:
    assert stapling.stapled(NOW + 23 * HOUR)
    with pytest.raises(CredentialError, match="out of date"):
        stapling.stapled(NOW + DAY)
    spent = Signer(
        stapling._key, stapling.certificate_chain, stapling.algorithm, None, Revocation(b"0", NOW - HOUR)
    )
    with pytest.raises(CredentialError, match="out of date"):
        Labeler(spent, trust=Trust.none()).label(samples["jpeg"].read_bytes(), label)


def test_the_reference_engine_is_not_asked_to_staple(stapling: Signer) -> None:
    with pytest.raises(SigningError, match="stapled"):
        builder.native_signer(stapling)


def lies(pki: Pki, leaf: x509.Certificate) -> Iterator[tuple[str, bytes]]:
    """Yield answers that must not be stapled, each with words of what is said about it."""
    other = pki.middle.issue(ec_key().public_key())
    stranger_key = ec_key()
    stranger = Authority("Middle", parent=pki.root, at=NOW).issue(
        stranger_key.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING]
    )
    plain_key = ec_key()
    plain = pki.middle.issue(plain_key.public_key())
    expired_key = ec_key()
    expired = pki.middle.issue(
        expired_key.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING], begins=-2 * DAY, ends=-DAY / 2
    )
    good = pki.answer(None, leaf)
    yield "revoked", pki.answer(None, leaf, status=ocsp.OCSPCertStatus.REVOKED)
    yield "doesn't know", pki.answer(None, leaf, status=ocsp.OCSPCertStatus.UNKNOWN)
    yield "another certificate", pki.answer(None, other)
    yield "another certificate", pki.answer(None, leaf, issuer=pki.root.certificate)
    yield "out of date", pki.answer(None, leaf, this=NOW - 9 * DAY, following=NOW - DAY)
    yield "out of date", pki.answer(None, leaf, this=NOW + HOUR, following=NOW + DAY)
    yield "not certified", pki.answer(None, leaf, key=stranger_key, responder=stranger)
    yield "not certified", pki.answer(None, leaf, key=plain_key, responder=plain)
    yield "not certified", pki.answer(None, leaf, key=expired_key, responder=expired)
    signature = ocsp.load_der_ocsp_response(good).signature
    yield "signature", good.replace(signature, signature[:-1] + bytes([signature[-1] ^ 1]))
    yield (
        "refuses: try later",
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
    )
    yield "can't be read", b""
    yield "can't be read", good[:-1]
    yield "can't be read", b"<html>"
    yield "more than", bytes(1 << 20)


def test_no_lie_is_stapled(pki: Pki) -> None:
    answers: list[bytes] = []
    with responding(lambda _: (200, answers[-1])) as url:
        signer = pki.signer(url)
        for words, answer in lies(pki, signer.certificate_chain[0]):
            answers.append(answer)
            with pytest.raises(CredentialError, match=words) as caught:
                signer.with_ocsp()
            assert caught.value.remedy
    assert len(answers) == 15


def forced(signer: Signer, answer: bytes, source: bytes, label: Label) -> bytes:
    """Return a labelled file with `answer` stapled, whatever it says."""
    stapling = Signer(signer._key, signer.certificate_chain, signer.algorithm, None, Revocation(answer, NOW + DAY))
    return Labeler(stapling, trust=Trust.none()).label(source, label)


def test_both_engines_say_the_same_of_whatever_is_stapled(pki: Pki, samples: dict[str, Path], label: Label) -> None:
    source = samples["jpeg"].read_bytes()
    signer = pki.signer("http://ocsp.example")
    leaf = signer.certificate_chain[0]
    answers = [(words, answer) for words, answer in lies(pki, leaf) if 0 < len(answer) < 10_000]
    answers += [
        ("good", pki.answer(None, leaf)),
        ("good, without an end", pki.answer(None, leaf, following=None)),
        ("good, for a minute", pki.answer(None, leaf, following=datetime.now(UTC) + timedelta(minutes=1))),
    ]
    native = []
    for words, answer in answers:
        result = compare(forced(signer, answer, source, label), pki.trust)
        assert result is not None
        assert result.agrees, (words, result)
        assert not result.unsafe, (words, result)
        native += [] if result.abstained else [words]
    assert native == ["good", "good, without an end", "good, for a minute"]


def test_an_answer_counts_only_with_the_certificate_of_the_issuer(
    pki: Pki, samples: dict[str, Path], label: Label
) -> None:
    key = ec_key()
    leaf = pki.root.issue(key.public_key())
    signer = Signer.from_pem(key_pem(key), pem(leaf))
    answer = pki.answer(None, leaf, issuer=pki.root.certificate)
    result = compare(forced(signer, answer, samples["jpeg"].read_bytes(), label), pki.trust)
    assert result is not None
    assert result.abstained


def test_the_issuer_may_answer_itself(pki: Pki) -> None:
    assert isinstance(pki.middle.key, ec.EllipticCurvePrivateKey)
    leaf = pki.leaf("http://ocsp.example")
    query = ocsp.OCSPRequestBuilder().add_certificate(leaf, pki.middle.certificate, hashes.SHA1()).build()
    answer = pki.answer(query, leaf, key=pki.middle.key, responder=pki.middle.certificate, following=None)
    found = _checked(answer, leaf, pki.middle.certificate, NOW)
    assert found.until <= NOW + DAY


@settings(deadline=None)
@given(st.data())
def test_spoilt_answers_are_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    spoilt = GOOD[:at] + bytes([GOOD[at] ^ data.draw(st.integers(1, 255))]) + GOOD[at + 1 :]
    try:
        _checked(spoilt, LEAF, PKI.middle.certificate, NOW)
    except (CredentialError, *UNREADABLE):
        return
    # What is left is a byte that nothing depends on.
    signed = [ocsp.load_der_ocsp_response(answer).tbs_response_bytes for answer in (spoilt, GOOD)]
    assert signed[0] == signed[1]


PKI = Pki()
LEAF = PKI.leaf("http://ocsp.example")
QUERY = ocsp.OCSPRequestBuilder().add_certificate(LEAF, PKI.middle.certificate, hashes.SHA1()).build()
GOOD = PKI.answer(QUERY, LEAF)


def test_a_responder_that_fails_is_asked_again_and_then_told(pki: Pki) -> None:
    asked: list[bytes] = []

    def failing(query: bytes) -> tuple[int, bytes]:
        asked.append(query)
        return 500, b""

    with responding(failing) as url, pytest.raises(CredentialError, match="answers 500"):
        pki.signer(url).with_ocsp()
    assert len(asked) == 3


def test_a_certificate_without_responder_or_issuer_is_told(pki: Pki) -> None:
    for url in ("ldap://ocsp.example", "file:///etc/passwd"):
        with pytest.raises(CredentialError, match="names no OCSP responder"):
            pki.signer(url).with_ocsp()
    root_issued = Signer.from_pem(key_pem(pki.key), pem(pki.root.issue(pki.key.public_key())))
    with pytest.raises(CredentialError, match="issuer is not in the chain"):
        root_issued.with_ocsp()
