"""The options that say who signs, and how they become a signer."""

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from kzlabel.cli.printing import complain
from kzlabel.cli.speech import say
from kzlabel.credentials import Signer, default_signer
from kzlabel.credentials.environment import PASSWORD
from kzlabel.credentials.holder import check_personal
from kzlabel.credentials.passwords import from_keyring, given
from kzlabel.credentials.pem import read_file
from kzlabel.errors import CredentialError
from kzlabel.sources import display_name

__all__ = ["SIGNER_OPTIONS", "chosen_signer", "signer_options"]

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)
_PIN = "KZLABEL_PIN"

_OPTIONS = (
    click.option("--key", metavar="PEM", type=_FILE, help="Private key; together with --cert."),
    click.option(
        "--cert", metavar="PEM", type=_FILE, help="Certificates, the signer's first; together with --key."
    ),
    click.option("--p12", metavar="FILE", type=_FILE, help="PKCS#12 file with the key and its certificates."),
    click.option(
        "--key-password-file",
        metavar="FILE",
        type=_FILE,
        help="Its first line is the password of --key or --p12, or the PIN of --token.",
    ),
    click.option(
        "--sign-command",
        metavar="COMMAND",
        help="Program that signs: the message comes on its standard input; together with --cert.",
    ),
    click.option("--pkcs11", metavar="MODULE", type=_FILE, help="Library of the token that holds the key."),
    click.option("--token", metavar="LABEL", help="Label of that token."),
    click.option("--key-label", metavar="LABEL", default="", help="Label of the key on the token."),
    click.option("--key-id", metavar="HEX", default="", help="Identifier of the key on the token."),
    click.option(
        "--algorithm",
        metavar="NAME",
        help="What a command or token signs with, such as ps384; by default the usual one for the key.",
    ),
    click.option("--ocsp", is_flag=True, help="Have labels carry proof that the certificate is not revoked."),
    click.option(
        "--accept-personal-data",
        is_flag=True,
        help="Sign although every label publishes the name and number (IIN) of a person.",
    ),
)

SIGNER_OPTIONS = (
    "key",
    "cert",
    "p12",
    "key_password_file",
    "sign_command",
    "pkcs11",
    "token",
    "key_label",
    "key_id",
    "algorithm",
    "ocsp",
    "accept_personal_data",
)
"""Names of the parameters that `signer_options` adds."""


def signer_options(command: F) -> F:
    """Add every option that says who signs to `command`; see `SIGNER_OPTIONS`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen_signer(options: Mapping[str, Any], tsa: str | None) -> Signer:
    """Return the signer that the options name, else the environment's, else the development identity.

    Raises:
        CredentialError: It can't be used, or its labels would publish a person's data, which was not accepted.
        UsageError: Options are missing, or exclude each other.
    """
    signer = _named(options, tsa)
    check_personal(signer.certificate_chain[0], accepted=options["accept_personal_data"])
    return signer.with_ocsp() if options["ocsp"] else signer


def _named(options: Mapping[str, Any], tsa: str | None) -> Signer:
    kinds = [name for name in ("key", "p12", "sign_command", "pkcs11") if options[name]]
    if len(kinds) > 1:
        raise click.UsageError(f"--{kinds[0].replace('_', '-')} and --{kinds[1].replace('_', '-')} name two keys")
    if not options["pkcs11"] and any(options[name] for name in ("token", "key_label", "key_id")):
        raise click.UsageError("--token, --key-label and --key-id go with --pkcs11")
    if options["algorithm"] and not (options["sign_command"] or options["pkcs11"]):
        raise click.UsageError("--algorithm goes with --sign-command or --pkcs11")
    if options["sign_command"]:
        return _from_command(options, tsa)
    if options["pkcs11"]:
        return _from_token(options, tsa)
    choice = default_signer(
        key=options["key"],
        certificate=options["cert"],
        p12=options["p12"],
        password=given(os.environ, PASSWORD, options["key_password_file"]),
        ask=_ask,
        tsa_url=tsa,
    )
    if choice.created and choice.development:
        complain(
            say(
                "made a development identity in {directory}, which only this machine trusts; "
                "sign what you publish with --key and --cert",
                directory=choice.development.directory,
            )
        )
    return choice.signer


def _from_command(options: Mapping[str, Any], tsa: str | None) -> Signer:
    if not options["cert"]:
        raise click.UsageError("--sign-command needs --cert, the certificate of the key that it signs with")
    try:
        arguments = shlex.split(options["sign_command"])
    except ValueError as error:
        raise click.UsageError(f"--sign-command can't be split into words: {error}") from None
    certificates = read_file(options["cert"], CredentialError)
    return Signer.from_command(arguments, certificates, algorithm=options["algorithm"], tsa_url=tsa)


def _from_token(options: Mapping[str, Any], tsa: str | None) -> Signer:
    if not options["token"] or not (options["key_label"] or options["key_id"]):
        raise click.UsageError("--pkcs11 needs --token, and --key-label or --key-id")
    try:
        identifier = bytes.fromhex(options["key_id"])
    except ValueError:
        raise click.UsageError("--key-id is not hexadecimal") from None
    pin = given(os.environ, _PIN, options["key_password_file"])
    if pin is None:
        pin = _ask(options["token"], "PIN")
    return Signer.from_pkcs11(
        options["pkcs11"],
        options["token"],
        label=options["key_label"],
        id=identifier,
        pin=os.fsdecode(pin) if pin else "",
        certificates=read_file(options["cert"], CredentialError) if options["cert"] else None,
        algorithm=options["algorithm"],
        tsa_url=tsa,
    )


def _ask(name: str, what: str = "Password") -> bytes | None:
    """Look into the keyring, then ask the person at the terminal, if there is one."""
    if found := from_keyring(name):
        return found
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    shown = display_name(name)
    question = say("PIN of {name}", name=shown) if what == "PIN" else say("Password of {name}", name=shown)
    said = click.prompt(question, hide_input=True, default="", show_default=False, err=True)
    return str(said).encode() or None
