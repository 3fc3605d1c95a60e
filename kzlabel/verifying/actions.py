"""The rules of actions (C2PA 2.4 section 15.10.3.2.3), in the way the reference engine checks them."""

from collections.abc import Mapping
from typing import Final

from kzlabel.manifest.actions import Action
from kzlabel.manifest.labels import ASSERTIONS, DATABOXES, assertion_uri, read_uri
from kzlabel.manifest.manifest import Declared, Manifest
from kzlabel.status import Code
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.assertions import check_icon
from kzlabel.verifying.log import Log

__all__ = ["check_actions"]

_FIRST: Final = ("c2pa.created", "c2pa.opened")
_NEED_INGREDIENT: Final = {
    "c2pa.opened": "parentOf",
    "c2pa.placed": "componentOf",
    "c2pa.removed": "componentOf",
}
_MAY_HAVE_PARENT: Final = ("c2pa.transcoded", "c2pa.repackaged")


def check_actions(manifest: Manifest, manifests: Mapping[str, Manifest], log: Log) -> None:
    """Check the actions of a manifest; of a version 1 claim only how many assertions there are.

    `manifests` are those that can be reached from the active one, by label.
    """
    for _, content in manifest.actions:
        for icon in content.icons:
            check_icon(manifest, icon)
    if manifest.claim.version == 1:
        if len(manifest.actions) > 1:
            _malformed(log, manifest.label, "a version 1 claim with several actions assertions")
        return
    if any(not content.actions for _, content in manifest.actions):
        raise Abstention("an actions assertion without actions")
    first = _first(manifest)
    if first is None and not manifest.box.update:
        _malformed(log, manifest.label, "the first action is neither created nor opened")
    for index, (declared, content) in enumerate(manifest.actions):
        where = assertion_uri(manifest.label, declared.label)
        for place, action in enumerate(content.actions):
            if action.action in _FIRST:
                if first is not None and declared is not first:
                    _malformed(log, where, "created or opened outside the first actions assertion")
                if index != 0 or place != 0:
                    _malformed(log, where, "created or opened is not the first action")
            _check_action(action, manifest, manifests, where, log)


def _first(manifest: Manifest) -> Declared | None:
    """Return the assertion that begins with created or opened; a gathered one wins, as in the reference engine."""
    first = None
    for created in (True, False):
        group = [pair for pair in manifest.actions if pair[0].created is created]
        if group and group[0][1].actions[0].action in _FIRST:
            first = group[0][0]
    return first


def _check_action(
    action: Action, manifest: Manifest, manifests: Mapping[str, Manifest], where: str, log: Log
) -> None:
    name = action.action
    if not name:
        _malformed(log, where, "an action without a name")
    if name in _NEED_INGREDIENT:
        parameters = action.parameters
        if parameters is None or (parameters.ingredient is None and parameters.ingredients is None):
            _mismatch(log, where, f"{name} names no ingredient")
            return  # the reference engine looks no further at such an action
        if parameters.ingredients == ():
            _mismatch(log, where, f"{name} names no ingredient")
        if not _refers(action, manifest, _NEED_INGREDIENT[name]):
            _mismatch(log, where, f"{name} names no ingredient that is {_NEED_INGREDIENT[name]}")
    if name == "c2pa.created" and action.digital_source_type is None:
        _malformed(log, where, "created says no digital source type")
    if name == "c2pa.translated" and not _languages(action):
        _malformed(log, where, "translated doesn't say between which languages")
    if name in _MAY_HAVE_PARENT and action.parameters is not None:
        given = action.parameters.ingredient is not None or action.parameters.ingredients is not None
        if given and not _refers(action, manifest, "parentOf"):
            _mismatch(log, where, f"{name} names an ingredient that isn't the parent")
    if name == "c2pa.redacted" and action.parameters is not None:
        _check_redacted(action.parameters.redacted, manifests, where, log)


def _refers(action: Action, manifest: Manifest, relationship: str) -> bool:
    """Tell whether the action refers to an ingredient of this relationship."""
    related = {label for label, one in manifest.ingredients if one.relationship == relationship}
    for uri in action.ingredients:
        reference = read_uri(uri.url)
        if reference is None or len(reference.path) != 2 or reference.path[0] not in (ASSERTIONS, DATABOXES):
            raise Abstention("an action refers to its ingredient in an unusual way")
        if not reference.manifest and reference.path[0] != ASSERTIONS:
            raise Abstention("an action refers to a data box")
        if reference.path[1] in related:
            return True
    return False


def _languages(action: Action) -> bool:
    parameters = action.parameters
    return parameters is not None and bool(parameters.source_language) and bool(parameters.target_language)


def _check_redacted(uri: str | None, manifests: Mapping[str, Manifest], where: str, log: Log) -> None:
    """Check that what `c2pa.redacted` names was an assertion of an ingredient."""
    reference = None if uri is None else read_uri(uri)
    if uri is not None and (reference is None or len(reference.path) != 2):
        raise Abstention("an action names what was removed in an unusual way")
    if reference is None or reference.manifest not in manifests:
        log.add(Code.ASSERTION_ACTION_REDACTION_MISMATCH, where, "redacted names nothing that was there")
        return
    if reference.path[0] != ASSERTIONS:
        raise Abstention("an action removed something else than an assertion")
    listed = manifests[reference.manifest].claim.assertions
    if not any(reference.path[1] in one.url for one in listed):
        log.add(Code.ASSERTION_NOT_REDACTED, where, "redacted names an assertion that was never there")


def _malformed(log: Log, where: str, explanation: str) -> None:
    log.add(Code.ASSERTION_ACTION_MALFORMED, where, explanation)


def _mismatch(log: Log, where: str, explanation: str) -> None:
    log.add(Code.ASSERTION_ACTION_INGREDIENT_MISMATCH, where, explanation)
