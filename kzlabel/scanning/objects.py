"""Objects of a store, `s3://`, `gs://`, `az://`, or one address, `http(s)://`: listed, and read in ranges.

Every range is asked for with the ETag that the object had when its reading began. When it was replaced meanwhile,
the store says so, and the reading begins anew: no verdict rests on halves of two objects. Credentials and
endpoints come from the environment, as the stores' own tools have them (AWS_ACCESS_KEY_ID, AWS_ENDPOINT,
GOOGLE_..., AZURE_...).
"""

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar, cast

import msgspec

from kzlabel.errors import InputError, MalformedError
from kzlabel.scanning.items import Item, Trouble
from kzlabel.sources import Opened
from kzlabel.spans import Span

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["ChangedError", "ObjectReader", "Objects", "is_address", "judged_object"]

T = TypeVar("T")
_SCHEMES: Final = re.compile(rb"(?:s3a?|gs|az|azure|abfss?|https?)://")
_FIRST: Final = 65_536
"""Bytes of the first request: the head of a file, and most manifests."""
_BLOCK: Final = 65_536
_KEPT: Final = 48
"""Blocks that are kept, so that content that was walked through isn't fetched again to be hashed."""
_LONGEST_RUN: Final = 16
"""Blocks that are fetched at once."""
_HEAD: Final = 16_384
_PIECE: Final = 1 << 20
_ATTEMPTS: Final = 3
_RETRIES: Final = 5
_PAUSES: Final = (0.5, 2.0, 4.0, 8.0)
"""Seconds after which a store that refused is asked again, when the library has given up."""
_CODE, _MESSAGE = re.compile(r"<Code>(.*?)</Code>"), re.compile(r"<Message>(.*?)</Message>")


class ChangedError(Exception):
    """The object was replaced while it was read, or its bytes broke off."""


class StoreError(InputError):
    """The store doesn't give the object."""


def is_address(name: bytes) -> bool:
    """Return whether `name` is the address of an object, and no path."""
    return _SCHEMES.match(name) is not None


class Objects(msgspec.Struct, frozen=True):
    """Objects below addresses: `s3://bucket/prefix`; an `http(s)://` address is one object."""

    roots: tuple[bytes, ...]
    """The addresses."""

    def items(self) -> Iterator[Item | Trouble]:
        """See `Source.items`; a listing comes in pages, and none of it is held."""
        for root in self.roots:
            address = root.decode("utf-8", "replace")
            try:
                yield from _listed(address)
            except InputError:
                raise
            except Exception as error:  # noqa: BLE001 - the library has a family of its own, and more
                yield Trouble(root, _why(error), error=True)


def _listed(address: str) -> Iterator[Item]:
    store, base, path = _store(address)
    import obstore  # noqa: PLC0415 - an extra; `_store` has said so where it is missing

    if address.startswith("http"):
        about = obstore.head(store, path)
        yield _item(address, about)
        return
    for page in obstore.list(store, prefix=path or None, chunk_size=1000):
        for about in page:
            yield _item(f"{base}/{about['path']}", about)


def _item(address: str, about: Any) -> Item:
    modified: datetime | None = about.get("last_modified")
    when = 0 if modified is None else int(modified.timestamp()) * 1_000_000_000
    version = f"{about.get('e_tag') or ''}\0{about.get('version') or ''}"
    return Item(address.encode(), about["size"], when, version.encode())


@lru_cache(64)
def _opened_store(base: str) -> "ObjectStore":
    try:
        from obstore.store import from_url  # noqa: PLC0415 - an extra
    except ImportError:
        raise InputError("objects need the package obstore", "pip install 'kzlabel[scan]'") from None
    backoff = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2}
    return from_url(
        base,
        client_options={"allow_http": True, "timeout": timedelta(seconds=60)},
        retry_config={"max_retries": _RETRIES, "backoff": backoff, "retry_timeout": timedelta(seconds=60)},
    )


def _store(address: str) -> tuple["ObjectStore", str, str]:
    """Return the store of an address, the store's own address, and the path in it."""
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    base = f"{scheme}://{host}"
    try:
        return _opened_store(base), base, path
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise InputError(
            f"{base} can't be opened: {_why(error)}", "check the address and the credentials"
        ) from None


class ObjectReader:
    """A `Reader` over an object: blocks are fetched when they are looked at, content as one stream."""

    def __init__(self, address: str) -> None:
        """Fetch the beginning of the object.

        Raises:
            InputError: There is no such object, or no right to read it.
        """
        self._store, _, self._path = _store(address)
        self.requests = 0
        self.bytes = 0
        result = self._get((0, _FIRST), None)
        self.size: int = result.meta["size"]
        self.etag: str | None = result.meta.get("e_tag")
        first = _body(result) if self.size else b""
        self.bytes += len(first)
        if len(first) != min(_FIRST, self.size):
            raise InputError(f"{address} answers with {len(first)} bytes of {self.size}", "try again")
        self._blocks = {0: first}
        self._run, self._next = 1, 0
        self.head = first[:_HEAD]

    def _get(self, wanted: tuple[int, int], etag: str | None) -> Any:
        import obstore  # noqa: PLC0415 - as above
        from obstore import exceptions  # noqa: PLC0415 - as above

        self.requests += 1
        options: Any = {"range": wanted} if etag is None else {"range": wanted, "if_match": etag}
        try:
            return obstore.get(self._store, self._path, options=options)
        except exceptions.PreconditionError:
            raise ChangedError from None
        except exceptions.BaseError as error:
            if etag is None and wanted[0] == 0:  # nothing can be taken out of an empty object
                about = obstore.head(self._store, self._path)
                if about["size"] == 0:
                    return _Empty(about)
            raise StoreError(f"it can't be read: {_why(error)}", "check the address and the credentials") from None

    def read(self, offset: int, length: int) -> bytes:
        """See `Reader.read`."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise MalformedError(
                f"bytes {offset} to {offset + length} reach outside the object of {self.size} bytes"
            )
        if length > _LONGEST_RUN * _BLOCK // 2:
            return b"".join(map(bytes, self.chunks([Span(offset, length)])))
        made = bytearray()
        while len(made) < length:
            at = offset + len(made)
            block = self._block(at // _BLOCK)
            inside = at % _BLOCK
            made += block[inside : inside + length - len(made)]
        return bytes(made)

    def _block(self, number: int) -> bytes:
        """Return a block; whoever reads on gets twice as many at once each time, up to a megabyte."""
        found = self._blocks.get(number)
        if found is not None:
            return found
        self._run = min(2 * self._run, _LONGEST_RUN) if number == self._next else 1
        start = number * _BLOCK
        end = min(start + self._run * _BLOCK, self.size)
        data = _body(self._get((start, end), self.etag))
        self.bytes += len(data)
        if len(data) != end - start:
            raise ChangedError
        for at in range(0, len(data), _BLOCK):
            while len(self._blocks) >= _KEPT:
                del self._blocks[next(key for key in self._blocks if key)]
            self._blocks[number + at // _BLOCK] = data[at : at + _BLOCK]
        self._next = number + self._run
        return self._blocks[number]

    def chunks(self, spans: Iterable[Span]) -> Iterator[memoryview]:
        """See `Reader.chunks`."""
        for span in spans:
            if span.start < 0 or span.end > self.size:
                raise MalformedError("a span reaches outside the object")
            at = span.start
            while at < span.end and (block := self._blocks.get(at // _BLOCK)):
                piece = memoryview(block)[at % _BLOCK : at % _BLOCK + span.end - at]
                yield piece
                at += len(piece)
            if at < span.end:
                for view in self._kept_as_far_as_it_goes(at, _pieces(self._get((at, span.end), self.etag))):
                    self.bytes += len(view)
                    at += len(view)
                    yield view
                if at != span.end:
                    raise ChangedError

    def _kept_as_far_as_it_goes(self, at: int, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
        """Pass pieces on that begin at `at`, and keep their blocks if the object is small enough for that."""
        small = self.size <= _KEPT * _BLOCK and not at % _BLOCK
        rest = bytearray()
        for piece in pieces:
            yield piece
            if small:
                rest += piece
                whole = len(rest) // _BLOCK * _BLOCK if at + len(rest) < self.size else len(rest)
                for start in range(0, whole, _BLOCK):
                    self._blocks[(at + start) // _BLOCK] = bytes(rest[start : start + _BLOCK])
                del rest[:whole]
                at += whole

    def stream(self) -> BinaryIO:
        """See `Reader.stream`."""
        return cast("BinaryIO", io.BufferedReader(_Raw(self), _BLOCK))


def _body(result: Any) -> bytes:
    from obstore import exceptions  # noqa: PLC0415 - as above

    try:
        return bytes(result.bytes())
    except exceptions.BaseError:  # it broke off, and may not the next time
        raise ChangedError from None


def _pieces(result: Any) -> Iterator[memoryview]:
    from obstore import exceptions  # noqa: PLC0415 - as above

    try:
        for data in result.stream(min_chunk_size=_PIECE):
            yield memoryview(data)
    except exceptions.BaseError:
        raise ChangedError from None


class _Empty:
    """What is got of an object without bytes."""

    def __init__(self, about: Any) -> None:
        self.meta = about

    def bytes(self) -> bytes:
        return b""


class _Raw(io.RawIOBase):
    """A seekable stream over an object."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._reader.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = max(0, min(len(buffer), self._reader.size - self._at))
        buffer[:length] = self._reader.read(self._at, length)
        self._at += length
        return length


def judged_object(name: bytes, judge: Callable[[Opened], T]) -> T:
    """Return what `judge` says of an object; it begins anew if the object is replaced meanwhile.

    Raises:
        InputError: It can't be read, or is replaced again and again.
    """
    address = name.decode("utf-8", "replace")
    last = address.rpartition("/")[2]
    suffix = f".{last.rpartition('.')[2].lower()}" if "." in last else ""
    pauses = list(_PAUSES)
    changes = 0
    while changes < _ATTEMPTS:
        try:
            return judge(Opened(ObjectReader(address), address, suffix))
        except ChangedError:
            changes += 1
        except StoreError:  # a store that is being started says all sorts of things
            if not pauses:
                raise
            time.sleep(pauses.pop(0))
    raise InputError("the object was replaced, or broke off, again and again while it was read", "try again later")


def _why(error: Exception) -> str:
    """Return the first line of what the library says, without its own traces."""
    said = str(error)
    code, message = _CODE.search(said), _MESSAGE.search(said)
    if code is not None:
        return f"{code[1]}: {message[1]}"[:300] if message is not None else code[1][:300]
    lines = said.strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
