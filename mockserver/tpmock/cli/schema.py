"""``tpmock schema``."""

from __future__ import annotations

import click
from tpmock.common import schemas


@click.command()
@click.argument("name", required=False, type=click.Choice(schemas.names()))
def schema(name: str | None) -> None:
    """Print the JSON Schema of a file that you write. Without a name, list the schemas.

    Editors complete and check files by it. A running mock serves it under /_mock/schemas/.

    Example: tpmock schema world > world.schema.json
    """
    click.echo("\n".join(schemas.names()) if name is None else schemas.text(name).rstrip())
