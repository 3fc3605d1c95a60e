"""What an engine read in a manifest store, in one shape whichever engine it was."""

from typing import Any

import msgspec

from kzlabel.status import Code, Finding

__all__ = ["Absent", "Answer", "Certificate", "Ingredient", "Manifest", "Reading", "Refused"]


class Certificate(msgspec.Struct, frozen=True, omit_defaults=True):
    """The parts of a certificate that tell a person whose it is."""

    common_name: str = ""
    """CN of the subject."""

    organisation: str = ""
    """O of the subject."""

    bin: str = ""
    """Kazakhstan business identification number in an OU of the subject, as the national authority writes it."""

    issuer_common_name: str = ""
    """CN of the issuer."""

    issuer_organisation: str = ""
    """O of the issuer."""

    serial_number: str = ""
    """Serial number in lower-case hexadecimal."""

    not_before: str = ""
    """Start of validity, RFC 3339."""

    not_after: str = ""
    """End of validity, RFC 3339."""

    chain: tuple[str, ...] = ()
    """Names of the certificates that came with it, its issuer's first, where the engine says which."""


class Ingredient(msgspec.Struct, frozen=True):
    """One ingredient assertion of a manifest (C2PA 2.4 section 18.15)."""

    label: str
    """Label of the assertion."""

    relationship: str
    """`parentOf`, `componentOf` or `inputTo`."""

    manifest: str
    """Label of the ingredient's own manifest; empty when it has none."""

    digital_source_type: str
    """Source type that the assertion itself gives; empty without one."""

    failures: tuple[str, ...]
    """Failure codes that were recorded about the ingredient when it was taken in."""


class Manifest(msgspec.Struct, frozen=True):
    """One manifest of a store: what it claims and who signed it."""

    label: str
    """Its label, a URN."""

    generator: str
    """Name and version of the program that made the claim."""

    assertions: tuple[tuple[str, Any], ...]
    """Labels and decoded contents, in the order of the store; binary contents are left out."""

    ingredients: tuple[Ingredient, ...]
    """Its ingredient assertions."""

    algorithm: str
    """Signature algorithm in lower case (`es256`, `ps256`, `ed25519`, ...); empty when it wasn't readable."""

    certificate: Certificate | None
    """The signing certificate, where it could be read."""

    time_stamp: str
    """Time in its RFC 3161 time-stamp, RFC 3339; empty without one."""

    anchor: str = ""
    """The anchor that the signer's chain ended in, where the engine says which."""

    store: str = ""
    """The trust store that vouches for the signer, where the engine says which."""

    def assertion(self, label: str) -> Any:
        """Return the content of the first assertion called `label`, or None."""
        return next((data for name, data in self.assertions if name == label), None)


class Reading(msgspec.Struct, frozen=True):
    """A whole manifest store, read and judged by an engine."""

    state: str
    """`Trusted`, `Valid` or `Invalid` (C2PA 2.4 section 14.3)."""

    active: str
    """Label of the active manifest."""

    manifests: tuple[Manifest, ...]
    """All manifests; the active one is among them unless the store is too broken."""

    findings: tuple[Finding, ...]
    """Every status code that the engine gave, in its order."""

    engine: str
    """Name and version of the engine."""

    def find(self, label: str) -> Manifest | None:
        """Return the manifest called `label`, or None."""
        return next((manifest for manifest in self.manifests if manifest.label == label), None)


class Absent(msgspec.Struct, frozen=True):
    """The engine found no manifest in the file."""

    engine: str
    """Name and version of the engine."""

    remote_url: str = ""
    """Where the file says that its manifest is kept; empty when it says nothing."""


class Refused(msgspec.Struct, frozen=True):
    """The engine gave no result."""

    engine: str
    """Name and version of the engine."""

    code: Code
    """Why, for a program."""

    reason: str
    """Why, for a person: the engine's own words, or the limit that was reached."""


Answer = Reading | Absent | Refused
"""What an engine can answer."""
