"""Forgeries made of honest parts: content behind a labelled file's end, another file's time-stamp."""

from functools import cache
from pathlib import Path

import cbor2
import pytest

from fixtures.authority import Authority
from fixtures.make import make_all
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.labels import Label, System
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.cose import read_sign1
from kzlabel.manifest.store import read_store
from kzlabel.trust import Trust
from tests.agreement.comparison import compare
from tests.agreement.composing import Draft, compose, issue, sign
from tests.agreement.violations.base import image
from tests.building import build
from tests.unit.credentials.issuing import DAY

PLACE = Path(__file__).parents[2] / "build" / "fixtures"
FORMATS = ("jpeg", "png", "webp", "gif", "tiff", "jxl", "avif", "heic", "mp4", "m4a", "wav", "avi", "mp3", "flac")
LABEL = Label(level="ai-generated", system=System(name="Painter"))


@cache
def authority() -> Authority:
    return Authority()


@cache
def labelled(name: str) -> bytes:
    data = make_all(PLACE, [name])[name].read_bytes()
    return build(data, LABEL, authority().signer(), Trust.none())


@pytest.mark.parametrize("name", FORMATS)
def test_content_behind_the_end_is_never_covered(name: str) -> None:
    trust = Trust.from_pem(authority().pem, store="test")
    before = compare(labelled(name), trust)
    assert before is not None
    assert before.native in ("Trusted", "abstains"), before
    for more in (b"\0", b"more", b"\0\0\0\x0cmoremore", b"\0\0\0\0mdatmore", labelled(name)):
        result = compare(labelled(name) + more, trust)
        assert result is not None
        assert not result.unsafe, result
        assert result.agrees, result
        assert result.native not in ("Trusted", "Valid"), result


@pytest.mark.parametrize("name", ["avif", "heic", "mp4", "m4a"])
@pytest.mark.parametrize("kind", [b"free", b"skip"])
def test_boxes_that_the_signer_left_out_may_be_put_behind_iso_media(name: str, kind: bytes) -> None:
    """The exclusions of the reference engine list them, and no player looks into them (C2PA 2.4 section 18.6)."""
    result = compare(labelled(name) + b"\0\0\0\x0c" + kind + b"more", Trust.from_pem(authority().pem, store="test"))
    assert result is not None
    assert (result.native, result.reference) == ("Trusted", "Trusted")


@cache
def borrowed() -> bytes:
    """Return the time-stamp token of a file that was honestly stamped."""
    with authority().time_stamping() as url:
        data = build(image(), LABEL, authority().signer(tsa_url=url), Trust.none())
    recognised = identify(data)
    assert recognised is not None
    (carrier,) = recognised[0].locate(BytesReader(data), DEFAULT_LIMITS).carriers
    store = b"".join(data[span.start : span.end] for span in carrier.store)
    stamp = read_sign1(read_store(store, DEFAULT_LIMITS).active.signature, DEFAULT_LIMITS).time_stamp
    assert stamp is not None
    return stamp.token


@pytest.mark.parametrize("header", ["sigTst", "sigTst2"])
@pytest.mark.parametrize("expired", [False, True])
def test_the_time_stamp_of_another_file_proves_nothing(header: str, expired: bool) -> None:
    who = issue(begins=-5 * DAY, ends=-DAY) if expired else issue()

    def stamped(claim: bytes) -> bytes:
        sealed = cbor2.loads(sign(claim, who))
        stamp = {"tstTokens": [{"val": borrowed()}]}
        return cbor2.dumps(cbor2.CBORTag(18, [sealed.value[0], {header: stamp}, *sealed.value[2:]]))

    result = compare(compose(Draft(signature=stamped), image()), who.trust)
    assert result is not None
    assert not result.unsafe, result
    assert result.agrees, result
    if expired:
        assert result.native not in ("Trusted", "Valid"), result
