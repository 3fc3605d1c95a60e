"""Writing a labelled file: composed here where the format says how, else by the reference engine."""

import hashlib
import os
import threading
from typing import TYPE_CHECKING, BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256

from kzlabel.credentials import Signer
from kzlabel.errors import MalformedError, SigningError, TimeStampError
from kzlabel.formats import Format, embedder, recognise
from kzlabel.labels import Label
from kzlabel.limits import Limits
from kzlabel.signing import builder, embedding
from kzlabel.signing.audit import AuditLog
from kzlabel.signing.bindings import binding_for
from kzlabel.signing.composer import Draft, Stamp, draft
from kzlabel.signing.documents import PdfEmbedder
from kzlabel.signing.parent import Parent, read_store
from kzlabel.signing.precheck import Precheck
from kzlabel.signing.sidecar import compose_sidecar
from kzlabel.signing.timestamping import TimeStampAuthority
from kzlabel.signing.writable import BY_REFERENCE
from kzlabel.sources import Opened
from kzlabel.trust import Trust

if TYPE_CHECKING:
    import c2pa


__all__ = ["Writer"]

_PIECE = 1 << 20


class Writer:
    """Writes labels of one signer; threads may share it, and after a fork the child prepares its own engine."""

    def __init__(
        self, signer: Signer, trust: Trust, limits: Limits, audit: AuditLog | None, *, tsa_optional: bool
    ) -> None:
        """Prepare writing; the arguments are those of `Labeler`."""
        self.signer = signer
        self.stamp = TimeStampAuthority(signer.tsa_url) if signer.tsa_url else None
        self._trust = trust
        self._limits = limits
        self._audit = audit
        self._tsa_optional = tsa_optional
        self._lock = threading.Lock()
        self._native: tuple[int, c2pa.Signer] | None = None

    @property
    def stamps(self) -> bool:
        """Whether labels get time-stamps."""
        return self.stamp is not None

    def beside(self, file: Opened, label: Label, parent: Parent | None) -> tuple[bytes, bool]:
        """Return a sidecar's store, and whether it got a time-stamp.

        Raises:
            SigningError: What the file carries can't be kept, or no time-stamp could be got.
        """
        try:
            return self._beside(file, label, parent, self.stamp), self.stamps
        except TimeStampError:
            if not self._tsa_optional:
                raise
        return self._beside(file, label, parent, None), False

    def _beside(self, file: Opened, label: Label, parent: Parent | None, stamp: Stamp | None) -> bytes:
        try:
            return compose_sidecar(file.reader, label, self.signer, parent=parent, stamp=stamp, limits=self._limits)
        except MalformedError as error:
            raise SigningError(f"{file.uri} can't be labelled: {error.message}") from None

    def embed(
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
            return self._embed_stamped(file, label, checked, destination, form, self.stamp)
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

    def log(self, label: Label, written: BinaryIO, media_type: str, *, stamped: bool) -> None:
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
            signer=self.signer.certificate_chain[0].fingerprint(SHA256()).hex(),
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
            parent = checked.beside
            if checked.parent is not None:
                parent = Parent(read_store(reader, located), checked.media_type, checked.parent)

            def compose(binding: str, size: int) -> Draft:
                return draft(
                    label,
                    self.signer,
                    binding_label=binding,
                    binding_size=size,
                    parent=parent,
                    stamp=stamp,
                    limits=limits,
                )

            binding = binding_for(into, limits)
            return embedding.plan(reader, into, located, compose, limits, binding=binding)
        except MalformedError as error:
            if checked.media_type in BY_REFERENCE and not checked.fragile and checked.beside is None:
                return None
            raise SigningError(f"{file.uri} can't be labelled: {error.message}") from None

    def build(self, file: Opened, label: Label, checked: Precheck, destination: BinaryIO) -> None:
        """Write the labelled file through the reference engine.

        Raises:
            SigningError: It can't.
            OSError: `destination` can't be written.
        """
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
        recognised = recognise(file.reader, file.suffix, self._limits)
        if recognised is not None:
            embedding.check_built(recognised[0], destination, self._limits)

    def _native_signer(self) -> "c2pa.Signer":
        with self._lock:
            if self._native is None or self._native[0] != os.getpid():
                self._native = os.getpid(), builder.native_signer(self.signer)
            return self._native[1]
