"""Files with any hard binding one likes, under a signature that holds; and what both engines say of them.

A sample is signed by the reference engine. Its hard binding is then replaced, the claim's hash of it put right, the
claim signed again, and the padding of the signature adjusted so that the store keeps its size.
"""

import base64
import copy
import datetime
import functools
import hashlib
import io
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any, cast

import c2pa
import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kzlabel.files import BytesReader
from kzlabel.formats import Carrier, Encoding, Located, identify
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.verifying.binding import check_binding

Content = dict[str, Any]
Edit = Callable[[Content], Content | None]
Node = list[Any]

_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_KINDS = ("dataHash", "bmffHash", "boxesHash", "collectionHash")


class Identity:
    """A key and a certificate chain that the reference engine accepts."""

    def __init__(self) -> None:
        root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = self._certificate("Test Root", root_key.public_key(), "Test Root", root_key, authority=True)
        leaf = self._certificate("Test Signer", self._key.public_key(), "Test Root", root_key, authority=False)
        self.chain = "".join(
            certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in (leaf, root)
        )

    def sign(self, data: bytes) -> bytes:
        """Return an ES256 signature as COSE wants it."""
        r, s = utils.decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    @staticmethod
    def _certificate(
        name: str,
        key: ec.EllipticCurvePublicKey,
        issuer: str,
        issuer_key: ec.EllipticCurvePrivateKey,
        *,
        authority: bool,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only"), False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **usage
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        if not authority:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@functools.lru_cache(maxsize=1)
def identity() -> Identity:
    """Return the identity of this test run."""
    return Identity()


def _context(core: Mapping[str, Any]) -> Any:
    settings = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
        "core": {"allowed_network_hosts": [], **core},
        "builder": {"thumbnail": {"enabled": False}, "actions": {"auto_created_action": {"enabled": False}}},
    }
    return c2pa.Context(c2pa.Settings.from_dict(settings))


def sign(content: bytes, media_type: str, **core: Any) -> bytes:
    """Return `content` signed by the reference engine, with `core` settings."""
    action = {"action": "c2pa.created", "digitalSourceType": _SOURCE}
    manifest = {
        "claim_version": 2,
        "claim_generator_info": [{"name": "test", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}, "created": True}],
    }
    builder = c2pa.Builder(manifest, context=_context(core))
    signed = io.BytesIO()
    who = c2pa.Signer.from_callback(identity().sign, c2pa.C2paSigningAlg.ES256, identity().chain, None)
    builder.sign(who, media_type, io.BytesIO(content), signed)
    return signed.getvalue()


def located(file: bytes) -> tuple[str, Located]:
    """Return the media type of `file` and where its format finds stores."""
    found = identify(file[:65536])
    if found is None:
        raise UnreadableError
    form, media_type = found
    return media_type, form.locate(BytesReader(file), DEFAULT_LIMITS)


def store_of(file: bytes, carrier: Carrier) -> bytes:
    """Return the manifest store that `carrier` holds."""
    store = b"".join(file[span.start : span.end] for span in carrier.store)
    return base64.b64decode(store) if carrier.encoding is Encoding.BASE64 else store


class UnreadableError(Exception):
    """A store that this small reader can't follow; what it means is the business of other tests."""


def binding(file: bytes) -> tuple[str, Content]:
    """Return label and content of the hard binding of the newest manifest of `file` that has one."""
    label, content, _ = _read(file)
    return label, content


def _read(file: bytes) -> tuple[str, Content, bool]:
    """Return label and content of the hard binding, and whether the active manifest is an update manifest."""
    _, where = located(file)
    try:
        root = _parse(store_of(file, where.carriers[0]))[0]
        box = _binding_box(root)
        return _label(box), cbor2.loads(box[1][1][1]), root[1][-1][1][0][1].startswith(b"c2um")
    except (LookupError, TypeError, ValueError, AssertionError, StopIteration, AttributeError) as error:
        raise UnreadableError from error


def rebind(file: bytes, edit: Edit, label: str = "") -> bytes:
    """Return `file` with its hard binding changed by `edit`, called `label`, and the claim signed again."""
    media_type, where = located(file)
    (carrier,) = where.carriers
    store = _rewrite(store_of(file, carrier), edit, label)
    forged, at = bytearray(file), 0
    for span in carrier.store:
        forged[span.start : span.end] = store[at : at + span.length]
        at += span.length
    if media_type == "image/png":
        chunk = carrier.excluded[0]
        forged[chunk.end - 4 : chunk.end] = zlib.crc32(forged[chunk.start + 4 : chunk.end - 4]).to_bytes(4)
    return bytes(forged)


def native(file: bytes, limits: Limits = DEFAULT_LIMITS) -> list[str]:
    """Return the sorted codes that `check_binding` gives for `file`."""
    media_type, where = located(file)
    label, content, update = _read(file)
    findings = check_binding(
        BytesReader(file), where, media_type, label, content,
        default_algorithm="sha256", uri="u", limits=limits, update=update,
    )  # fmt: skip
    assert all(finding.uri == "u" for finding in findings)
    return sorted(finding.code.removeprefix("assertion.") for finding in findings)


def reference(file: bytes, media_type: str = "") -> list[str] | None:
    """Return the sorted codes about hard bindings that the reference engine gives; None when it raises."""
    try:
        with c2pa.Reader(media_type or located(file)[0], io.BytesIO(file), context=_context({})) as reader:
            results = json.loads(reader.json())["validation_results"]["activeManifest"]
    except c2pa.C2paError:
        return None
    codes = [entry["code"].removeprefix("assertion.") for entries in results.values() for entry in entries]
    return sorted(code for code in codes if code.partition(".")[0] in _KINDS)


def _parse(data: bytes) -> list[Node]:
    nodes, at = [], 0
    while at < len(data):
        assert at + 8 <= len(data)
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at
        body = data[at + 8 : at + size]
        nodes.append([kind, _parse(body) if kind == b"jumb" else body])
        at += size
    return nodes


def _dump(nodes: list[Node]) -> bytes:
    out = bytearray()
    for kind, content in nodes:
        body = _dump(content) if kind == b"jumb" else content
        out += struct.pack(">I4s", 8 + len(body), kind) + body
    return bytes(out)


def _label(box: Node) -> str:
    text: bytes = box[1][0][1][17:]
    return text.split(b"\0")[0].decode()


def _child(box: Node, prefix: str) -> Node:
    return next(child for child in box[1][1:] if child[0] == b"jumb" and _label(child).startswith(prefix))


def _binding_box(root: Node) -> Node:
    for manifest in reversed(root[1][1:]):
        for assertion in _child(manifest, "c2pa.assertions")[1][1:]:
            if _label(assertion).startswith("c2pa.hash."):
                return cast("Node", assertion)
    raise LookupError("no hard binding")


def _rewrite(store: bytes, edit: Edit, label: str) -> bytes:
    (root,) = _parse(store)
    manifest = root[1][-1]
    box = _binding_box(root)
    old = _label(box)
    content = copy.deepcopy(cbor2.loads(box[1][1][1]))
    box[1][1][1] = cbor2.dumps(edit(content) or content)
    if label:
        head: bytes = box[1][0][1]
        box[1][0][1] = head[:17] + label.encode() + b"\0" + head[17:].split(b"\0", 1)[1]
    claim_box = _child(manifest, "c2pa.claim")
    claim = cbor2.loads(claim_box[1][1][1])
    for link in claim["created_assertions"]:
        if link["url"].endswith("/" + old):
            link["hash"] = hashlib.sha256(_dump(box[1])).digest()
            link["url"] = link["url"].removesuffix(old) + (label or old)
    claim_box[1][1][1] = cbor2.dumps(claim)
    _sign_again(root, manifest, claim_box[1][1][1], len(store))
    return _dump([root])


def _sign_again(root: Node, manifest: Node, claim: bytes, size: int) -> None:
    signature = _child(manifest, "c2pa.signature")
    protected, unprotected, _, _ = cbor2.loads(signature[1][1][1]).value
    signed = identity().sign(cbor2.dumps(["Signature1", protected, b"", claim]))
    headers = dict(unprotected)
    for _ in range(4):
        signature[1][1][1] = cbor2.dumps(cbor2.CBORTag(18, [protected, headers, None, signed]))
        spare = size - len(_dump([root]))
        if spare == 0:
            return
        headers["pad"] = bytes(len(headers["pad"]) + spare)
    raise AssertionError("the store can't be given its old size")
