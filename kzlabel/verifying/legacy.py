"""The time-stamps of claims of version 1, which the reference engine believes whoever made them.

They count here as all others do: by an authority that leads to an anchor (C2PA 2.4 section 15.8). Else whoever has
the key of a certificate that expired or was revoked could make a time-stamp of their own, of a time before that.
"""

from datetime import datetime
from typing import Final

import msgspec

from kzlabel.errors import KzlabelError
from kzlabel.limits import Limits
from kzlabel.manifest.cose import read_sign1, to_be_stamped
from kzlabel.manifest.labels import signature_uri
from kzlabel.manifest.store import read_store
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying import timestamp
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.chain import chain_in, path_of
from kzlabel.verifying.credential import chains_to_anchor, may_stamp
from kzlabel.verifying.paths import doubted
from kzlabel.verifying.verdict import Verdict

__all__ = ["has_legacy_time", "with_legacy_time"]

_LEGACY: Final = "legacy timestamp"
"""How both engines begin what they say about such a time-stamp."""


def has_legacy_time(verdict: Verdict) -> bool:
    """Tell whether the time of a verdict is that of a time-stamp that nobody has looked for an anchor of."""
    return bool(verdict.signed_at) and any(
        finding.code == Code.TIME_STAMP_TRUSTED
        and not finding.ingredient
        and finding.explanation.startswith(_LEGACY)
        for finding in verdict.findings
    )


def with_legacy_time(verdict: Verdict, store: bytes | None, trust: Trust, limits: Limits, now: datetime) -> Verdict:
    """Return the verdict on an intact label without a time that is not to be believed.

    Then it isn't trusted either, unless its certificates are valid at `now`.
    """
    if not verdict.intact or not has_legacy_time(verdict) or _is_believed(verdict, store, trust, limits):
        return verdict
    said = "the time-stamp is of an authority that is not trusted, and doesn't count"
    finding = Finding.of(Code.TIME_STAMP_UNTRUSTED, said, uri=signature_uri(verdict.manifest))
    # What a stapled answer says of that time says nothing either.
    kept = tuple(one for one in verdict.findings if one.code != Code.SIGNING_CREDENTIAL_OCSP_NOT_REVOKED)
    verdict = msgspec.structs.replace(verdict, signed_at="", findings=(*kept, finding))
    try:
        path, _ = path_of(chain_in(store, verdict.manifest, limits), trust)
    except (KzlabelError, Abstention) as error:
        return doubted(verdict, f"the signer's certificates can't be looked at: {error}")
    if all(one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in path):
        return verdict
    return doubted(verdict, "a certificate is not valid now, and no time-stamp that counts says that it was")


def _is_believed(verdict: Verdict, store: bytes | None, trust: Trust, limits: Limits) -> bool:
    try:
        active = read_store(store or b"", limits).active
        sign1 = read_sign1(active.signature, limits)
        if active.label != verdict.manifest or sign1.time_stamp is None:
            return False
        stamp = timestamp.check(sign1.time_stamp.token, to_be_stamped(sign1, active.claim))
        anchors = trust.anchors + trust.tsa
        return (
            stamp.matches
            and stamp.at == datetime.fromisoformat(verdict.signed_at)
            and may_stamp(stamp.chain[0])
            and chains_to_anchor(stamp.chain, anchors, stamp.at) is not None
        )
    except (KzlabelError, Abstention):
        return False
