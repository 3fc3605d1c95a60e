"""The reference engine's opinion: c2pa-python's Reader, called within limits, put into a `Reading`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.files import Reader
from kzlabel.limits import Limits
from kzlabel.reference.context import engine_version, reading_context
from kzlabel.reference.streams import MeteredStream
from kzlabel.status import Code, Finding, Kind, kind_of
from kzlabel.trust import Trust
from kzlabel.verifying.reading import Absent, Answer, Certificate, Ingredient, Manifest, Reading, Refused

__all__ = ["read", "read_contents"]

_INGREDIENTS = ("c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.ingredient.v3")


def read(
    file: Reader, media_type: str, trust: Trust, limits: Limits, *, online: bool = False, store: bytes | None = None
) -> Answer:
    """Ask the reference engine about `file`, and about the manifest store in it or `store` from elsewhere.

    Nothing is fetched from a network unless `online` is true. The engine's exceptions become answers.
    """
    answer = _ask(file, media_type, trust, limits, online=online, store=store)
    if not isinstance(answer, tuple):
        return answer
    results, content = answer
    return Reading(
        state=results.get("validation_state", "Invalid"),
        active=results.get("active_manifest", ""),
        manifests=tuple(_manifest(entry) for entry in content.get("manifests", ())),
        findings=tuple(_findings(results.get("validation_results", {}))),
        engine=engine_version(),
    )


def read_contents(file: Reader, media_type: str, trust: Trust, limits: Limits) -> dict[str, Any] | None:
    """Return the manifest store of `file` in crJSON form with `active_manifest` added, or None."""
    answer = _ask(file, media_type, trust, limits, online=False)
    if not isinstance(answer, tuple):
        return None
    results, content = answer
    return {"active_manifest": results.get("active_manifest", ""), **content}


def _ask(
    file: Reader, media_type: str, trust: Trust, limits: Limits, *, online: bool, store: bytes | None = None
) -> tuple[dict[str, Any], dict[str, Any]] | Absent | Refused:
    """Return the engine's two reports, on validation and on contents, or why there are none."""
    import c2pa  # noqa: PLC0415 - costs 50 ms, and is not needed where another engine answers

    stream = MeteredStream(file.stream(), file.size, limits)
    try:
        with c2pa.Reader(media_type, stream, store, context=reading_context(trust, online=online)) as reader:
            results, content = json.loads(reader.json()), json.loads(reader.crjson())
    except c2pa.C2paError as error:
        return _stopped(stream) if stream.tripped else _refusal(error)
    if stream.tripped:
        return _stopped(stream)
    return results, content


def _stopped(stream: MeteredStream) -> Refused:
    return Refused(engine_version(), Code.KZLABEL_LIMIT_EXCEEDED, stream.tripped)


def _refusal(error: Exception) -> Absent | Refused:
    kind, _, text = str(error).partition(": ")
    match kind:
        case "ManifestNotFound":
            return Absent(engine_version())
        case "Remote" | "RemoteManifest":
            return Absent(engine_version(), text.rpartition(" ")[2])
        case "NotSupported":
            return Refused(engine_version(), Code.KZLABEL_INPUT_UNRECOGNISED, text)
        case _:
            return Refused(engine_version(), Code.KZLABEL_ENGINE_FAILED, text or kind)


def _findings(results: Mapping[str, Any]) -> Iterator[Finding]:
    active = results.get("activeManifest") or {}
    yield from _finding_lists(active, ingredient=False)
    for delta in results.get("ingredientDeltas") or ():
        yield from _finding_lists(delta.get("validationDeltas") or {}, ingredient=True)


def _finding_lists(lists: Mapping[str, Any], *, ingredient: bool) -> Iterator[Finding]:
    for kind in Kind:
        for entry in lists.get(kind.value) or ():
            code = entry.get("code", "")
            # The table's kind wins: the engine has filed codes under a wrong one before.
            yield Finding(
                code, kind_of(code) or kind, entry.get("url", ""), entry.get("explanation", ""), ingredient
            )


def _manifest(entry: Mapping[str, Any]) -> Manifest:
    assertions = entry.get("assertions") or {}
    signature = entry.get("signature") or {}
    stamp = signature.get("timeStampInfo") or {}
    return Manifest(
        label=entry.get("label", ""),
        generator=_generator(entry.get("claim.v2") or entry.get("claim") or {}),
        assertions=tuple(assertions.items()),
        ingredients=tuple(
            _ingredient(label, data)
            for label, data in assertions.items()
            if label.partition("__")[0] in _INGREDIENTS and isinstance(data, Mapping)
        ),
        algorithm=str(signature.get("algorithm", "")).lower(),
        certificate=_certificate(signature.get("certificateInfo")),
        time_stamp=stamp.get("timestamp", ""),
    )


def _generator(claim: Mapping[str, Any]) -> str:
    info = claim.get("claim_generator_info")
    if isinstance(info, list):
        info = info[0] if info else None
    if not isinstance(info, Mapping):
        return str(claim.get("claim_generator", ""))
    return " ".join(str(info[key]) for key in ("name", "version") if info.get(key))


def _bin(unit: str) -> str:
    """Return the business identification number that an organisational unit is, if it is one."""
    number = unit.removeprefix("BIN")
    return number if len(unit) == 15 and len(number) == 12 and number.isascii() and number.isdigit() else ""


def _certificate(info: Any) -> Certificate | None:
    if not isinstance(info, Mapping):
        return None
    subject, issuer, validity = (info.get(key) or {} for key in ("subject", "issuer", "validity"))
    return Certificate(
        common_name=subject.get("CN", ""),
        organisation=subject.get("O", ""),
        bin=_bin(subject.get("OU", "")),
        issuer_common_name=issuer.get("CN", ""),
        issuer_organisation=issuer.get("O", ""),
        serial_number=info.get("serialNumber", ""),
        not_before=validity.get("notBefore", ""),
        not_after=validity.get("notAfter", ""),
    )


def _ingredient(label: str, data: Mapping[str, Any]) -> Ingredient:
    target = data.get("activeManifest") or data.get("c2pa_manifest") or {}
    url = target.get("url", "") if isinstance(target, Mapping) else ""
    return Ingredient(
        label=label,
        relationship=str(data.get("relationship", "")),
        manifest=url.rpartition("/")[2],
        digital_source_type=str(data.get("digitalSourceType") or ""),
        failures=tuple(_recorded_failures(data)),
    )


def _recorded_failures(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield failure codes from a version 3 `validationResults` or an older `validationStatus`."""
    results = data.get("validationResults")
    if isinstance(results, Mapping):
        groups = [results.get("activeManifest") or {}]
        groups += [delta.get("validationDeltas") or {} for delta in results.get("ingredientDeltas") or ()]
        for group in groups:
            yield from (entry.get("code", "") for entry in group.get("failure") or ())
    for entry in data.get("validationStatus") or ():
        code = entry.get("code", "") if isinstance(entry, Mapping) else ""
        if kind_of(code) is Kind.FAILURE:
            yield code
