"""The reference engine as a judge: what it makes of a file that a certificate signed."""

import io
import json
from functools import cache

import c2pa
from PIL import Image

from kzlabel.credentials import Algorithm
from kzlabel.trust import Trust, reader_settings

REFUSED = "refused"
"""The engine would not sign with the certificate."""

_MANIFEST = {
    "claim_generator_info": [{"name": "test"}],
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": "http://c2pa.org/empty"}]},
            "created": True,
        }
    ],
}
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False}


@cache
def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG")
    return stream.getvalue()


def context(settings: dict[str, dict[str, object]]) -> c2pa.Context:
    builder = {"thumbnail": {"enabled": False}, "actions": {"auto_created_action": {"enabled": False}}}
    verify = {**settings.get("verify", {}), **_OFFLINE}
    return c2pa.Context(c2pa.Settings.from_dict({**settings, "verify": verify, "builder": builder}))


def signed(algorithm: Algorithm, certificates: bytes, key: bytes) -> bytes | None:
    """Return a picture that the engine signed, none when it would not."""
    info = c2pa.C2paSignerInfo(algorithm.value, certificates, key, None)
    output = io.BytesIO()
    try:
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(_MANIFEST, context=context({})) as builder:
            builder.sign(signer, "image/jpeg", io.BytesIO(picture()), output)
    except c2pa.C2paError:
        return None
    return output.getvalue()


def read(data: bytes, settings: dict[str, dict[str, object]]) -> tuple[str, set[str]]:
    """Return the state of a signed picture, and the codes of its failures."""
    with c2pa.Reader("image/jpeg", io.BytesIO(data), context=context(settings)) as reader:
        report = json.loads(reader.json())
    failures = report["validation_results"]["activeManifest"]["failure"]
    return report["validation_state"], {failure["code"] for failure in failures}


def state(algorithm: Algorithm, certificates: bytes, key: bytes, trust: Trust) -> str:
    """Return the state of a picture that the certificates signed, or `REFUSED`."""
    data = signed(algorithm, certificates, key)
    return REFUSED if data is None else read(data, reader_settings(trust))[0]
