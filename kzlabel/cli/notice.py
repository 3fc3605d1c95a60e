"""`kzlabel notice`: put notices for people into files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kzlabel import formats
from kzlabel.cli.printing import one_line, print_json_line
from kzlabel.errors import InputError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.notices import NoticeError, Wanted, apply
from kzlabel.notices.wanted import CORNERS, FORMS, PAGES
from kzlabel.notices.wording import BOTH, LANGUAGES, LEVELS
from kzlabel.outputs import staged
from kzlabel.sources import Opened, display_name, opened

if TYPE_CHECKING:
    from kzlabel.formats import Format

__all__ = ["command"]

_OGG = (".ogg", ".oga", ".opus")


@click.command(epilog="Exit codes: 0 the copy is written, 2 it can't be.")
@click.argument("path", metavar="IN", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where the copy is written.")
@click.option(
    "-l",
    "--language",
    "languages",
    multiple=True,
    default=BOTH,
    show_default=True,
    help=f"Language: {', '.join(LANGUAGES)}, or that of your own text; may be given several times.",
)
@click.option("--level", type=click.Choice(LEVELS), default=LEVELS[0], show_default=True, help="What AI did.")
@click.option("--text", default="", help="Your own words, in the first of the languages.")
@click.option("--form", type=click.Choice(FORMS), help="Form; words by default, which a recording speaks.")
@click.option(
    "--place",
    type=click.Choice((*CORNERS, *PAGES)),
    help="Where: a corner of a picture; the first, last or every page of a PDF; the first or last line.",
)
@click.option("--scale", type=float, default=0.05, show_default=True, help="Height of the letters in a picture.")
@click.option("--alpha", type=float, default=0.8, show_default=True, help="How opaque their ground is, 0 to 1.")
@click.option("--recording", default="", metavar="FILE", help="Your own recording of the notice, WAV or FLAC.")
@click.option("--force", is_flag=True, help="Replace the output if it exists.")
@click.option("--despite-label", is_flag=True, help="Lose the signed label that the file carries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    path: Path,
    *,
    output: Path,
    languages: tuple[str, ...],
    level: str,
    text: str,
    form: str | None,
    place: str | None,
    scale: float,
    alpha: float,
    recording: str,
    force: bool,
    despite_label: bool,
    as_json: bool,
) -> None:
    """Write a copy of a file with a notice that people see or hear. It isn't signed.

    \b
    kzlabel notice photo.jpg -o shown.jpg
    kzlabel notice photo.jpg -o shown.jpg -l en --form icon --place top-right
    kzlabel notice report.pdf -o shown.pdf --place every --level ai-assisted
    """  # fmt: skip
    wanted = Wanted(
        languages=languages, text=text, level=level, form=form or "", place=place or "", scale=scale, alpha=alpha,
        recording=recording,
    )  # fmt: skip
    with opened(path) as file:
        media_type = _recognised(file, despite_label=despite_label)
        with staged(output, replace=force, like=path) as beside, beside.path.open("wb") as out:
            applied = apply(file.reader, media_type, wanted, out)
    if as_json:
        print_json_line(applied)
    else:
        sys.stdout.write(
            one_line(f"{display_name(output)}: {applied.text} ({applied.kind}, {applied.place})") + "\n"
        )


def _recognised(file: Opened, *, despite_label: bool) -> str:
    """Return the media type of the file.

    Raises:
        InputError: It is of no known format.
        NoticeError: It carries a label, which the notice would break.
    """
    found: tuple[Format, str] | None = formats.recognise(file.reader, file.suffix, DEFAULT_LIMITS)
    if found is None and file.suffix in _OGG and file.reader.head[:4] == b"OggS":
        return "audio/ogg"
    if found is None:
        raise InputError(f"{file.uri} is of no format that is known", "check the file")
    form, media_type = found
    if not despite_label and form.locate(file.reader, DEFAULT_LIMITS).carriers:
        raise NoticeError(
            f"{file.uri} carries a signed label, which a notice would break",
            "put the notice into the unlabelled file, or lose the label with --despite-label",
        )
    return media_type
