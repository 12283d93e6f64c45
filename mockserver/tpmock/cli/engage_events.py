"""``tpmock event audience-entered`` and similar commands: calls of Engage to Segment's destinations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import click
from tpmock.cli.remote import Remote, on_sandbox, prints
from tpmock.cli.tables import table

_OPTIONS: Final = (
    click.option(
        "--form",
        type=click.Choice(["identify", "track"]),
        default="identify",
        show_default=True,
        help="Type of the call that Engage sends.",
    ),
    click.option("--user", "users", multiple=True, default=("customer-1",), show_default=True, help="Who; repeatable."),
    click.option(
        "--email", "emails", multiple=True, help="Email address of a user; repeatable. Each one gets its own call."
    ),
    click.option("--destination", "destinations", multiple=True, help="Send it only to this destination; repeatable."),
    prints(
        table(
            "events",
            {
                "user": "userId",
                "call": lambda row: row["event"] or row["type"],
                "messageId": "messageId",
                "dropped": "reason",
            },
        )
    ),
)


def _command(change: str, subject: str, summary: str, example: str) -> click.Command:
    """Return the command that makes Engage report a change.

    :param subject: the meaning of the name argument: an audience, a step, a trait
    """

    @on_sandbox
    def send(remote: Remote, users: tuple[str, ...], emails: tuple[str, ...], **given: Any) -> object:
        profiles = [{"userId": user, "emails": emails} for user in users]
        if "value" in given:
            given["value"] = _read(given["value"])
        return remote.call("POST", "/segment/engage", {"change": change, "profiles": profiles, **given})

    command: Callable[..., Any] = send
    arguments = [click.argument("name", metavar=subject.upper())]
    arguments += [click.argument("value")] if change == "trait-computed" else []
    for decorate in reversed([*arguments, *_OPTIONS]):
        command = decorate(command)
    return click.command(change, help=f"{summary}\n\nExample: tpmock event {change} {example}")(command)


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


#: All commands, for their group.
COMMANDS: Final = (
    _command(
        "audience-entered",
        "audience",
        "Report to destinations that users entered an audience.",
        '"Order completed last 30days" --email ada@example.com',
    ),
    _command(
        "audience-exited",
        "audience",
        "Report to destinations that users left an audience.",
        '"Order completed last 30days" --form track',
    ),
    _command("journey-entered", "step", "Report to destinations that users entered a journey step.", '"Win back"'),
    _command(
        "trait-computed",
        "trait",
        "Report to destinations a new value of a computed trait; JSON is read as JSON.",
        '"Total orders" 7',
    ),
)
