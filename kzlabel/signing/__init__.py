"""Labelling: a signed manifest is put into a copy of a file, and nothing else about the file changes."""

from kzlabel.signing.audit import AuditLog
from kzlabel.signing.labeler import Labeler, Labelled

__all__ = ["AuditLog", "Labeler", "Labelled"]
