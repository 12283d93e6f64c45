"""``tpmock review``."""

from __future__ import annotations

import click
from tpmock.cli.remote import control_command
from tpmock.cli.tables import table
from tpmock.common.command_group import CommandGroup


@click.group(cls=CommandGroup)
def review() -> None:
    """List reviews, or write one as a consumer would.

    Example: tpmock review write 1001 --stars 5 --title "Fast delivery"
    """


control_command(
    review,
    "list",
    "GET /reviews",
    "List the service reviews of a sandbox.",
    show=table(
        "reviews",
        {
            "review": "id",
            "stars": "stars",
            "by": lambda row: row["consumer"]["displayName"],
            "order": "referenceId",
            "created at": "createdAt",
            "title": "title",
        },
    ),
)
control_command(
    review,
    "write",
    "POST /reviews",
    "Write a review for an invitation, or an organic review without one.",
    click.argument("invitation", required=False),
    click.option("--stars", type=click.IntRange(1, 5), default=5, show_default=True),
    click.option("--title", help="Its headline."),
    click.option("--text", help="Text of the review."),
    click.option(
        "--type", type=click.Choice(["service", "product"]), help="Type of the review, if the invitation asks for both."
    ),
    click.option("--sku", help="SKU of the product, if there are several or no invitation."),
    click.option("--name", "consumerName", help="Author of an organic review."),
    show=lambda written: click.echo(f"Review {written['id']} with {written['stars']} stars was written."),
    example='1001 --stars 5 --title "Fast delivery"',
)
