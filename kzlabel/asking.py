"""One-call conveniences for verifying, and for holding a file against a law."""

from typing import TYPE_CHECKING, overload

from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.sources import Source
from kzlabel.trust import Revocations, Trust
from kzlabel.verifying import Engine
from kzlabel.verifying import verify as verify_source
from kzlabel.verifying.verdict import Verdict

if TYPE_CHECKING:
    from kzlabel.regimes import Report

__all__ = ["check", "verify"]


@overload
def verify(
    source: Source,
    *,
    trust: Trust | None = ...,
    uri: str = ...,
    engine: Engine | str = ...,
    online: bool = ...,
    revocations: Revocations = ...,
    limits: Limits = ...,
    regime: None = ...,
) -> Verdict: ...


@overload
def verify(
    source: Source,
    *,
    trust: Trust | None = ...,
    uri: str = ...,
    engine: Engine | str = ...,
    online: bool = ...,
    revocations: Revocations = ...,
    limits: Limits = ...,
    regime: str,
) -> "Report": ...


def verify(
    source: Source,
    *,
    trust: Trust | None = None,
    uri: str = "",
    engine: Engine | str = Engine.AUTO,
    online: bool = False,
    revocations: Revocations = Revocations(),  # noqa: B008 - it never changes
    limits: Limits = DEFAULT_LIMITS,
    regime: str | None = None,
) -> "Verdict | Report":
    """Verify one source; to verify many with the same settings, make a `Verifier`.

    Args:
        source: A path, the bytes of a file, or a binary stream, which is read from its present position.
        trust: Whom to believe. By default this machine's own development authority, and nobody else.
        uri: What to call the source in the verdict, if not by its path.
        engine: Who answers: `auto`, `native` or `reference`; see `Engine`.
        online: Whether remote manifests and revocation data may be fetched from where the file says.
        revocations: What issuers said about certificates that they took back; see `Revocations.from_files`.
        limits: How much work the file may cause.
        regime: A law to hold the source against, such as `kz`; what is returned is a `Report` then, requirement by
            requirement, and its `status` is the verdict's.

    Raises:
        InputError: The source can't be opened: missing, a directory, not a regular file, no permission; or no
            regime has that name.
        TrustError: The development authority's certificate can't be read.
    """
    verdict = verify_source(
        source, trust=trust, uri=uri, engine=engine, online=online, revocations=revocations, limits=limits
    )
    return _held_against(regime, source, verdict) if regime is not None else verdict


def check(
    source: Source,
    *,
    regime: str,
    trust: Trust | None = None,
    copyright: bool = False,  # noqa: A002 - the right's name
) -> "Report":
    """Say what the law called `regime` asks of `source`, and what is there; see `kzlabel.regimes.check`.

    Args:
        source: What `verify` takes; the path of a directory stands for a data library.
        regime: A name such as `kz` for its newest reading, or an id such as `kz-230-viii/2026-01`.
        trust: Whom to believe; by default this machine's own development authority, and nobody else.
        copyright: Whether to tell what the label records of a person's part.

    Raises:
        InputError: The source can't be opened, or no regime has that name.
    """
    return _held_against(regime, source, verify_source(source, trust=trust), copyright=copyright)


def _held_against(
    regime: str,
    source: Source,
    verdict: Verdict,
    *,
    copyright: bool = False,  # noqa: A002 - as above
) -> "Report":
    from kzlabel.regimes import check as hold_against  # noqa: PLC0415 - verifying needs none of it
    from kzlabel.regimes import markers_of, notice_of  # noqa: PLC0415 - as above

    return hold_against(
        verdict, regime, markers=markers_of(source, verdict), notice=notice_of(source, verdict), copyright=copyright
    )
