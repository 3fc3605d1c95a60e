"""Policies: what a verdict must say for somebody's purpose, put together from small conditions.

A policy looks at a verdict and returns what it lacks, in words; nothing means that it is satisfied. Policies
never make a verdict better: whoever asks for a signer still gets `invalid` files refused, because every condition
about a signer, a label or a time holds for intact labels only.

    policy = AllOf(Trusted(), AnyOf(SignedBy("Example LLP"), SignerBin("260140000015")), Not(Algorithm("es256")))
    policy.lacks(verdict, now) == ()
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol

import msgspec

from kzlabel.errors import TrustError
from kzlabel.status import Code
from kzlabel.verifying.verdict import Status, Verdict

__all__ = [
    "AllOf",
    "AnyOf",
    "Intact",
    "LabelLevel",
    "MaximumAge",
    "MinimumAlgorithm",
    "Not",
    "NotRevoked",
    "Policy",
    "SignedBy",
    "SignerBin",
    "TimeStamped",
    "Trusted",
    "TrustedBy",
    "UnsafeNoOp",
    "read_policy",
]

STRENGTHS: Final = {
    "es256": 128, "ed25519": 128, "ps256": 112, "es384": 192, "ps384": 112, "es512": 256, "ps512": 112,
}  # fmt: skip
"""Bits of security of each algorithm; RSA counts as 112, since keys of 2048 bits are allowed (NIST SP 800-57)."""


class Policy(Protocol):
    """A condition on a verdict."""

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """Return what `verdict` lacks at the time `now`, a clause each; empty when it satisfies the policy."""


class Intact(msgspec.Struct, frozen=True, tag="intact"):
    """The label is intact, whoever signed it."""

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """See `Policy.lacks`."""
        return () if verdict.intact else (f"the label is not intact: {verdict.status.value}",)


class Trusted(msgspec.Struct, frozen=True, tag="trusted"):
    """The label is intact, and its signer is trusted."""

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """See `Policy.lacks`."""
        return () if verdict.status is Status.TRUSTED else (f"the label is not trusted: {verdict.status.value}",)


class SignedBy(msgspec.Struct, frozen=True, tag="signed-by"):
    """The signer's certificate names this common name, or organisation; `*` and `?` stand for any characters.

    A name is only as good as the authority that checked it: without `Trusted` anybody can have any name.
    """

    name: str
    """The name. `CN=` before it asks for the common name alone, `O=` for the organisation."""

    def __post_init__(self) -> None:
        _filled(self.name, "a signer's name")

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        signer = verdict.signer
        if not verdict.intact or signer is None:
            return Intact().lacks(verdict, now) or ("nobody is named as the signer",)
        field, equals, value = self.name.partition("=")
        fields = {"CN": (signer.common_name,), "O": (signer.organisation,)}
        names = fields.get(field.strip().upper()) if equals else (signer.common_name, signer.organisation)
        pattern = value.strip() if equals and names is not None else self.name
        found = names if names is not None else (signer.common_name, signer.organisation)
        if any(name and fnmatchcase(name, pattern.replace("[", "[[]")) for name in found):
            return ()
        return (f"the signer is {signer.common_name or 'unnamed'}, not {self.name}",)


class SignerBin(msgspec.Struct, frozen=True, tag="signer-bin"):
    """The signer's certificate was issued to the holder of this Kazakhstan business identification number."""

    number: str
    """Twelve digits."""

    def __post_init__(self) -> None:
        if not (len(self.number) == 12 and self.number.isascii() and self.number.isdigit()):
            raise TrustError(f"{self.number!r} is no BIN", "give its twelve digits")

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        if not verdict.intact or verdict.signer is None:
            return Intact().lacks(verdict, now) or ("nobody is named as the signer",)
        if verdict.signer.bin == self.number:
            return ()
        return (f"the signer's certificate bears the BIN {verdict.signer.bin or '(none)'}, not {self.number}",)


class TrustedBy(msgspec.Struct, frozen=True, tag="trusted-by"):
    """The signer is trusted because of one of these stores."""

    stores: tuple[str, ...]
    """Names of trust stores; see `Signatory.trusted_by`."""

    def __post_init__(self) -> None:
        _some(self.stores, "stores")

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        by = verdict.signer.trusted_by if verdict.signer is not None else ""
        if verdict.status is Status.TRUSTED and by in self.stores:
            return ()
        return Trusted().lacks(verdict, now) or (f"the signer is trusted by {by}, not by {', '.join(self.stores)}",)


class MinimumAlgorithm(msgspec.Struct, frozen=True, tag="minimum-algorithm"):
    """The signature is at least as strong as one of this algorithm."""

    algorithm: str
    """Its name in lower case, for example `es384`."""

    def __post_init__(self) -> None:
        if self.algorithm not in STRENGTHS:
            raise TrustError(f"{self.algorithm!r} is no signature algorithm", f"name one of {', '.join(STRENGTHS)}")

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        used = verdict.signer.algorithm if verdict.signer is not None else ""
        if verdict.intact and STRENGTHS.get(used, 0) >= STRENGTHS[self.algorithm]:
            return ()
        return Intact().lacks(verdict, now) or (f"the signature is {used}, weaker than {self.algorithm}",)


class TimeStamped(msgspec.Struct, frozen=True, tag="time-stamped"):
    """A trusted time-stamp says when the label was signed."""

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        if verdict.intact and verdict.signed_at:
            return ()
        return Intact().lacks(verdict, now) or ("no trusted time-stamp says when the label was signed",)


class NotRevoked(msgspec.Struct, frozen=True, tag="not-revoked"):
    """It was looked at whether the signer's certificate is revoked, and it is not."""

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        good = Code.SIGNING_CREDENTIAL_OCSP_NOT_REVOKED
        if verdict.intact and any(one.code == good and not one.ingredient for one in verdict.findings):
            return ()
        return Intact().lacks(verdict, now) or ("nothing says that the signer's certificate is not revoked",)


class MaximumAge(msgspec.Struct, frozen=True, tag="maximum-age"):
    """The label was signed not longer ago than this, as a trusted time-stamp says."""

    days: float
    """The greatest age in days."""

    def __post_init__(self) -> None:
        if not 0 < self.days < 1_000_000:
            raise TrustError(f"{self.days} days is no age", "give a positive number of days")

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        missing = TimeStamped().lacks(verdict, now)
        if missing:
            return missing
        signed = datetime.fromisoformat(verdict.signed_at)
        if signed > now + _SKEW:
            return (f"the label was signed at {verdict.signed_at}, which is still to come",)
        if now - signed <= timedelta(days=self.days):
            return ()
        return (f"the label was signed at {verdict.signed_at}, more than {self.days:g} days ago",)


_SKEW: Final = timedelta(minutes=5)
"""How far the clocks of a time-stamping authority and of this machine may be apart."""


class LabelLevel(msgspec.Struct, frozen=True, tag="label-level"):
    """The label says one of these levels of AI."""

    levels: tuple[str, ...]
    """`generated`, `assisted`, `none`."""

    def __post_init__(self) -> None:
        _some(self.levels, "levels")
        for level in self.levels:
            if level not in ("generated", "assisted", "none"):
                raise TrustError(f"{level!r} is no level of AI", "name generated, assisted or none")

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        if verdict.intact and verdict.ai.value in self.levels:
            return ()
        said = f"the label says {verdict.ai.value}, not {' or '.join(self.levels)}"
        return Intact().lacks(verdict, now) or (said,)


@dataclass(frozen=True, init=False)
class AllOf:
    """Every one of some policies."""

    policies: tuple[Policy, ...]

    def __init__(self, *policies: Policy) -> None:
        _some(policies, "policies")
        object.__setattr__(self, "policies", policies)

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        found = (clause for policy in self.policies for clause in policy.lacks(verdict, now))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, init=False)
class AnyOf:
    """One of some policies at least."""

    policies: tuple[Policy, ...]

    def __init__(self, *policies: Policy) -> None:
        _some(policies, "policies")
        object.__setattr__(self, "policies", policies)

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        found = [policy.lacks(verdict, now) for policy in self.policies]
        if not all(found):
            return ()
        return (" or ".join(dict.fromkeys("; ".join(clauses) for clauses in found)),)


class Not(msgspec.Struct, frozen=True):
    """An intact label that does not satisfy another policy.

    The label must be intact all the same: a file without one satisfies no policy by not having it.
    """

    policy: Policy

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:
        """See `Policy.lacks`."""
        missing = Intact().lacks(verdict, now)
        if missing or self.policy.lacks(verdict, now):
            return missing
        return (f"the label satisfies what it must not: {_named(self.policy)}",)


class UnsafeNoOp(msgspec.Struct, frozen=True):
    """Nothing at all: every file satisfies it, an unlabelled or broken one too. For experiments."""

    def lacks(self, verdict: Verdict, now: datetime) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """See `Policy.lacks`."""
        return ()


def read_policy(data: str) -> Policy:
    """Read a policy from TOML.

        trusted = true
        minimum-algorithm = "es256"
        any-of = [{signed-by = "CN=Example *"}, {signer-bin = "260140000015"}]
        not = {label-level = ["none"]}

    All entries of a table must hold.

    Raises:
        TrustError: It is no TOML, empty, or names an unknown condition or a value of the wrong kind.
    """
    try:
        table = tomllib.loads(data)
    except tomllib.TOMLDecodeError as error:
        raise TrustError(f"the policy is no TOML: {error}", "see docs/trust.md") from None
    return _table(table, 0)


_DEPTH: Final = 16


def _table(table: Mapping[str, Any], depth: int) -> Policy:
    if depth > _DEPTH:
        raise TrustError("the policy is nested too deeply", "write it flatter")
    if not table:
        raise TrustError("a policy without conditions would accept everything", "name at least one condition")
    policies = [_entry(name, value, depth) for name, value in table.items()]
    return policies[0] if len(policies) == 1 else AllOf(*policies)


def _entry(name: str, value: Any, depth: int) -> Policy:
    match name, value:
        case (("all-of" | "any-of"), list()) if value and all(isinstance(inner, dict) for inner in value):
            inner = [_table(table, depth + 1) for table in value]
            return AllOf(*inner) if name == "all-of" else AnyOf(*inner)
        case "not", dict():
            return Not(_table(value, depth + 1))
        case _ if name in _CONDITIONS:
            kind, make = _CONDITIONS[name]
            meant = isinstance(value, kind) and (kind is bool) is isinstance(value, bool)
            if meant and value is not False:
                return make(value)
    known = ", ".join((*_CONDITIONS, "all-of", "any-of", "not"))
    raise TrustError(f"the policy's entry {name} is unknown or has a wrong value", f"conditions are {known}")


_CONDITIONS: Final[dict[str, tuple[Any, Callable[[Any], Policy]]]] = {
    "intact": (bool, lambda _: Intact()),
    "trusted": (bool, lambda _: Trusted()),
    "signed-by": (str, SignedBy),
    "signer-bin": (str, SignerBin),
    "trusted-by": (list, lambda names: TrustedBy(_texts(names))),
    "minimum-algorithm": (str, MinimumAlgorithm),
    "time-stamped": (bool, lambda _: TimeStamped()),
    "not-revoked": (bool, lambda _: NotRevoked()),
    "maximum-age-days": ((int, float), MaximumAge),
    "label-level": (list, lambda levels: LabelLevel(_texts(levels))),
}


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise TrustError("a list in the policy holds something that is no text", "write names in quotes")
    return tuple(values)


def _some(values: Sequence[object], what: str) -> None:
    if not values:
        raise TrustError(f"a policy of no {what} would accept everything or nothing", f"name some {what}")


def _filled(text: str, what: str) -> None:
    if not text.strip():
        raise TrustError(f"{what} is empty", "name it")


def _named(policy: Policy) -> str:
    return type(policy).__name__
