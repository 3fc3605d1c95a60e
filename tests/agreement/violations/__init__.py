"""Manifests that break a rule, each signed with a good key: the signature holds, the rule does not.

Every case is a function that returns a file. What the answer is, the reference engine says; the native engine
gives the same, or none.
"""

from tests.agreement.violations.actions import actions
from tests.agreement.violations.base import Case
from tests.agreement.violations.claims import claims, encodings
from tests.agreement.violations.contents import contents
from tests.agreement.violations.ingredients import ingredients
from tests.agreement.violations.listings import labels, listings
from tests.agreement.violations.records import records
from tests.agreement.violations.signatures import signatures
from tests.agreement.violations.structure import structure
from tests.agreement.violations.updates import redactions, updates

__all__ = ["cases"]

_GROUPS = (
    claims, encodings, listings, labels, actions, ingredients, updates, redactions, records, contents, structure,
    signatures,
)  # fmt: skip


def cases() -> dict[str, Case]:
    """Return all cases by name."""
    found: dict[str, Case] = {}
    for group in _GROUPS:
        for name, case in group().items():
            assert name not in found, name
            found[name] = case
    return found
