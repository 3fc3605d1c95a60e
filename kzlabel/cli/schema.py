"""`kzlabel schema`: the JSON Schemas of what kzlabel reads and prints."""

import click
import msgspec

__all__ = ["command"]


@click.command()
@click.argument("name", type=click.Choice(["label", "verdict", "check"]))
def command(name: str) -> None:
    """Print the JSON Schema (2020-12) of a label file, or of what `verify --json` or `check --json` prints.

    \b
    kzlabel schema label > label.schema.json
    """
    if name == "label":
        from kzlabel.labels.schema import label_schema as schema  # noqa: PLC0415 - built only when asked for
    elif name == "check":
        from kzlabel.regimes.schema import check_schema as schema  # noqa: PLC0415
    else:
        from kzlabel.verifying.schema import verdict_schema as schema  # noqa: PLC0415
    click.echo(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())
