"""Verification, step by step.

1. Open the source: a regular file, bytes or a stream; nothing that could block.
2. Recognise its format by content, and compare it with what the name promises.
3. Walk the container for manifest stores, within limits; a break in it is a finding.
4. Let an engine read and judge the store: locate, claim, signature, time-stamp, assertions, ingredients, hard
   binding (C2PA 2.4 section 15).
5. Turn the engine's reading into a verdict: label, AI level, signer, ancestors.

A bad file is a normal input: whatever its bytes are, the answer is a `Verdict`.
"""

from collections.abc import Iterator

from kzlabel.errors import LimitError, MalformedError
from kzlabel.formats import Format, Located, by_extension, identify
from kzlabel.labels import AI
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.reference.context import engine_version
from kzlabel.sources import Opened, Source, opened
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust, default_trust
from kzlabel.verifying import reference
from kzlabel.verifying.judgement import judge
from kzlabel.verifying.reading import Reading
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["unreadable", "verify", "verify_opened"]


def verify(
    source: Source,
    *,
    trust: Trust | None = None,
    uri: str = "",
    online: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Verdict:
    """Say whether `source` carries a signed label, whether it holds, and what it says.

    Args:
        source: A path, the bytes of a file, or a binary stream, which is read from its present position.
        trust: Whom to believe. By default this machine's own development authority, and nobody else.
        uri: What to call the source in the verdict, if not by its path.
        online: Whether remote manifests and OCSP responses may be fetched from where the file says.
        limits: How much work the file may cause.

    Raises:
        InputError: The source can't be opened: missing, a directory, not a regular file, no permission.
        TrustError: The development authority's certificate can't be read.
    """
    with opened(source, uri) as file:
        return verify_opened(file, default_trust() if trust is None else trust, limits, online=online)


def verify_opened(file: Opened, trust: Trust, limits: Limits = DEFAULT_LIMITS, *, online: bool = False) -> Verdict:
    """Verify an open source; see `verify`."""
    try:
        return _verify(file, trust, limits, online=online)
    except LimitError as error:
        return _without_store(file, Status.ERROR, Finding.of(Code.KZLABEL_LIMIT_EXCEEDED, str(error)))
    except (MalformedError, OSError) as error:
        return unreadable(file.uri, str(error))


def unreadable(uri: str, reason: str, code: Code = Code.KZLABEL_INPUT_UNREADABLE) -> Verdict:
    """Return the verdict about a file that could not be read to its end."""
    return Verdict(uri=uri, status=Status.ERROR, ai=AI.UNKNOWN, findings=(Finding.of(code, reason),))


def _verify(file: Opened, trust: Trust, limits: Limits, *, online: bool) -> Verdict:
    # (2) the format, by content
    if file.reader.size == 0:
        return _without_store(file, Status.UNSUPPORTED, Finding.of(Code.KZLABEL_INPUT_EMPTY, "the file is empty"))
    head = file.reader.read(0, min(limits.head, file.reader.size))
    recognised = identify(head)
    if recognised is None:
        return _without_store(
            file,
            Status.UNSUPPORTED,
            Finding.of(Code.KZLABEL_INPUT_UNRECOGNISED, "its content is of no known format"),
        )
    form, media_type = recognised
    findings = tuple(_mismatch(file.suffix, form))

    # (3) the container
    located = form.locate(file.reader, limits)
    if located.damage:
        findings += (Finding.of(Code.KZLABEL_CONTAINER_DAMAGED, located.damage),)

    # (4) the store
    answer = reference.read(file.reader, media_type, trust, limits, online=online)

    # (5) the verdict
    match answer:
        case Reading():
            return judge(answer, trust, uri=file.uri, media_type=media_type, before=findings)
        case reference.Absent():
            return _absent(file, media_type, answer, located, findings)
        case reference.Refused():
            return _refused(file, media_type, answer, located, findings)


def _mismatch(suffix: str, form: Format) -> Iterator[Finding]:
    promised = by_extension(suffix)
    if promised is not None and promised is not form and suffix not in form.EXTENSIONS:
        yield Finding.of(Code.KZLABEL_FORMAT_MISMATCH, f"the name says {promised.NAME}, the content is {form.NAME}")


def _absent(
    file: Opened, media_type: str, answer: reference.Absent, located: Located, findings: tuple[Finding, ...]
) -> Verdict:
    """Decide about a file in which the engine found no manifest: a damaged one is not an absent one."""
    if located.carriers:
        at = located.carriers[0].store[0].start
        damaged = Finding.of(Code.KZLABEL_MANIFEST_DAMAGED, f"the manifest at byte {at} can't be made out")
        return _without_store(file, Status.INVALID, *findings, damaged, media_type=media_type)
    if not answer.remote_url:
        return _without_store(file, Status.UNLABELLED, *findings, media_type=media_type)
    remote = Finding.of(Code.KZLABEL_MANIFEST_REMOTE, f"the manifest is said to be at {answer.remote_url}")
    return _without_store(
        file, Status.REMOTE, *findings, remote, media_type=media_type, remote_url=answer.remote_url
    )


def _refused(
    file: Opened, media_type: str, answer: reference.Refused, located: Located, findings: tuple[Finding, ...]
) -> Verdict:
    """Decide about a file that the engine could not read: a label that fails, or no answer at all."""
    refusal = Finding.of(answer.code, answer.reason)
    if answer.code is Code.KZLABEL_INPUT_UNRECOGNISED:
        status = Status.UNSUPPORTED
    elif located.carriers and answer.code is Code.KZLABEL_ENGINE_FAILED:
        status = Status.INVALID
    else:
        status = Status.ERROR
    return _without_store(file, status, *findings, refusal, media_type=media_type)


def _without_store(
    file: Opened, status: Status, *findings: Finding, media_type: str = "", remote_url: str = ""
) -> Verdict:
    return Verdict(
        uri=file.uri,
        status=status,
        ai=AI.UNKNOWN,
        media_type=media_type,
        remote_url=remote_url,
        engine=engine_version() if media_type else "",
        findings=findings,
    )
