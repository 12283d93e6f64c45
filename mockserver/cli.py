"""The command ``tpmock``."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mockserver import __version__, settings_file
from mockserver.client import TOKEN_VARIABLE
from mockserver.commands.running import ImpossibleError
from mockserver.loopback import is_loopback

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from mockserver.up import Up

_HOST = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on. Anything but loopback is your choice."
)
_PORT = click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)

_STATE = click.option(
    "--state",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep all sandboxes in this file and bring them back from it; by default all is forgotten at the end.",
)
_MOST_SANDBOXES = click.option(
    "--max-sandboxes",
    metavar="N",
    type=click.IntRange(1),
    help="At most so many beside the default one; the longest unused go. By default there is no limit.",
)
_CONTROL_TOKEN = click.option(
    "--control-token",
    metavar="TOKEN",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    help="What callers of /_mock must show; beyond loopback one is made when none is given.",
)
_CONTROL_HOST = click.option(
    "--control-host",
    metavar="NAME",
    multiple=True,
    help="A further host name by which /_mock may be called without a token; repeatable.",
)

#: Subcommands in modules of their own, imported when they are asked for.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "clock": "mockserver.commands.clock",
    "demo": "mockserver.commands.demo",
    "event": "mockserver.commands.event",
    "fault": "mockserver.commands.fault",
    "journal": "mockserver.commands.journal",
    "sandbox": "mockserver.commands.sandbox",
    "trace": "mockserver.commands.trace",
    "webhook": "mockserver.commands.webhook",
}


class Commands(click.Group):
    """Our own subcommands, and those that other packages bring by the entry point group ``tpmock.commands``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, without loading anything."""
        return sorted({*super().list_commands(ctx), *_ELSEWHERE, *(entry.name for entry in _of_others())})

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; the project's settings are the defaults of its options."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            ctx.default_map = {name: _defaults(name, command)}
        return name, command, rest

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command; another package is imported only when its command is asked for."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        if cmd_name in _ELSEWHERE:
            module = import_module(_ELSEWHERE[cmd_name])
            command: click.Command = getattr(module, cmd_name)
            return command
        for entry in _of_others().select(name=cmd_name):
            loaded: Any = entry.load()
            if isinstance(loaded, click.Command):
                return loaded
        return None


def _of_others() -> EntryPoints:
    # Late, as looking through what is installed takes as long as starting Python.
    from importlib.metadata import entry_points  # noqa: PLC0415

    return entry_points(group="tpmock.commands")


def _defaults(name: str, command: click.Command) -> dict[str, Any]:
    """What the settings of this folder and the environment say for a command, or for each command of a group."""
    try:
        settings = settings_file.read(Path.cwd(), os.environ)
    except settings_file.SettingsError as error:
        raise ImpossibleError(str(error)) from None
    given = settings.of_command(name)
    if "control_token" in settings.values:
        # How every command that steers a mock is handed it.
        os.environ.setdefault(TOKEN_VARIABLE, settings.values["control_token"])
    return dict.fromkeys(command.commands, given) if isinstance(command, click.Group) else given


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tpmock")
def tpmock() -> None:
    """A local Trustpilot and a local Segment, a real destination between them, and a contract test kit.

    Unofficial. Nothing leaves this machine.

    Example: tpmock up
    """


def _named_file(text: str) -> tuple[str, Path]:
    """``big=big.json``, or a file alone, which is the default sandbox's world."""
    named = re.fullmatch(r"([a-z0-9-]+)=(.+)", text)
    return (named[1], Path(named[2])) if named else ("default", Path(text))


@tpmock.command()
@_HOST
@_PORT
@click.option("--destination", metavar="URL", help="Where the default sandbox's Segment delivers events.")
@click.option(
    "--world",
    "worlds",
    metavar="[NAME=]FILE",
    multiple=True,
    help="A world file: without a name the default sandbox's, with one for sandboxes that ask for it; repeatable.",
)
@_STATE
@_MOST_SANDBOXES
@_CONTROL_TOKEN
@_CONTROL_HOST
@click.option("--json", "as_json", is_flag=True, help="Say by one JSON line that the mock is ready.")
def serve(
    host: str,
    port: int,
    destination: str | None,
    worlds: tuple[str, ...],
    state: Path | None,
    max_sandboxes: int | None,
    control_token: str | None,
    control_host: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Serve the mock alone: Trustpilot, Segment and the control API on one port.

    Example: tpmock serve --port 0 --json
    """
    from contracts.serving import PortTakenError  # noqa: PLC0415 - commands load what they need
    from mockserver.serve import Options, run  # noqa: PLC0415
    from mockserver.state_file import StateFileError  # noqa: PLC0415
    from mockserver.world_file import WorldFileError  # noqa: PLC0415

    options = Options(
        host,
        port,
        destination,
        worlds=dict(map(_named_file, worlds)),
        control_token=control_token,
        hosts=control_host,
        state=state,
        most_sandboxes=max_sandboxes,
        as_json=as_json,
    )
    try:
        sys.exit(run(options))
    except (PortTakenError, StateFileError, WorldFileError) as error:
        raise ImpossibleError(str(error)) from None


@tpmock.command()
@_HOST
@_PORT
@click.option(
    "--destination-port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)
@_STATE
@_MOST_SANDBOXES
@_CONTROL_TOKEN
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line once everything is ready.")
def up(
    host: str,
    port: int,
    destination_port: int,
    state: Path | None,
    max_sandboxes: int | None,
    control_token: str | None,
    *,
    as_json: bool,
) -> None:
    """Start everything: the mock, the bundled destination, and Segment wired between them.

    Example: tpmock up
    """
    from contracts.serving import STOPS, PortTakenError, reserved  # noqa: PLC0415 - commands load what they need
    from mockserver.up import StartFailedError, StoppedError, Up  # noqa: PLC0415

    options = [] if max_sandboxes is None else ["--max-sandboxes", str(max_sandboxes)]
    # Made here where none was given, as it is also what asks the mock for its credentials.
    token = control_token or (None if is_loopback(host) else secrets.token_urlsafe(24))
    try:
        # Both are known before either program starts, as each is told where the other is.
        with reserved(host, port) as mock_port, reserved(host, destination_port, "--destination-port") as other_port:
            everything = Up(host, mock_port, other_port, options, token, state)
    except PortTakenError as error:
        raise ImpossibleError(str(error)) from None
    for number in STOPS:
        signal.signal(number, everything.on_signal)
    try:
        with everything:
            click.echo(_ready_json(everything) if as_json else _ready_text(everything))
            sys.stdout.flush()
            code = everything.wait()
    except StoppedError:
        code = 0
    except StartFailedError as error:
        raise ImpossibleError(str(error)) from None
    sys.exit(code)


def _ready_json(everything: Up) -> str:
    return json.dumps(
        {
            "ready": True,
            "url": everything.url,
            "destination": everything.destination_url,
            "connect": everything.connect_url,
            "sandbox": everything.sandbox,
            **({"controlToken": everything.control_token} if everything.control_token else {}),
        }
    )


def first_order(url: str, write_key: str) -> str:
    """A line for a shell that sends an order through Segment."""
    event = {
        "userId": "customer-1",
        "event": "Order Completed",
        "properties": {"order_id": "1001", "email": "ada@example.com", "name": "Ada", "surname": "Example"},
    }
    return f"curl -s -u {write_key}: -H 'Content-Type: application/json' {url}/v1/track -d '{json.dumps(event)}'"


#: The login sends a customer back over https, or to this machine.
_NOT_HERE: Final = "not at this address: the login leads back to https or to this machine; --host 0.0.0.0 has both"


def _ready_text(everything: Up) -> str:
    url, credentials = everything.url, everything.sandbox["credentials"]
    shown = f"-H 'Authorization: Bearer {everything.control_token}' " if everything.control_token else ""
    lines = [
        "tpmock is ready. Unofficial; nothing leaves this machine. Ctrl-C ends it.",
        "",
        f"  Trustpilot, Segment   {url}",
        f"  Destination           {everything.destination_url}",
        f"  Connect a shop        {everything.connect_url or _NOT_HERE}",
        f"  Console               {url}/_mock/",
        *([f"  Control token         {everything.control_token}"] if everything.control_token else []),
        "",
        "Credentials of the default sandbox (as variables: tpmock env):",
        *(f"  {name:<18} {value}" for name, value in credentials.items()),
        "",
        "Send the first order:",
        f"  {first_order(url, credentials['writeKey'])}",
        "",
        "and see its invitation:",
        f"  curl -s {shown}{url}/_mock/sandboxes/default/invitations",
        "",
        "Where to look:",
        f"  why something was sent, or not   {url}/_mock/sandboxes/default/segment/deliveries",
        f"  every request and answer         {url}/_mock/sandboxes/default/journal",
        f"  how sure we are of each answer   {url}/_mock/coverage",
    ]
    return "\n".join(lines)


@tpmock.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="Address of the running mock.")
@click.option("--sandbox", default="default", show_default=True, help="Whose credentials.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["shell", "dotenv", "json"]),
    default="shell",
    show_default=True,
    help="For which reader.",
)
def env(url: str, sandbox: str, form: str) -> None:
    """Print addresses and credentials of a sandbox for other programs.

    Example: eval "$(tpmock env)"
    """
    from mockserver import environment  # noqa: PLC0415 - commands load what they need
    from mockserver.client import ControlClient, RefusedError, UnreachableError  # noqa: PLC0415

    try:
        values = environment.variables(ControlClient(url).sandbox(sandbox))
    except (UnreachableError, RefusedError) as error:
        raise ImpossibleError(str(error)) from None
    write = {"shell": environment.shell, "dotenv": environment.dotenv, "json": environment.as_json}[form]
    click.echo(write(values))


@tpmock.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as the control API has it.")
def coverage(*, as_json: bool) -> None:
    """Print every operation with its statuses and how sure we are of each.

    Example: tpmock coverage
    """
    from mockserver.control.process import coverage as rows  # noqa: PLC0415 - commands load what they need

    if as_json:
        click.echo(json.dumps({"operations": rows()}, indent=2))
        return
    for row in rows():
        click.echo(
            f"{row['operationId']}  {row['method']} {row['path']}  {'stateful' if row['stateful'] else 'static'}"
        )
        for response in row["responses"]:
            note = f"  {response['note']}" if "note" in response else ""
            click.echo(f"    {response['status']:<4} {response['evidence']:<14} {response['source']}{note}")


@tpmock.command()
@click.option("--reviews", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@click.option("--seed", default=0, show_default=True, help="Same seed: same world.")
@click.option("--locale", default="en_GB", show_default=True, help="Of names and texts, as Faker names it.")
@click.option(
    "--output", "-o", default="world.json", show_default=True, help="Where to.", type=click.Path(path_type=Path)
)
def seed(reviews: int, seed: int, locale: str, output: Path) -> None:
    """Write a world file with as many invented reviews as you like. Needs Faker: pip install 'tpmock[seed]'.

    Example: tpmock seed --reviews 100000 --seed 7 --locale da_DK -o big.json
    """
    from mockserver import world_file  # noqa: PLC0415 - commands load what they need

    try:
        from mockserver.seeding import Seeding  # noqa: PLC0415
    except ImportError:
        raise ImpossibleError("Faker is not installed: pip install 'tpmock[seed]'.") from None
    started = world_file.default()
    try:
        made = Seeding(dict(started.content), reviews, seed, locale)
    except AttributeError:
        raise ImpossibleError(f"Faker knows no locale {locale!r}: write en_GB, da_DK, sv_SE or the like.") from None
    with click.progressbar(length=1, label=f"{reviews:,} reviews", file=sys.stderr) as bar:
        text = world_file.write(world_file.WorldFile(started.own, started.shared, made.world()))
        bar.update(1)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ImpossibleError(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"{output}: {reviews:,} reviews. Serve it: tpmock serve --world {output}")


def main() -> None:
    """Run the command."""
    tpmock()
