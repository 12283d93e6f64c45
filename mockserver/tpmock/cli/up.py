"""``tpmock up``."""

from __future__ import annotations

import json
import secrets
import shlex
import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from tpmock.cli.errors import impossible
from tpmock.cli.server_options import PublicUrl, arguments, listening_options, mock_options
from tpmock.common.loopback import is_loopback
from tpmock.console import ROOT as CONSOLE
from tpmock.console import sign_in_path

if TYPE_CHECKING:
    from tpmock.server.up import Up


@click.command()
@listening_options
@click.option(
    "--destination-port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)
@click.option(
    "--public-destination-url",
    metavar="URL",
    type=PublicUrl(),
    help="Address at which browsers reach the destination, if it differs, such as a published port of a container.",
)
@mock_options
@click.option("--quiet", is_flag=True, help="Do not write a line for each request.")
@click.option("--json", "as_json", is_flag=True, help="Print only one JSON line, when everything is ready.")
def up(
    host: str,
    port: int,
    destination_port: int,
    public_destination_url: str | None,
    state: Path | None,
    control_token: str | None,
    tls_port: int | None,
    *,
    tls: bool,
    quiet: bool,
    as_json: bool,
    **of_the_mock: Any,
) -> None:
    """Start the mock and the bundled destination, connected to each other.

    Example: tpmock up
    """
    from tpmock.common.running_mocks import Announcement  # noqa: PLC0415 - commands load what they need
    from tpmock.common.serving import STOPS, PortTakenError, address, reserved  # noqa: PLC0415 - commands load what they need
    from tpmock.server.serve import PORT_OPTION  # noqa: PLC0415
    from tpmock.server.up import Public, StartFailedError, StoppedError, Up  # noqa: PLC0415
    from tpmock.tls.errors import AuthorityError  # noqa: PLC0415

    options = arguments({**of_the_mock, "log": None if quiet or as_json else "text"})
    # Generated here if none was given, because this command asks the mock for its credentials too.
    token = control_token or (None if is_loopback(host) else secrets.token_urlsafe(24))
    with (
        impossible(AuthorityError, PortTakenError),
        ExitStack() as stack,
        # All are known before either program starts, because each needs the other's address.
        reserved(host, port, PORT_OPTION) as mock_port,
        reserved(host, destination_port, "--destination-port or TPMOCK_DESTINATION_PORT") as other_port,
    ):
        secure = None if tls_port is None else stack.enter_context(reserved(host, tls_port, "--tls-port"))
        trusted = _authority() if tls or secure is not None else None
        options += [] if secure is None else ["--tls-port", str(secure)]
        public = Public(of_the_mock["public_url"], public_destination_url)
        everything = Up(
            host, mock_port, other_port, options, token, state, trusted=trusted if tls else None, public=public
        )
    for number in STOPS:
        signal.signal(number, everything.on_signal)
    code = 0
    with impossible(StartFailedError), suppress(StoppedError), everything, ExitStack() as stack:
        stack.callback((announcement := Announcement.of_this_process()).withdraw)
        announcement.write(everything.url, token, lambda sentence: click.echo(sentence, err=True))
        tls_url = None if secure is None else address(host, secure, tls=True)
        click.echo(_ready_json(everything, tls_url) if as_json else _ready_text(everything, tls_url, trusted))
        sys.stdout.flush()
        code = everything.wait()
    sys.exit(code if everything.kept else code or 1)


def _authority() -> Path | None:
    """Return the certificate of the local authority, which is created if missing."""
    from tpmock.tls.authority import AuthorityFolder  # noqa: PLC0415 - only for those who speak TLS

    return AuthorityFolder().get(lambda sentence: click.echo(sentence, err=True)).file


def _ready_json(everything: Up, tls_url: str | None) -> str:
    return json.dumps(
        {
            "ready": True,
            "url": everything.url,
            **({"tlsUrl": tls_url} if tls_url else {}),
            "destination": everything.destination_url,
            "connect": everything.connect_url,
            "sandbox": everything.sandbox,
            **({"controlToken": everything.control_token} if everything.control_token else {}),
        }
    )


def first_order(url: str, write_key: str, curl: str = "curl -s") -> str:
    """Return a shell command that sends an order to Segment.

    :param curl: the command, with options that every call needs
    """
    event = {
        "userId": "customer-1",
        "event": "Order Completed",
        "properties": {"order_id": "1001", "email": "ada@example.com", "name": "Ada", "surname": "Example"},
    }
    return f"{curl} -u {write_key}: -H 'Content-Type: application/json' {url}/v1/track -d '{json.dumps(event)}'"


#: The login redirects only to https, or to this machine.
_NOT_HERE: Final = "not at this address: the login redirects only to https or to this machine; --host 0.0.0.0 has both"


def _ready_text(everything: Up, tls_url: str | None, trusted: Path | None) -> str:
    url, credentials = everything.public_url, everything.sandbox["credentials"]
    token = everything.control_token
    shown = f"-H 'Authorization: Bearer {token}' " if token else ""
    curl = f"curl -s --cacert {shlex.quote(str(trusted))}" if url.startswith("https:") else "curl -s"
    lines = [
        "tpmock is ready. Unofficial; no data leaves this machine. Press Ctrl-C to stop.",
        "",
        f"  Trustpilot, Segment   {url}",
        *([f"  the same over HTTPS   {tls_url}"] if tls_url else []),
        *([f"  Trust for HTTPS       {trusted}"] if trusted else []),
        f"  Destination           {everything.destination_url}",
        f"  Connect a shop        {everything.connect_url or _NOT_HERE}",
        f"  Console               {url}{sign_in_path(token) if token else '/_mock/'}",
        f"  Destination's log     {everything.log('destination')}",
        *([f"  Control token         {token}"] if token else []),
        "",
        "Credentials of the default sandbox (as variables: tpmock env):",
        *(f"  {name:<18} {value}" for name, value in credentials.items()),
        "",
        "Send the first order:",
        f"  {first_order(url, credentials['writeKey'], curl)}",
        "",
        "and see its invitation:",
        f"  {curl} {shown}{url}/_mock/sandboxes/default/invitations",
        "",
        "Where to look:",
        f"  why an order got no invitation   {url}{CONSOLE}/default/orders/",
        f"  every request and answer         {url}{CONSOLE}/default/requests/",
        f"  how sure we are of each answer   {url}/_mock/coverage",
    ]
    return "\n".join(lines)
