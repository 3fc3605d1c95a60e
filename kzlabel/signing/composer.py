"""Composing a manifest: all but its hard binding first, then the binding and the signature.

A hard binding tells where the store lies, so the store's size must be known before the binding is. A `Draft` knows
it: whatever comes in later has a size of its own that is fixed beforehand.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

import msgspec

from kzlabel.credentials import Signer
from kzlabel.errors import MalformedError, SigningError
from kzlabel.labels import (
    LABEL_ASSERTION,
    LIBRARY_ASSERTION,
    Label,
    Library,
    actions,
    ai_disclosure,
    label_assertion,
    library_actions,
    training_mining,
)
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.cbor import DateText, encode
from kzlabel.manifest.claim import HashedUri, write_claim
from kzlabel.manifest.cose import padding_of, to_be_counter_signed, to_be_signed, write_protected, write_sign1
from kzlabel.manifest.labels import relative_uri
from kzlabel.manifest.padding import PAD, encode_padded
from kzlabel.manifest.store import write_assertion, write_manifest, write_store
from kzlabel.signing.parent import Kept, Parent, keep
from kzlabel.version import __version__

__all__ = ["Draft", "Parent", "Stamp", "draft"]

_ACTIONS: Final = "c2pa.actions.v2"
_PARENT: Final = "c2pa.ingredient.v3"
_GENERATOR: Final = {"name": "kzlabel", "version": __version__, "specVersion": "2.4.0"}
_HEAD: Final = 8
"""Header of a box, which its hash leaves out."""

_LARGEST_HASH: Final = 64
_HEAVY: Final = b"\x10"

_STAMP_FRAME: Final = 64
"""More than a time-stamp's token needs around it in the unprotected header."""


class Stamp(Protocol):
    """Where time-stamps come from: it is called with what is to be stamped and returns the token, DER."""

    @property
    def size(self) -> int:
        """Bytes of the longest token that is to be expected."""

    def __call__(self, message: bytes) -> bytes:
        """Return a time-stamp token whose imprint is of `message`.

        Raises:
            SigningError: The authority gave none.
        """


class Draft(msgspec.Struct, frozen=True):
    """A manifest that lacks its hard binding and its signature."""

    store_size: int
    """Bytes of the finished manifest store."""

    label: str
    """Label of the new manifest, a URN."""

    binding_label: str
    """Label of the hard binding."""

    binding_size: int
    """Bytes of its CBOR."""

    signer: Signer
    """Who signs."""

    before: tuple[bytes, ...]
    """The boxes of the manifests that are kept."""

    assertions: tuple[tuple[str, bytes], ...]
    """Labels and boxes of all assertions but the binding, in order."""

    instance: str
    """The claim's `instanceID`."""

    title: str
    """The claim's `dc:title`; empty for none."""

    protected: bytes
    """The protected header of the signature."""

    stamp: Stamp | None
    """Who stamps the signature; None for nobody."""

    revocation: bytes = b""
    """Answer of an OCSP responder that is stapled to the signature; empty for none."""

    spare: int = 0
    """Bytes that fill the signature up, so that the store's size is even."""

    weight: int = 0
    """Bytes that the store's carrier will take, where its format weighs stores; else 0."""

    def finish(self, binding: Mapping[str, object]) -> bytes:
        """Return the store with `binding` in it, signed: exactly `store_size` bytes.

        Args:
            binding: Content of the hard binding. Its `pad` is stretched so that it comes out at `binding_size`;
                without one it must have that size.

        Raises:
            SigningError: It has another size than was announced, or no time-stamp could be got.
        """
        store = self._store(_sized(binding, self.binding_size), self._signed)
        if len(store) != self.store_size:
            raise SigningError(f"the manifest store has {len(store)} bytes instead of {self.store_size}")
        return store

    def weighed(self, weigh: Callable[[bytes], int]) -> "Draft":
        """Return the draft with a signature padded so far that `level` can make up for every other byte.

        Some formats write a store in a way in which light bytes take less room than others. How many of the
        bytes that aren't known yet will be light is chance; the padding, which nobody reads or signs, can hold as
        many light ones as it takes to come out at one weight.
        """
        unknown = self.binding_size + _LARGEST_HASH + self.signer.signature_size
        unknown += 0 if self.stamp is None else self.stamp.size
        room = unknown + _LARGEST_HASH
        made = msgspec.structs.replace(self, spare=self.spare + room + room % 2, store_size=0)
        size = _size(made)
        unsigned = made.unsigned()
        lightest = made._store(b"\xff" * made.binding_size, lambda _: _padded(made, unsigned))  # noqa: SLF001 - a draft
        return msgspec.structs.replace(made, store_size=size, weight=weigh(lightest) + _LARGEST_HASH)

    def level(self, store: bytes, weigh: Callable[[bytes], int]) -> bytes:
        """Return a finished store with as many heavy bytes in its padding as its weight lacks.

        Raises:
            SigningError: The padding isn't where it should be, or has too few bytes.
        """
        missing = self.weight - weigh(store)
        padding = padding_of(store, store.rfind(self.protected) + len(self.protected))
        if not 0 <= missing <= padding.length or store[padding.start : padding.end].strip(b"\0"):
            raise SigningError("the manifest can't be brought to the size that was kept free for it")
        end = padding.start + missing
        return store[: padding.start] + _HEAVY * missing + store[end:]

    def _store(self, binding: bytes, sign: Callable[[bytes], bytes]) -> bytes:
        parts = (*self.assertions, (self.binding_label, write_assertion(self.binding_label, binding)))
        claim = write_claim(
            self.label,
            instance=self.instance,
            generator=_GENERATOR,
            created=[_hashed(label, box) for label, box in parts],
            title=self.title,
        )
        made = write_manifest(self.label, [box for _, box in parts], claim, sign(claim))
        return write_store((*self.before, made))

    def _signed(self, claim: bytes) -> bytes:
        protected = self.protected
        signature = self.signer.sign(to_be_signed(protected, claim))
        if self.stamp is None:
            return write_sign1(protected, signature, size=len(self.unsigned()), revocation=self.revocation)
        token = self.stamp(to_be_counter_signed(protected, signature))
        if len(token) > self.stamp.size:
            raise SigningError(f"the time-stamp has {len(token)} bytes, {self.stamp.size} were kept free for it")
        size = len(self.unsigned())
        return write_sign1(protected, signature, size=size, token=token, revocation=self.revocation)

    def unsigned(self) -> bytes:
        """Return a signature of the right size that is none."""
        reserved = 0 if self.stamp is None else self.stamp.size + _STAMP_FRAME
        least = write_sign1(self.protected, bytes(self.signer.signature_size), revocation=self.revocation)
        return least + bytes(reserved + self.spare)


def draft(
    label: Label | Library,
    signer: Signer,
    *,
    binding_label: str,
    binding_size: int,
    parent: Parent | None = None,
    title: str = "",
    stamp: Stamp | None = None,
    identifiers: Callable[[], UUID] = uuid4,
    limits: Limits = DEFAULT_LIMITS,
) -> Draft:
    """Compose a manifest but for its hard binding and its signature.

    Args:
        label: What is said.
        signer: Who says it.
        binding_label: Label of the hard binding, for example `c2pa.hash.data`.
        binding_size: Bytes of its CBOR.
        parent: What the source carries already.
        title: Name of the asset; empty for none.
        stamp: Who stamps the signature with a time.
        identifiers: Gives the identifiers of the manifest and of the asset.
        limits: How much work the parent may cause.

    Raises:
        SigningError: `stamp` can't tell the size of its tokens.
        CredentialError: The OCSP answer that is to be stapled is out of date.
        MalformedError: The parent's store can't be kept, since validators wouldn't agree on its hashes.
    """
    name = f"urn:c2pa:{identifiers()}"
    kept = Kept() if parent is None else keep(parent, limits)
    if name in kept.labels:
        raise MalformedError(f"the source has a manifest of the same name, {name}")
    made = Draft(
        store_size=0,
        label=name,
        binding_label=binding_label,
        binding_size=binding_size,
        signer=signer,
        before=kept.manifests,
        assertions=tuple(_assertions(label, kept)),
        instance=f"xmp:iid:{identifiers()}",
        title=title,
        protected=write_protected(signer.algorithm.value, signer.certificates_der),
        stamp=stamp,
        revocation=signer.stapled(datetime.now(UTC)),
    )
    size = _size(made)
    if size % 2:  # in a RIFF an odd one would need a pad byte, which some validators take for a part of the store
        made, size = msgspec.structs.replace(made, spare=1), size + 1
    return msgspec.structs.replace(made, store_size=size)


def _padded(made: Draft, unsigned: bytes) -> bytes:
    """Return a signature of the right size: all of it heavy but the padding."""
    token = b"" if made.stamp is None else b"\xff" * made.stamp.size
    signature = b"\xff" * made.signer.signature_size
    return write_sign1(made.protected, signature, size=len(unsigned), token=token, revocation=made.revocation)


def _size(made: Draft) -> int:
    unsigned = made.unsigned()
    return len(made._store(bytes(made.binding_size), lambda _: unsigned))  # noqa: SLF001 - a draft's own maker


def _assertions(label: Label | Library, kept: Kept) -> list[tuple[str, bytes]]:
    boxes: list[tuple[str, bytes]] = []
    opened: dict[str, object] | None = None
    if kept.ingredient:
        box = write_assertion(_PARENT, kept.ingredient)
        boxes.append((_PARENT, box))
        uri = _hashed(_PARENT, box)
        opened = {"url": uri.url, "hash": uri.hash}
    contents: dict[str, dict[str, object] | None]
    if isinstance(label, Library):
        contents = {_ACTIONS: _tagged(library_actions(label), None), LIBRARY_ASSERTION: label.to_dict()}
    else:
        contents = {
            _ACTIONS: _actions(label, opened),
            "c2pa.ai-disclosure": ai_disclosure(label),
            "cawg.training-mining": training_mining(label),
            LABEL_ASSERTION: label_assertion(label),
        }
    for name, content in contents.items():
        if content is not None:
            boxes.append((name, write_assertion(name, encode(content))))
    return boxes


def _actions(label: Label, parent: Mapping[str, object] | None) -> dict[str, object]:
    return _tagged(actions(label, parent_ingredient=None if parent is None else _PARENT), parent)


def _tagged(said: dict[str, Any], parent: Mapping[str, object] | None) -> dict[str, object]:
    """Return actions as CBOR has them: times tagged, the parent by hashed URI (C2PA 2.4 section 18.15)."""
    for item in said["actions"]:
        if "when" in item:
            item["when"] = DateText(item["when"])
        if "parameters" in item:
            item["parameters"] = {"ingredients": [parent]}
    return said


def _hashed(label: str, box: bytes) -> HashedUri:
    return HashedUri(relative_uri(label), hashlib.sha256(memoryview(box)[_HEAD:]).digest())


def _sized(binding: Mapping[str, object], size: int) -> bytes:
    rest = {key: value for key, value in binding.items() if key != PAD}
    try:
        data = encode_padded(rest, size) if PAD in binding else encode(rest)
    except MalformedError as error:
        raise SigningError(f"the hard binding has no room: {error.message}") from None
    if len(data) != size:
        raise SigningError(f"the hard binding has {len(data)} bytes instead of {size}")
    return data
