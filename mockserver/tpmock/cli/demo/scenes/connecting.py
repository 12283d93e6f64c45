"""Connecting a shop through the partner flow: first each failure, then the success."""

from __future__ import annotations

import html
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

import requests
from tpmock.cli.demo.context import DESTINATION, WORDS, Cells, DemoContext, SceneResult, called, query
from tpmock.console.views import counted

#: Where a page shows its error message.
_ALERT: Final = re.compile(r'role="alert">([^<]+)<')


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
    rows: list[Cells] = [
        (what, domain, *_refusal(context.act("connect", {"domain": domain}))) for domain, what in WORDS["shops"].items()
    ]
    rows += _at_the_login(context)
    result.table("Messages to the customer", ("What is wrong", "Tried with", "Status", "Message"), rows)
    result.exchanges = context.exchanges()
    keys = called(result.exchanges, "createPartnerCustomerKey")
    refused = [row for row in rows if row[2].startswith(("4", "5"))]
    result.note(f"{len(refused)} of {len(rows)} failing attempts were refused.", ok=len(refused) == len(rows))
    silent = [row for row in rows if not row[3]]
    result.note("Every refusal says what to do next." if not silent else "A refusal has no message.", ok=not silent)
    # A login was started for the right shop only, which is connected next.
    result.note(
        f"Keys were made for {counted(len(keys), 'customer')}: the eligible one, before its login.", ok=len(keys) <= 1
    )
    return result


def _refusal(answer: requests.Response) -> tuple[str, str]:
    return str(answer.status_code), _said(answer)


def _at_the_login(context: DemoContext) -> list[Cells]:
    """Failures at Trustpilot's login page."""
    begun = context.act("connect", {"domain": context.known["domain"]})
    begun.raise_for_status()
    login = str(begun.json()["login"])
    parts = urlsplit(login)
    elsewhere = {**query(login), "redirect_uri": "https://elsewhere.example.com/callback"}
    wrong = context.log_in(f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(elsewhere)}")
    rows: list[Cells] = [
        ("A redirect that is not registered", "https://elsewhere.example.com/callback", *_refusal(wrong))
    ]
    password = context.log_in(login, password="not-the-password")  # noqa: S106 - which is the point
    rows.append(("A wrong password", context.known["username"], *_refusal(password)))
    state = query(login)["state"]
    answers = (
        ("The customer declines", {"state": state, "error": "access_denied"}),
        ("An unsolicited callback", {"state": "made-up", "code": "made-up"}),
    )
    for what, body in answers:
        answer = context.act("authorize", body)
        rows.append((what, ", ".join(body), *_refusal(answer)))
    return rows


def play_right_way(context: DemoContext) -> SceneResult:
    """Connect the shop, and paste the key into Segment."""
    result = context.begin()
    connect = context.act("connect", {"domain": context.known["domain"]})
    result.note(f"Domain and eligibility: {_said(connect)}", ok=connect.status_code == HTTPStatus.OK)
    back = query(context.log_in(str(connect.json()["login"])).headers["Location"])
    finished = context.act("authorize", {name: back[name] for name in ("code", "state")})
    result.note(f"Login and code: {_said(finished)}", ok=finished.status_code == HTTPStatus.CREATED)
    key = str(finished.json()["integrationKey"])
    context.kept["integrationKey"] = key
    segment = f"/segment/destinations/{DESTINATION}"
    context.control_api("PUT", segment, {"url": context.destination, "settings": {"apiKey": key}})
    result.note("The integration key is pasted into Segment, as the destination's API Key.")
    result.exchanges = context.exchanges()
    result.table("Requests of the partner instructions", ("Step", "Call", "Status"), _calls(result))
    check = called(result.exchanges, "checkPartnerEligibility")
    result.note("The check returned 201, which means eligible.", ok=[one["status"] for one in check] == [201])
    return result


def _calls(result: SceneResult) -> list[Cells]:
    names = WORDS["steps"]
    return [
        (
            names.get(entry["operation"], "Step 6: the customer's login"),
            f"{entry['method']} {entry['url']}",
            str(entry["status"]),
        )
        for entry in result.exchanges
        if entry["direction"] == "in"
    ]
