"""`kzlabel trust`: whom this user believes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from kzlabel.cli.printing import one_line, print_json
from kzlabel.cli.speech import say, say_finished
from kzlabel.errors import TrustError
from kzlabel.sources import display_name
from kzlabel.trust import stores, stores_directory

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["command"]

_LARGEST = 16 * 1024 * 1024
_PATIENCE = 30
_FILE = click.Path(path_type=Path)
_kind = click.option(
    "--kind",
    type=click.Choice([kind.value for kind in stores.Kind]),
    default=stores.Kind.ANCHORS.value,
    show_default=True,
    help="What they are believed for: signers under them, time-stamps under them, or as signers themselves.",
)
_force = click.option("--force", is_flag=True, help="Replace a store of that name.")


@click.group(name="trust")
def command() -> None:
    """Say whom to believe: named stores of certificates, kept for this user.

    Nobody is believed by default but this machine's development identity and what was added here. `kzlabel verify
    --trust PEM` believes somebody for one call.
    """


@command.command()
@click.argument("file", type=_FILE)
@click.option("--name", help="Name of the store; the file's name unless given.")
@_kind
@_force
def add(file: Path, name: str | None, kind: str, *, force: bool) -> None:
    """Believe the certificates in FILE: PEM, DER, or JSON with x5c.

    \b
    kzlabel trust add company-ca.pem
    kzlabel trust add C2PA-TSA-TRUST-LIST.pem --name c2pa-tsa --kind tsa
    """
    data = _read(file)
    _add(data, name or _name_of(file.stem), kind, display_name(file), force=force)


@command.command(name="import")
@click.argument("address", metavar="FILE|URL")
@click.option("--name", required=True, help="Name of the store.")
@click.option("--sha256", metavar="HEX", help="Refuse a list with another digest.")
@_kind
@_force
def import_list(address: str, name: str, sha256: str | None, kind: str, *, force: bool) -> None:
    """Believe a trust list from a file or an https address, fetched this once.

    \b
    kzlabel trust import https://example.org/C2PA-TRUST-LIST.pem --name c2pa
    """
    import hashlib  # noqa: PLC0415 - only here

    data = _fetch(address) if urlsplit(address).scheme in ("http", "https") else _read(Path(address))
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and digest != sha256.lower():
        raise TrustError(f"{address} has the SHA-256 {digest}, not the one that was asked for", "check both")
    _add(data, name, kind, address, force=force)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, an object for each store.")
def list_stores(*, as_json: bool) -> None:
    """List the stores: what they are for, where they came from, whom they hold.

    \b
    kzlabel trust list
    """
    directory = stores_directory()
    found = [stores.load(directory, name) for name in stores.names(directory)]
    if as_json:
        print_json([_facts(store) for store in found])
        return
    for store in found:
        members = _members(store)
        count = say("{count} certificates", count=f"{len(members):>4}")
        click.echo(f"{store.name:<20} {store.kind.value:<8} {count}  {store.added}")
        origin = say("from {source}, SHA-256 {digest}", source=store.source, digest=store.sha256[:16])
        click.echo(click.style(one_line(f"    {origin}"), dim=True))
        for one in members:
            member = say("{name}, until {day}", name=one["name"], day=one["not_after"][:10])
            click.echo(one_line(f"    {member}"))
    if not found:
        click.echo(say("no stores; kzlabel trust add FILE makes one"))


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Believe the store called NAME no longer.

    \b
    kzlabel trust remove company-ca
    """
    stores.remove(stores_directory(), name)
    click.echo(say("removed {name}", name=name))


@command.command(name="verify-list")
@click.argument("file", type=_FILE)
@_kind
def verify_list(file: Path, kind: str) -> None:
    """Look through a trust list without believing it: what is in it, and what is wrong with it.

    Exit codes: 0 nothing is wrong, 1 a certificate is expired or not fit for the kind, 2 it is no list.

    \b
    kzlabel trust verify-list C2PA-TRUST-LIST.pem
    """
    from kzlabel.credentials.certificates import display_name as subject  # noqa: PLC0415 - as elsewhere

    wrong = 0
    now = datetime.now(UTC)
    for certificate in stores.certificates_in(_read(file), source=display_name(file)):
        problems = list(_problems(certificate, stores.Kind(kind), now))
        wrong += bool(problems)
        words = say("wrong"), say("fit")
        width = max(map(len, words)) + 2
        click.echo(one_line(f"{words[not problems]:<{width}}{subject(certificate)}"))
        for problem in problems:
            click.echo(one_line(" " * width + problem))
    raise SystemExit(1 if wrong else 0)


def _problems(certificate: "x509.Certificate", kind: stores.Kind, now: datetime) -> list[str]:
    found = []
    if certificate.not_valid_after_utc < now:
        found.append(say("it expired at {time}", time=certificate.not_valid_after_utc.isoformat()))
    if certificate.not_valid_before_utc > now:
        found.append(say("it is not valid before {time}", time=certificate.not_valid_before_utc.isoformat()))
    try:
        stores.StoreFile.make("list", kind, "", [certificate], now)
    except TrustError as error:
        found.append(say_finished(error.message))
    return found


def _add(data: bytes, name: str, kind: str, source: str, *, force: bool) -> None:
    certificates = stores.certificates_in(data, source=source)
    made = stores.StoreFile.make(name, stores.Kind(kind), source, certificates, datetime.now(UTC))
    stores.add(stores_directory(), made, replace=force)
    facts = {"count": len(certificates), "source": source, "name": name, "kind": kind}
    click.echo(one_line(say("{count} certificates from {source} are believed as {name} ({kind})", **facts)))


def _name_of(stem: str) -> str:
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem.lower())
    return name.strip("-._")[:64]


def _facts(store: stores.StoreFile) -> dict[str, object]:
    return {
        "name": store.name,
        "kind": store.kind.value,
        "source": store.source,
        "added": store.added,
        "sha256": store.sha256,
        "certificates": _members(store),
    }


def _members(store: stores.StoreFile) -> list[dict[str, str]]:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - only here

    from kzlabel.credentials.certificates import display_name as subject  # noqa: PLC0415

    return [
        {
            "name": subject(one),
            "not_after": one.not_valid_after_utc.isoformat(),
            "sha256": one.fingerprint(SHA256()).hex(),
        }
        for one in stores.certificates_in(store.pem.encode(), source=store.name)
    ]


def _read(file: Path) -> bytes:
    from kzlabel.credentials.pem import read_file  # noqa: PLC0415 - as above

    return read_file(file, TrustError)


def _fetch(address: str) -> bytes:
    """Fetch a list: the one place where `trust` uses a network, because the user named an address."""
    import urllib.request  # noqa: PLC0415 - only here
    from http.client import HTTPException  # noqa: PLC0415

    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise TrustError(f"{address} is not an https address", "whoever is on the way could change a list")
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - the scheme is checked
            data: bytes = answer.read(_LARGEST + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise TrustError(f"{address} can't be fetched: {error}", "fetch it yourself and name the file") from None
    if len(data) > _LARGEST:
        raise TrustError(f"{address} gives more than {_LARGEST} bytes", "check the address")
    return data
