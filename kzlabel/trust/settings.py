"""Trust in the words of the reference engine: the part of its settings that says whom it believes."""

from kzlabel.credentials.profile import SIGNING_PURPOSES
from kzlabel.trust.anchors import Trust

__all__ = ["reader_settings"]


def reader_settings(trust: Trust) -> dict[str, dict[str, object]]:
    """Return the settings that make the reference engine believe `trust` and nobody else.

    The purposes must be named even where nobody is trusted: left alone, the engine knows e-mail protection
    only, and calls what a C2PA claim-signing certificate signed invalid rather than untrusted. Without
    anchors the key must be absent, since the engine refuses empty text.

    The engine has one list for signers and for time-stamping authorities; what tells them apart is the
    purpose of the certificates under an anchor.
    """
    purposes = "\n".join(purpose.dotted_string for purpose in SIGNING_PURPOSES)
    settings: dict[str, object] = {"trust_config": purposes}
    if trust.anchors:
        settings["trust_anchors"] = trust.pem()
    return {"trust": settings, "verify": {"verify_trust": True, "verify_timestamp_trust": True}}
