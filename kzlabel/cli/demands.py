"""What files are held against: regimes by name or in a file of one's own, and policies about labels."""

import tomllib
from collections.abc import Sequence

from kzlabel.errors import InputError, TrustError
from kzlabel.regimes import Regime, read_regime, regime
from kzlabel.sources import display_name, opened
from kzlabel.verifying.policy import read_policy

__all__ = ["demands", "law"]

_SIZE = 1 << 20
_OF_REGIMES = "requirements"
"""The entry that every regime has, and no policy."""


def law(name: str) -> Regime:
    """Return the regime called `name`, or the one in a TOML file of that name.

    Raises:
        InputError: There is none, or it can't be read.
    """
    return read_regime(_text(name)) if name.endswith(".toml") else regime(name)


def demands(names: Sequence[str]) -> tuple[tuple[Regime, ...], tuple[str, ...]]:
    """Return the regimes that are named or in TOML files, and the texts of the policies in the other files.

    Raises:
        InputError: One isn't there, or is neither.
        TrustError: A policy makes no sense.
    """
    laws: dict[str, Regime] = {}
    policies: list[str] = []
    for name in names:
        text = _text(name) if name.endswith(".toml") else None
        if text is None or _is_regime(text):
            one = law(name)
            laws[one.id] = one
        else:
            read_policy(text)
            policies.append(text)
    return tuple(laws.values()), tuple(policies)


def _text(name: str) -> str:
    with opened(name) as file:
        if file.reader.size > _SIZE:
            raise InputError(f"{display_name(name)} is larger than a regime can be", "see docs/regimes.md")
        try:
            return file.reader.read(0, file.reader.size).decode()
        except UnicodeDecodeError:
            raise InputError(f"{display_name(name)} is no text in UTF-8", "see docs/regimes.md") from None


def _is_regime(text: str) -> bool:
    try:
        return _OF_REGIMES in tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrustError(f"the policy is no TOML: {error}", "see docs/trust.md") from None
