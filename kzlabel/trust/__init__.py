"""Whom to believe: sets of trust anchors, and what they mean to the reference engine."""

from kzlabel.trust.anchors import Anchor, Trust
from kzlabel.trust.default import default_trust, stores_directory
from kzlabel.trust.development import STORE as DEVELOPMENT
from kzlabel.trust.development import development_trust
from kzlabel.trust.revocations import Revocations
from kzlabel.trust.settings import reader_settings

__all__ = [
    "DEVELOPMENT",
    "Anchor",
    "Revocations",
    "Trust",
    "default_trust",
    "development_trust",
    "reader_settings",
    "stores_directory",
]
