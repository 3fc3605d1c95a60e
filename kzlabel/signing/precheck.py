"""What must hold before a file is labelled; everything that would lose or launder something is refused."""

import os

import msgspec

from kzlabel.errors import MalformedError, SigningError
from kzlabel.formats import Format, by_extension, in_utf16, recognise
from kzlabel.limits import Limits
from kzlabel.signing.documents import PdfOptions, check_pdf
from kzlabel.signing.parent import Parent, read_store
from kzlabel.signing.writable import WRITABLE
from kzlabel.sources import Opened
from kzlabel.status import Kind
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.sidecar import SUFFIX, find_sidecar, read_sidecar
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["NoPlaceError", "Precheck", "parent_beside", "precheck", "with_parent_apart"]


_BESIDE = "write it into a file beside it with --sidecar; kzlabel formats lists what can carry one"


class NoPlaceError(SigningError):
    """The format has no place for a label; a sidecar can hold it."""


class Precheck(msgspec.Struct, frozen=True):
    """A source that may be labelled."""

    media_type: str
    """Its media type by content."""

    parent: Verdict | None
    """The verdict about the label that it carries; None when it carries none."""

    pdf: PdfOptions = PdfOptions()
    """What the caller says about it if it is a PDF."""

    fragile: bool = False
    """Whether it would lose something if the reference engine wrote it anew."""

    beside: Parent | None = None
    """The label in a sidecar of it, where it carries none itself."""

    @property
    def parent_status(self) -> str:
        """Status of the label that it carries, or that is beside it; empty when there is none."""
        if self.parent is not None:
            return self.parent.status.value
        return "" if self.beside is None else self.beside.verdict.status.value


def precheck(
    file: Opened,
    trust: Trust,
    limits: Limits,
    *,
    despite_broken: bool,
    pdf: PdfOptions | None = None,
    form: Format | None = None,
) -> Precheck:
    """Decide whether `file` can be labelled without harm; `form` is its format where its content doesn't decide.

    Raises:
        SigningError: It can't; the message says why and what would help.
    """
    verdict = Verifier(trust=trust, limits=limits, markers=False).verify_opened(file, form)
    name = file.uri
    match verdict.status:
        case Status.UNSUPPORTED if not file.reader.size or by_extension(file.suffix):
            raise SigningError(f"{name} can't be labelled: {_why(verdict)}", "repair the file, or use --sidecar")
        case Status.UNSUPPORTED:
            raise NoPlaceError(f"{name} can't carry a label: {_why(verdict)}", _BESIDE)
        case Status.ERROR:
            raise SigningError(f"{name} can't be labelled: {_why(verdict)}", "repair the file first")
        case Status.REMOTE:
            raise SigningError(
                f"{name} refers to a label that is kept at {verdict.remote_url}, which can't be kept as its parent",
                "fetch that label into the file first",
            )
        case Status.INVALID if not verdict.manifest:
            raise SigningError(
                f"{name} carries a label that can't be read, so it can't be kept: {_why(verdict)}",
                "label an intact copy of the file",
            )
        case Status.INVALID if not despite_broken:
            raise SigningError(
                f"{name} carries a label that is broken: {_why(verdict)}",
                "label an intact copy, or pass --despite-broken and every later verdict shows the broken ancestor",
            )
    if verdict.media_type not in WRITABLE:
        raise NoPlaceError(f"{name} can't carry a label: nothing here writes {verdict.media_type}", _BESIDE)
    pdf = pdf or PdfOptions()
    fragile = verdict.media_type == "application/pdf" and check_pdf(file.reader, name, pdf)
    parent = verdict if verdict.manifest else None
    beside = None if parent is not None else _sidecar_of(file, trust, limits, despite_broken=despite_broken)
    return Precheck(verdict.media_type, parent, pdf, fragile, beside)


def _sidecar_of(file: Opened, trust: Trust, limits: Limits, *, despite_broken: bool) -> Parent | None:
    """Return the label that lies beside a file without one, so that it isn't lost when another one is put in.

    Raises:
        SigningError: It has the file's full name, and is broken or belongs to other content.
    """
    path = os.fsdecode(file.path) if file.path else ""
    if not path or not find_sidecar(path):
        return None
    verdict = Verifier(trust=trust, limits=limits, markers=False).verify(path)
    if verdict.intact:
        return parent_beside(file, verdict, limits, despite_broken=False)
    if find_sidecar(path) != path + SUFFIX:
        return None  # of a namesake, it seems
    if not despite_broken:
        raise SigningError(
            f"{file.uri} has a sidecar that does not fit it: {_why(verdict)}",
            "remove or repair the sidecar, or pass --despite-broken to leave it out",
        )
    return None


def with_parent_apart(file: Opened, checked: Precheck, limits: Limits) -> Precheck:
    """Return `checked` with the manifest that the file carries taken out, for a copy that won't carry it.

    Raises:
        SigningError: It can't be kept.
    """
    if checked.parent is None:
        return checked
    try:
        beside = parent_beside(file, checked.parent, limits, despite_broken=True)
    except MalformedError as error:
        raise SigningError(
            f"the label of {file.uri} can't be kept: {error.message}", "leave the notice out"
        ) from None
    return msgspec.structs.replace(checked, parent=None, beside=beside)


def parent_beside(file: Opened, verdict: Verdict, limits: Limits, *, despite_broken: bool) -> Parent | None:
    """Return what a new sidecar keeps of the label that a file carries, or that a sidecar of it holds.

    Raises:
        SigningError: That label is broken, or can't be read.
        MalformedError: It can't be kept.
    """
    if not verdict.manifest:
        if verdict.status is Status.INVALID:
            raise SigningError(f"{file.uri} has a label that can't be read: {_why(verdict)}", "remove it first")
        return None
    if not verdict.intact and not despite_broken:
        raise SigningError(
            f"{file.uri} has a label that is broken: {_why(verdict)}",
            "label an intact copy, or pass --despite-broken and every later verdict shows the broken ancestor",
        )
    media_type = verdict.media_type or "application/octet-stream"
    if verdict.sidecar:
        return Parent(read_sidecar(verdict.sidecar, limits), media_type, verdict)
    wide = in_utf16(file, limits)
    file = wide.text if wide else file
    recognised = recognise(file.reader, file.suffix, limits)
    assert recognised is not None  # noqa: S101 - a manifest was found in it
    return Parent(read_store(file.reader, recognised[0].locate(file.reader, limits)), media_type, verdict)


def _why(verdict: Verdict) -> str:
    """Return what is wrong in the words of the most telling finding."""
    failures = [f for f in verdict.findings if f.kind is Kind.FAILURE] or list(verdict.findings)
    telling = failures[0]
    return f"{telling.explanation} ({telling.code})" if telling.explanation else telling.code
