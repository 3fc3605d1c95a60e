"""Verification, step by step.

1. Open the source: a regular file, bytes or a stream; nothing that could block.
2. Recognise its format by content, and compare it with what the name promises.
3. Walk the container for manifest stores, within limits; a break in it is a finding.
4. Let an engine read and judge the store: claim, signature, time-stamp, assertions, ingredients, hard binding
   (C2PA 2.4 section 15).
5. Turn the engine's reading into a verdict: label, AI level, signer, ancestors.

A bad file is a normal input: whatever its bytes are, the answer is a `Verdict`.
"""

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from kzlabel.directories import RECORD, is_dataset
from kzlabel.errors import InputError, KzlabelError, LimitError, MalformedError
from kzlabel.files import BytesReader, Reader
from kzlabel.formats import Format, Located, Utf16, by_extension, in_utf16, recognise
from kzlabel.formats import text as plain_text
from kzlabel.isolation import Child
from kzlabel.labels import AI
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.sources import Opened, Source, display_name, opened
from kzlabel.status import Code, Finding
from kzlabel.trust import Revocations, Trust, default_trust
from kzlabel.verifying import native
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.dataset import judge_dataset
from kzlabel.verifying.engines import Engine, ask
from kzlabel.verifying.judgement import judge
from kzlabel.verifying.legacy import has_legacy_time, with_legacy_time
from kzlabel.verifying.paths import with_path
from kzlabel.verifying.reading import Absent, Reading, Refused
from kzlabel.verifying.revocation import with_revocation
from kzlabel.verifying.shapes import Shapes
from kzlabel.verifying.sidecar import disagreement, find_sidecar, judge_sidecar, read_sidecar
from kzlabel.verifying.silence import absent, refused
from kzlabel.verifying.stapling import with_stapled
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["Verifier", "unreadable", "verify", "verify_text"]


def _now() -> datetime:
    return datetime.now(UTC)


_MAY_HAVE_SIDECAR = frozenset({
    Status.UNLABELLED, Status.DECLARED, Status.UNSUPPORTED, Status.TRUSTED, Status.VALID, Status.INVALID,
    Status.REMOTE,
})  # fmt: skip
_NO_SHAPES = Shapes(Trust.none(), DEFAULT_LIMITS)


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """How files are verified. Make one and reuse it; threads may share it.

    It learns what the manifest stores of one tool have in common, which changes no verdict and makes the next
    ones many times faster; see `kzlabel.verifying.shapes`.
    """

    trust: Trust
    """Whom to believe."""

    engine: Engine = Engine.AUTO
    """Who answers."""

    online: bool = False
    """Whether remote manifests and revocation data may be fetched from where the file says."""

    limits: Limits = DEFAULT_LIMITS
    """How much work one file may cause."""

    revocations: Revocations = Revocations()
    """What issuers said about certificates that they took back."""

    markers: bool = True
    """Whether unsigned statements about AI are looked for where there is no signed label."""

    sidecars: bool = True
    """Whether a manifest is looked for beside a file that is given by its path: `name.ext.c2pa`, `name.c2pa`."""

    clock: Callable[[], datetime] = _now
    """What time it is, with its zone; certificates without a time-stamp are judged by it."""

    child: Child | None = None
    """The process in which the reference engine runs; this one where there is none."""

    shapes: Shapes = _NO_SHAPES
    """What was learned; each verifier makes its own."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "shapes", Shapes(self.trust, self.limits))

    def verify(self, source: Source, uri: str = "") -> Verdict:
        """Say whether `source` carries a signed label, whether it holds, and what it says.

        Args:
            source: A path, the bytes of a file, or a binary stream, which is read from its present position. The
                path of a directory stands for a data library, if there is a record in it.
            uri: What to call the source in the verdict, if not by its path.

        Raises:
            InputError: The source can't be opened: missing, a mere directory, not a regular file, no permission.
            ChildDiedError: The process of the reference engine ended before it answered.
        """
        try:
            with opened(source, uri) as file:
                verdict = self.verify_opened(file)
                if self.sidecars and file.path and verdict.status in _MAY_HAVE_SIDECAR:
                    return self._beside(file, verdict)
                return verdict
        except InputError:
            if not isinstance(source, str | os.PathLike) or not is_dataset(source):
                raise
        name = uri or display_name(source)
        now = self.clock()
        verdict = judge_dataset(source, self.trust, self.limits, uri=name, now=now)
        if not verdict.intact or not self.revocations:
            return verdict
        store = read_sidecar(os.path.join(os.fsdecode(source), RECORD), self.limits)  # noqa: PTH118 - any bytes
        return with_revocation(verdict, store, self.revocations, self.trust, self.limits, now)

    def _beside(self, file: Opened, verdict: Verdict) -> Verdict:
        """Return the verdict with what a sidecar adds to it, if there is one."""
        path = find_sidecar(os.fsdecode(file.path))
        if not path:
            return verdict
        try:
            if verdict.manifest:
                more = disagreement(verdict, path, self.limits)
                return msgspec.structs.replace(verdict, findings=verdict.findings + more) if more else verdict
            return self._judge_with(file, read_sidecar(path, self.limits), verdict.media_type, display_name(path))
        except (KzlabelError, OSError) as error:
            said = f"the sidecar {display_name(path)} can't be judged: {error}"
            finding = Finding.of(Code.KZLABEL_MANIFEST_DAMAGED, said)
            return msgspec.structs.replace(verdict, status=Status.ERROR, findings=(*verdict.findings, finding))

    def verify_with(self, source: Source, store: bytes, uri: str = "") -> Verdict:
        """Verify `source` by a manifest store that is kept elsewhere; what it carries itself is not looked at.

        Raises:
            InputError: The source can't be opened.
        """
        with opened(source, uri) as file:
            try:
                recognised = recognise(file.reader, file.suffix, self.limits)
                media_type = recognised[1] if recognised else ""
                return self._judge_with(file, store, media_type)
            except LimitError as error:
                exceeded = Finding.of(Code.KZLABEL_LIMIT_EXCEEDED, str(error))
                return Verdict(uri=file.uri, status=Status.ERROR, ai=AI.UNKNOWN, findings=(exceeded,))
            except (MalformedError, OSError) as error:
                return unreadable(file.uri, str(error))

    def _judge_with(self, file: Opened, store: bytes, media_type: str, path: str = "") -> Verdict:
        """Judge a file by a store from elsewhere."""
        now = self.clock()
        verdict = judge_sidecar(
            file.reader, store, media_type, self.trust, self.limits, uri=file.uri, path=path, engine=self.engine,
            now=now,
        )  # fmt: skip
        return self._without_bad_authorities(verdict, store, now)

    def verify_text(self, text: str, uri: str = "<text>") -> Verdict:
        """Say whether unstructured text carries a hidden label (C2PA 2.4 A.8), as `verify` does of files.

        What it looks like doesn't matter: text that begins like a PDF is text.

        Raises:
            InputError: There are lone surrogates in it, so that it is no Unicode text.
        """
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"the text has a lone surrogate at character {error.start}") from None
        return self.verify_opened(Opened(BytesReader(data), uri, ".txt"), plain_text)

    def verify_opened(self, file: Opened, form: Format | None = None) -> Verdict:
        """Verify an open source; see `verify`. `form` is its format where its content doesn't decide."""
        try:
            wide = in_utf16(file, self.limits) if form is None else None
            if wide is not None:
                return self._verify_utf16(wide)
            verdict = self._verify(file, form)
            return self._looked_at_again(verdict, file, form)
        except LimitError as error:
            exceeded = Finding.of(Code.KZLABEL_LIMIT_EXCEEDED, str(error))
            return Verdict(uri=file.uri, status=Status.ERROR, ai=AI.UNKNOWN, findings=(exceeded,))
        except (MalformedError, OSError) as error:
            return unreadable(file.uri, str(error))

    def _verify_utf16(self, wide: Utf16) -> Verdict:
        """Verify a text by its characters; one that had a mark in UTF-8, too, lost it when it was converted."""
        verdict = self.verify_opened(wide.text, plain_text)
        if verdict.manifest and not verdict.intact:
            marked = self.verify_opened(wide.marked, plain_text)
            return marked if marked.intact else verdict
        return verdict

    def _looked_at_again(self, verdict: Verdict, file: Opened, form: Format | None) -> Verdict:
        """Return the verdict with what the reference engine doesn't look at of a signer's certificates."""
        if not verdict.intact or not (self.revocations or verdict.abstained or has_legacy_time(verdict)):
            return verdict
        recognised = recognise(file.reader, file.suffix, self.limits)
        found = form or (recognised and recognised[0])
        located = found.locate(file.reader, self.limits) if found else None
        store = None
        if located is not None and len(located.carriers) == 1:
            with contextlib.suppress(Abstention):
                store = native.gather(file.reader, located, self.limits)
        now = self.clock()
        if self.online and located is not None and not located.carriers:  # a remote manifest isn't at hand
            return with_revocation(verdict, None, self.revocations, self.trust, self.limits, now)
        return self._without_bad_authorities(verdict, store, now)

    def _without_bad_authorities(self, verdict: Verdict, store: bytes | None, now: datetime) -> Verdict:
        if verdict.abstained:
            verdict = with_path(verdict, store, self.trust, self.limits)
        verdict = with_legacy_time(verdict, store, self.trust, self.limits, now)
        if verdict.abstained:
            verdict = with_stapled(verdict, store, self.trust, self.limits, now)
        return with_revocation(verdict, store, self.revocations, self.trust, self.limits, now)

    def _verify(self, file: Opened, form: Format | None = None) -> Verdict:
        # (2) the format, by content
        reader = file.reader
        recognised = recognise(reader, file.suffix, self.limits) if form is None else (form, form.MEDIA_TYPES[0])
        if recognised is None:
            return _unsupported(file)
        found, media_type = recognised
        findings = _mismatch(file.suffix, found)

        # (3) the container
        located = found.locate(file.reader, self.limits)
        if located.damage:
            findings += (Finding.of(Code.KZLABEL_CONTAINER_DAMAGED, located.damage),)

        if located.fault is not None:
            fault = Finding.of(located.fault, located.fault_reason)
            return Verdict(
                uri=file.uri,
                status=Status.INVALID,
                ai=AI.UNKNOWN,
                media_type=media_type,
                engine=native.ENGINE,
                findings=(*findings, fault),
            )

        # (4) the store
        now = self.clock()
        natively = self.engine is not Engine.REFERENCE and not self.online
        if natively and located.carriers:
            recalled = self.shapes.recall(reader, located, media_type, now)
            if recalled is not None:
                return _about(recalled, file.uri, findings)
        elif natively and located.xmp == () and not located.damage and not located.remote:
            verdict = Verdict(  # the usual case, quickly: `ask` would say the same
                uri=file.uri,
                status=Status.UNLABELLED,
                ai=AI.UNKNOWN,
                media_type=media_type,
                engine=native.ENGINE,
                findings=findings,
            )
            return self._declared(verdict, reader, found, located)
        answer, abstained = ask(
            file,
            located,
            media_type,
            self.trust,
            self.limits,
            engine=self.engine,
            online=self.online,
            now=now,
            child=self.child,
        )

        # (5) the verdict
        match answer:
            case Reading():
                verdict = judge(answer, self.trust, uri="", media_type=media_type)
                if abstained:
                    verdict = msgspec.structs.replace(verdict, abstained=abstained)
                elif natively:
                    self.shapes.consider(reader, located, media_type, verdict, now)
                return _about(verdict, file.uri, findings)
            case Absent():
                status, more = absent(answer, located)
            case Refused():
                status, more = refused(answer, located)
        verdict = Verdict(
            uri=file.uri,
            status=status,
            ai=AI.UNKNOWN,
            media_type=media_type,
            remote_url=answer.remote_url if isinstance(answer, Absent) and status is Status.REMOTE else "",
            engine=answer.engine,
            abstained=abstained,
            findings=findings + more,
        )
        return self._declared(verdict, reader, found, located) if status is Status.UNLABELLED else verdict

    def _declared(self, verdict: Verdict, reader: Reader, form: Format, located: Located) -> Verdict:
        """Return the verdict on a file without a signed label with what it says unsigned."""
        if not self.markers:
            return verdict
        from kzlabel import markers  # noqa: PLC0415 - labelled files need none of it

        found = markers.read(reader, form, located=located, limits=self.limits)
        if not found:
            return verdict
        ai = markers.level(found)
        if ai not in (AI.GENERATED, AI.ASSISTED):
            return msgspec.structs.replace(verdict, markers=found)
        return msgspec.structs.replace(verdict, status=Status.DECLARED, ai=ai, markers=found)


def verify(
    source: Source,
    *,
    trust: Trust | None = None,
    uri: str = "",
    engine: Engine | str = Engine.AUTO,
    online: bool = False,
    revocations: Revocations = Revocations(),  # noqa: B008 - it never changes
    limits: Limits = DEFAULT_LIMITS,
) -> Verdict:
    """Verify one source; to verify many with the same settings, make a `Verifier`.

    Args:
        source: A path, the bytes of a file, or a binary stream, which is read from its present position.
        trust: Whom to believe. By default this machine's own development authority, and nobody else.
        uri: What to call the source in the verdict, if not by its path.
        engine: `auto`, `native` or `reference`; see `Engine`.
        online: Whether remote manifests and revocation data may be fetched from where the file says.
        revocations: What issuers said about certificates that they took back; see `Revocations.from_files`.
        limits: How much work the file may cause.

    Raises:
        InputError: The source can't be opened: missing, a directory, not a regular file, no permission.
        TrustError: The development authority's certificate can't be read.
    """
    verifier = Verifier(
        trust=default_trust() if trust is None else trust,
        engine=Engine(engine),
        online=online,
        revocations=revocations,
        limits=limits,
    )
    return verifier.verify(source, uri)


def verify_text(text: str, *, trust: Trust | None = None, limits: Limits = DEFAULT_LIMITS) -> Verdict:
    """Verify the hidden label of unstructured text; to verify many, make a `Verifier`.

    Raises:
        InputError: There are lone surrogates in it, so that it is no Unicode text.
        TrustError: A trust store can't be read.
    """
    return Verifier(trust=default_trust() if trust is None else trust, limits=limits).verify_text(text)


def unreadable(uri: str, reason: str, code: Code = Code.KZLABEL_INPUT_UNREADABLE) -> Verdict:
    """Return the verdict about a file that could not be read to its end."""
    return Verdict(uri=uri, status=Status.ERROR, ai=AI.UNKNOWN, findings=(Finding.of(code, reason),))


def _about(verdict: Verdict, uri: str, before: tuple[Finding, ...]) -> Verdict:
    """Complete a verdict about a store: of which file it is, and what was found before."""
    msgspec.structs.force_setattr(verdict, "uri", uri)
    if before:
        msgspec.structs.force_setattr(verdict, "findings", before + verdict.findings)
    return verdict


def _unsupported(file: Opened) -> Verdict:
    if file.reader.size:
        finding = Finding.of(Code.KZLABEL_INPUT_UNRECOGNISED, "its content is of no known format")
    else:
        finding = Finding.of(Code.KZLABEL_INPUT_EMPTY, "the file is empty")
    return Verdict(uri=file.uri, status=Status.UNSUPPORTED, ai=AI.UNKNOWN, findings=(finding,))


def _mismatch(suffix: str, form: Format) -> tuple[Finding, ...]:
    promised = by_extension(suffix) if suffix and suffix not in form.EXTENSIONS else None
    if promised is None:
        return ()
    said = f"the name says {promised.NAME}, the content is {form.NAME}"
    return (Finding.of(Code.KZLABEL_FORMAT_MISMATCH, said),)
