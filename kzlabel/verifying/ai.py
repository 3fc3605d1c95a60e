"""What any vendor's manifests say about AI: source types of actions, of ingredients, and of theirs.

A manifest speaks through the IPTC digital source types of its actions (C2PA 2.4 section 18.17). Content that
was opened from an earlier version inherits what that version was, and content that AI content was placed into
is at least assisted. The answer is what the manifests say, not whether they are right.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.labels import AI, LABEL_ASSERTION, ai_of_source_type
from kzlabel.verifying.reading import Manifest, Reading

__all__ = ["ai_level"]

_ACTIONS = ("c2pa.actions", "c2pa.actions.v2")
_MAKING = frozenset({"c2pa.created"})
_DEPTH = 64


def ai_level(reading: Reading) -> AI:
    """Return what the active manifest of `reading` says, its ingredients included."""
    active = reading.find(reading.active)
    return AI.UNKNOWN if active is None else _of_manifest(reading, active, {}, 0)


def _of_manifest(reading: Reading, manifest: Manifest, known: dict[str, AI], depth: int) -> AI:
    if manifest.label in known or depth > _DEPTH:
        return known.get(manifest.label, AI.UNKNOWN)
    known[manifest.label] = AI.UNKNOWN  # what a cycle back to this manifest finds
    own = _own_label(manifest)
    known[manifest.label] = _from_evidence(reading, manifest, known, depth) if own is None else own
    return known[manifest.label]


def _from_evidence(reading: Reading, manifest: Manifest, known: dict[str, AI], depth: int) -> AI:
    made, edited = _of_actions(manifest)
    parents, parts = _of_ingredients(reading, manifest, known, depth)
    if AI.GENERATED in made or AI.GENERATED in parents:
        return AI.GENERATED
    if (made | edited | parents | parts) & {AI.GENERATED, AI.ASSISTED}:
        return AI.ASSISTED
    return AI.NONE if AI.NONE in made | parents else AI.UNKNOWN


def _own_label(manifest: Manifest) -> AI | None:
    """Return what our own assertion says: it is about the whole content, so it settles the question."""
    content = manifest.assertion(LABEL_ASSERTION)
    level = content.get("level") if isinstance(content, Mapping) else None
    return {"ai-generated": AI.GENERATED, "ai-assisted": AI.ASSISTED}.get(level) if isinstance(level, str) else None


def _of_actions(manifest: Manifest) -> tuple[frozenset[AI], frozenset[AI]]:
    """Return what the actions say that made the content, and what those say that changed it."""
    made: set[AI] = set()
    edited: set[AI] = set()
    for action in _actions(manifest):
        source = action.get("digitalSourceType")
        level = ai_of_source_type(source) if isinstance(source, str) else None
        if level is not None:
            (made if action.get("action") in _MAKING else edited).add(level)
    return frozenset(made), frozenset(edited)


def _actions(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    for label, content in manifest.assertions:
        if label.partition("__")[0] in _ACTIONS and isinstance(content, Mapping):
            actions = content.get("actions")
            yield from (a for a in actions if isinstance(a, Mapping)) if isinstance(actions, list) else ()


def _of_ingredients(
    reading: Reading, manifest: Manifest, known: dict[str, AI], depth: int
) -> tuple[frozenset[AI], frozenset[AI]]:
    """Return what the parents are, and what everything else is that went into the content."""
    parents: set[AI] = set()
    parts: set[AI] = set()
    for ingredient in manifest.ingredients:
        target = parents if ingredient.relationship == "parentOf" else parts
        stated = ai_of_source_type(ingredient.digital_source_type) if ingredient.digital_source_type else None
        if stated is not None:
            target.add(stated)
        below = reading.find(ingredient.manifest) if ingredient.manifest else None
        if below is not None:
            target.add(_of_manifest(reading, below, known, depth + 1))
    return frozenset(parents), frozenset(parts)
