"""Whom to believe when nobody says: those whom the user added, and this machine's own development authority."""

import os
from collections.abc import Mapping
from pathlib import Path

from kzlabel.credentials import config_directory, development_directory
from kzlabel.errors import CredentialError
from kzlabel.trust.anchors import Trust
from kzlabel.trust.development import development_trust
from kzlabel.trust.stores import load_all

__all__ = ["default_trust", "stores_directory"]


def default_trust(environ: Mapping[str, str] = os.environ) -> Trust:
    """Return trust in this machine's development authority and in the user's own stores; nobody else is believed.

    Raises:
        TrustError: A store, or the development authority's certificate, can't be read.
    """
    try:
        directory = development_directory(environ)
        stores = stores_directory(environ)
    except CredentialError:
        return Trust.none()
    return development_trust(directory) | load_all(stores)


def stores_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of the user's trust stores, whether or not there is one.

    Raises:
        CredentialError: The platform has no directory for this user.
    """
    return config_directory(environ) / "trust"
