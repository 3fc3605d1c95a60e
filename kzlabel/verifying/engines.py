"""Which engine answers: the native one where it understands the file in full, the reference engine elsewhere."""

from datetime import datetime
from enum import StrEnum

from kzlabel.errors import KzlabelError
from kzlabel.files import Reader
from kzlabel.formats import FOREIGN, Located
from kzlabel.isolation import Child
from kzlabel.limits import Limits
from kzlabel.sources import Opened, opened
from kzlabel.spans import Span, total
from kzlabel.status import Code
from kzlabel.trust import Trust
from kzlabel.verifying import native, reference
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.reading import Absent, Answer, Refused

__all__ = ["Engine", "ask"]

_PATIENCE = 2
"""The reference engine stops itself at its time limit; its process is ended when it is late by this factor."""

_XMP_SIZE = 8 * 1024 * 1024
_REFERENCE_TO_ELSEWHERE = b"provenance"
"""Every spelling of the property `dcterms:provenance` holds this (C2PA 2.4 section 11.4)."""


class Engine(StrEnum):
    """Who is to answer."""

    AUTO = "auto"
    """The native engine, and where it abstains the reference engine."""

    NATIVE = "native"
    """The native engine alone; where it abstains there is no answer."""

    REFERENCE = "reference"
    """The reference engine alone."""


def ask(
    file: Opened,
    located: Located,
    media_type: str,
    trust: Trust,
    limits: Limits,
    *,
    engine: Engine,
    online: bool,
    now: datetime,
    child: Child | None,
) -> tuple[Answer, str]:
    """Return the answer, and why the native engine abstained; empty when it answered or wasn't asked.

    The reference engine runs in `child` where one is given, else in this process.

    Raises:
        LimitError: The file asks for more work than is allowed.
        ChildDiedError: `child` ended before it answered.
    """
    abstained = ""
    if engine is not Engine.REFERENCE:
        try:
            return _ask_native(file.reader, located, media_type, trust, limits, online=online, now=now), ""
        except Abstention as reason:
            abstained = str(reason)
        except (KzlabelError, OSError):
            raise
        except Exception as bug:  # noqa: BLE001 - a bug here must cost speed and not the verdict
            abstained = f"the native engine failed: {type(bug).__name__}"
    if engine is Engine.NATIVE or (media_type in FOREIGN and engine is Engine.AUTO):
        return Refused(native.ENGINE, Code.KZLABEL_ENGINE_ABSTAINED, abstained), abstained
    if child is None or not file.path:
        answer = reference.read(file.reader, media_type, trust, limits, online=online)
    else:
        seconds = _PATIENCE * limits.seconds_for(file.reader.size)
        answer = child.call(seconds, _read_path, file.path, media_type, trust, limits, online=online)
    if online and engine is Engine.AUTO and isinstance(answer, Refused):
        # A store that only the native engine can read isn't broken because it was left out.
        try:
            _ask_native(file.reader, located, media_type, trust, limits, online=False, now=now)
        except Abstention:
            return answer, abstained
        return Refused(native.ENGINE, Code.KZLABEL_ENGINE_ABSTAINED, abstained), abstained
    return answer, abstained


def _ask_native(
    reader: Reader, located: Located, media_type: str, trust: Trust, limits: Limits, *, online: bool, now: datetime
) -> Answer:
    if online:
        raise Abstention("it never uses a network")
    if located.damage:
        raise Abstention(f"the container is damaged: {located.damage}")
    if located.carriers:
        return native.read(reader, located, media_type, trust, limits, now=now)
    if located.remote:
        return Absent(native.ENGINE, located.remote)
    if located.xmp is None:
        raise Abstention("a manifest kept elsewhere may be referred to where this format's walk doesn't look")
    if total(located.xmp) > _XMP_SIZE or _refers_elsewhere(reader, located.xmp):
        raise Abstention("a manifest kept elsewhere is referred to")
    return Absent(native.ENGINE)


def _refers_elsewhere(reader: Reader, spans: tuple[Span, ...]) -> bool:
    return any(_REFERENCE_TO_ELSEWHERE in reader.read(span.start, span.length) for span in spans)


def _read_path(path: str, media_type: str, trust: Trust, limits: Limits, *, online: bool) -> Answer:
    """Ask the reference engine about a path; runs in the child."""
    with opened(path) as file:
        return reference.read(file.reader, media_type, trust, limits, online=online)
