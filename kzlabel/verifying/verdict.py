"""What verification answers: one record, the same for every file and every engine."""

from enum import StrEnum
from typing import NoReturn

import msgspec

from kzlabel.labels import AI, Label, Marker, Operator
from kzlabel.status import Finding

__all__ = ["Signatory", "Status", "Verdict"]


class Status(StrEnum):
    """Whether the file carries a signed label that holds."""

    TRUSTED = "trusted"
    """The label is intact, and its signer chains to a trust anchor that you accept."""

    VALID = "valid"
    """The label is intact; its signer is none that you said you trust."""

    INVALID = "invalid"
    """A label is there and fails: the file was changed, or the signature or certificate is bad."""

    DECLARED = "declared"
    """No signed label, but an unsigned marker says that AI was involved."""

    UNLABELLED = "unlabelled"
    """No signed label."""

    REMOTE = "remote"
    """Only a reference to a manifest that is kept elsewhere, and nothing was fetched."""

    UNSUPPORTED = "unsupported"
    """The format is not one in which a label can be looked for."""

    ERROR = "error"
    """The question could not be answered: the file can't be read, is damaged, or asks for too much work."""

    @property
    def intact(self) -> bool:
        """True for `trusted` and `valid`: the content is what was signed."""
        return self in (Status.TRUSTED, Status.VALID)


class Signatory(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who signed the active manifest; a fact only when the verdict's status is intact."""

    common_name: str = ""
    """CN of the certificate's subject."""

    organisation: str = ""
    """O of its subject."""

    bin: str = ""
    """Kazakhstan business identification number of its holder, where the certificate has one."""

    issuer: str = ""
    """Who issued it: CN and O of the issuer, as far as they are there."""

    serial_number: str = ""
    """Its serial number in lower-case hexadecimal."""

    not_before: str = ""
    """Start of its validity, RFC 3339."""

    not_after: str = ""
    """End of its validity, RFC 3339."""

    algorithm: str
    """Signature algorithm in lower case, for example `es256`."""

    chain: tuple[str, ...] = ()
    """Names of the certificates that came with the signer's, its issuer's first, up to the root or short of it."""

    anchor: str = ""
    """Name of the trust anchor that the chain ended in; empty when it isn't trusted."""

    trusted_by: str = ""
    """The trust store that the chain ended in: `development` for this machine's own authority, else the name under
    which the store was added, or of the file that was given; `anchors` where several fit; empty when it isn't
    trusted."""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The answer about one file. It has no truth value: compare `status`."""

    uri: str
    """The file, as the caller named it; `-` for standard input."""

    status: Status
    """Whether a signed label is there and holds."""

    ai: AI
    """What the label says: AI `generated` it, `assisted`, had no part (`none`), or it says nothing (`unknown`).

    It is the label's word, whatever `status` says of the label."""

    media_type: str = ""
    """Media type by content; empty when it was not recognised."""

    label: Label | None = None
    """The `org.kzlabel.label` assertion of the active manifest, or of the nearest ancestor that has one."""

    producer: Operator | None = None
    """Who produced the data library, where the verdict is about one; a fact only when the status is intact."""

    signer: Signatory | None = None
    """Who signed the active manifest."""

    signed_at: str = ""
    """Time of signing by a validated time-stamp, RFC 3339; empty without one, since a signer's own clock proves
    nothing."""

    generator: str = ""
    """Program that made the active manifest."""

    manifest: str = ""
    """Label of the active manifest."""

    assertions: tuple[str, ...] = ()
    """Labels of the active manifest's assertions."""

    markers: tuple[Marker, ...] = ()
    """Unsigned statements that were found where there is no signed label; they declare, and prove nothing."""

    sidecar: str = ""
    """Path of the file beside it that held the manifest, where the file itself holds none."""

    remote_url: str = ""
    """Where the manifest is said to be, when `status` is `remote`."""

    engine: str = ""
    """Which engine decided, with its version."""

    abstained: str = ""
    """Why the native engine left the decision to the reference engine; empty where it decided, or wasn't asked."""

    findings: tuple[Finding, ...] = ()
    """Everything that was observed, in the order of the checks."""

    @property
    def intact(self) -> bool:
        """True when the status is `trusted` or `valid`."""
        return self.status.intact

    def __bool__(self) -> NoReturn:
        """Refuse: unchecked, invalid and absent are three answers.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a Verdict is neither true nor false: compare verdict.status, or ask verdict.intact")
