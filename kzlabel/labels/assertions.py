"""What a label puts into a C2PA manifest, as plain builtins, and the label back from there.

The standard's own assertions come first, so that any validator reads the claim: the actions with their
digital source type, and the AI disclosure. Our own assertion carries the whole label, for what the standard
has no field for. Times are text; whoever writes CBOR tags `when` as a date (C2PA 2.4 section 6.9).
"""

from collections.abc import Mapping

from kzlabel.errors import LabelError
from kzlabel.labels.model import Label

__all__ = ["LABEL_ASSERTION", "actions", "ai_disclosure", "label_assertion", "read_label", "training_mining"]

LABEL_ASSERTION = "org.kzlabel.label"
"""The label of our own assertion: an entity's namespace, then the name (C2PA 2.4 section 6.2.1)."""

WRITTEN = ("version", "level", "digital_source_type", "system", "content_id", "created")
"""Fields that a written label always has. A reader may not make them up: an identifier would change at every
reading."""


def actions(label: Label, *, parent_ingredient: str | None = None, edited: bool = True) -> dict[str, object]:
    """Return the `c2pa.actions.v2` assertion (C2PA 2.4 section 18.15).

    Content without an earlier manifest is *created*, whatever the level: the action must tell the nature of
    the content as it enters its first manifest (section 18.15.2), and `compositeWithTrainedAlgorithmicMedia`
    is such a nature. Content with an earlier manifest is *opened* from it. Whether more was done isn't known,
    so that the list never claims to be complete, except where the content is known to be what was opened
    (section 18.15.3).

    Args:
        label: What is said.
        parent_ingredient: Label of the `parentOf` ingredient, as c2pa-rs's Builder resolves it.
        edited: Whether the content differs from the parent's. If it does, the AI system edited it; if it
            doesn't, no edit took place, and the source type stands beside the opening.
    """
    if parent_ingredient is None:
        return _list(_action("c2pa.created", label))
    opened: dict[str, object] = {
        "action": "c2pa.opened",
        "parameters": {"ingredientIds": [parent_ingredient]},
    }
    if edited:
        return _list(opened, _action("c2pa.edited", label))
    return _list({**opened, "digitalSourceType": label.digital_source_type}, complete=True)


def _action(name: str, label: Label) -> dict[str, object]:
    agent = {"name": label.system.name}
    if label.system.version:
        agent["version"] = label.system.version
    return {
        "action": name,
        "when": label.created,
        "softwareAgent": agent,
        "digitalSourceType": label.digital_source_type,
    }


def _list(*items: dict[str, object], complete: bool = False) -> dict[str, object]:
    return {"actions": list(items), "allActionsIncluded": complete}


def ai_disclosure(label: Label) -> dict[str, object]:
    """Return the `c2pa.ai-disclosure` assertion (C2PA 2.4 section 18.28).

    It is about the model: the system's name isn't put in its place, since the action names the system.
    """
    system, contribution = label.system, label.human_contribution
    disclosure: dict[str, object] = {"modelType": system.model_type}
    if system.model:
        disclosure["modelName"] = system.model
    if system.model_identifier:
        disclosure["modelIdentifier"] = system.model_identifier
    if contribution is not None and contribution.oversight is not None:
        disclosure["contentProfile"] = {"humanOversightLevel": contribution.oversight.value}
    return disclosure


def training_mining(label: Label) -> dict[str, object] | None:
    """Return the `cawg.training-mining` assertion (CAWG Training and Data Mining 1.1), if any."""
    return {"entries": label.to_dict()["training"]} if label.training else None


def label_assertion(label: Label) -> dict[str, object]:
    """Return the `org.kzlabel.label` assertion, which is the whole label."""
    return label.to_dict()


def read_label(data: Mapping[str, object]) -> Label:
    """Return the label that an `org.kzlabel.label` assertion holds.

    Raises:
        LabelError: It is not a whole label, or breaks a rule.
    """
    label = Label.from_dict(data)
    for field in WRITTEN:
        if not data.get(field):
            raise LabelError(f"{field} is missing", "a signed label always has it")
    return label
