"""``tpmock braze``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from tpmock.cli.errors import ImpossibleError, impossible
from tpmock.cli.remote import Remote, on_sandbox
from tpmock.common import compiled, package_data
from tpmock.common.installation import install_command
from tpmock.common.moments import parse_iso

if TYPE_CHECKING:
    from tpmock.cli.connected_content import Renderer

_READABLE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Placeholders of Braze's page about Trustpilot, with the credentials that replace them.
_PLACEHOLDERS: Final = (
    (r"\bAPI_KEY\b", "apiKey"),
    (r"\bAPI_SECRET\b", "apiSecret"),
    (r"(?<=business-units/)(?:[0-9a-f]*x{4,}|\{businessUnitId\})", "businessUnitId"),
    (r'(?<=")x{4,}(?=")', "apiKey"),
)

_event = click.option(
    "--event", "events", type=_READABLE, multiple=True, help="An event of Segment as JSON, or `-`; repeatable."
)


@click.group()
def braze() -> None:
    """Render Braze templates against the mock, and send a webhook campaign.

    Connected Content (Liquid) calls Trustpilot, which the mock answers. Needs the extra ``braze``.

    Example: tpmock braze render token.liquid
    """


@braze.command()
@click.argument("template", type=_READABLE)
@_event
@on_sandbox
def render(remote: Remote, template: Path, events: tuple[Path, ...]) -> None:
    """Render a Liquid template with Connected Content, once for each event.

    The placeholders of Braze's page (API_KEY, API_SECRET, xxxxx) become the sandbox's credentials.

    Example: tpmock braze render reviews.liquid --event event.json
    """
    with _renderer(remote) as (renderer, credentials):
        for event in _known(events):
            click.echo(renderer.render(filled(_text(template), credentials), event))


@braze.command()
@_event
@click.option("--body", type=_READABLE, help="Liquid template of the body. Default: order number, email and name.")
@click.option("--token", type=_READABLE, help="Liquid template of the access token. Default: client credentials.")
@on_sandbox
def send(remote: Remote, events: tuple[Path, ...], body: Path | None, token: Path | None) -> None:
    """Send the webhook campaign: an email invitation for each event.

    Example: tpmock braze send --event event.json
    """
    texts = compiled.content(package_data.path("texts", "braze.yaml"))
    with _renderer(remote) as (renderer, credentials):
        for event in _known(events):
            value = renderer.render(filled(_text(token) if token else texts["token"], credentials), event)
            content = renderer.render(filled(_text(body) if body else texts["body"], credentials), event)
            headers = {"Authorization": f"Bearer {value}", "Content-Type": "application/json"}
            answer = renderer.call("POST", texts["url"].format_map(credentials), headers, content)
            if not answer.ok:
                raise ImpossibleError(f"Trustpilot refused the invitation with {answer.status_code}: {answer.text}")
            click.echo(f"Invited. tpmock trace {_order(content)} shows the rest.")


@contextmanager
def _renderer(remote: Remote) -> Iterator[tuple[Renderer, Mapping[str, str]]]:
    try:
        import requests  # noqa: PLC0415 - commands load what they need
        from tpmock.cli import connected_content  # noqa: PLC0415 - Liquid is an extra
    except ImportError:
        raise ImpossibleError(f"Liquid is not installed. Run: {install_command('braze')}") from None
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - likewise

    sandbox = remote.call("GET", "")
    account = connected_content.Account(
        api=sandbox["urls"]["mock"],
        now=lambda: parse_iso(remote.call("GET", "/clock")["now"]) or 0.0,
        wait=lambda span: remote.call("POST", "/clock/advance", {"by": f"PT{span}S"}),
        told=lambda line: click.echo(line, err=True),
    )
    with requests.Session() as session, impossible(connected_content.BrazeError, LiquidError):
        session.trust_env = False
        yield connected_content.Renderer(account, session), sandbox["credentials"]


def filled(template: str, credentials: Mapping[str, str]) -> str:
    """Return a template of Braze's page with the sandbox's values in place of its placeholders."""
    for pattern, name in _PLACEHOLDERS:
        template = re.sub(pattern, credentials[name], template)
    return template


def _text(file: Path) -> str:
    with impossible(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8")


def _known(events: tuple[Path, ...]) -> Iterator[dict[str, Any]]:
    """Return the Liquid variables of each event, by Braze's names; one empty set without events."""
    for file in events:
        try:
            event = json.loads(_text(file))
        except ValueError as error:
            raise ImpossibleError(f"{file} is not valid JSON: {error}.") from None
        if not isinstance(event, dict):
            raise ImpossibleError(f"{file} is not an event: expected a JSON object.")
        properties = event.get("properties") or {}
        traits = {**((event.get("context") or {}).get("traits") or {}), **(event.get("traits") or {})}
        yield {
            "event_name": event.get("event"),
            "event_properties": properties,
            "custom_attribute": traits,
            "user_id": event.get("userId"),
            "email_address": properties.get("email") or traits.get("email"),
            "first_name": properties.get("name") or traits.get("first_name"),
            "last_name": properties.get("surname") or traits.get("last_name"),
        }
    if not events:
        yield {}


def _order(content: str) -> str:
    """Return the order number in a body; empty without one."""
    try:
        return str(json.loads(content)["referenceNumber"])
    except (ValueError, KeyError, TypeError):
        return ""
