"""Trust in this machine's own development identity, so that its labels can be checked on it."""

from pathlib import Path

from kzlabel.credentials.development import AUTHORITY_FILE
from kzlabel.credentials.pem import read_file
from kzlabel.errors import TrustError
from kzlabel.trust.anchors import Trust

__all__ = ["STORE", "development_trust"]

STORE = "development"
"""The store that a development authority's anchor names."""


def development_trust(directory: Path) -> Trust:
    """Return trust in the development identity in `directory`; nobody is trusted where there is none.

    Raises:
        TrustError: There is one, and its certificate can't be read.
    """
    path = directory / AUTHORITY_FILE
    try:
        path.stat()
    except OSError:
        # A user who may not even look into the directory has no identity there, and can verify all the same.
        return Trust.none()
    try:
        return Trust.from_pem(read_file(path, TrustError), store=STORE)
    except TrustError as error:
        raise TrustError(error.message, "make a new identity with `kzlabel keys init --force`") from None
