"""The development identity: made whole or not at all, private, honest about itself, and trusted by its anchor."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from kzlabel.credentials import DevelopmentIdentity, check_profile, development
from kzlabel.credentials.certificates import load_certificates
from kzlabel.credentials.profile import CLAIM_SIGNING
from kzlabel.errors import CredentialError
from kzlabel.trust import Trust, development_trust, reader_settings
from tests.unit.credentials import engine
from tests.unit.credentials.issuing import DAY, NOW, Authority, ec_key, key_pem, pem
from tests.unit.credentials.users import ROOT, run_unprivileged


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "config" / "development"


@pytest.fixture
def identity(directory: Path) -> DevelopmentIdentity:
    return development.create(directory, now=NOW)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_fits_the_profile_and_says_what_it_is(identity: DevelopmentIdentity) -> None:
    (leaf,) = identity.signer.certificate_chain
    (authority,) = load_certificates(identity.authority_pem)
    assert check_profile(leaf, at=NOW) == ()
    leaf.verify_directly_issued_by(authority)
    (common,) = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    (organization,) = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert str(common.value).startswith("kzlabel development identity ")
    assert "Not for publication" in str(organization.value)
    assert leaf.not_valid_after_utc <= authority.not_valid_after_utc
    assert leaf.not_valid_before_utc < NOW < leaf.not_valid_after_utc
    assert identity.signer.algorithm == "es256"


def test_every_identity_is_another(tmp_path: Path) -> None:
    first, second = (development.create(tmp_path / name, now=NOW) for name in "ab")
    assert first.signer.secret_key_pem() != second.signer.secret_key_pem()
    assert first.signer.certificate_chain[0].subject != second.signer.certificate_chain[0].subject


def test_its_files_are_for_its_user_alone_and_the_authoritys_key_is_nowhere(
    identity: DevelopmentIdentity, directory: Path
) -> None:
    assert sorted(path.name for path in directory.iterdir()) == ["ca.pem", "certificates.pem", "key.pem"]
    assert mode(directory) == 0o700
    assert mode(directory / "key.pem") == 0o600
    assert mode(directory.parent) & 0o077 == 0
    assert [path.name for path in directory.parent.iterdir()] == ["development"]
    keys = b"".join(path.read_bytes() for path in directory.iterdir()).count(b"PRIVATE KEY-----")
    assert keys == 2  # the first and the last line of one key
    (authority,) = load_certificates(identity.authority_pem)
    assert identity.signer.certificate_chain[0].public_key() != authority.public_key()


def test_an_open_umask_opens_nothing(directory: Path) -> None:
    before = os.umask(0)
    try:
        development.create(directory, now=NOW)
    finally:
        os.umask(before)
    assert mode(directory / "key.pem") == 0o600
    assert mode(directory) == 0o700


def test_the_engine_trusts_it_with_its_anchor_in_all_settings_and_not_without(directory: Path) -> None:
    signer = development.create(directory, now=datetime.now(UTC)).signer
    data = engine.signed(signer.algorithm, signer.certificates_pem, signer.secret_key_pem())
    assert data is not None
    trust = development_trust(directory)
    bare: dict[str, object] = {"trust_anchors": trust.pem()}
    for settings in (
        reader_settings(trust),
        {"trust": bare},
        {"trust": {**bare, "trust_config": CLAIM_SIGNING.dotted_string}},
    ):
        assert engine.read(data, settings) == ("Trusted", set())
    assert engine.read(data, reader_settings(Trust.none())) == ("Valid", {"signingCredential.untrusted"})


def test_it_is_loaded_as_it_was_made(identity: DevelopmentIdentity, directory: Path) -> None:
    loaded = development.load(directory, now=NOW)
    assert loaded.signer.to_secret_bytes() == identity.signer.to_secret_bytes()
    assert loaded.authority_pem == identity.authority_pem
    assert development.load_or_create(directory, now=NOW)[1] is False


def test_it_is_made_when_it_is_first_needed(directory: Path) -> None:
    first, created = development.load_or_create(directory, now=NOW)
    assert created
    again, created = development.load_or_create(directory, now=NOW)
    assert not created
    assert first.signer.to_secret_bytes() == again.signer.to_secret_bytes()


def test_an_empty_directory_is_filled(directory: Path) -> None:
    directory.mkdir(parents=True)
    assert development.load_or_create(directory, now=NOW)[1] is True


def test_one_that_is_there_is_replaced_only_by_force(identity: DevelopmentIdentity, directory: Path) -> None:
    with pytest.raises(CredentialError, match="already holds") as caught:
        development.create(directory, now=NOW)
    assert "kzlabel keys init --force" in caught.value.remedy
    replaced = development.create(directory, now=NOW, force=True)
    assert replaced.signer.secret_key_pem() != identity.signer.secret_key_pem()
    assert [path.name for path in directory.parent.iterdir()] == ["development"]


def test_force_makes_the_first_one_too(directory: Path) -> None:
    assert development.create(directory, now=NOW, force=True).directory == directory


RACE = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from kzlabel.credentials import development
print("ready", flush=True)
sys.stdin.readline()
found, created = development.load_or_create(Path(sys.argv[1]), now=datetime.now(UTC))
print(int(created), found.signer.secret_key_pem())
"""


def test_of_processes_that_start_at_once_one_makes_it_and_all_use_it(directory: Path) -> None:
    command = [sys.executable, "-c", RACE, str(directory)]
    runners = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(4)
    ]
    for runner in runners:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "ready\n"
    for runner in runners:
        assert runner.stdin is not None
        runner.stdin.write("\n")
        runner.stdin.flush()
    answers = sorted(runner.communicate()[0] for runner in runners)
    key = (directory / "key.pem").read_bytes()
    assert answers == [f"0 {key!r}\n"] * 3 + [f"1 {key!r}\n"]
    assert [path.name for path in directory.parent.iterdir()] == ["development"]


def test_the_slower_of_two_uses_the_identity_of_the_faster(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = development._make

    def slow(now: datetime) -> dict[str, bytes]:
        monkeypatch.setattr(development, "_make", make)
        development.create(directory, now=now)
        return make(now)

    monkeypatch.setattr(development, "_make", slow)
    identity, created = development.load_or_create(directory, now=NOW)
    assert not created
    assert identity.signer.secret_key_pem() == (directory / "key.pem").read_bytes()
    assert [path.name for path in directory.parent.iterdir()] == ["development"]


@pytest.mark.parametrize("file", ["key.pem", "certificates.pem", "ca.pem"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "another's"])
def test_a_damaged_one_is_refused_with_the_remedy(file: str, damage: str, directory: Path) -> None:
    development.create(directory, now=NOW)
    path = directory / file
    match damage:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:100])
        case _:
            other = development.create(directory.parent / "other", now=NOW)
            path.write_bytes((other.directory / file).read_bytes())
    for attempt in (development.load, development.load_or_create):
        with pytest.raises(CredentialError) as caught:
            attempt(directory, now=NOW)
        assert "kzlabel keys init --force" in caught.value.remedy
        assert "\n" not in str(caught.value)
    development.create(directory, now=NOW, force=True)


def test_a_certificate_of_a_stranger_is_refused(directory: Path) -> None:
    development.create(directory, now=NOW)
    key = ec_key()
    (directory / "key.pem").write_bytes(key_pem(key))
    (directory / "certificates.pem").write_bytes(pem(Authority().issue(key.public_key())))
    with pytest.raises(CredentialError, match="don't belong together"):
        development.load(directory, now=NOW)


def test_none_is_refused_with_the_command_that_makes_one(directory: Path) -> None:
    with pytest.raises(CredentialError, match="no development identity") as caught:
        development.load(directory, now=NOW)
    assert caught.value.remedy == "make one with `kzlabel keys init`"


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(bits: int, directory: Path) -> None:
    development.create(directory, now=NOW)
    (directory / "key.pem").chmod(bits)
    with pytest.raises(CredentialError, match=f"its mode is 0{bits:o}") as caught:
        development.load(directory, now=NOW)
    assert "chmod 600" in caught.value.remedy
    (directory / "key.pem").chmod(0o400)
    development.load(directory, now=NOW)


def test_an_expired_one_is_refused_with_the_remedy(identity: DevelopmentIdentity, directory: Path) -> None:
    for now, words in ((NOW + timedelta(days=731), "expired"), (NOW - DAY, "not valid before")):
        with pytest.raises(CredentialError, match=words) as caught:
            development.load_or_create(directory, now=now)
        assert "kzlabel keys init --force" in caught.value.remedy


IMPORTS = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from kzlabel.credentials import development
from kzlabel.errors import CredentialError
from kzlabel.trust import development_trust
"""
ATTEMPT = """
try:
    development.load_or_create(Path(sys.argv[1]), now=datetime.now(UTC))
except CredentialError as error:
    print(error)
print(len(development_trust(Path(sys.argv[1])).anchors))
"""


def test_a_directory_that_cant_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    said = run_unprivileged(IMPORTS, ATTEMPT, tmp_path / "kzlabel" / "development")
    tmp_path.chmod(0o700)
    assert "Permission denied" in said
    assert "KZLABEL_CONFIG_DIR" in said
    assert "--key" in said


def test_the_identity_of_another_user_is_neither_used_nor_trusted(directory: Path) -> None:
    development.create(directory, now=datetime.now(UTC))
    directory.chmod(0o000)
    said = run_unprivileged(IMPORTS, ATTEMPT, directory)
    directory.chmod(0o700)
    assert "Permission denied" in said
    assert said.endswith("\n0\n")


def test_a_file_in_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "development").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path in (tmp_path / "development", tmp_path / "development" / "deeper", tmp_path / "link"):
        with pytest.raises(CredentialError) as caught:
            development.load_or_create(path, now=NOW)
        assert caught.value.remedy
    assert sorted(path.name for path in tmp_path.iterdir()) == ["development", "link"]


def test_the_leafs_purposes_suit_old_and_new_validators(identity: DevelopmentIdentity) -> None:
    purposes = identity.signer.certificate_chain[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert [purpose.dotted_string for purpose in purposes.value] == [
        "1.3.6.1.5.5.7.3.4",
        "1.3.6.1.4.1.62558.2.1",
    ]
