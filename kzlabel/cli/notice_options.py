"""The options of `kzlabel label` that put a notice into files."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from kzlabel.notices.wanted import CORNERS, FORMS, PAGES, Wanted

__all__ = ["NOTICE_OPTIONS", "notice_options", "wanted_notice"]

F = TypeVar("F", bound=Callable[..., Any])
NOTICE_OPTIONS = ("notice", "notice_form", "notice_place", "notice_words")


def notice_options(command: F) -> F:
    """Add the options to `command`."""
    for option in (
        click.option(
            "--notice",
            metavar="LANGUAGES",
            help="Put a notice for people into the file: kk, ru, en, or several as kk,ru. See docs/notices.md.",
        ),
        click.option("--notice-form", type=click.Choice(FORMS), help="Words, an icon, speech or a tone."),
        click.option("--notice-place", type=click.Choice((*CORNERS, *PAGES)), help="Where it is put."),
        click.option("--notice-words", metavar="TEXT", help="Your own words for it."),
    ):
        command = option(command)
    return command


def wanted_notice(said: Mapping[str, Any]) -> Wanted | None:
    """Return the notice that the options ask for.

    Raises:
        NoticeError: There is none like it.
    """
    if said["notice"] is None:
        if any(said[name] for name in NOTICE_OPTIONS[1:]):
            raise click.UsageError("--notice-form, --notice-place and --notice-words need --notice LANGUAGES")
        return None
    return Wanted(
        languages=tuple(part.strip() for part in said["notice"].split(",") if part.strip()),
        text=said["notice_words"] or "",
        form=said["notice_form"] or "",
        place=said["notice_place"] or "",
    )
