"""Certificates for tests: a small authority that issues good ones, and bad ones on request."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kzlabel.credentials import Signer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION

Field = tuple[int, bytes]


def name(common: str, organization: str = "Test") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def key_usage(*bits: str) -> x509.KeyUsage:
    names = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{bit: bit in bits for bit in names})


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def key_pem(
    key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8, encoding: Encoding = Encoding.PEM
) -> bytes:
    return key.private_bytes(encoding, form, NoEncryption())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


class Authority:
    """A certificate authority: a root, or an intermediate under `parent`."""

    def __init__(
        self,
        common: str = "Test authority",
        *,
        parent: "Authority | None" = None,
        key: CertificateIssuerPrivateKeyTypes | None = None,
        at: datetime = NOW,
        lasts: timedelta = 900 * DAY,
        usage: tuple[str, ...] = ("key_cert_sign",),
    ) -> None:
        self.key = key or ec_key()
        self.name = name(common)
        self.key_id = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        self.at = at
        issuer = parent or self
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - DAY)
            .not_valid_after(at - DAY + lasts)
            .add_extension(self.key_id, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer.key_id), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(key_usage(*usage), critical=True)
            .sign(issuer.key, issuer.digest())
        )

    def digest(self) -> hashes.SHA256 | None:
        return None if isinstance(self.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()

    def issue(
        self,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey,
        *,
        subject: x509.Name | None = None,
        purposes: Iterable[x509.ObjectIdentifier] = (EMAIL,),
        usage: x509.KeyUsage | None = key_usage("digital_signature"),  # noqa: B008 - immutable
        authority: bool | None = False,
        issuer_key: bool = True,
        begins: timedelta = -DAY,
        ends: timedelta = 90 * DAY,
        extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
        digest: hashes.SHA224 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256 | None = None,
        rsa_padding: padding.PSS | None = None,
    ) -> x509.Certificate:
        """Issue a certificate that may sign claims, unless the arguments spoil it."""
        purposes = list(purposes)
        extensions: list[tuple[x509.ExtensionType, bool]] = list(extra)
        if authority is not None:
            extensions.append((x509.BasicConstraints(ca=authority, path_length=None), True))
        if usage is not None:
            extensions.append((usage, True))
        if purposes:
            extensions.append((x509.ExtendedKeyUsage(purposes), False))
        if issuer_key:
            issuer_key_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self.key_id)
            extensions.append((issuer_key_id, False))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject or name("Test signer"))
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at + begins)
            .not_valid_after(self.at + ends)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, digest or self.digest(), rsa_padding=rsa_padding)

    def reissue(
        self, certificate: x509.Certificate, edit: Callable[[list[Field]], list[Field]]
    ) -> x509.Certificate:
        """Sign `certificate` again after `edit` has changed the fields of its `TBSCertificate`."""
        return x509.load_der_x509_certificate(self.reissued_der(certificate, edit))

    def reissued_der(self, certificate: x509.Certificate, edit: Callable[[list[Field]], list[Field]]) -> bytes:
        """See `reissue`; the result may be something that can't be loaded."""
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        [(_, content)] = read_fields(certificate.tbs_certificate_bytes)
        [(_, whole)] = read_fields(certificate.public_bytes(Encoding.DER))
        algorithm = read_fields(whole)[1]
        body = field(0x30, b"".join(field(*one) for one in edit(read_fields(content))))
        signature = self.key.sign(body, ec.ECDSA(hashes.SHA256()))
        return field(0x30, body + field(*algorithm) + field(0x03, b"\0" + signature))


def signer_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, authority: Authority
) -> Signer:
    """Return a signer with a good certificate for `key`."""
    return Signer.from_pem(key_pem(key), pem(authority.issue(key.public_key())), now=authority.at)


def read_fields(data: bytes) -> list[Field]:
    """Return tag and content of the DER elements that `data` consists of."""
    result = []
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length > 0x80:
            size = length - 0x80
            length, at = int.from_bytes(data[at : at + size]), at + size
        result.append((tag, data[at : at + length]))
        at += length
    return result


def field(tag: int, content: bytes) -> bytes:
    """Return a DER element."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 + len(length)]) + length + content
