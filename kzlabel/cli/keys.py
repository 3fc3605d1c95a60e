"""`kzlabel keys`: which key signs, and this machine's development identity."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from kzlabel.cli.printing import one_line, print_json
from kzlabel.cli.speech import say, say_finished
from kzlabel.cli.words import KEY_FACTS, column
from kzlabel.credentials import (
    Algorithm,
    ChosenSigner,
    default_signer,
    development,
    development_directory,
    signer_from_environment,
)
from kzlabel.credentials.certificates import UNREADABLE, display_name, load_certificates
from kzlabel.credentials.environment import PASSWORD
from kzlabel.credentials.examination import examine
from kzlabel.credentials.passwords import given
from kzlabel.credentials.pem import read_file
from kzlabel.credentials.request import MAKERS, make_request, write_private
from kzlabel.errors import CredentialError, MalformedError
from kzlabel.sources import display_name as shown_path

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.group(name="keys")
def command() -> None:
    """Show which key signs labels, and make the development identity.

    Without --key and --cert, and without KZLABEL_KEY and KZLABEL_CERT, labels are signed with a development
    identity, which only this machine trusts.
    """


@command.command()
@click.option(
    "--force", is_flag=True, help="Replace the identity that there is; what it signed is trusted no longer."
)
def init(*, force: bool) -> None:
    """Make the development identity: an authority of its own and a certificate for labels.

    \b
    kzlabel keys init
    kzlabel keys init --force
    """
    identity = development.create(development_directory(os.environ), now=datetime.now(UTC), force=force)
    click.echo(say("made a development identity in {directory}", directory=identity.directory))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array with one object.")
def show(*, as_json: bool) -> None:
    """Show the certificate that would sign now, and where it comes from. Makes nothing.

    \b
    kzlabel keys show
    """
    found = _present()
    certificate = found.signer.certificate_chain[0]
    facts = {
        "source": "development" if found.development else "environment",
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "serial_number": f"{certificate.serial_number:x}",
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "algorithm": found.signer.algorithm.value,
        "sha256": certificate.fingerprint(SHA256()).hex(),
        "directory": str(found.development.directory) if found.development else "",
    }
    if as_json:
        print_json([facts])
        return
    for name, value in facts.items():
        if value:
            click.echo(f"{column(name, KEY_FACTS)} {value}")


@command.command()
@click.option("--authority", is_flag=True, help="Print the file with the authority's certificate instead.")
def path(*, authority: bool) -> None:
    """Print the directory of the development identity.

    The file that --authority names can be given to `kzlabel verify --trust` on another machine, for tests.

    \b
    kzlabel keys path
    kzlabel keys path --authority
    """
    directory: Path = development_directory(os.environ)
    click.echo(directory / development.AUTHORITY_FILE if authority else directory)


@command.command()
@click.argument("certificate", metavar="CERT", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array with one object.")
def check(certificate: Path, *, as_json: bool) -> None:
    """Say whether validators accept labels that a certificate signs, rule by rule, and what to ask its issuer for.

    CERT is a certificate in PEM or DER; of several the first is examined. Exit codes: 0 it is accepted, 1 it is
    not, 2 it can't be read.

    \b
    kzlabel keys check certificate.pem
    """
    found = _read(certificate)
    result = examine(found, at=datetime.now(UTC))
    if as_json:
        print_json([result])
    else:
        click.echo(
            one_line(say("{subject}, issued by {issuer}", subject=display_name(found), issuer=_issuer(found)))
        )
        words = say("meets"), say("FAILS"), say("note")
        width = max(map(len, words)) + 2
        for ruling in result.rulings:
            asked = f"; {say_finished(ruling.ask)}" if ruling.ask else ""
            click.echo(f"{words[not ruling.met]:<{width}}{say_finished(ruling.rule)}{asked}")
        for line in result.advice:
            click.echo(f"{words[2]:<{width}}{say_finished(line)}")
        click.echo(say("labels that it signs are valid") if result.acceptable else say("it can't sign labels"))
    if not result.acceptable:
        sys.exit(1)


@command.command()
@click.option("--key", "key_path", metavar="FILE", type=_FILE, required=True, help="Where the new key goes.")
@click.option("-o", "--output", metavar="FILE", type=_FILE, required=True, help="Where the request goes.")
@click.option("--organization", metavar="NAME", required=True, help="Who the certificate is for.")
@click.option("--common-name", metavar="NAME", default="", help="Name of the signer, if it is another.")
@click.option("--country", metavar="CC", default="", help="Country of the organisation, such as KZ.")
@click.option("--algorithm", type=click.Choice([one.value for one in MAKERS]), default="es256", help="Kind of key.")
@click.option(
    "--key-password-file",
    metavar="FILE",
    type=_FILE,
    help="Its first line encrypts the key; else it is in the clear.",
)
def request(
    key_path: Path,
    output: Path,
    organization: str,
    common_name: str,
    country: str,
    algorithm: str,
    key_password_file: Path | None,
) -> None:
    """Make a key, and a request for a certificate that C2PA validators accept.

    The key stays here, readable by this user alone; send the request to an authority.

    \b
    kzlabel keys request --key signer.pem -o signer.csr --organization "Example LLP" --country KZ
    """
    password = given(os.environ, PASSWORD, key_password_file)
    key, wanted = make_request(
        Algorithm(algorithm),
        organization=organization,
        common_name=common_name,
        country=country,
        password=password,
    )
    write_private(key_path, key)
    try:
        write_private(output, wanted)
    except CredentialError:
        key_path.unlink(missing_ok=True)
        raise
    names = {"key": key_path, "request": output}
    if password:
        click.echo(one_line(say("wrote the key, encrypted, to {key}, and the request to {request}", **names)))
        return
    done = say(
        "wrote the key, not encrypted, but readable by this user alone, to {key}, and the request to {request}",
        **names,
    )
    click.echo(one_line(done))


def _read(path: Path) -> x509.Certificate:
    """Return the first certificate in the file at `path`, PEM or DER."""
    data = read_file(path, CredentialError)
    try:
        return load_certificates(data)[0] if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)
    except MalformedError as error:
        why = error.message
    except UNREADABLE:
        why = "there is no certificate, or it is damaged"
    raise CredentialError(f"{shown_path(path)}: {why}", "name a certificate in PEM or DER")


def _issuer(certificate: x509.Certificate) -> str:
    try:
        return certificate.issuer.rfc4514_string()
    except UNREADABLE:
        return say("(unreadable)")


def _present() -> ChosenSigner:
    """Return the signer that would be used, without making one."""
    if signer_from_environment(os.environ) is not None:
        return default_signer()
    identity = development.load(development_directory(os.environ), now=datetime.now(UTC))
    return ChosenSigner(identity.signer, identity)
