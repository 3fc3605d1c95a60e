"""Keys on tokens, tried with SoftHSM 2, a token in software."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.credentials import Algorithm, Signer
from kzlabel.credentials.answers import checked
from kzlabel.errors import CredentialError, SigningError
from tests.unit.credentials.issuing import NOW, Authority, key_pem
from tests.unit.credentials.test_elsewhere import MAKERS, Key, certified

PIN = "246813"
TOKEN = "kzlabel tests"
MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/pkcs11/libsofthsm2.so"))
MODULE = next((path for path in MODULES if path.exists()), None)

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
pytestmark = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None, reason="SoftHSM 2 is not installed"
)


class Hsm(NamedTuple):
    """A token with a key for each algorithm, labelled by its name."""

    module: str
    keys: dict[Algorithm, Key]


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Hsm]:
    place = tmp_path_factory.mktemp("hsm")
    (place / "tokens").mkdir()
    (place / "softhsm2.conf").write_text(
        f"directories.tokendir = {place}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(place / "softhsm2.conf")
    run("--init-token", "--free", "--label", TOKEN, "--so-pin", "135790", "--pin", PIN)
    keys: dict[Algorithm, Key] = {}
    for number, algorithm in enumerate(Algorithm, 1):
        keys[algorithm] = key = MAKERS[algorithm]()
        path = place / f"{algorithm}.pem"
        path.write_bytes(key_pem(key))
        run("--import", str(path), "--token", TOKEN, "--label", algorithm, "--id", f"{number:02x}", "--pin", PIN)
    yield Hsm(str(MODULE), keys)
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def run(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_signs_with_every_algorithm(algorithm: Algorithm, hsm: Hsm, authority: Authority) -> None:
    key = hsm.keys[algorithm]
    signer = Signer.from_pkcs11(
        hsm.module,
        TOKEN,
        label=algorithm.value,
        pin=PIN,
        certificates=certified(key, authority),
        algorithm=algorithm,
        now=NOW,
    )
    for message in (b"claim", b"", bytes(100_000)):
        assert checked(signer.sign(message), message, key.public_key(), algorithm)


def test_a_key_may_be_named_by_its_identifier(hsm: Hsm, authority: Authority) -> None:
    key = hsm.keys[Algorithm.ES256]
    signer = Signer.from_pkcs11(
        hsm.module, TOKEN, id=b"\1", pin=PIN, certificates=certified(key, authority), now=NOW
    )
    assert len(signer.sign(b"claim")) == 64


def test_the_certificate_on_the_token_is_used(hsm: Hsm, authority: Authority) -> None:
    import pkcs11

    key = hsm.keys[Algorithm.ES256]
    leaf = authority.issue(key.public_key())
    token = pkcs11.lib(hsm.module).get_token(token_label=TOKEN)
    try:
        session = token.open(user_pin=PIN, rw=True)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        session = token.open(rw=True)
    kinds, names = pkcs11.ObjectClass, pkcs11.Attribute
    for number, certificate in ((9, authority.certificate), (1, leaf)):
        session.create_object(
            {
                names.CLASS: kinds.CERTIFICATE,
                names.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                names.TOKEN: True,
                names.ID: bytes([number]),
                names.SUBJECT: certificate.subject.public_bytes(),
                names.VALUE: certificate.public_bytes(Encoding.DER),
            }
        )
    session.close()
    signer = Signer.from_pkcs11(hsm.module, TOKEN, label="es256", pin=PIN, now=NOW)
    assert signer.certificate_chain == (leaf,)
    with pytest.raises(CredentialError, match="no certificate for the key"):
        Signer.from_pkcs11(hsm.module, TOKEN, label="es384", pin=PIN, now=NOW)


def test_what_the_token_lacks_is_told(hsm: Hsm, authority: Authority) -> None:
    key = hsm.keys[Algorithm.ES256]
    certificates = certified(key, authority)
    for module, token, label, words in (
        ("/no/such/module.so", TOKEN, "es256", "token can't be used"),
        (hsm.module, "another", "es256", "no such token"),
        (hsm.module, TOKEN, "another", "no such key"),
    ):
        signer = Signer.from_pkcs11(module, token, label=label, pin=PIN, certificates=certificates, now=NOW)
        with pytest.raises(SigningError, match=words):
            signer.sign(b"claim")


def test_a_certificate_for_another_key_is_noticed(hsm: Hsm, authority: Authority) -> None:
    certificates = certified(hsm.keys[Algorithm.PS256], authority)
    signer = Signer.from_pkcs11(
        hsm.module, TOKEN, label="ps384", pin=PIN, certificates=certificates, algorithm="ps384", now=NOW
    )
    with pytest.raises(SigningError, match="certificate's key"):
        signer.sign(b"claim")


def test_a_key_of_another_kind_than_the_certificate_s_doesn_t_sign(hsm: Hsm, authority: Authority) -> None:
    certificates = certified(hsm.keys[Algorithm.ES256], authority)
    for label in ("ps256", "ed25519", "es384"):
        signer = Signer.from_pkcs11(hsm.module, TOKEN, label=label, pin=PIN, certificates=certificates, now=NOW)
        with pytest.raises(SigningError):
            signer.sign(b"claim")


CHILD = """
import sys
from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
signer = Signer.from_secret_bytes(sys.stdin.buffer.read())
try:
    sys.stdout.buffer.write(signer.sign(b"claim"))
except SigningError as error:
    print(error)
"""


@pytest.mark.parametrize(("pin", "expected"), [(PIN, b""), ("000000", b"pin incorrect"), ("", b"token")])
def test_the_secret_bytes_open_the_token_in_a_child_process(
    pin: str, expected: bytes, hsm: Hsm, authority: Authority
) -> None:
    key = hsm.keys[Algorithm.ES256]
    signer = Signer.from_pkcs11(
        hsm.module, TOKEN, label="es256", pin=pin, certificates=certified(key, authority), now=NOW
    )
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=signer.to_secret_bytes(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    if expected:
        assert expected in done.stdout
        assert not pin or pin.encode() not in done.stdout + done.stderr
    else:
        assert checked(done.stdout, b"claim", key.public_key(), Algorithm.ES256)


def test_a_forked_process_opens_the_token_anew(hsm: Hsm, authority: Authority) -> None:
    key = hsm.keys[Algorithm.ES256]
    program = """
import os, sys
from kzlabel.credentials import Signer
signer = Signer.from_secret_bytes(sys.stdin.buffer.read())
signer.sign(b"parent")
child = os.fork()
signature = signer.sign(b"claim")
if child == 0:
    os._exit(len(signature))
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), len(signature))
"""
    signer = Signer.from_pkcs11(
        hsm.module, TOKEN, label="es256", pin=PIN, certificates=certified(key, authority), now=NOW
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=signer.to_secret_bytes(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.split() == [b"64", b"64"]


def test_the_pin_is_shown_nowhere(hsm: Hsm, authority: Authority) -> None:
    certificates = certified(hsm.keys[Algorithm.ES256], authority)
    signer = Signer.from_pkcs11(hsm.module, TOKEN, label="es256", pin=PIN, certificates=certificates, now=NOW)
    held = signer._key
    assert PIN not in f"{signer!r} {held!r} {held.configuration!r}"  # type: ignore[union-attr]


def test_a_missing_package_is_told(hsm: Hsm, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(CredentialError, match="python-pkcs11") as caught:
        Signer.from_pkcs11(hsm.module, TOKEN, label="es256", pin=PIN, now=NOW)
    assert "kzlabel[pkcs11]" in caught.value.remedy
