"""Asking an authority for a time-stamp (RFC 3161; C2PA 2.4 section 10.3.2.5).

    TimeStampReq ::= { 1, { { sha-256, NULL }, imprint }, nonce, certReq TRUE }

An answer is checked before it is used: it must be signed by a certificate that it carries, be of what was sent, and
repeat the nonce. Whether the authority is to be believed is for those to decide who verify the label.
"""

import hashlib
import secrets
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Final

from kzlabel.errors import MalformedError, TimeStampError
from kzlabel.verifying import timestamp
from kzlabel.verifying.abstain import Abstention

__all__ = ["TimeStampAuthority"]

_LARGEST: Final = 65_536
"""Bytes of an answer that are read."""
_MORE: Final = 64
"""Bytes by which one token of an authority may be longer than another: serial numbers and signatures vary."""
_ATTEMPTS: Final = 3
_PAUSE: Final = 0.5
_SKEW: Final = timedelta(days=1)
"""How far the authority's clock and this machine's may be apart; more is a mistake of one of them."""
_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")


class TimeStampAuthority:
    """A time-stamping authority that answers over HTTP; it is a `kzlabel.signing.composer.Stamp`.

    How long its tokens are is learned by asking it for one; threads may share it.
    """

    def __init__(self, url: str, timeout: float = 20.0) -> None:
        """Prepare to ask the authority at `url`, waiting `timeout` seconds for each answer."""
        self._url = url
        self._timeout = timeout
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes to keep free for a token.

        Raises:
            TimeStampError: As `__call__`.
        """
        if not self._size:
            self._size = len(self._token(b"")) + _MORE
        return self._size

    def __call__(self, message: bytes) -> bytes:
        """Return a time-stamp token whose imprint is the SHA-256 of `message`.

        Raises:
            TimeStampError: The authority can't be reached, refuses, or gives something else.
        """
        token = self._token(message)
        if self._size and len(token) > self._size:
            self._size = 0  # it has taken other certificates; the next label asks again
            raise self._failure(f"gives a time-stamp of {len(token)} bytes, more than those before")
        return token

    def _token(self, message: bytes) -> bytes:
        nonce = secrets.randbits(63) | 1 << 62
        answer = self._ask(_request(hashlib.sha256(message).digest(), nonce))
        try:
            token = timestamp.token_of(answer)
            stamp = timestamp.check(token, message)
            repeated = timestamp.nonce_of(token)
        except (MalformedError, Abstention) as error:
            raise self._failure(f"gives no time-stamp that can be used: {error}") from None
        if not stamp.matches:
            raise self._failure("stamped something else than it was sent")
        if repeated != nonce:
            raise self._failure("doesn't repeat the nonce, so that its answer may be an old one")
        if abs(stamp.at - datetime.now(UTC)) > _SKEW:
            raise self._failure(f"says it is {stamp.at.isoformat()}, which this machine's clock doesn't")
        return token

    def _ask(self, query: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        request = urllib.request.Request(self._url, query, headers)  # noqa: S310 - the signer checked the scheme
        why = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE * attempt)
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as reply:  # noqa: S310 - as above
                    answer: bytes = reply.read(_LARGEST + 1)
            except urllib.error.HTTPError as error:
                why = f"answers {error.code}"
                if error.code < 500:
                    break
            except (OSError, HTTPException, ValueError) as error:
                why = f"can't be reached: {error}"
            else:
                if len(answer) > _LARGEST:
                    raise self._failure(f"answers with more than {_LARGEST} bytes")
                return answer
        raise self._failure(why)

    def _failure(self, why: str) -> TimeStampError:
        return TimeStampError(
            f"the time-stamping authority {self._url} {why}",
            "try again, name another with --tsa, or add --tsa-optional",
        )


def _request(imprint: bytes, nonce: int) -> bytes:
    """Return a TimeStampReq in DER; every length in it is below 128."""
    number = nonce.to_bytes(8)
    parts = (
        b"\x02\x01\x01",
        _tlv(0x30, _SHA256 + _tlv(0x04, imprint)),
        _tlv(0x02, number),
        b"\x01\x01\xff",
    )
    return _tlv(0x30, b"".join(parts))


def _tlv(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content
