"""Actions assertions: what was done to the content (C2PA 2.4 section 18.15)."""

from typing import Annotated, Any, Final

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.cbor import DateText, convert, decode
from kzlabel.manifest.claim import Generator, HashedUri, check_generator

__all__ = ["Action", "Actions", "Link", "Parameters", "read_actions"]

_VERSIONS: Final = (1, 2)


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference from an action to an ingredient; nobody looks at its hash, which old writers spelt as a list."""

    url: str
    """JUMBF URI, relative or absolute."""

    hash: bytes | tuple[Annotated[int, msgspec.Meta(ge=0, le=255)], ...]
    """Hash of the payload of the box."""

    alg: str | None = None
    """Hash algorithm."""


class Parameters(msgspec.Struct, frozen=True, rename="camel"):
    """Parameters of an action; those that rules look at."""

    ingredient: Link | None = None
    """The ingredient that the action is about, version 1."""

    ingredients: tuple[Link, ...] | None = None
    """The ingredients that it is about, version 2."""

    redacted: str | None = None
    """URI of what `c2pa.redacted` removed."""

    description: str | None = None
    source_language: str | None = None
    target_language: str | None = None
    multiple_instances: bool | None = None


class Action(msgspec.Struct, frozen=True, rename="camel"):
    """One action."""

    action: str
    """Its name, for example `c2pa.created`."""

    parameters: Parameters | None = None
    digital_source_type: str | None = None
    software_agent: str | dict[str, Any] | None = None
    software_agent_index: int | None = None
    when: str | None = None
    changed: str | None = None
    reason: str | None = None
    description: str | None = None

    @property
    def ingredients(self) -> tuple[Link, ...]:
        """The ingredients that it refers to; the older parameter wins, as in the reference engine."""
        if self.parameters is None:
            return ()
        if self.parameters.ingredient is not None:
            return (self.parameters.ingredient,)
        return self.parameters.ingredients or ()


class _Rating(msgspec.Struct):
    explanation: str
    value: Annotated[int, msgspec.Meta(ge=0, le=255)]
    code: str | None = None


class _Metadata(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    review_ratings: tuple[_Rating, ...] | None = None
    date_time: str | None = None
    localizations: Annotated[list[Any], msgspec.Meta(max_length=0)] | None = None


class _Content(msgspec.Struct, rename="camel"):
    actions: tuple[Action, ...]
    metadata: _Metadata | None = None
    all_actions_included: bool | None = None
    software_agents: tuple[Generator, ...] | None = None


class Actions(msgspec.Struct, frozen=True):
    """An actions assertion."""

    content: dict[str, Any]
    """All of it as plain data."""

    actions: tuple[Action, ...]
    """The actions."""

    icons: tuple[HashedUri, ...]
    """Icons of the programs that did them."""


_DATES: Final = ("when", "dateTime")
_UNREAD_IN_ACTION: Final = ("changes", "actors", "related")


def read_actions(data: bytes, version: int, depth: int = DEFAULT_LIMITS.cbor_depth) -> Actions:
    """Read the content of an actions assertion.

    Raises:
        MalformedError: It is broken, or holds something that isn't understood here.
        LimitError: It is nested deeper than `depth`.
    """
    if version not in _VERSIONS:
        raise MalformedError(f"actions of version {version}")
    content = decode(data, dates=True, depth=depth)
    try:
        read = convert(content, _Content)
        agents = [a.software_agent for a in read.actions if isinstance(a.software_agent, dict)]
        generators = (read.software_agents or (), convert(agents, tuple[Generator, ...]))
    except msgspec.ValidationError as error:
        raise MalformedError(f"the actions are unusual: {error}") from None
    _check_plain(content)
    for described in (*agents, *(content.get("softwareAgents") or ())):
        check_generator(described)
    icons = tuple(g.icon for group in generators for g in group if g.icon is not None)
    return Actions(content, read.actions, icons)


def _check_plain(content: dict[str, Any]) -> None:
    """Refuse fields whose inner form isn't checked here, and dates where no date belongs."""
    if "templates" in content:
        raise MalformedError("actions with templates")
    for action in content["actions"]:
        if any(field in action for field in _UNREAD_IN_ACTION):
            raise MalformedError("an action with changes, actors or related actions")
        if ("instanceId" in action) + ("instanceID" in action) + ("instance_id" in action) > 1:
            raise MalformedError("an action names its instance twice")
        if not all(isinstance(action.get(name, ""), str) for name in ("instanceId", "instanceID", "instance_id")):
            raise MalformedError("an action names its instance by something else than text")
        index = action.get("softwareAgentIndex")
        if isinstance(index, int) and index < 0:
            raise MalformedError("an action's software agent has a negative index")
    dated = [*content["actions"], content.get("metadata") or {}]
    rest = [{k: v for k, v in one.items() if k not in _DATES} for one in dated]
    others = [value for key, value in content.items() if key not in ("actions", "metadata")]
    if _has_date(rest) or _has_date(others):
        raise MalformedError("a date where none belongs")


def _has_date(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return any(type(key) is not str or _has_date(inner) for key, inner in value.items())
    if kind is list:
        return any(_has_date(inner) for inner in value)
    return kind is DateText
