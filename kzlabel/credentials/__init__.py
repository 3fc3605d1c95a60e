"""Where the signing key is: in PEM files, named in the environment, or made by this machine for itself."""

from kzlabel.credentials.development import DevelopmentIdentity
from kzlabel.credentials.environment import (
    ChosenSigner,
    config_directory,
    default_signer,
    development_directory,
    signer_from_environment,
)
from kzlabel.credentials.keys import Algorithm
from kzlabel.credentials.profile import Rule, check_profile
from kzlabel.credentials.signer import Signer

__all__ = [
    "Algorithm",
    "ChosenSigner",
    "DevelopmentIdentity",
    "Rule",
    "Signer",
    "check_profile",
    "config_directory",
    "default_signer",
    "development_directory",
    "signer_from_environment",
]
