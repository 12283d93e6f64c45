"""A destination that customers can connect to, and a customer with a browser: over sockets, against the mock."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from tpmock.common.serving import address, reserved
from tpmock.destination.config import DestinationSettings
from tpmock.destination.service.destination import Destination
from tpmock.destination.storage.vault import new_key
from tpmock.destination.web.app import create_app
from werkzeug.serving import make_server

from tests.destination.mocked import MockUnderTest
from tests.destination.seen import domains_of

PATIENCE = 20


@dataclass
class Desk:
    """The destination that runs.

    :param changes: what its environment has otherwise than usual
    """

    url: str
    key: str
    destination: Destination
    mock: MockUnderTest

    def act(self, action: str, body: Any = None, key: str | None = None) -> requests.Response:
        """An action of the API."""
        return self.send("POST", f"/actions/{action}", json=body or {}, auth=(key or self.key, ""))

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request without a browser."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, timeout=PATIENCE, **options)

    def connections(self) -> list[str | None]:
        """The domains of all stored connections."""
        return domains_of(self.destination.connections)


@contextmanager
def onboarding(mock: MockUnderTest, database: str, **changes: str) -> Iterator[Desk]:
    """A destination with a partner's credentials; an empty value of ``changes`` takes a variable away."""
    known = mock.sandbox.credentials
    with reserved("127.0.0.1", 0) as port:
        url = address("127.0.0.1", port)
    environment = {
        **mock.environment(database),
        "TRUSTPILOT_AUTHENTICATE_URL": mock.url,
        "TRUSTPILOT_PARTNER_ID": known["partnerId"],
        "TRUSTPILOT_PARTNER_API_KEY": known["partnerApiKey"],
        "TRUSTPILOT_PARTNER_API_SECRET": known["partnerApiSecret"],
        "TRUSTPILOT_PARTNER_USERNAME": known["partnerUsername"],
        "TRUSTPILOT_PARTNER_PASSWORD": known["partnerPassword"],
        "OAUTH_REDIRECT_URI": f"{url}/callback",
        "ENCRYPTION_KEYS": new_key(),
        **changes,
    }
    app = create_app(DestinationSettings.from_environment(environment))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Desk(url, known["integrationKey"], app.extensions["destination"], mock)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["destination"].close()


@dataclass
class Browser:
    """As much of a browser as the pages need: cookies, forms, links."""

    desk: Desk
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def open(self, url: str) -> requests.Response:
        """Follow a link."""
        return self.session.get(url if "://" in url else self.desk.url + url, timeout=PATIENCE, allow_redirects=False)

    def send(self, path: str, **fields: str) -> requests.Response:
        """Open a page and send its form."""
        fields = {"token": hidden_token(self.open(path)), **fields}
        return self.session.post(self.desk.url + path, data=fields, timeout=PATIENCE, allow_redirects=False)

    def begin(self, domain: str = "") -> str:
        """Give a domain; where the login is."""
        page = self.send("/connect", domain=domain or self.desk.mock.sandbox["domain"])
        assert page.status_code == 200, page.text
        found = re.search(r'class="button" href="([^"]+)"', page.text)
        assert found
        return html.unescape(found[1])

    def log_in(self, login: str, **fields: str) -> str:
        """Log in at Trustpilot; where that sends the browser."""
        known = self.desk.mock.sandbox
        form = {"username": known["username"], "password": known["password"], **fields}
        answer = self.session.post(login, data=form, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def connect(self) -> str:
        """The whole way; the integration key."""
        page = self.open(self.log_in(self.begin()))
        assert page.status_code == 201, page.text
        return shown_key(page)


def hidden_token(page: requests.Response) -> str:
    """What protects a form."""
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found
    return found[1]


def shown_key(page: requests.Response) -> str:
    """The integration key on a page."""
    found = re.search(r'id="key" value="([^"]+)"', page.text)
    assert found
    return found[1]


def told(page: requests.Response) -> str:
    """The sentence on a page."""
    found = re.search(r'role="(?:alert|status)">([^<]+)</p>', page.text)
    assert found, page.text
    return html.unescape(found[1])


def query(url: str) -> dict[str, str]:
    """Return the query parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
