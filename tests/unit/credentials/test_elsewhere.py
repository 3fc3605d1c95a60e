"""Keys held elsewhere: functions and commands that sign, and what is made of those that don't do it right."""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.credentials import Algorithm, Signer
from kzlabel.credentials.answers import checked
from kzlabel.errors import CredentialError, SigningError
from tests.unit.credentials.issuing import NOW, Authority, ec_key, key_pem, pem

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
MAKERS: dict[Algorithm, Callable[[], Key]] = {
    Algorithm.ES256: ec_key,
    Algorithm.ES384: lambda: ec_key(ec.SECP384R1()),
    Algorithm.ES512: lambda: ec_key(ec.SECP521R1()),
    **dict.fromkeys(
        (Algorithm.PS256, Algorithm.PS384, Algorithm.PS512), lambda: rsa.generate_private_key(65537, 2048)
    ),
    Algorithm.ED25519: ed25519.Ed25519PrivateKey.generate,
}


def der_signature(key: Key, algorithm: Algorithm, message: bytes) -> bytes:
    """Sign as libraries and key services do, ECDSA as DER."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(message, ec.ECDSA(HASHES[algorithm.value[2:]]))
        case rsa.RSAPrivateKey():
            digest = HASHES[algorithm.value[2:]]
            return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        case _:
            return key.sign(message)


def certified(key: Key, authority: Authority) -> bytes:
    return pem(authority.issue(key.public_key()), authority.certificate)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_function_signs_with_every_algorithm(algorithm: Algorithm, authority: Authority) -> None:
    key = MAKERS[algorithm]()
    seen: list[bytes] = []

    def sign(message: bytes) -> bytes:
        seen.append(message)
        return der_signature(key, algorithm, message)

    signer = Signer.from_callback(sign, certified(key, authority), algorithm=algorithm, now=NOW)
    signature = signer.sign(b"claim")
    assert signer.algorithm is algorithm
    assert len(signature) == signer.signature_size
    assert checked(signature, b"claim", key.public_key(), algorithm) == signature
    assert seen == [b"claim"]
    assert not signer.holds_key


def test_an_ecdsa_signature_may_be_raw(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(der_signature(key, Algorithm.ES256, message))
        return r.to_bytes(32) + s.to_bytes(32)

    signer = Signer.from_callback(sign, certified(key, authority), now=NOW)
    assert len(signer.sign(b"claim")) == 64


def test_a_wrong_signature_is_never_used(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    other = ec_key()
    answers: list[Callable[[bytes], object]] = [
        lambda message: der_signature(other, Algorithm.ES256, message),
        lambda message: der_signature(key, Algorithm.ES256, message + b"."),
        lambda message: der_signature(key, Algorithm.ES256, message) + b"\0",
        lambda message: der_signature(key, Algorithm.ES256, message)[:-1],
        lambda message: b"",
        lambda message: bytes(64),
        lambda message: b"\xff" * 64,
        lambda message: bytes(1 << 20),
        lambda message: b"\x30\x06\x02\x01\x00\x02\x01\x00",
        lambda message: b"\x30\x26\x02\x21\x01" + bytes(32) + b"\x02\x01\x01",
        lambda message: key.sign(message, ec.ECDSA(hashes.SHA384())),
        lambda message: None,
        lambda message: "signature",
    ]
    for answer in answers:
        signer = Signer.from_callback(answer, certified(key, authority), now=NOW)  # type: ignore[arg-type]
        with pytest.raises(SigningError):
            signer.sign(b"claim")


def test_a_pss_salt_of_another_length_is_refused(rsa_key: rsa.RSAPrivateKey, authority: Authority) -> None:
    def sign(message: bytes) -> bytes:
        return rsa_key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256())

    signer = Signer.from_callback(sign, certified(rsa_key, authority), now=NOW)
    with pytest.raises(SigningError, match="ps256"):
        signer.sign(b"claim")


@given(st.binary(max_size=200))
def test_arbitrary_answers_are_refused(answer: bytes) -> None:
    with pytest.raises(SigningError):
        checked(answer, b"claim", ANY_KEY.public_key(), Algorithm.ES256)


ANY_KEY = ec_key()


def test_what_a_function_raises_becomes_a_signing_error_without_its_words(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    def sign(message: bytes) -> bytes:
        raise ConnectionError("token=secret")

    with pytest.raises(SigningError, match="ConnectionError") as caught:
        Signer.from_callback(sign, certified(key, authority), now=NOW).sign(b"claim")
    assert "secret" not in str(caught.value)


def test_an_algorithm_for_other_keys_is_refused(
    key: ec.EllipticCurvePrivateKey, rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    for private, algorithm in ((key, "es384"), (key, "ps256"), (rsa_key, "es256"), (key, "gost")):
        with pytest.raises(CredentialError) as caught:
            Signer.from_callback(lambda _: b"", certified(private, authority), algorithm=algorithm, now=NOW)
        assert caught.value.remedy


def asynchronous(key: ec.EllipticCurvePrivateKey, threads: list[int]) -> Callable[[bytes], Awaitable[bytes]]:
    async def sign(message: bytes) -> bytes:
        await asyncio.sleep(0)
        threads.append(threading.get_ident())
        return der_signature(key, Algorithm.ES256, message)

    return sign


def test_a_coroutine_signs_without_and_beneath_a_running_loop(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    signer = Signer.from_callback(asynchronous(key, []), certified(key, authority), now=NOW)

    async def inside() -> bytes:
        return signer.sign(b"claim")

    assert len(signer.sign(b"claim")) == len(asyncio.run(inside())) == 64


def test_a_coroutine_signs_on_the_loop_that_is_named(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    async def main() -> None:
        threads: list[int] = []
        loop = asyncio.get_running_loop()
        signer = Signer.from_callback(asynchronous(key, threads), certified(key, authority), loop=loop, now=NOW)
        assert len(await asyncio.to_thread(signer.sign, b"claim")) == 64
        assert threads == [threading.get_ident()]
        with pytest.raises(SigningError, match="waiting") as caught:
            signer.sign(b"claim")
        assert "to_thread" in caught.value.remedy

    asyncio.run(main())


def test_a_function_is_bound_to_its_process_and_has_no_key_to_show(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    signer = Signer.from_callback(lambda _: b"", certified(key, authority), now=NOW)
    assert signer.is_bound_to_process
    for attempt in (signer.to_secret_bytes, signer.secret_key_pem):
        with pytest.raises(CredentialError) as caught:
            attempt()
        assert caught.value.remedy


# ---------------------------------------------------------------------------------------------- commands


@pytest.fixture
def key_file(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(key_pem(key))
    return path


def test_a_command_signs(key_file: Path, key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    arguments = ["openssl", "dgst", "-sha256", "-sign", str(key_file)]
    signer = Signer.from_command(arguments, certified(key, authority), now=NOW)
    again = Signer.from_secret_bytes(signer.to_secret_bytes())
    for one in (signer, again):
        assert checked(one.sign(b"claim"), b"claim", key.public_key(), Algorithm.ES256)
        assert not one.is_bound_to_process
        assert str(key_file) not in repr(one)


def test_a_large_message_reaches_a_command_that_answers_before_reading(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    signer = Signer.from_command([sys.executable, "-c", "print('no')"], certified(key, authority), now=NOW)
    with pytest.raises(SigningError, match="es256"):
        signer.sign(bytes(1 << 22))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit(3)", "code 3"),
        ("import os; os.kill(os.getpid(), 9)", "code -9"),
        ("pass", "0 bytes"),
        ("import sys\nwhile True: sys.stdout.write('x' * 9999)", "far more|code -9"),
    ],
)
def test_a_command_that_fails_is_told(
    program: str, words: str, key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    signer = Signer.from_command([sys.executable, "-c", program], certified(key, authority), now=NOW)
    with pytest.raises(SigningError, match=words) as caught:
        signer.sign(b"claim")
    assert caught.value.remedy
    assert program not in str(caught.value)


def test_a_command_that_hangs_is_ended_with_its_children(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    note = tmp_path / "pid"
    script = f"sleep 600 & echo $! > {note}; wait"
    signer = Signer.from_command(["sh", "-c", script], certified(key, authority), seconds=1, now=NOW)
    with pytest.raises(SigningError, match="longer than 1 seconds"):
        signer.sign(b"claim")
    state = Path("/proc", note.read_text().strip(), "stat")
    for _ in range(200):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX":
            return
        time.sleep(0.05)
    pytest.fail("the command's child still runs")


def test_a_command_that_closes_its_output_and_stays_is_ended(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    program = "import os, time; os.close(1); time.sleep(600)"
    signer = Signer.from_command([sys.executable, "-c", program], certified(key, authority), seconds=1, now=NOW)
    with pytest.raises(SigningError, match="longer than"):
        signer.sign(b"claim")


def test_a_command_that_is_none_is_refused(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    for arguments in ([], [""], "openssl dgst"):
        with pytest.raises(CredentialError, match="no command"):
            Signer.from_command(arguments, certified(key, authority), now=NOW)
    for seconds in (0, -1.0, float("nan")):
        with pytest.raises(CredentialError):
            Signer.from_command(["true"], certified(key, authority), seconds=seconds, now=NOW)
    for arguments in (["/no/such/program"], ["/"], ["a\0b"], ["true", "a\0b"]):
        with pytest.raises(SigningError, match="can't be started") as caught:
            Signer.from_command(arguments, certified(key, authority), now=NOW).sign(b"claim")
        assert "\n" not in "".join(traceback.format_exception_only(caught.value)).strip()
