"""Whom to believe when nobody says: this machine's own development authority, and nobody else."""

import os
from collections.abc import Mapping

from kzlabel.credentials import development_directory
from kzlabel.errors import CredentialError
from kzlabel.trust.anchors import Trust
from kzlabel.trust.development import development_trust

__all__ = ["default_trust"]


def default_trust(environ: Mapping[str, str] = os.environ) -> Trust:
    """Return trust in this machine's development authority; in nobody where there is none.

    Raises:
        TrustError: There is one, and its certificate can't be read.
    """
    try:
        directory = development_directory(environ)
    except CredentialError:
        return Trust.none()
    return development_trust(directory)
