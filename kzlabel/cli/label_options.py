"""The options that describe a label, and how they and a label file combine."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import msgspec

from kzlabel.errors import InputError, LabelError
from kzlabel.files import Reader
from kzlabel.sources import display_name, opened

__all__ = ["FIELDS", "NO_TRAINING", "Field", "combined", "label_options", "read_password"]

F = TypeVar("F", bound=Callable[..., Any])
_LABEL_FILE_SIZE = 1 << 20
_PASSWORD_SIZE = 1024
NO_TRAINING: Mapping[str, Mapping[str, str]] = {
    use: {"use": "notAllowed"}
    for use in ("cawg.ai_generative_training", "cawg.ai_training", "cawg.ai_inference", "cawg.data_mining")
}
"""What `training` is where content may be neither mined nor trained on."""


class Field(NamedTuple):
    """An option and the place in a label that it fills."""

    flag: str
    place: tuple[str, ...]
    help: str
    metavar: str | None = None
    multiple: bool = False


FIELDS = (
    Field("--level", ("level",), "What AI did: ai-generated or ai-assisted.", "LEVEL"),
    Field(
        "--source-type",
        ("digital_source_type",),
        "IPTC digital source type, if not the one that follows from the level.",
        "TERM",
    ),
    Field("--system", ("system", "name"), "The AI system.", "NAME[/VERSION]"),
    Field("--provider", ("system", "provider"), "Who provides the system.", "NAME"),
    Field("--model", ("system", "model"), "The model's name.", "NAME"),
    Field("--model-id", ("system", "model_identifier"), "The model's URI or package URL (pkg:...).", "URI"),
    Field("--model-type", ("system", "model_type"), "C2PA model type, such as c2pa.types.model.", "TYPE"),
    Field("--risk", ("system", "risk"), "Risk degree of the system: minimal, medium or high.", "DEGREE"),
    Field("--autonomy", ("system", "autonomy"), "Autonomy of the system: low, medium or high.", "DEGREE"),
    Field("--operator", ("operator", "name"), "Who answers for the system.", "NAME"),
    Field("--operator-role", ("operator", "role"), "owner or possessor of the system.", "ROLE"),
    Field("--operator-country", ("operator", "country"), "Country of the operator.", "CC"),
    Field("--operator-bin", ("operator", "bin"), "Its Kazakhstan business identification number.", "BIN"),
    Field(
        "--simulates",
        ("simulates",),
        "What the content imitates: person-appearance, person-voice, person-behaviour or event.",
        "WHAT",
        multiple=True,
    ),
    Field("--human-what", ("human_contribution", "what"), "What a person contributed.", "TEXT"),
    Field("--human-who", ("human_contribution", "who"), "That person's role or name.", "TEXT"),
    Field(
        "--human-step",
        ("human_contribution", "steps"),
        "A step that the person took, such as editing.",
        "STEP",
        multiple=True,
    ),
    Field(
        "--oversight",
        ("human_contribution", "oversight"),
        "fully_autonomous, prompt_guided or human_validated.",
        "LEVEL",
    ),
    Field("--notice-kind", ("notice", "kind"), "How a person is told.", "KIND"),
    Field("--notice-language", ("notice", "language"), "Language of that notice, such as kk.", "TAG"),
    Field("--notice-text", ("notice", "text"), "Its text.", "TEXT"),
    Field("--regime", ("regimes",), "A law that the label is meant for, such as kz.", "ID", multiple=True),
)
"""The options, and what they fill."""


def label_options(command: F) -> F:
    """Add every option that describes a label to `command`, which gets them as one mapping named `said`."""
    for field in reversed(FIELDS):
        text = field.help[:-1] + "; repeatable." if field.multiple else field.help
        option = click.option(field.flag, _name(field), metavar=field.metavar, multiple=field.multiple, help=text)
        command = option(command)
    return click.option(
        "--no-training", "no_training", is_flag=True, help="Forbid mining the content and training AI on it."
    )(
        click.option(
            "--label",
            "label_file",
            metavar="JSON",
            type=click.Path(path_type=Path),
            help="A label file (see: kzlabel schema label); options win over what it says.",
        )(command)
    )


def combined(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the label that the label file and the options describe together, not yet checked.

    Raises:
        InputError: The label file can't be read.
        LabelError: It is not a JSON object.
    """
    label = _read(options["label_file"]) if options["label_file"] else {}
    for field in FIELDS:
        value = options[_name(field)]
        if value is not None and value != ():
            _put(label, field, value)
    if options["no_training"]:
        label["training"] = dict(NO_TRAINING)
    return label


def read_password(path: Path) -> str:
    """Return the first line of the file at `path`, without its end.

    Raises:
        InputError: The file can't be read, or is no UTF-8.
    """
    name = display_name(path)
    with opened(path) as file:
        head = file.reader.read(0, min(_PASSWORD_SIZE, file.reader.size))
    try:
        return head.split(b"\n", 1)[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise InputError(f"{name} is no text in UTF-8", "pass a file with the password in its first line") from None


def _name(field: Field) -> str:
    return field.flag.removeprefix("--").replace("-", "_")


def _put(label: dict[str, Any], field: Field, value: Any) -> None:
    *parents, last = field.place
    target = label
    for parent in parents:
        inner = target.get(parent)
        target[parent] = target = dict(inner) if isinstance(inner, dict) else {}
    if field.flag == "--system" and "/" in value:
        target[last], _, target["version"] = value.partition("/")
    else:
        target[last] = list(value) if field.multiple else value


def _read(path: Path) -> dict[str, Any]:
    name = display_name(path)
    with opened(path) as file:
        if file.reader.size > _LABEL_FILE_SIZE:
            raise InputError(f"{name} is larger than a label can be", "pass a label file")
        content = _decode(file.reader, name)
    if not isinstance(content, dict):
        raise LabelError(f"{name} is not a JSON object", "see: kzlabel schema label")
    return content


def _decode(reader: Reader, name: str) -> Any:
    try:
        return msgspec.json.decode(reader.read(0, reader.size))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LabelError(f"{name} is not JSON: {error}", "see: kzlabel schema label") from None
