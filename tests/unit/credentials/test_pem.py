"""PEM from anywhere: damaged, hostile or merely odd, only our own errors come out."""

import base64
import os
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st

from kzlabel.credentials import Signer
from kzlabel.credentials.certificates import load_certificates
from kzlabel.credentials.pem import blocks
from kzlabel.errors import CredentialError, MalformedError, TrustError
from kzlabel.trust import Trust
from tests.unit.credentials.certificate_cases import VERSION, without
from tests.unit.credentials.issuing import NOW, Authority, ec_key, field, key_pem, pem

AUTHORITY = Authority()
KEY = ec_key()
KEY_PEM = key_pem(KEY)
CERTIFICATE = AUTHORITY.issue(KEY.public_key())
CERTIFICATE_PEM = pem(CERTIFICATE)
AUTHORITY_PEM = pem(AUTHORITY.certificate)


def try_all(data: bytes) -> None:
    """Use `data` as a key, as certificates and as a trust store; nothing but our errors may come out."""
    for attempt in (
        lambda: Signer.from_pem(data, CERTIFICATE_PEM, now=NOW),
        lambda: Signer.from_pem(KEY_PEM, data, now=NOW),
        lambda: Trust.from_pem(data, store="test"),
    ):
        try:
            attempt()
        except (CredentialError, TrustError) as error:
            assert "\n" not in str(error)


def in_pem(der: bytes, label: bytes = b"CERTIFICATE") -> bytes:
    return b"-----BEGIN %s-----\n" % label + base64.encodebytes(der) + b"-----END %s-----\n" % label


@given(st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    try_all(data)


@given(
    st.binary(max_size=400),
    st.sampled_from([b"CERTIFICATE", b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY"]),
)
@example(b"", b"CERTIFICATE")
@example(b"\x30\x80\x00\x00", b"CERTIFICATE")
@example(b"\x30\x84\xff\xff\xff\xff", b"PRIVATE KEY")
def test_noise_in_a_block_is_refused(data: bytes, label: bytes) -> None:
    try_all(in_pem(data, label))


@given(st.sampled_from([KEY_PEM, CERTIFICATE_PEM, AUTHORITY_PEM]), st.data())
def test_truncated_text_is_refused(whole: bytes, data: st.DataObject) -> None:
    try_all(whole[: data.draw(st.integers(0, len(whole)))])


@given(
    st.sampled_from(["certificate", "authority"]),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_certificates_are_refused_or_read(which: str, changes: list[tuple[int, int]]) -> None:
    certificate = CERTIFICATE if which == "certificate" else AUTHORITY.certificate
    der = bytearray(certificate.public_bytes(Encoding.DER))
    for at, value in changes:
        der[at % len(der)] = value
    try_all(in_pem(bytes(der)))


def test_every_flipped_byte_of_a_certificate_is_refused_or_read() -> None:
    whole = CERTIFICATE.public_bytes(Encoding.DER)
    for at in range(len(whole)):
        for mask in (0x01, 0x80, 0xFF):
            der = bytearray(whole)
            der[at] ^= mask
            try_all(in_pem(bytes(der)))


@pytest.mark.parametrize("number", [1, 3, 127])
def test_a_certificate_of_an_unknown_version_is_refused(number: int) -> None:
    def edit(fields: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        return [(VERSION, field(2, bytes([number]))), *without(VERSION)(fields)]

    der = AUTHORITY.reissued_der(CERTIFICATE, edit)
    with pytest.raises(MalformedError, match="certificate 1 of 1 is damaged"):
        load_certificates(in_pem(der))
    try_all(in_pem(der))


def test_huge_input_is_read_in_time_in_proportion() -> None:
    begin = time.perf_counter()
    for data in (
        b"-----BEGIN " * 1_000_000,
        b"-----BEGIN CERTIFICATE-----\n" * 400_000,
        b"x" * 10_000_000,
        b"-----BEGIN X-----\n-----END X-----\n" * 200_000,
        b"-----BEGIN CERTIFICATE-----\n" + b"QUJD" * 2_000_000 + b"\n-----END CERTIFICATE-----\n",
    ):
        try_all(data)
    assert time.perf_counter() - begin < 20


def test_a_block_that_hides_another_one_is_refused() -> None:
    cut = CERTIFICATE_PEM[:200] + b"\n" + AUTHORITY_PEM
    with pytest.raises(MalformedError, match="damaged"):
        load_certificates(cut)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_text_around_blocks_and_other_line_ends_are_read(newline: bytes) -> None:
    text = (b"\xef\xbb\xbfSubject\tCN=\xd2\x9a\n" + CERTIFICATE_PEM + b"\n# root\n" + AUTHORITY_PEM).replace(
        b"\n", newline
    )
    assert load_certificates(text) == (CERTIFICATE, AUTHORITY.certificate)
    assert [label for label, _ in blocks(text)] == ["CERTIFICATE", "CERTIFICATE"]


def test_a_label_with_control_characters_is_refused() -> None:
    with pytest.raises(MalformedError):
        blocks(b"-----BEGIN \x1b[31m-----\n-----END \x1b[31m-----\n")


def test_a_secret_may_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "key"
    os.mkfifo(pipe)
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(CERTIFICATE_PEM)
    writer = threading.Thread(target=pipe.write_bytes, args=(KEY_PEM,))
    writer.start()
    try:
        assert Signer.from_files(pipe, certificate, now=NOW).secret_key_pem() == KEY_PEM
    finally:
        writer.join()
