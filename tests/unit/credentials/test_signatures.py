"""Signatures: the algorithm that a key decides, and the form that COSE wants."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from kzlabel.credentials import Algorithm, Signer
from kzlabel.errors import CredentialError
from kzlabel.trust import Trust
from tests.unit.credentials import engine
from tests.unit.credentials.issuing import (
    NOW,
    Authority,
    Field,
    ec_key,
    field,
    key_pem,
    pem,
    read_fields,
    signer_of,
)

EcKey = ec.EllipticCurvePrivateKey


def limited_to_pss(digest: int | None) -> Callable[[list[Field]], list[Field]]:
    """Make the certified key an RSA-PSS key for SHA-2 number `digest` (0: SHA-224), or for any hash."""
    algorithm = field(0x06, bytes.fromhex("2a864886f70d01010a"))
    if digest is not None:
        last = digest or 4
        hashed = field(0x30, field(0x06, bytes.fromhex("6086480165030402") + bytes([last])))
        mask = field(0x30, field(0x06, bytes.fromhex("2a864886f70d010108")) + hashed)
        algorithm += field(0x30, field(0xA0, hashed) + field(0xA1, mask))

    def edit(fields: list[Field]) -> list[Field]:
        key = read_fields(fields[6][1])[1]
        return [*fields[:6], (0x30, field(0x30, algorithm) + field(*key)), *fields[7:]]

    return edit


ALGORITHMS: dict[Algorithm, Callable[[], EcKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey]] = {
    Algorithm.ES256: lambda: ec_key(ec.SECP256R1()),
    Algorithm.ES384: lambda: ec_key(ec.SECP384R1()),
    Algorithm.ES512: lambda: ec_key(ec.SECP521R1()),
    Algorithm.PS256: lambda: rsa.generate_private_key(65537, 2048),
    Algorithm.ED25519: ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_key_decides_the_algorithm_and_the_engine_trusts_it(algorithm: Algorithm) -> None:
    authority = Authority(at=datetime.now(UTC).replace(microsecond=0))
    signer = signer_of(ALGORITHMS[algorithm](), authority)
    assert signer.algorithm is algorithm
    trust = Trust.from_pem(pem(authority.certificate), store="test")
    assert engine.state(signer.algorithm, signer.certificates_pem, signer.secret_key_pem(), trust) == "Trusted"


@pytest.mark.parametrize(
    ("curve", "digest", "size"),
    [
        (ec.SECP256R1(), hashes.SHA256(), 32),
        (ec.SECP384R1(), hashes.SHA384(), 48),
        (ec.SECP521R1(), hashes.SHA512(), 66),
    ],
)
def test_an_ecdsa_signature_is_r_and_s_side_by_side(
    curve: ec.EllipticCurve, digest: hashes.HashAlgorithm, size: int, authority: Authority
) -> None:
    key = ec_key(curve)
    signer = signer_of(key, authority)
    for message in (b"", b"claim", b"x" * 100_000):
        signature = signer.sign(message)
        assert len(signature) == 2 * size
        r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        key.public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(digest))


def test_an_rsa_signature_is_pss_with_a_salt_as_long_as_the_hash(
    rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    signature = signer_of(rsa_key, authority).sign(b"claim")
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    rsa_key.public_key().verify(signature, b"claim", scheme, hashes.SHA256())


@pytest.mark.parametrize(
    ("digest", "algorithm"),
    [(None, Algorithm.PS256), (0, None), (1, Algorithm.PS256), (2, Algorithm.PS384), (3, Algorithm.PS512)],
)
def test_a_certificate_may_limit_its_rsa_key_to_one_hash(
    digest: int | None, algorithm: Algorithm | None, rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    certificate = authority.reissue(authority.issue(rsa_key.public_key()), limited_to_pss(digest))
    if algorithm is None:
        with pytest.raises(CredentialError, match="other than SHA-2"):
            Signer.from_pem(key_pem(rsa_key), pem(certificate), now=NOW)
        return
    signer = Signer.from_pem(key_pem(rsa_key), pem(certificate), now=NOW)
    assert signer.algorithm is algorithm
    hashed = {"ps256": hashes.SHA256(), "ps384": hashes.SHA384(), "ps512": hashes.SHA512()}[algorithm]
    scheme = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    rsa_key.public_key().verify(signer.sign(b"claim"), b"claim", scheme, hashed)


def test_an_ed25519_signature_is_plain(authority: Authority) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    key.public_key().verify(signer_of(key, authority).sign(b"claim"), b"claim")


def test_threads_may_share_a_signer(signer: Signer, key: EcKey) -> None:
    signatures: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: signatures.extend(signer.sign(b"claim") for _ in range(50)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signatures) == 400
    for signature in signatures:
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        key.public_key().verify(encode_dss_signature(r, s), b"claim", ec.ECDSA(hashes.SHA256()))
