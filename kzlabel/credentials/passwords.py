"""Passwords of keys and PINs of tokens: from a file, the environment, the desktop's keyring or a person.

Never from arguments, which every user of the machine can read.
"""

import os
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Final

from kzlabel.credentials.pem import read_file
from kzlabel.errors import CredentialError

__all__ = ["Ask", "PasswordNeededError", "from_keyring", "given"]

Ask = Callable[[str], bytes | None]
"""Asks for the password of what it is told the name of; None when there is none to be had."""

_SERVICE: Final = "kzlabel"
_LONGEST: Final = 4096


class PasswordNeededError(CredentialError):
    """A key is encrypted, and no password was given."""


def given(environ: Mapping[str, str], variable: str, file: str | PathLike[str] | None = None) -> bytes | None:
    """Return the password in the first line of `file`, else that in the environment variable `variable`.

    Raises:
        CredentialError: The file can't be read, or its first line is empty or far too long.
    """
    if file is None:
        said = environ.get(variable)
        return os.fsencode(said) if said else None
    line = read_file(file, CredentialError).split(b"\n", 1)[0].removesuffix(b"\r")
    if not 0 < len(line) <= _LONGEST:
        raise CredentialError(
            "the password file has no password in its first line", "put the password there, followed by a line end"
        )
    return line


def from_keyring(name: str) -> bytes | None:
    """Return what the desktop's keyring has for `name` under kzlabel; None without the package `keyring` too.

    One is put there by `keyring set kzlabel NAME`.
    """
    try:
        import keyring  # noqa: PLC0415 - optional, and slow to start
    except ImportError:
        return None
    try:
        found = keyring.get_password(_SERVICE, name)
    except Exception:  # noqa: BLE001 - each of its many stores raises errors of its own, and none of them is ours
        return None
    return found.encode() if found else None
