"""A shop is connected by the partner flow: first every wrong way, then the right one."""

from __future__ import annotations

import html
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

import requests

from mockserver.demo.stage import DESTINATION, Cells, Outcome, Stage, Table, called, query

#: Shops of the default world, and what is wrong with each.
_SHOPS: Final = (
    ("nobody.test", "A domain nobody knows"),
    ("free.example.com", "A shop without a paid plan"),
    ("switched-off.example.com", "A shop whose owner switched partners off"),
    ("foreign.example.com", "A shop that belongs to another partner"),
)
#: Where a page says why it goes no further.
_ALERT: Final = re.compile(r'role="alert">([^<]+)<')
#: The calls of the partner instructions, in their order, by what they are called there.
STEPS: Final = (
    ("createAccessToken", "Step 2: the partner's access token"),
    ("findBusinessUnit", "Step 3: the business unit of the domain"),
    ("checkPartnerEligibility", "Step 4: permission and eligibility"),
    ("createPartnerCustomerKey", "Step 5: keys for this customer"),
)


def _said(answer: requests.Response) -> str:
    """The message of an answer, which may be a page; empty when there is none."""
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        found = _ALERT.search(answer.text)
        return html.unescape(found[1]) if found else ""


def play_wrong_ways(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """Nothing of this connects anybody."""
    begun = stage.newest()
    outcome = Outcome()
    rows: list[Cells] = [(what, domain, *_refusal(stage.act("connect", {"domain": domain}))) for domain, what in _SHOPS]
    rows += _at_the_login(stage)
    outcome.tables.append(
        Table("What the customer is told", ("What is wrong", "Tried with", "Status", "Message"), rows)
    )
    outcome.exchanges = stage.exchanges(begun)
    keys = called(outcome.exchanges, "createPartnerCustomerKey")
    refused = [row for row in rows if row[2].startswith(("4", "5"))]
    outcome.see(f"{len(refused)} of {len(rows)} wrong ways were refused.", good=len(refused) == len(rows))
    silent = [row for row in rows if not row[3]]
    outcome.see("Every refusal says what to do." if not silent else "A refusal says nothing.", good=not silent)
    # A login was begun for the right shop alone, which is connected next.
    outcome.see(
        f"Keys were made for {len(keys)} customer{'s' * (len(keys) != 1)}: the eligible one, before its login.",
        good=len(keys) <= 1,
    )
    return outcome


def _refusal(answer: requests.Response) -> tuple[str, str]:
    return str(answer.status_code), _said(answer)


def _at_the_login(stage: Stage) -> list[Cells]:
    """What can go wrong once the customer stands at Trustpilot's login."""
    begun = stage.act("connect", {"domain": stage.known["domain"]})
    begun.raise_for_status()
    login = str(begun.json()["login"])
    parts = urlsplit(login)
    elsewhere = {**query(login), "redirect_uri": "https://elsewhere.example.com/callback"}
    wrong = stage.log_in(f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(elsewhere)}")
    rows: list[Cells] = [
        ("A redirect that is not registered", "https://elsewhere.example.com/callback", *_refusal(wrong))
    ]
    password = stage.log_in(login, password="not-the-password")  # noqa: S106 - which is the point
    rows.append(("A wrong password", stage.known["username"], *_refusal(password)))
    state = query(login)["state"]
    answers = (
        ("The customer says no", {"state": state, "error": "access_denied"}),
        ("An answer nobody asked for", {"state": "made-up", "code": "made-up"}),
    )
    for what, body in answers:
        answer = stage.act("authorize", body)
        rows.append((what, ", ".join(body), *_refusal(answer)))
    return rows


def play_right_way(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """The whole way, and the key is pasted into Segment."""
    begun = stage.newest()
    outcome = Outcome()
    connect = stage.act("connect", {"domain": stage.known["domain"]})
    outcome.see(f"Domain and eligibility: {_said(connect)}", good=connect.status_code == HTTPStatus.OK)
    back = query(stage.log_in(str(connect.json()["login"])).headers["Location"])
    finished = stage.act("authorize", {name: back[name] for name in ("code", "state")})
    outcome.see(f"Login and code: {_said(finished)}", good=finished.status_code == HTTPStatus.CREATED)
    key = str(finished.json()["integrationKey"])
    stage.kept["integrationKey"] = key
    segment = f"/segment/destinations/{DESTINATION}"
    stage.bench("PUT", segment, {"url": stage.place.destination, "settings": {"apiKey": key}})
    outcome.see("The integration key is pasted into Segment, as the destination's API Key.")
    outcome.exchanges = stage.exchanges(begun)
    outcome.tables.append(Table("The partner instructions, call by call", ("Step", "Call", "Status"), _calls(outcome)))
    check = called(outcome.exchanges, "checkPartnerEligibility")
    outcome.see("The check was answered with 201, which means yes.", good=[one["status"] for one in check] == [201])
    return outcome


def _calls(outcome: Outcome) -> list[Cells]:
    names = dict(STEPS)
    return [
        (
            names.get(entry["operation"], "Step 6: the customer's login"),
            f"{entry['method']} {entry['url']}",
            str(entry["status"]),
        )
        for entry in outcome.exchanges
        if entry["direction"] == "in"
    ]
