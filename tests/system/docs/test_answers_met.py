"""Every answer of the bundled destination that the page of messages lists can be met.

The destination and the mock run in this process; requests between them are calls of the mock's WSGI application.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from tpmock.common.request_limits import RequestLimits
from tpmock.core.help_pages import pattern
from tpmock.destination.config import DATABASE_URL, DestinationSettings
from tpmock.destination.service.key_guesses import FREE
from tpmock.destination.service.onboarding import MOST_LOGINS_OF_A_BROWSER
from tpmock.destination.storage.vault import new_key
from tpmock.destination.web.app import create_app
from tpmock.destination.web.json_api import LONGEST_BODY
from werkzeug.test import Client, TestResponse

from tests.destination.conftest import KEY, Subject, order_completed
from tests.destination.happenings import HOME, Copy, Loss, Wire
from tests.destination.onboarding import query
from tests.support import troubleshooting
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest

MESSAGES: Final = {
    name: message for chapter in troubleshooting.destination_messages().values() for name, message in chapter.items()
}
BELOW_MANAGER: Final = "5f1d2c3b4a59687706152435"
#: The number of the request of a service's first order, after the one for a token.
INVITATION: Final = 1


class Service(Subject):
    """One copy of the destination, whose requests to Trustpilot go to the mock or get lost."""

    def __init__(self, mock: InProcess, environment: dict[str, str]) -> None:
        super().__init__(create_app(DestinationSettings.from_environment(environment)))
        wire = Wire(mock.mock)
        self.copy = wire.copy = Copy(self.destination)
        self.destination.store.session.mount("http://", wire)

    def act(self, action: str, body: object = None, key: str = KEY) -> TestResponse:
        """An action of the API for onboarding."""
        return self.post(body or {}, path=f"/actions/{action}", key=key)


class Desk:
    """A sandbox, and the copies of the destination that a test opens over one database."""

    def __init__(self, mock: InProcess, judge: Judge, folder: Path) -> None:
        self._mock = mock
        self._services: list[Service] = []
        self.folder = folder
        self.sandbox = SandboxUnderTest(mock, judge)
        known = self.sandbox.credentials
        self._environment = {
            "INTEGRATION_KEY": KEY,
            "TRUSTPILOT_API_URL": HOME,
            "TRUSTPILOT_INVITATIONS_API_URL": HOME,
            "TRUSTPILOT_AUTHENTICATE_URL": HOME,
            "TRUSTPILOT_API_KEY": known["apiKey"],
            "TRUSTPILOT_API_SECRET": known["apiSecret"],
            "TRUSTPILOT_BUSINESS_UNIT_ID": known["businessUnitId"],
            "TRUSTPILOT_BUSINESS_USER_ID": known["businessUserId"],
            "TRUSTPILOT_PARTNER_ID": known["partnerId"],
            "TRUSTPILOT_PARTNER_API_KEY": known["partnerApiKey"],
            "TRUSTPILOT_PARTNER_API_SECRET": known["partnerApiSecret"],
            "TRUSTPILOT_PARTNER_USERNAME": known["partnerUsername"],
            "TRUSTPILOT_PARTNER_PASSWORD": known["partnerPassword"],
            "OAUTH_REDIRECT_URI": "http://127.0.0.1/callback",
            "ENCRYPTION_KEYS": new_key(),
            "OUTCOME_FOLDER": str(folder / "outcomes"),
            DATABASE_URL: f"sqlite:///{folder}/destination.db",
        }

    def service(self, **changes: str) -> Service:
        """Open a copy; an empty value of ``changes`` takes a variable away."""
        self._services.append(Service(self._mock, self._environment | changes))
        return self._services[-1]

    def fault(self, fault: str) -> None:
        """Add a fault to the sandbox, in the one-line syntax; an empty one adds none."""
        if fault:
            self.sandbox.control("POST", "/faults", {"fault": fault})

    def close(self) -> None:
        for service in self._services:
            service.close()
        self.sandbox.control("DELETE", "")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="module")
def mock() -> Iterator[InProcess]:
    opened = InProcess()
    yield opened
    opened.close()


@pytest.fixture
def desk(mock: InProcess, judge: Judge, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(mock, judge, tmp_path)
    yield made
    made.close()


Provoke = Callable[[Desk], TestResponse]


def members(answer: TestResponse) -> dict[str, str]:
    """The JSON object in an answer."""
    found: dict[str, str] = json.loads(answer.text)
    return found


# --- orders and deletions ---------------------------------------------------------------------------------------------


def of_user(number: int = 1) -> dict[str, Any]:
    return {**order_completed(number), "userId": "customer-1"}


def deletion(**changes: object) -> dict[str, Any]:
    return {"type": "delete", "userId": "customer-1", "context": [], "integrations": [], **changes}


def posted(*events: object, fault: str = "", **environment: str) -> Provoke:
    """Deliver events, the last one with a fault at Trustpilot."""

    def provoke(desk: Desk) -> TestResponse:
        service = desk.service(**environment)
        for event in events[:-1]:
            assert service.post(event).status_code == 200
        desk.fault(fault)
        return service.post(events[-1])

    return provoke


def ordered(fault: str = "", **environment: str) -> Provoke:
    return posted(order_completed(), fault=fault, **environment)


def sent(**options: Any) -> Provoke:
    """One request for an order that is wrong as HTTP."""
    return lambda desk: desk.service().post(order_completed(), **options)


def lost(kind: str, **environment: str) -> Provoke:
    """Lose the invitation request of an order."""

    def provoke(desk: Desk) -> TestResponse:
        service = desk.service(**environment)
        service.copy.begin(lambda _step, _after: None, Loss(INVITATION, kind))
        return service.post(order_completed())

    return provoke


def meanwhile(event: object) -> Provoke:
    """Deliver an event while an order's invitation is being requested."""

    def provoke(desk: Desk) -> TestResponse:
        service, answers = desk.service(), list[TestResponse]()

        def reached(step: int, after: bool) -> None:  # noqa: FBT001 - the signature of a copy's steps
            if step == INVITATION and not after:
                answers.append(service.post(event))

        service.copy.begin(reached, None)
        assert service.post(of_user()).status_code == 200
        [answer] = answers
        return answer

    return provoke


def unforeseen(desk: Desk) -> TestResponse:
    def reached(step: int, after: bool) -> None:  # noqa: FBT001 - the signature of a copy's steps
        raise LookupError

    service = desk.service()
    service.copy.begin(reached, None)
    return service.post(order_completed())


def setting(**settings: object) -> Provoke:
    return sent(headers={"X-Segment-Settings": base64.b64encode(json.dumps(settings).encode()).decode()})


# --- HTTP and the database --------------------------------------------------------------------------------------------


def guessing(desk: Desk) -> TestResponse:
    service = desk.service()
    return [service.post({}, key=f"wrong-{number}") for number in range(FREE + 1)][-1]


def too_many_bodies(desk: Desk) -> TestResponse:
    taken = threading.BoundedSemaphore(1)
    assert taken.acquire(blocking=False)
    app = desk.service().app.wsgi_app
    limits = RequestLimits(app, lambda _: taken, probes=(), working=1, waiting=1, patience=1.0)
    return Client(limits).post("/", json={}, auth=(KEY, ""))


def without_database(desk: Desk) -> TestResponse:
    service = desk.service()
    service.close()
    for file in desk.folder.glob("destination.db*"):
        file.unlink()
    (desk.folder / "destination.db").mkdir()
    return service.post(order_completed())


def with_older_keys(desk: Desk) -> TestResponse:
    former, newer = new_key(), new_key()
    service = desk.service(ENCRYPTION_KEYS=former)
    assert desk.service(ENCRYPTION_KEYS=f"{newer},{former}").post(of_user()).status_code == 200
    return service.post(deletion())


# --- connecting a shop ------------------------------------------------------------------------------------------------


def connecting(domain: str = "", fault: str = "", **environment: str) -> Provoke:
    def provoke(desk: Desk) -> TestResponse:
        desk.fault(fault)
        return desk.service(**environment).act("connect", {"domain": domain or desk.sandbox["domain"]})

    return provoke


def back_from_login(desk: Desk, service: Service, **fields: str) -> dict[str, str]:
    """Begin a login and log in at Trustpilot; what that sends the customer back with."""
    login = urlsplit(members(service.act("connect", {"domain": desk.sandbox["domain"]}))["login"])
    form = {"username": desk.sandbox["username"], "password": desk.sandbox["password"], **fields}
    answer = desk.sandbox.call("POST", f"{login.path}?{login.query}", form=form)
    assert answer.status == 302
    return query(answer.headers["Location"])


def connected(desk: Desk, service: Service) -> str:
    """Connect a shop; its integration key."""
    return members(service.act("authorize", back_from_login(desk, service)))["integrationKey"]


def authorizing(fault: str = "", decision: str = "allow", **changes: str) -> Provoke:
    """Come back from a login, with something else than Trustpilot has sent by ``changes``."""

    def provoke(desk: Desk) -> TestResponse:
        service = desk.service()
        back = back_from_login(desk, service, decision=decision)
        desk.fault(fault)
        return service.act("authorize", back | changes)

    return provoke


def disconnecting(fault: str = "") -> Provoke:
    def provoke(desk: Desk) -> TestResponse:
        service = desk.service()
        key = connected(desk, service)
        desk.fault(fault)
        return service.act("disconnect", key=key)

    return provoke


def many_logins(desk: Desk) -> TestResponse:
    browser = desk.service().app.test_client()
    found = re.search(r'name="token" value="([^"]+)"', browser.get("/connect").text)
    assert found
    form = {"token": found[1], "domain": desk.sandbox["domain"]}
    return [browser.post("/connect", data=form) for _ in range(MOST_LOGINS_OF_A_BROWSER + 1)][-1]


def by_a_customer(desk: Desk) -> TestResponse:
    service = desk.service()
    key = connected(desk, service)
    return service.act("connect", {"domain": desk.sandbox["domain"]}, key=key)


#: What makes the destination give each answer, by the answer's name.
ANSWERS: Final[dict[str, Provoke]] = {
    "invited": ordered(),
    "already-invited": posted(order_completed(), order_completed()),
    "capped": posted(order_completed(1), order_completed(2), CONSUMER_CAP="1"),
    "in-flight": meanwhile(of_user()),
    "unconfirmed": lost("lost"),
    "unconfirmed-repeated": lost("answer", ON_UNKNOWN_OUTCOME="repeat"),
    "trustpilot-unauthorized": ordered("createEmailInvitations 401 x2"),
    "trustpilot-forbidden": ordered(TRUSTPILOT_BUSINESS_USER_ID=BELOW_MANAGER),
    "trustpilot-limited": ordered("createEmailInvitations 429"),
    "trustpilot-refused": ordered(TRUSTPILOT_TEMPLATE_ID="0" * 24),
    "trustpilot-broken": ordered("createEmailInvitations 500"),
    "trustpilot-unreachable": lost("refused"),
    "trustpilot-blocked": ordered("createEmailInvitations html"),
    "token-limited": ordered("createAccessToken 429"),
    "token-forbidden": ordered("createAccessToken 403"),
    "token-refused": ordered(TRUSTPILOT_API_SECRET="wrong"),
    "no-token": ordered("createAccessToken 503"),
    "no-order-id": posted(order_completed(None)),
    "no-email": posted(order_completed(email=None)),
    "bad-email": posted(order_completed(email="ada")),
    "not-an-object": posted({**order_completed(), "properties": []}),
    "not-a-string": posted({**order_completed(), "event": 7}),
    "not-an-id": posted(order_completed(1.5)),
    "not-printable": posted(order_completed("x" * 256)),
    "bad-settings-header": sent(headers={"X-Segment-Settings": "{}"}),
    "bad-setting": setting(delayDays="soon"),
    "other-event": posted({**order_completed(), "event": "Order Refunded"}),
    "unsupported-call": posted({"type": "identify", "userId": "customer-1"}),
    "no-type": posted({**order_completed(), "type": None}),
    "no-event-name": posted({**order_completed(), "event": ""}),
    "not-an-event": posted([order_completed()]),
    "erased": posted(of_user(), deletion()),
    "nobody-known": posted(deletion()),
    "no-user-id": posted(deletion(userId=None)),
    "erase-in-flight": meanwhile(deletion()),
    "erase-later": posted(of_user(), deletion(), fault="deleteInvitationData 500"),
    "erase-limited": posted(of_user(), deletion(), fault="deleteInvitationData 429"),
    "erase-refused": posted(of_user(), deletion(), fault="deleteInvitationData 403"),
    "missing-key": sent(key=None),
    "wrong-key": sent(key="wrong"),
    "too-many-keys": guessing,
    "not-json": sent(headers={"Content-Type": "text/plain"}),
    "bad-json": sent(data=b"{"),
    "too-large": sent(data=b" " * (LONGEST_BODY + 1)),
    "busy": too_many_bodies,
    "nothing-here": sent(path="/v2"),
    "wrong-method": lambda desk: desk.service().app.test_client().get("/"),
    "no-database": without_database,
    "wrong-encryption-keys": with_older_keys,
    "unforeseen": unforeseen,
    "connected": authorizing(),
    "login-begun": connecting(),
    "disconnected": disconnecting(),
    "disconnected-here": disconnecting("revokeToken 500"),
    "onboarding-off": connecting(OAUTH_REDIRECT_URI=""),
    "too-many-logins": many_logins,
    "bad-domain": connecting("localhost"),
    "unknown-domain": connecting("nobody.test"),
    "not-eligible": connecting("free.example.com"),
    "not-ours": connecting("foreign.example.com"),
    "partner-refused": connecting(TRUSTPILOT_PARTNER_PASSWORD="wrong"),
    "partner-later": connecting(fault="findBusinessUnit 500"),
    "foreign-state": authorizing(state="invented"),
    "login-refused": authorizing(decision="deny"),
    "login-failed": authorizing(code=""),
    "code-refused": authorizing(code="invented"),
    "code-later": authorizing("createAccessToken 503"),
    "bad-form": lambda desk: desk.service().app.test_client().post("/connect", data={"token": "forged"}),
    "not-stored": lambda desk: desk.service().act("disconnect"),
    "not-the-operator": by_a_customer,
    "bad-action": lambda desk: desk.service().act("connect", {"domain": 7}),
}


def said(answer: TestResponse) -> str:
    """The message of an answer: of the API, or on a page."""
    if answer.mimetype == "application/json":
        return members(answer)["message"]
    found = re.search(r'role="(?:alert|status)">([^<]+)</p>', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_the_destination_is_met(desk: Desk, name: str) -> None:
    answer = ANSWERS[name](desk)
    assert pattern(MESSAGES[name]["text"]).fullmatch(said(answer)), said(answer)
    assert answer.status_code == MESSAGES[name]["status"]


def test_every_answer_of_the_page_is_met() -> None:
    assert ANSWERS.keys() == MESSAGES.keys()
