"""What may be done with the content, in the terms of the CAWG Training and Data Mining Assertion 1.1."""

from typing import TYPE_CHECKING

from kzlabel.errors import LabelError
from kzlabel.labels.checks import Check, Part, choice, instance, optional, settle
from kzlabel.labels.text import free_text
from kzlabel.labels.vocabulary import Use
from kzlabel.labels.written import FreeText

__all__ = ["Permission", "Training"]

_PERMISSION: dict[str, Check] = {"use": choice(Use), "constraint_info": free_text}


class Permission(Part, frozen=True, kw_only=True):
    """Whether one use of the content is allowed (CAWG Training and Data Mining Assertion 1.1 section 3)."""

    use: Use
    """The permission."""

    constraint_info: FreeText = ""
    """What the constraint is: words, or the address of a licence or policy. Without it readers take
    `constrained` for `notAllowed`, so it is asked for there, and refused elsewhere."""

    if TYPE_CHECKING:

        def __init__(self, *, use: Use | str, constraint_info: str = "") -> None: ...

    def __post_init__(self) -> None:
        settle(self, "training.", _PERMISSION)
        if self.use is Use.CONSTRAINED and not self.constraint_info:
            raise LabelError(
                "training.constraint_info is missing for a constrained use", "say what the constraint is"
            )
        if self.use is not Use.CONSTRAINED and self.constraint_info:
            raise LabelError(
                f"training.constraint_info does not go with {self.use}", "leave it out, or use constrained"
            )


def _permission(field: str, value: object) -> object:
    """Accept a permission, or the word for one."""
    if isinstance(value, str):
        return Permission(use=str(_USE(field, value)))
    return _PERMISSION_ITSELF(field, value)


_USE = choice(Use)
_PERMISSION_ITSELF = instance(Permission)
_TRAINING: dict[str, Check] = dict.fromkeys(
    ("ai_generative_training", "ai_training", "ai_inference", "data_mining"), optional(_permission)
)


class Training(Part, frozen=True, kw_only=True, rename=lambda field: f"cawg.{field}"):
    """What may be done with the content; a ban counts when it is machine-readable (article 23(5)).

    Its fields are written with the names of the CAWG Training and Data Mining Assertion 1.1, `cawg.` in
    front. A use that isn't named is neither allowed nor forbidden.
    """

    ai_generative_training: Permission | None = None
    """Training models that make content."""

    ai_training: Permission | None = None
    """Training other models, such as those that recognise or classify."""

    ai_inference: Permission | None = None
    """Giving the content to a trained model to have it infer something."""

    data_mining: Permission | None = None
    """Taking text or data out of the content to find patterns."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            ai_generative_training: Permission | Use | str | None = None,
            ai_training: Permission | Use | str | None = None,
            ai_inference: Permission | Use | str | None = None,
            data_mining: Permission | Use | str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        settle(self, "training.cawg.", _TRAINING)
        if not any(getattr(self, field) for field in _TRAINING):
            raise LabelError("training names no use", f"give one of {', '.join(_TRAINING)}, or leave it out")
