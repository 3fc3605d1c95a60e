"""The native engine: verification in this process, exact or not at all.

1. Take the manifest store out of the file; there must be exactly one.
2. Read every manifest in it, whole: what isn't understood in full is left to the reference engine.
3. Walk the ingredients: which manifests are there, what was removed from them.
4. Check the active manifest: signature, certificate, time-stamp; redactions, parents, update rules; assertion
   hashes; actions; metadata.
5. Check the ingredients in the same way, and compare them with what was recorded about them.
6. Check the hard binding.
7. Add up: the state, and the findings that were not recorded before (C2PA 2.4 sections 14.3 and 15).

The steps and their order are those of the reference engine, whose answer this must be.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Encoding, Located, text
from kzlabel.limits import Limits
from kzlabel.manifest.actions import Actions
from kzlabel.manifest.assertions import Metadata, Opaque
from kzlabel.manifest.ingredient import Ingredient as IngredientContent
from kzlabel.manifest.labels import assertion_uri, manifest_uri, signature_uri
from kzlabel.manifest.manifest import Manifest, read_manifest
from kzlabel.manifest.store import read_store
from kzlabel.spans import total
from kzlabel.status import Code, Finding, Kind
from kzlabel.status import kind_of as kind_of_code
from kzlabel.trust import Trust
from kzlabel.verifying import reading
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.actions import check_actions
from kzlabel.verifying.assertions import (
    check_assertions,
    check_icon,
    check_parents,
    check_redactions,
    check_update,
)
from kzlabel.verifying.binding import check_binding
from kzlabel.verifying.ingredients import Family, binding_manifest, check_ingredients, find_family
from kzlabel.verifying.log import Log
from kzlabel.verifying.outcome import findings_of, state_of, without_recorded
from kzlabel.verifying.reading import Reading
from kzlabel.verifying.signature import Signed, check_signature
from kzlabel.version import __version__

__all__ = ["ENGINE", "Bind", "gather", "read"]

Bind = Callable[[str, Mapping[str, Any], str | None, str], tuple[Finding, ...]]
"""Checks a hard binding: by its label, its content, the claim's algorithm, and the assertion's JUMBF URI."""

ENGINE: Final = f"kzlabel/{__version__} native"
"""Name and version of the engine."""


def read(
    file: Reader,
    located: Located,
    media_type: str,
    trust: Trust,
    limits: Limits,
    *,
    now: datetime,
    store: bytes | None = None,
    bind: Bind | None = None,
) -> Reading:
    """Read and judge the manifest store of `file`, which its format found at `located`, or `store` from elsewhere.

    `bind` checks the hard binding where it isn't about the bytes of one file.

    Raises:
        Abstention: The store isn't understood in full.
        LimitError: The file asks for more work than is allowed.
        MalformedError: The file became shorter while it was read.
    """
    if store is None and (len(located.carriers) != 1 or located.damage):
        raise Abstention("not exactly one manifest store in a whole container")
    # (1) the store
    data = gather(file, located, limits) if store is None else store

    # (2) its manifests
    try:
        manifests = tuple(read_manifest(box, limits) for box in read_store(data, limits).manifests)
    except LimitError:
        raise
    except MalformedError as error:
        raise Abstention(str(error)) from None
    active = manifests[-1]
    by_label = {manifest.label: manifest for manifest in manifests}

    # (3) the graph of ingredients
    log = Log()
    family = find_family(by_label, active, log, limits)
    bound = binding_manifest(active, by_label)

    # (4) the active manifest, (5) its ingredients
    signed: dict[str, Signed] = {}
    checked: dict[str, tuple[Finding, ...]] = {}

    def check(manifest: Manifest) -> None:
        if manifest.label in checked:
            log.extend(checked[manifest.label])
            return
        before = len(log.entries)
        one = check_signature(
            manifest.box.signature,
            manifest.box.claim,
            version=manifest.claim.version,
            uri=signature_uri(manifest.label),
            trust=trust,
            now=now,
            limits=limits,
        )
        signed[manifest.label] = one
        log.extend(one.findings)
        _check_manifest(manifest, family, log, active=manifest is active)
        checked[manifest.label] = tuple(entry.finding for entry in log.entries[before:])

    check(active)
    check_ingredients(active, family, check, log)

    # (6) the hard binding
    _check_bindings(bound, file, located, media_type, limits=limits, log=log, update=active.box.update, bind=bind)

    # (7) the sum
    entries = without_recorded(log.entries, active.label, manifests)
    return Reading(
        state=state_of(entries),
        active=active.label,
        manifests=tuple(_manifest(one, signed.get(one.label)) for one in (active, *reversed(manifests[:-1]))),
        findings=findings_of(entries),
        engine=ENGINE,
    )


def gather(file: Reader, located: Located, limits: Limits) -> bytes:
    """Return the bytes of the one store that `located` tells of.

    Raises:
        Abstention: It is in an unusual form.
        LimitError: It is too large.
    """
    carrier = located.carriers[0]
    size = total(carrier.store)
    if size > limits.store_size:
        raise LimitError(f"a manifest store of {size} bytes; at most {limits.store_size} are read")
    data = b"".join([file.read(span.start, span.length) for span in carrier.store])
    if carrier.encoding is Encoding.RAW:
        return data
    if carrier.encoding is Encoding.SELECTORS:
        return text.decode(data)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Abstention("the base64 text of the manifest store is unusual") from None


def _check_manifest(manifest: Manifest, family: Family, log: Log, *, active: bool) -> None:
    """Check all of a manifest but its signature and its ingredients (C2PA 2.4 section 15.10)."""
    generator = manifest.claim.generator
    if generator is not None and generator.icon is not None:
        check_icon(manifest, generator.icon)
    check_redactions(manifest, family.store, log, active=active)
    check_update(manifest, log)
    check_parents(manifest, log)
    check_assertions(manifest, family.redactions, log)
    check_actions(manifest, family.reached, log)
    if manifest.claim.version > 1:
        if not all(metadata.allowed for _, metadata in manifest.metadata):
            raise Abstention("metadata whose prefixes are not all declared")
        if generator is None or not generator.name:
            log.add(Code.CLAIM_MALFORMED, manifest_uri(manifest.label), "the claim's generator has no name")


def _check_bindings(
    manifest: Manifest,
    file: Reader,
    located: Located,
    media_type: str,
    *,
    limits: Limits,
    log: Log,
    update: bool,
    bind: Bind | None,
) -> None:
    """Check the hard binding; several are a failure, and each of them is checked all the same."""
    if len(manifest.bindings) > 1:
        log.add(Code.ASSERTION_MULTIPLE_HARD_BINDINGS, manifest_uri(manifest.label))
    for declared in manifest.bindings:
        if not isinstance(declared.content, dict):
            raise Abstention("a hard binding that is no map")
        uri = assertion_uri(manifest.label, declared.label)
        if bind is not None:
            log.extend(bind(declared.label, declared.content, manifest.claim.algorithm, uri))
            continue
        found = check_binding(
            file,
            located,
            media_type,
            declared.label,
            declared.content,
            default_algorithm=manifest.claim.algorithm,
            uri=uri,
            limits=limits,
            update=update,
        )
        log.extend(found)


def _manifest(manifest: Manifest, signed: Signed | None) -> reading.Manifest:
    """Return what a verdict tells of a manifest; who signed it, only if it was checked."""
    generator = manifest.claim.generator
    named = (generator.name, generator.version) if generator else (manifest.claim.generator_name,)
    return reading.Manifest(
        label=manifest.label,
        generator=" ".join(filter(None, named)),
        assertions=tuple((one.label, _plain(one.content)) for one in manifest.declared),
        ingredients=tuple(_ingredient(label, one) for label, one in manifest.ingredients),
        algorithm=signed.algorithm if signed else "",
        certificate=signed.certificate if signed else None,
        time_stamp=signed.time_stamp if signed else "",
        anchor=signed.anchor if signed else "",
        store=signed.store if signed else "",
    )


def _plain(content: Any) -> Any:
    """Return the content of an assertion as plain data; a file is left out."""
    if isinstance(content, Actions | IngredientContent | Metadata):
        return content.content
    return None if isinstance(content, Opaque) else content


def _ingredient(label: str, ingredient: IngredientContent) -> reading.Ingredient:
    source = ingredient.content.get("digitalSourceType")
    return reading.Ingredient(
        label=label,
        relationship=ingredient.relationship,
        manifest=ingredient.manifest.url.rpartition("/")[2] if ingredient.manifest else "",
        digital_source_type=source if isinstance(source, str) else "",
        failures=ingredient.failures if ingredient.version > 2 else _older_failures(ingredient),
    )


def _older_failures(ingredient: IngredientContent) -> tuple[str, ...]:
    return tuple(one.code for one in ingredient.recorded or () if kind_of_code(one.code) is Kind.FAILURE)
