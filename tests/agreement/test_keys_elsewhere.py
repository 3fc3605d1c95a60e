"""Labels whose key is held elsewhere: both engines trust them, whoever writes them, in one process or a child."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from fixtures.authority import Authority
from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.files import BytesReader
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler, Labelled, builder
from kzlabel.signing.batch import Failure, Job, label_each
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status

TEMPLATE = {"level": "ai-generated", "system": {"name": "Painter"}}


class Remote:
    """A key and its certificate, apart from each other."""

    def __init__(self, place: Path) -> None:
        self.authority = Authority("Elsewhere")
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.trust = Trust.from_pem(self.authority.pem, store="test")
        certificate = self.authority.issue(self.key, ExtendedKeyUsageOID.EMAIL_PROTECTION)
        self.pem = certificate.public_bytes(Encoding.PEM)
        path = place / "key.pem"
        path.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.command = ["openssl", "dgst", "-sha256", "-sign", str(path)]

    def sign(self, message: bytes) -> bytes:
        return subprocess.run(self.command, input=message, capture_output=True, check=True).stdout

    def trusted(self, data: bytes) -> bool:
        verifiers = [Verifier(trust=self.trust, engine=engine) for engine in (Engine.NATIVE, Engine.REFERENCE)]
        return all(verifier.verify(data).status is Status.TRUSTED for verifier in verifiers)


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    return Remote(tmp_path_factory.mktemp("remote"))


@pytest.fixture(params=["callback", "command"])
def elsewhere(request: pytest.FixtureRequest, remote: Remote) -> Signer:
    if request.param == "callback":
        return Signer.from_callback(remote.sign, remote.pem)
    return Signer.from_command(remote.command, remote.pem)


def test_both_engines_trust_what_is_composed_here(
    elsewhere: Signer, remote: Remote, samples: dict[str, Path], label: Label
) -> None:
    done = Labeler(elsewhere, trust=Trust.none()).label(samples["jpeg"].read_bytes(), label)
    assert remote.trusted(done)


def test_both_engines_trust_what_the_reference_engine_writes(
    elsewhere: Signer, remote: Remote, samples: dict[str, Path], label: Label, tmp_path: Path
) -> None:
    source = samples["jpeg"].read_bytes()
    with (tmp_path / "out.jpg").open("w+b") as out:
        builder.write(
            BytesReader(source),
            out,
            media_type="image/jpeg",
            label=label,
            keep_parent=False,
            signer=builder.native_signer(elsewhere),
            trust=Trust.none(),
            limits=DEFAULT_LIMITS,
        )
    assert remote.trusted((tmp_path / "out.jpg").read_bytes())


def test_many_files_are_labelled_by_a_key_elsewhere(
    elsewhere: Signer, remote: Remote, samples: dict[str, Path], tmp_path: Path
) -> None:
    jobs = [Job(source=samples[name], destination=tmp_path / name) for name in ("jpeg", "png")]
    jobs.append(Job(source=tmp_path / "none", destination=tmp_path / "out"))
    first, second, third = label_each(jobs, TEMPLATE, elsewhere)
    assert isinstance(first, Labelled)
    assert isinstance(second, Labelled)
    assert isinstance(third, Failure)
    assert third.operational
    assert remote.trusted((tmp_path / "jpeg").read_bytes())


def test_a_key_that_signs_wrongly_leaves_no_file(
    remote: Remote, samples: dict[str, Path], label: Label, tmp_path: Path
) -> None:
    signer = Signer.from_callback(lambda message: remote.sign(message + b"."), remote.pem)
    with pytest.raises(SigningError, match="no es256 signature"):
        Labeler(signer, trust=Trust.none()).label(samples["jpeg"], label, tmp_path / "out.jpg")
    assert not list(tmp_path.iterdir())
    with (tmp_path / "out.jpg").open("w+b") as out, pytest.raises(SigningError):
        builder.write(
            BytesReader(samples["jpeg"].read_bytes()),
            out,
            media_type="image/jpeg",
            label=label,
            keep_parent=False,
            signer=builder.native_signer(signer),
            trust=Trust.none(),
            limits=DEFAULT_LIMITS,
        )
