"""`Labeler`: made once with a signer, then called for every output of a pipeline."""

import hashlib
import io
import os
import threading
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast, overload

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256

from kzlabel.credentials import Signer
from kzlabel.errors import InputError, MalformedError, OutputError, SigningError, TimeStampError
from kzlabel.files import BytesReader
from kzlabel.formats import Format, embedder, recognise
from kzlabel.formats import text as plain_text
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.outputs import check_destination, staged
from kzlabel.signing import builder, embedding
from kzlabel.signing.audit import AuditLog
from kzlabel.signing.composer import Draft, Stamp, draft
from kzlabel.signing.documents import PdfEmbedder, PdfOptions
from kzlabel.signing.labelled import Labelled
from kzlabel.signing.parent import Parent, read_store
from kzlabel.signing.precheck import Precheck, precheck
from kzlabel.signing.timestamping import TimeStampAuthority
from kzlabel.signing.writable import BY_REFERENCE
from kzlabel.sources import Opened, Source, display_name, opened
from kzlabel.trust import Trust, default_trust

if TYPE_CHECKING:
    import c2pa

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
        """
        self._audit = audit
        self._signer = signer
        self._stamp = TimeStampAuthority(signer.tsa_url) if signer.tsa_url else None
        self._tsa_optional = tsa_optional
        self._trust = default_trust() if trust is None else trust
        self._limits = limits
        self._lock = threading.Lock()
        self._native: tuple[int, c2pa.Signer] | None = None

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
        if self._embed(file, label, checked, result, form) is None:
            raise SigningError("the text has no place for a label")
        self._log(label, result, checked.media_type, stamped=self._stamp is not None)
        return result.getvalue().decode()

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
        stamped = self._embed(file, label, checked, destination)
        if stamped is None:
            if checked.media_type not in BY_REFERENCE or checked.fragile:
                raise SigningError(f"{file.uri} can't be labelled: nothing here writes {checked.media_type}")
            self._build(file, label, checked, destination)
            stamped = self._stamp is not None
        destination.flush()
        self._log(label, destination, checked.media_type, stamped=stamped)
        return Labelled(
            uri=file.uri,
            media_type=checked.media_type,
            content_id=label.content_id,
            size=destination.seek(0, io.SEEK_END),
            parent=checked.parent_status,
            stamped=stamped,
        )

    def _embed(
        self,
        file: Opened,
        label: Label,
        checked: Precheck,
        destination: BinaryIO,
        form: Format | None = None,
    ) -> bool | None:
        """Write the labelled file without the reference engine; return whether it got a time-stamp.

        None means that nothing was written, since only that engine can do it.

        Raises:
            SigningError: It can't be labelled, or no time-stamp could be got.
        """
        start = destination.tell()
        try:
            return self._embed_stamped(file, label, checked, destination, form, self._stamp)
        except TimeStampError:
            if not self._tsa_optional:
                raise
        destination.seek(start)
        destination.truncate()
        return self._embed_stamped(file, label, checked, destination, form, None)

    def _embed_stamped(
        self,
        file: Opened,
        label: Label,
        checked: Precheck,
        destination: BinaryIO,
        form: Format | None,
        stamp: Stamp | None,
    ) -> bool | None:
        planned = self._plan(file, label, checked, form, stamp)
        if planned is None:
            return None
        embedding.write(planned, destination)
        return stamp is not None

    def _log(self, label: Label, written: BinaryIO, media_type: str, *, stamped: bool) -> None:
        """Write the line of the audit log.

        Raises:
            OutputError, MalformedError: See `AuditLog.append`.
        """
        if self._audit is None:
            return
        digest = hashlib.sha256()
        written.seek(0)
        while piece := written.read(_PIECE):
            digest.update(piece)
        self._audit.append(
            content_id=label.content_id,
            output_sha256=digest.hexdigest(),
            label_sha256=hashlib.sha256(label.to_json()).hexdigest(),
            level=label.level.value,
            signer=self._signer.certificate_chain[0].fingerprint(SHA256()).hex(),
            media_type=media_type,
            stamped=stamped,
        )

    def _plan(
        self, file: Opened, label: Label, checked: Precheck, form: Format | None, stamp: Stamp | None
    ) -> embedding.Plan | None:
        """Return how the file is labelled without the reference engine; None where that engine has to do it.

        Raises:
            SigningError: Neither can.
        """
        reader, limits = file.reader, self._limits
        recognised = recognise(reader, file.suffix, limits) if form is None else (form, checked.media_type)
        into = embedder(recognised[0]) if recognised else None
        if checked.media_type in PdfEmbedder.MEDIA_TYPES:
            into = PdfEmbedder(checked.pdf)
        elif checked.pdf.reserve_signature:
            raise SigningError(f"{file.uri} is no PDF, and a signature has a place in PDFs only")
        if into is None:
            return None
        try:
            located = into.locate(reader, limits)
            parent = None
            if checked.parent is not None:
                parent = Parent(read_store(reader, located), checked.media_type, checked.parent)

            def compose(binding: str, size: int) -> Draft:
                return draft(
                    label,
                    self._signer,
                    binding_label=binding,
                    binding_size=size,
                    parent=parent,
                    stamp=stamp,
                    limits=limits,
                )

            return embedding.plan(reader, into, located, compose, limits)
        except MalformedError as error:
            if checked.media_type in BY_REFERENCE and not checked.fragile:
                return None
            raise SigningError(f"{file.uri} can't be labelled: {error.message}") from None

    def _build(self, file: Opened, label: Label, checked: Precheck, destination: BinaryIO) -> None:
        builder.write(
            file.reader,
            destination,
            media_type=checked.media_type,
            label=label,
            keep_parent=checked.parent is not None,
            signer=self._native_signer(),
            trust=self._trust,
            limits=self._limits,
        )

    def _native_signer(self) -> "c2pa.Signer":
        with self._lock:
            if self._native is None or self._native[0] != os.getpid():
                self._native = os.getpid(), builder.native_signer(self._signer)
            return self._native[1]
