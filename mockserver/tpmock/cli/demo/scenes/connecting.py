"""Connecting a shop through the partner flow: first each failure, then the success."""

from __future__ import annotations

import html
import json
import re
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from tpmock.cli.demo.artefacts import Cells, Fields, Grid, SceneResult, Tone
from tpmock.cli.demo.context import DESTINATION, WORDS, DemoContext, Row, called, query
from tpmock.cli.demo.scenes.pieces import login_page
from tpmock.console.views import counted

#: Where a page shows its error message.
_ALERT: Final = re.compile(r'role="alert">([^<]+)<')
_REFUSALS: Final = ("What is wrong", "Status", "Message to the customer")
_STEPS: Final = WORDS["steps"]
#: Maximum number of characters of a value.
_FITS: Final = 24
#: The OAuth login, which is not an operation of an API document.
_LOGIN: Final = "login"


def _said(answer: requests.Response) -> str:
    """Return the message of a response, which may be a page; empty if it has none."""
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        found = _ALERT.search(answer.text)
        return html.unescape(found[1]) if found else ""


def play_wrong_ways(context: DemoContext) -> SceneResult:
    """Run every failing attempt to connect."""
    result = context.begin()
    shops: list[Cells] = [
        (what, *_refusal(context.act("connect", {"domain": domain}))) for domain, what in WORDS["shops"].items()
    ]
    result.slide("Before the login: no keys, no connection, and a message that says what to do", _grid(shops))
    _judge(result, shops)
    begun = context.act("connect", {"domain": context.known["domain"]})
    begun.raise_for_status()
    login = str(begun.json()["login"])
    password = context.log_in(login, password="not-the-password")  # noqa: S106 - which is the point
    at_login = _at_the_login(context, login, password)
    page = login_page("Trustpilot's page, after a wrong password", login, password.text)
    result.slide("At the login: four ways that fail", page, _grid(at_login))
    _judge(result, at_login)
    result.exchanges = context.exchanges()
    keys = called(result.exchanges, "createPartnerCustomerKey")
    # A login was started for the right shop only, which is connected next.
    result.note(
        f"Keys were made for {counted(len(keys), 'customer')}: the eligible one, before its login.", ok=len(keys) <= 1
    )
    context.kept["partner-token"] = _partner_tokens(result.exchanges)
    result.table("Messages to the customer", _REFUSALS, [*shops, *at_login])
    return result


def _grid(rows: list[Cells]) -> Grid:
    tones: list[Tone] = ["good" if _refused(row) and row[2] else "bad" for row in rows]
    return Grid("", _REFUSALS, rows, tones)


def _refused(row: Cells) -> bool:
    return row[1].startswith(("4", "5"))


def _judge(result: SceneResult, rows: list[Cells]) -> None:
    refused, silent = [row for row in rows if _refused(row)], [row for row in rows if not row[2]]
    result.note(f"{len(refused)} of {len(rows)} were refused.", ok=len(refused) == len(rows))
    result.note("Every refusal has a message." if not silent else "A refusal has no message.", ok=not silent)


def _refusal(answer: requests.Response) -> tuple[str, str]:
    return str(answer.status_code), _said(answer)


def _at_the_login(context: DemoContext, login: str, password: requests.Response) -> list[Cells]:
    """Failures at Trustpilot's login page, and after it."""
    parts = urlsplit(login)
    elsewhere = {**query(login), "redirect_uri": "https://elsewhere.example.com/callback"}
    wrong = context.log_in(f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(elsewhere)}")
    rows: list[Cells] = [
        ("A wrong password", *_refusal(password)),
        ("A redirect that is not registered", *_refusal(wrong)),
    ]
    answers = (
        ("The customer declines", {"state": query(login)["state"], "error": "access_denied"}),
        ("An unsolicited callback", {"state": "made-up", "code": "made-up"}),
    )
    return rows + [(what, *_refusal(context.act("authorize", body))) for what, body in answers]


def play_right_way(context: DemoContext) -> SceneResult:
    """Connect the shop, and paste the key into Segment."""
    result = context.begin()
    connect = context.act("connect", {"domain": context.known["domain"]})
    login = str(connect.json()["login"])
    page = login_page("Trustpilot's page: the password is typed here only", login, context.request("GET", login).text)
    back = query(context.log_in(login).headers["Location"])
    finished = context.act("authorize", {name: back[name] for name in ("code", "state")})
    result.exchanges = context.exchanges()
    result.slide("The customer sees one page of Trustpilot, and comes back with a code", page, _way_back(back))
    result.note(f"Domain and eligibility: {_said(connect)}", ok=connect.status_code == HTTPStatus.OK)
    result.note(f"Login and code: {_said(finished)}", ok=finished.status_code == HTTPStatus.CREATED)
    password = str(context.known["password"])
    seen = [entry for entry in result.exchanges if entry["direction"] == "out" and password in json.dumps(entry)]
    result.note("The integration never saw the password.", ok=not seen)
    _show_steps(context, result)
    _paste_key(context, result, finished.json())
    return result


def _way_back(back: dict[str, str]) -> Fields:
    rows = [(name, value if len(value) <= _FITS else f"{value[: _FITS - 1]}…") for name, value in back.items()]
    return Fields("The redirect that brings the customer back, once", rows)


def _show_steps(context: DemoContext, result: SceneResult) -> None:
    """Show the calls by the steps of the partner instructions, and check that they came in that order."""
    calls = [(_step(entry), entry) for entry in result.exchanges if entry["direction"] == "in"]
    steps = [(step, entry) for step, entry in calls if step]
    numbers = [_STEPS[step]["number"] for step, _ in steps]
    rows: list[Cells] = [_row(step, entry) for step, entry in steps]
    if "partnerToken" not in [step for step, _ in steps]:
        # The token lives for 100 hours: the attempts before this one made it.
        earlier = context.kept.get("partner-token") or []
        rows = [(*_row("partnerToken", entry)[:2], f"{entry['status']}, reused") for entry in earlier[:1]] + rows
    headings = ("Step", "Call", "Status")
    tones: list[Tone] = ["good" if row[2][:1] in "23" else "bad" for row in rows]
    result.slide("The partner instructions, step by step", Grid("", headings, rows, tones))
    result.note("The calls came in the order of the instructions.", ok=numbers == sorted(numbers) and bool(numbers))
    check = called(result.exchanges, "checkPartnerEligibility")
    result.note("The check answered 201, which means eligible.", ok=[one["status"] for one in check] == [201])
    result.table("Requests of the partner instructions", headings, rows)


def _row(step: str, entry: Row) -> Cells:
    named = _STEPS[step]
    place = urlsplit(str(entry["url"])).path
    return f"{named['number']}. {named['name']}", f"{entry['method']} {place}", str(entry["status"])


def _step(entry: Row) -> str:
    """Return the step of the instructions that a call belongs to; empty for none."""
    operation = str(entry["operation"] or "")
    if operation in {"createAccessToken", "refreshAccessToken"}:
        return "customerToken" if _grant(entry) == "authorization_code" else "partnerToken"
    if operation in _STEPS:
        return operation
    return _LOGIN if "client_id" in query(str(entry["url"])) and entry["method"] == "POST" else ""


def _grant(entry: Row) -> str:
    body: Any = entry["request"]["body"]
    if isinstance(body, dict):
        return str(body.get("grant_type", ""))
    return next(iter(parse_qs(str(body or "")).get("grant_type", [])), "")


def _partner_tokens(exchanges: list[Row]) -> list[Row]:
    return [entry for entry in exchanges if entry["direction"] == "in" and _step(entry) == "partnerToken"]


def _paste_key(context: DemoContext, result: SceneResult, finished: Row) -> None:
    """Paste the integration key into Segment, if the program made one for this customer."""
    key = finished.get("integrationKey")
    if key is None:
        result.note("The program made no key for this customer; Segment keeps the operator's.")
        return
    context.kept["integrationKey"] = str(key)
    settings = {"url": context.destination, "settings": {"apiKey": str(key)}}
    context.control_api("PUT", f"/segment/destinations/{DESTINATION}", settings)
    result.note("The integration key was pasted into Segment, as the destination's API Key.")
