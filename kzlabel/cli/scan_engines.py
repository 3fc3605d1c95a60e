"""`--engine` of a scan: who judges, and where that is done."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from kzlabel.verifying import Engine

__all__ = ["Where", "engine_option"]

F = TypeVar("F", bound=Callable[..., Any])


class Where(msgspec.Struct, frozen=True):
    """Who judges, and where."""

    judge: Engine
    """The engine that reads files."""

    cluster: str | None
    """Address of a Ray cluster, empty for one that is started here; None for this machine's processes."""


def _read(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> Where:
    judges = {engine.value: engine for engine in Engine}
    judge: Engine | None = None
    place: str | None = None
    for value in values:
        kind, equals, address = value.partition("=")
        if value in judges and judge is None:
            judge = judges[value]
        elif place is None and (value == "local" or (kind == "ray" and bool(address) == bool(equals))):
            place = value
        else:
            known = ", ".join([*judges, "local", "ray", "ray=ADDRESS"])
            raise click.BadParameter(f"{value!r} is none of {known}, or is one too many of its kind")
    cluster = None if place is None or place == "local" else place.partition("=")[2]
    return Where(judge or Engine.AUTO, cluster)


def engine_option(command: F) -> F:
    """Add the option."""
    return click.option(
        "--engine",
        metavar="ENGINE",
        multiple=True,
        callback=_read,
        help="Who judges: auto (the default), native, reference; and where: local processes (the default), or ray"
        " or ray=ADDRESS for a Ray cluster. May be given once for each.",
    )(command)
