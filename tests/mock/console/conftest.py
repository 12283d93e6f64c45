"""A mock and a browser without a window: requests in process, forms sent as a browser sends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tpmock.core.clock import Clock
from tpmock.server.app import MockApp, MockSettings
from werkzeug.test import Client, TestResponse

from tests.support.stub_destination import StubDestination

HOST = "localhost:8080"
DEFAULT = "/_mock/console/default"


class Visitor:
    """A person at the console."""

    def __init__(self, mock: MockApp) -> None:
        self.client = Client(mock)

    def get(self, path: str, **headers: str) -> TestResponse:
        """A page; ``path`` behind the default sandbox's own, or a whole one."""
        return self.client.get(self._whole(path), headers={"Host": HOST, **headers}, buffered=True)

    def see(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, origin: str | None = f"http://{HOST}", **form: str) -> TestResponse:
        """Send a form from a page of the console, and see where it leads."""
        headers = {"Host": HOST, **({"Origin": origin} if origin else {})}
        return self.client.post(self._whole(path), headers=headers, data=form, follow_redirects=True)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The control API of the default sandbox, past the pages."""
        answer = self.client.open(f"/_mock/sandboxes/default{path}", method=method, json=body, headers={"Host": HOST})
        assert answer.status_code < 400, answer.text
        return answer.json

    @property
    def sandbox(self) -> dict[str, Any]:
        """The default sandbox with its credentials."""
        return dict(self.api("GET", ""))

    @staticmethod
    def _whole(path: str) -> str:
        return path if path.startswith("/_mock") or path == "/" else f"{DEFAULT}{path}"


@pytest.fixture
def destination() -> Iterator[StubDestination]:
    with StubDestination() as stub:
        yield stub


@pytest.fixture
def visitor(destination: StubDestination) -> Iterator[Visitor]:
    with MockApp(MockSettings(destination_url=destination.url, system=Clock().now)) as mock:
        yield Visitor(mock)
