"""``tpmock run``."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tpmock.cli.errors import impossible
from tpmock.cli.remote import SANDBOX_VARIABLE, URL_VARIABLE, until_ended
from tpmock.common.control_client import ControlClient, RefusedError, UnreachableError
from tpmock.core import settings_file

if TYPE_CHECKING:
    from tpmock.run.session import Session


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--url", envvar=URL_VARIABLE, show_envvar=True, help="Use this running mock. Default: start one.")
@click.option(
    "--sandbox",
    envvar=SANDBOX_VARIABLE,
    show_envvar=True,
    help="Use this sandbox. Default: with --url a new one, removed at the end; otherwise the only "
    "sandbox of the started mock.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    metavar="HOST",
    multiple=True,
    help="Allow the program to call this host too, or all hosts of a domain: *.example.com; repeatable.",
)
@click.option("--allow-network", is_flag=True, help="Allow the program to call all hosts except the vendors' own.")
@click.option(
    "--watch/--no-watch",
    default=True,
    show_default=True,
    help="On Linux, check each connection in the kernel, including programs that bypass the proxy.",
)
@click.option(
    "--print-env", is_flag=True, help="Do not run a program: print the variables for a shell, and serve until Ctrl-C."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def run(
    url: str | None,
    sandbox: str | None,
    allow_hosts: tuple[str, ...],
    command: tuple[str, ...],
    *,
    allow_network: bool,
    watch: bool,
    print_env: bool,
) -> None:
    """Run any program against a mock, without changing it.

    Trustpilot's and Segment's real host names lead to the mock, over HTTPS, only for this program and its children.
    All other hosts are refused unless you allow them. A summary per host is printed at the end; the exit code is the
    program's.

    Example: tpmock run -- curl https://api.trustpilot.com/v1/categories
    """
    from tpmock.run.policy import Policy  # noqa: PLC0415 - commands load what they need

    if bool(command) == print_env:
        raise click.UsageError(
            "Give a program, for example: tpmock run -- node app.js. Or use --print-env without a program."
        )
    policy = Policy(allow_hosts, allow_network, dict(os.environ))
    with impossible(UnreachableError, RefusedError), _session(url, sandbox, policy) as session:
        code = _serve(session) if print_env else _run(session, command, watch=watch)
        if not print_env:
            _report(session)
    sys.exit(code)


def _say(sentence: object) -> None:
    click.echo(f"tpmock run: {sentence}", err=True)


@contextmanager
def _session(url: str | None, sandbox: str | None, policy: Any) -> Iterator[Session]:
    from tpmock.run.own_mock import NoMockError, OwnMock  # noqa: PLC0415 - commands load what they need
    from tpmock.run.session import Session  # noqa: PLC0415
    from tpmock.tls.authority import authority  # noqa: PLC0415

    signer = authority(_say).authority
    if url is not None:
        client = ControlClient(url)
        with _sandbox(client, sandbox) as described:
            trusted = _trusted(url)
            with Session(signer, described, policy, trusted=trusted) as session:
                yield session
        return
    with impossible(NoMockError), OwnMock(settings_file.read(Path.cwd(), os.environ).worlds) as mock:
        # In a mock of this run, the sandbox with the documentation's credentials has no other user.
        described = ControlClient(mock.url, "").sandbox(sandbox or "default")
        with Session(signer, described, policy) as session:
            yield session


@contextmanager
def _sandbox(client: ControlClient, name: str | None) -> Iterator[dict[str, Any]]:
    if name is not None:
        yield client.sandbox(name)
        return
    made = dict(client.call("POST", "/sandboxes", {}))
    try:
        yield made
    finally:
        with suppress(RefusedError):  # the program removed it itself
            client.call("DELETE", f"/sandboxes/{made['id']}")


def _trusted(url: str) -> ssl.SSLContext | None:
    from tpmock.common.user_folder import authority_certificate  # noqa: PLC0415

    return ssl.create_default_context(cafile=authority_certificate()) if url.startswith("https://") else None


def _run(session: Session, command: tuple[str, ...], *, watch: bool) -> int:
    from tpmock.run import program  # noqa: PLC0415

    with ExitStack() as stack:
        chosen = session.watch() if watch else None
        if chosen is not None:
            stack.callback(chosen.close)
        try:
            code, unwatched = program.run(command, {**os.environ, **session.variables}, chosen)
        except program.CannotStartError as error:
            _say(error)
            return error.code
    if chosen is None or unwatched:
        reason = unwatched or ("--no-watch" if not watch else "that takes Linux")
        _say(f"requests that bypass the proxy were not checked ({reason})")
    return code


def _serve(session: Session) -> int:
    from tpmock.common.environment import shell  # noqa: PLC0415

    ended = until_ended()
    click.echo(shell(session.variables))
    sys.stdout.flush()
    _say("programs with these variables use this mock until Ctrl-C.")
    ended.wait()
    _report(session)
    return 0


def _report(session: Session) -> None:
    lines = session.outcomes.lines()
    for line in lines:
        _say(line)
    if not lines:
        _say("no request went through the proxy")
