"""Kinds of hard bindings that are written, and which format takes which."""

from kzlabel.formats import Format, bmff, ogg, zip  # noqa: A004 - the format's name
from kzlabel.limits import Limits
from kzlabel.signing.bindings.base import Binding
from kzlabel.signing.bindings.data import DATA_HASH
from kzlabel.signing.bindings.iso_media import BMFF_HASH
from kzlabel.signing.bindings.members import MemberHash
from kzlabel.signing.bindings.streams import StreamHash

__all__ = ["binding_for"]


def binding_for(form: Format, limits: Limits) -> Binding:
    """Return how the content of files of this format is bound (C2PA 2.4 section 18 and annex A)."""
    match form.NAME:
        case ogg.NAME:
            return StreamHash(limits)
        case zip.NAME:
            return MemberHash(limits)
        case bmff.NAME:
            return BMFF_HASH
        case _:
            return DATA_HASH
