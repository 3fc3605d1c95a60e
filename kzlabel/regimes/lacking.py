"""Labels that a regime would fail are refused before anything is written."""

from collections.abc import Iterable
from pathlib import Path

from kzlabel.errors import InputError, LabelError, MalformedError
from kzlabel.formats import recognise
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.regimes import MediaKind, check_label, kind_of, regimes
from kzlabel.sources import display_name, opened

__all__ = ["refuse_lacking"]


def refuse_lacking(label: Label, inputs: Iterable[Path]) -> None:
    """Check `label` against the regimes that it names, as far as they are known here.

    Raises:
        LabelError: It lacks something that one of them asks for in files of these kinds.
    """
    known = {one.name for one in regimes()}
    named = [name for name in label.regimes if name in known]
    if not named:
        return
    kinds = {_kind(path) for path in inputs}
    for name in named:
        lacks: dict[str, str] = {}
        for kind in kinds:
            for lack in check_label(label, kind, name):
                lacks.setdefault(lack.field, lack.article)
        if lacks:
            said = ", ".join(f"{field} ({_place(article)})" for field, article in lacks.items())
            raise LabelError(
                f"a label for the regime {name} lacks {said}", f"give it, or leave out --regime {name}"
            )


def _place(article: str) -> str:
    return f"article {article}" if article[0].isdigit() else article


def _kind(path: Path) -> MediaKind | None:
    """Return the kind of content in the file at `path`; None where that isn't known yet."""
    if path == Path("-"):
        return None
    if path.is_dir():
        return MediaKind.DATASET
    try:
        with opened(path) as file:
            found = recognise(file.reader, Path(display_name(path)).suffix.lower(), DEFAULT_LIMITS)
    except (InputError, MalformedError, OSError):
        return None  # labelling it says what is wrong
    return kind_of(found[1]) if found else MediaKind.OTHER
