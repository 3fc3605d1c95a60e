"""`kzlabel keys`: which key signs, and this machine's development identity."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from cryptography.hazmat.primitives.hashes import SHA256

from kzlabel.cli.printing import print_json
from kzlabel.credentials import (
    ChosenSigner,
    default_signer,
    development,
    development_directory,
    signer_from_environment,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


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
    click.echo(f"made a development identity in {identity.directory}")


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
            click.echo(f"{name.replace('_', ' '):<14} {value}")


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


def _present() -> ChosenSigner:
    """Return the signer that would be used, without making one."""
    if signer_from_environment(os.environ) is not None:
        return default_signer()
    identity = development.load(development_directory(os.environ), now=datetime.now(UTC))
    return ChosenSigner(identity.signer, identity)
