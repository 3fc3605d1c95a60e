"""`Labeler`: made once with a signer, then called for every output of a pipeline."""

import io
import os
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast, overload

import msgspec

from kzlabel.credentials import Signer
from kzlabel.credentials.holder import check_personal
from kzlabel.errors import InputError, OutputError, SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import Format, in_utf16
from kzlabel.formats import text as plain_text
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.notices.wanted import Wanted
from kzlabel.outputs import check_destination, staged
from kzlabel.signing.audit import AuditLog
from kzlabel.signing.documents import PdfOptions
from kzlabel.signing.labelled import Labelled
from kzlabel.signing.marking import marked
from kzlabel.signing.noticing import noticed
from kzlabel.signing.precheck import Precheck, parent_beside, precheck, with_parent_apart
from kzlabel.signing.writable import BY_REFERENCE
from kzlabel.signing.writing import Writer
from kzlabel.sources import Opened, Source, display_name, opened
from kzlabel.trust import Trust, default_trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.sidecar import SUFFIX

__all__ = ["Labeler", "Labelled"]


_PIECE = 1 << 20


class Labeler:
    """Puts signed labels into files.

    Make one and reuse it: the key, the certificates and the engine's settings are prepared once. It keeps no state
    of the files, so threads may share it; after a fork the child prepares its own engine.
    """

    def __init__(
        self,
        signer: Signer,
        *,
        trust: Trust | None = None,
        limits: Limits = DEFAULT_LIMITS,
        tsa_optional: bool = False,
        audit: AuditLog | None = None,
        accept_personal_data: bool = False,
        markers: bool = False,
        notice: Wanted | None = None,
    ) -> None:
        """Prepare labelling.

        Args:
            signer: Whose signature the labels carry.
            trust: Whom to believe about labels that sources carry already; it decides what is recorded about them.
                By default this machine's development authority.
            limits: How much work one source may cause.
            tsa_optional: Whether a file is labelled without a time-stamp when the signer's authority gives none;
                otherwise that is an error.
            audit: Log that gets a line for each label, before the labelled file takes its place.
            accept_personal_data: Whether labels may publish the individual identification number and the name of
                a person whose certificate the signer uses.
            markers: Whether files also declare in unsigned fields what the label says: IPTC's in XMP, tags of
                recordings, and China's AIGC where the label is to serve `cn`. They are written first, so that the
                signature covers them; fields that are there stay as they are.
            notice: A notice for people that is put into each file, too, before anything else; the label tells of it
                in place of the one that it has.

        Raises:
            CredentialError: They would, and that was not accepted.
        """
        check_personal(signer.certificate_chain[0], accepted=accept_personal_data)
        self._trust = default_trust() if trust is None else trust
        self._limits = limits
        self._markers = markers
        self._notice = notice
        self._writer = Writer(signer, self._trust, limits, audit, tsa_optional=tsa_optional)

    @overload
    def label(
        self,
        source: bytes,
        label: Label,
        destination: None = None,
        *,
        despite_broken: bool = ...,
        password: str = ...,
        reserve_signature: int = ...,
    ) -> bytes: ...

    @overload
    def label(
        self,
        source: Source,
        label: Label,
        destination: str | PathLike[str] | BinaryIO,
        *,
        replace: bool = ...,
        keep_times: bool = ...,
        despite_broken: bool = ...,
        password: str = ...,
        reserve_signature: int = ...,
    ) -> Labelled: ...

    def label(
        self,
        source: Source,
        label: Label,
        destination: str | PathLike[str] | BinaryIO | None = None,
        *,
        replace: bool = False,
        keep_times: bool = False,
        despite_broken: bool = False,
        password: str = "",
        reserve_signature: int = 0,
    ) -> bytes | Labelled:
        """Write a copy of `source` that carries `label`.

        A source that carries a label keeps it, as the parent of the new one. The content comes out as it went in.

        Args:
            source: A path, the bytes of a file, or a binary stream.
            label: What is said.
            destination: A path or a seekable binary stream that can be read and written. Without one, `source` must
                be bytes, and bytes are returned.
            replace: Whether a file at `destination` may be replaced.
            keep_times: Whether the new file gets the source file's times.
            despite_broken: Label a source whose own label fails; every later verdict shows the broken ancestor.
            password: Opens a PDF that is encrypted; it stays encrypted.
            reserve_signature: Bytes kept free in a PDF for a digital signature that is made afterwards, and which
                leaves the label intact; 0 for none. Until it is made, readers show a signature that is broken.

        Raises:
            InputError: The source can't be opened.
            OutputError: The destination exists, is the source itself (see `label_in_place`), or can't be written.
            SigningError: The format has no writer, the source's own label is broken, or the engine failed.
        """
        pdf = PdfOptions(password, reserve_signature)
        if destination is None:
            if not isinstance(source, bytes | bytearray | memoryview):
                raise OutputError(
                    "no destination is given for a source that isn't bytes", "pass a path or a stream"
                )
            result = io.BytesIO()
            with opened(source) as file:
                self._write(file, label, result, despite_broken=despite_broken, pdf=pdf)
            return result.getvalue()
        if not isinstance(destination, str | PathLike):
            with opened(source) as file:
                return self._write(file, label, destination, despite_broken=despite_broken, pdf=pdf)
        path = check_destination(destination, replace=replace)
        like = Path(source) if isinstance(source, str | PathLike) else None
        if like is not None and path.exists() and like.exists() and path.samefile(like):
            raise OutputError(
                f"{display_name(destination)} is the source itself", "ask for labelling in place (--in-place)"
            )
        return self._to_path(
            source,
            label,
            destination,
            replace=replace,
            like=like,
            keep_times=keep_times,
            despite_broken=despite_broken,
            pdf=pdf,
        )

    def label_text(self, text: str, label: Label, *, despite_broken: bool = False) -> str:
        """Return `text` with a hidden label (C2PA 2.4 A.8): variation selectors at its end, before a last line end.

        What people see stays as it is. A label that it carries is kept as the parent of the new one. The label
        survives copying and every encoding of Unicode; what removes or breaks it is told in docs/text.md.

        Raises:
            SigningError: The text isn't in Unicode normalisation form C, or its own label is broken.
            InputError: There are lone surrogates in it, so that it is no Unicode text.
        """
        try:
            file = Opened(BytesReader(text.encode()), "<text>", ".txt")
        except UnicodeEncodeError as error:
            raise InputError(f"the text has a lone surrogate at character {error.start}") from None
        form = cast("Format", plain_text)
        checked = precheck(file, self._trust, self._limits, despite_broken=despite_broken, form=form)
        result = io.BytesIO()
        if self._writer.embed(file, label, checked, result, form) is None:
            raise SigningError("the text has no place for a label")
        self._writer.log(label, result, checked.media_type, stamped=self._writer.stamps)
        return result.getvalue().decode()

    def label_beside(
        self,
        path: str | PathLike[str],
        label: Label,
        destination: str | PathLike[str] | None = None,
        *,
        replace: bool = False,
        despite_broken: bool = False,
    ) -> Labelled:
        """Write a label into a sidecar, and leave the file at `path` as it is, of whatever format it may be.

        A label that the file carries, or that an earlier sidecar holds, is kept as the parent of the new one.

        Args:
            path: The file that is labelled.
            label: What is said.
            destination: The sidecar; `path` with `.c2pa` behind it unless given, which is where verifiers look.
            replace: Whether a sidecar that is there already may be replaced.
            despite_broken: Label a file whose own label fails.

        Raises:
            InputError: The file can't be opened.
            OutputError: The sidecar exists, or can't be written.
            SigningError: The file's own label is broken, or no time-stamp could be got.
        """
        target = Path(f"{os.fspath(path)}{SUFFIX}") if destination is None else Path(destination)
        check_destination(target, replace=replace)
        with opened(path) as file:
            verdict = Verifier(trust=self._trust, limits=self._limits).verify(path)
            parent = parent_beside(file, verdict, self._limits, despite_broken=despite_broken)
            store, stamped = self._writer.beside(file, label, parent)
            media_type = verdict.media_type or "application/octet-stream"
        with staged(target, replace=replace) as stage:
            stage.path.write_bytes(store)
            self._writer.log(label, io.BytesIO(store), "application/c2pa", stamped=stamped)
        return Labelled(
            uri=display_name(path),
            destination=display_name(target),
            media_type=media_type,
            content_id=label.content_id,
            size=len(store),
            parent=verdict.status.value if parent else "",
            stamped=stamped,
        )

    def label_in_place(
        self,
        path: str | PathLike[str],
        label: Label,
        *,
        keep_times: bool = False,
        despite_broken: bool = False,
        password: str = "",
        reserve_signature: int = 0,
    ) -> Labelled:
        """Replace the file at `path` by a labelled one, in one step: it is the old file or the new one.

        The rest is as in `label`. Other hard links to the file keep the old content.
        """
        return self._to_path(
            path,
            label,
            path,
            replace=True,
            like=Path(path),
            keep_times=keep_times,
            despite_broken=despite_broken,
            pdf=PdfOptions(password, reserve_signature),
        )

    def _to_path(
        self,
        source: Source,
        label: Label,
        destination: str | PathLike[str],
        *,
        replace: bool,
        like: Path | None,
        keep_times: bool,
        despite_broken: bool,
        pdf: PdfOptions,
    ) -> Labelled:
        with opened(source) as file:
            checked = precheck(file, self._trust, self._limits, despite_broken=despite_broken, pdf=pdf)
            with (
                staged(destination, replace=replace, like=like, keep_times=keep_times) as stage,
                stage.path.open("w+b") as out,
            ):
                done = self._write(file, label, out, checked=checked)
        return msgspec.structs.replace(done, destination=display_name(destination))

    def _write(
        self,
        file: Opened,
        label: Label,
        destination: BinaryIO,
        *,
        despite_broken: bool = False,
        pdf: PdfOptions | None = None,
        checked: Precheck | None = None,
    ) -> Labelled:
        checked = checked or precheck(file, self._trust, self._limits, despite_broken=despite_broken, pdf=pdf)
        with ExitStack() as copies:
            if self._notice is not None:
                checked = with_parent_apart(file, checked, self._limits)
                file, label = copies.enter_context(noticed(file, checked.media_type, label, self._notice))
            if self._markers:
                file = copies.enter_context(marked(file, label, self._limits))
            return self._written(file, label, destination, checked)

    def _written(self, file: Opened, label: Label, destination: BinaryIO, checked: Precheck) -> Labelled:
        """Write the label into a file that may be labelled."""
        wide = in_utf16(file, self._limits)
        if wide is not None:
            written = io.BytesIO()
            stamped = self._writer.embed(wide.text, label, checked, written, cast("Format", plain_text))
            destination.write(wide.stored(written.getvalue()))
        else:
            stamped = self._writer.embed(file, label, checked, destination)
        if stamped is None:
            if checked.media_type not in BY_REFERENCE or checked.fragile:
                raise SigningError(f"{file.uri} can't be labelled: nothing here writes {checked.media_type}")
            self._writer.build(file, label, checked, destination)
            stamped = self._writer.stamps
        destination.flush()
        self._writer.log(label, destination, checked.media_type, stamped=stamped)
        return Labelled(
            uri=file.uri,
            media_type=checked.media_type,
            content_id=label.content_id,
            size=destination.seek(0, io.SEEK_END),
            parent=checked.parent_status,
            stamped=stamped,
        )
