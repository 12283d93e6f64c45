"""``tpmock seed``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from tpmock.cli.errors import faker_needed, write_file


@click.command()
@click.option("--reviews", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@click.option("--seed", default=0, show_default=True, help="Seed; the same seed gives the same world.")
@click.option("--locale", default="en_GB", show_default=True, help="Locale of names and texts, such as da_DK.")
@click.option(
    "--output", "-o", default="world.json", show_default=True, help="Where to.", type=click.Path(path_type=Path)
)
def seed(reviews: int, seed: int, locale: str, output: Path) -> None:
    """Write a world file with generated reviews. Needs Faker, the extra ``seed``.

    Example: tpmock seed --reviews 100000 --seed 7 --locale da_DK -o big.json
    """
    from tpmock.sandbox import world_file  # noqa: PLC0415 - commands load what they need

    started = world_file.default()
    with faker_needed(locale):
        from tpmock.cli.fake_data import FakeWorld  # noqa: PLC0415 - Faker is an extra

        made = FakeWorld(dict(started.content), reviews, seed, locale)
    with click.progressbar(length=1, label=f"{reviews:,} reviews", file=sys.stderr) as bar:
        text = world_file.write(world_file.WorldFile(started.own, started.shared, made.world()))
        bar.update(1)
    write_file(output, text)
    click.echo(f"{output}: {reviews:,} reviews. Serve it: tpmock serve --world {output}")
