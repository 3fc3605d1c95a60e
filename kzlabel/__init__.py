"""Signed, machine-readable AI labels: put into files, and checked.

The whole public interface is what this module names; everything else may change without notice.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kzlabel.asking import check, verify
    from kzlabel.credentials import Signer
    from kzlabel.errors import (
        CredentialError,
        InputError,
        KzlabelError,
        LabelError,
        LimitError,
        MalformedError,
        OutputError,
        SigningError,
        TimeStampError,
        TrustError,
    )
    from kzlabel.isolation import Child, ChildDiedError
    from kzlabel.labels import (
        AI,
        HumanContribution,
        Identifier,
        Label,
        Level,
        Notice,
        Operator,
        Permission,
        System,
        Training,
    )
    from kzlabel.limits import Limits
    from kzlabel.scanning.calling import scan
    from kzlabel.scanning.partition import scan_partition
    from kzlabel.scanning.record import Record
    from kzlabel.shortcuts import label, label_text, plain_text
    from kzlabel.signing import AuditLog, Labeler, Labelled
    from kzlabel.status import Code, Finding, Kind
    from kzlabel.trust import Revocations, Trust
    from kzlabel.verifying import Engine, Verifier, verify_text
    from kzlabel.verifying.verdict import Signatory, Status, Verdict

__all__ = [
    "AI",
    "AuditLog",
    "Child",
    "ChildDiedError",
    "Code",
    "CredentialError",
    "Engine",
    "Finding",
    "HumanContribution",
    "Identifier",
    "InputError",
    "Kind",
    "KzlabelError",
    "Label",
    "LabelError",
    "Labeler",
    "Labelled",
    "Level",
    "LimitError",
    "Limits",
    "MalformedError",
    "Notice",
    "Operator",
    "OutputError",
    "Permission",
    "Record",
    "Revocations",
    "Signatory",
    "Signer",
    "SigningError",
    "Status",
    "System",
    "TimeStampError",
    "Training",
    "Trust",
    "TrustError",
    "Verdict",
    "Verifier",
    "check",
    "label",
    "label_text",
    "plain_text",
    "scan",
    "scan_partition",
    "verify",
    "verify_text",
]

_HOMES = {
    "AuditLog": "kzlabel.signing",
    "Child": "kzlabel.isolation",
    "ChildDiedError": "kzlabel.isolation",
    "Signer": "kzlabel.credentials",
    "CredentialError": "kzlabel.errors",
    "InputError": "kzlabel.errors",
    "KzlabelError": "kzlabel.errors",
    "LabelError": "kzlabel.errors",
    "LimitError": "kzlabel.errors",
    "MalformedError": "kzlabel.errors",
    "OutputError": "kzlabel.errors",
    "SigningError": "kzlabel.errors",
    "TimeStampError": "kzlabel.errors",
    "TrustError": "kzlabel.errors",
    "AI": "kzlabel.labels",
    "HumanContribution": "kzlabel.labels",
    "Identifier": "kzlabel.labels",
    "Label": "kzlabel.labels",
    "Level": "kzlabel.labels",
    "Notice": "kzlabel.labels",
    "Operator": "kzlabel.labels",
    "Permission": "kzlabel.labels",
    "System": "kzlabel.labels",
    "Training": "kzlabel.labels",
    "Limits": "kzlabel.limits",
    "check": "kzlabel.asking",
    "Record": "kzlabel.scanning.record",
    "scan": "kzlabel.scanning.calling",
    "scan_partition": "kzlabel.scanning.partition",
    "label": "kzlabel.shortcuts",
    "label_text": "kzlabel.shortcuts",
    "plain_text": "kzlabel.shortcuts",
    "Labeler": "kzlabel.signing",
    "Labelled": "kzlabel.signing",
    "Code": "kzlabel.status",
    "Finding": "kzlabel.status",
    "Kind": "kzlabel.status",
    "Revocations": "kzlabel.trust",
    "Trust": "kzlabel.trust",
    "Engine": "kzlabel.verifying",
    "Verifier": "kzlabel.verifying",
    "verify": "kzlabel.asking",
    "verify_text": "kzlabel.verifying",
    "Signatory": "kzlabel.verifying.verdict",
    "Status": "kzlabel.verifying.verdict",
    "Verdict": "kzlabel.verifying.verdict",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import kzlabel` costs next to nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
