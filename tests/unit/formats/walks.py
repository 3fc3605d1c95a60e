"""What the tests of formats share: walking bytes, asking the reference engine, taking files apart."""

import base64
import io
import json
from enum import StrEnum
from functools import lru_cache

import c2pa
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import Carrier, Encoding, Format, Located
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.spans import Span, total
from tests.conftest import CorpusFile, corpus

_TAIL = bytes.fromhex("00110010800000aa00389b71")
_BROKEN = ("could not be parsed", "read past end", "failed to fill", "Too many")
"""What is in the engine's messages when it gives up on a container."""
_FRAMING = 60
"""Bytes at the start of a store that say what it is; what follows is no matter of the container."""


class Seen(StrEnum):
    """What the reference engine makes of a file, as far as the container goes."""

    FOUND = "found"
    """It took a manifest store out of it, whatever it thinks of the store."""

    NONE = "none"
    """It looked for a store to the end."""

    BROKEN = "broken"
    """It gave up on the container, or met several stores."""


def walk(form: Format, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Located:
    """Return what `form` finds in `data`."""
    return form.locate(BytesReader(data), limits)


def gather(data: bytes, carrier: Carrier) -> bytes:
    """Return the store that `carrier` holds."""
    joined = b"".join(data[span.start : span.end] for span in carrier.store)
    return base64.b64decode(joined, validate=True) if carrier.encoding is Encoding.BASE64 else joined


def is_one_box(store: bytes) -> bool:
    """Return whether `store` is a superbox that fills it."""
    return store[4:8] == b"jumb" and int.from_bytes(store[:4]) == len(store)


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box with a header of 8 bytes."""
    return (len(body) + 8).to_bytes(4) + kind + body


def store_of(size: int = 0) -> bytes:
    """Return a store without manifests, of `size` bytes and some for its framing."""
    description = box(b"jumd", b"c2pa" + _TAIL + b"\x03c2pa\0")
    return box(b"jumb", description + box(b"free", bytes(size)))


@lru_cache(maxsize=1)
def _context() -> c2pa.Context:
    settings = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "core": {"allowed_network_hosts": []},
    }
    return c2pa.Context(c2pa.Settings.from_dict(settings))


def reference(media_type: str, data: bytes) -> Seen:
    """Return what the reference engine makes of `data`."""
    try:
        c2pa.Reader(media_type, io.BytesIO(data), context=_context()).close()
    except c2pa.C2paError as error:
        text = str(error)
        if text.startswith(("ManifestNotFound", "Remote")):
            return Seen.NONE
        return Seen.BROKEN if any(part in text for part in _BROKEN) else Seen.FOUND
    return Seen.FOUND


def stated_exclusions(media_type: str, data: bytes) -> list[Span] | None:
    """Return what the active manifest's data hash leaves out; None if the file isn't valid or has no such hash."""
    try:
        with c2pa.Reader(media_type, io.BytesIO(data), context=_context()) as reader:
            report = json.loads(reader.detailed_json())
            state = reader.get_validation_state()
    except c2pa.C2paError:
        return None
    hashed = report["manifests"][report["active_manifest"]]["assertion_store"].get("c2pa.hash.data")
    if state != "Valid" or hashed is None:
        return None
    return sorted(Span(entry["start"], entry["length"]) for entry in hashed["exclusions"])


def agree(located: Located, seen: Seen) -> bool:
    """Return whether a walk and the reference engine say the same; damage leaves the answer to that engine."""
    if located.damage:
        return True
    stores = [carrier for carrier in located.carriers if total(carrier.store)]
    match seen:
        case Seen.FOUND:
            return bool(located.carriers)
        case Seen.NONE:
            return not stores
        case _:
            return len(located.carriers) > 1


def corpus_of(*names: str) -> list[CorpusFile]:
    """Return the third-party files of the formats of these names."""
    return [row for row in corpus() if row.format in names]


def check_third_party(form: Format, row: CorpusFile) -> None:
    """Assert that a third-party file is walked as the reference engine walks it."""
    data = row.path.read_bytes()
    media_type = form.sniff(data[: DEFAULT_LIMITS.head])
    if media_type is None:
        assert row.state == ""  # nor does the reference engine say anything about it
        return
    located = walk(form, data)
    assert agree(located, reference(media_type, data)), located
    assert bool(located.carriers) == (row.has_c2pa == "yes")
    stated = stated_exclusions(media_type, data)
    if stated is not None:
        (carrier,) = located.carriers
        assert carrier.excluded[-1] in stated
        assert set(stated) <= set(carrier.excluded)  # older TIFFs leave out the store alone
        assert is_one_box(gather(data, carrier))
        assert not located.damage


def check_truncations(form: Format, data: bytes, cuts: range) -> None:
    """Assert that no prefix of `data` is more than damage, and that what is found lies inside it."""
    for cut in cuts:
        check_inside(walk(form, data[:cut]), cut)


def check_flips(form: Format, data: bytes, offsets: range) -> None:
    """Assert that no changed byte is more than damage, and that what is found lies inside the file."""
    for at in offsets:
        for bits in (0xFF, 0x01, 0x80):
            changed = bytearray(data)
            changed[at] ^= bits
            check_inside(walk(form, bytes(changed)), len(data))


def check_inside(located: Located, size: int) -> None:
    """Assert that what was found lies inside a file of `size` bytes."""
    for carrier in located.carriers:
        for span in (*carrier.store, *carrier.excluded):
            assert span.start >= 0
            assert span.length >= 0
            assert span.end <= size


def check_anything(form: Format, data: bytes) -> None:
    """Assert that bytes of any kind give a result or reach a limit."""
    try:
        check_inside(walk(form, data), len(data))
    except LimitError as error:
        assert error.message


@st.composite
def mutants(draw: st.DrawFn, data: bytes, form: Format) -> bytes:
    """Return `data`, a labelled file, changed in one to three places outside the inside of its store."""
    changed = bytearray(data)
    place = max(walk(form, data).carriers[0].excluded, key=lambda span: span.length)
    near = [*range(max(0, place.start - 24), place.start + _FRAMING), *range(place.end - 24, place.end + 40)]
    far = [*range(min(place.start, 2000)), *range(place.end, min(place.end + 400, len(data)))]
    tail = [*range(len(data) - 24, len(data))]
    offsets = st.one_of(*(st.sampled_from(some) for some in (near, far, tail) if some))
    for _ in range(draw(st.integers(1, 3))):
        at = min(draw(offsets), max(0, len(changed) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                changed[at : at + 1] = draw(st.sampled_from([b"\0", b"\x01", b"\x7f", b"\xff", b" ", b"a"]))
            case 1:
                del changed[at : at + draw(st.sampled_from([1, 2, 4, 12]))]
            case 2:
                changed[at:at] = draw(st.sampled_from([b"\0", b"\xff", b"\xff\xd0", bytes(12), b"<!-- -->"]))
            case 3:
                changed[at:at] = data[place.start : place.end]
            case _:
                del changed[at:]
    return bytes(changed)
