"""Reading regimes: every TOML file in this folder is one."""

from functools import cache
from importlib import resources

import msgspec

from kzlabel.errors import InputError
from kzlabel.regimes.requirements import Regime

__all__ = ["read_regime", "regime", "regimes"]


def read_regime(text: str | bytes) -> Regime:
    """Return the regime that a TOML document describes.

    Raises:
        InputError: It is no TOML, or doesn't describe one.
    """
    try:
        return msgspec.toml.decode(text, type=Regime)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is no regime: {error}", "see docs/regimes.md") from None


@cache
def regimes() -> tuple[Regime, ...]:
    """Return every regime, by name and then by age, the newest reading last."""
    folder = resources.files(__package__ or __name__)
    found = [read_regime(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".toml")]
    return tuple(sorted(found, key=lambda one: (one.name, one.id.rpartition("/")[2])))


def regime(name: str) -> Regime:
    """Return the regime with the id `name`, or the newest one with that short name.

    Raises:
        InputError: There is none.
    """
    for one in reversed(regimes()):
        if name in (one.id, one.name):
            return one
    known = ", ".join(dict.fromkeys(one.name for one in regimes()))
    raise InputError(f"no regime is called {name[:64]!r}", f"use one of {known}")
