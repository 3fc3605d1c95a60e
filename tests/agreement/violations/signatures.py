"""Signatures that are wrong, and certificates that must not sign."""

from datetime import timedelta
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.agreement.composing import Draft, compose, good, issue, sign
from tests.agreement.violations.base import Case, built, image
from tests.unit.credentials.issuing import key_usage


def signatures() -> dict[str, Case]:
    def by(**spoilt: Any) -> Case:
        def case() -> bytes:
            who = issue(**spoilt)
            return compose(Draft(signature=lambda claim: sign(claim, who)), image())

        return case

    return {
        "signature: in DER": built(Draft(signature=lambda claim: sign(claim, good(), der=True))),
        "signature: of something else": built(Draft(signature=lambda claim: sign(claim + b"x", good()))),
        "signature: without chain": built(Draft(signature=lambda claim: sign(claim, good(), protected={1: -7}))),
        "signature: empty": built(Draft(signature=lambda _: b"")),
        "signature: by a stranger": by(),
        "signature: by an authority": by(authority=True),
        "signature: without key usage": by(usage=None),
        "signature: for certificates": by(usage=key_usage("key_cert_sign")),
        "signature: without purpose": by(purposes=[]),
        "signature: for servers": by(purposes=[ExtendedKeyUsageOID.SERVER_AUTH]),
        "signature: expired": by(ends=timedelta(0)),
        "signature: not yet valid": by(begins=timedelta(days=100), ends=timedelta(days=200)),
    }
