"""Files labelled by the reference engine: what everybody else writes, and the measure of what is written here."""

import io

from kzlabel.credentials import Signer
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import builder
from kzlabel.trust import Trust


def build(data: bytes, label: Label, signer: Signer, trust: Trust, *, keep_parent: bool = False) -> bytes:
    """Return `data` labelled by the reference engine."""
    recognised = identify(data)
    assert recognised is not None
    destination = io.BytesIO()
    builder.write(
        BytesReader(data),
        destination,
        media_type=recognised[1],
        label=label,
        keep_parent=keep_parent,
        signer=builder.native_signer(signer),
        trust=trust,
        limits=DEFAULT_LIMITS,
    )
    return destination.getvalue()
