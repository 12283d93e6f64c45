"""No socket: clients connect to the mock in their own process and notice no difference."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from time import monotonic
from typing import Any, NoReturn

import pytest
import requests
from requests.adapters import HTTPAdapter
from segment.analytics.client import Client
from tpmock.core.vendor_hosts import vendor_hosts
from tpmock.testing import Tpmock
from tpmock.testing.backends import InProcess, sandbox
from tpmock.testing.patching import hosts_without_proxy
from urllib3.util import Retry

from tests.mock.testing import shop


class NetworkError(OSError):
    """Someone asked the operating system for the network."""


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Names that were looked up; none is found."""
    asked: list[Any] = []

    def look_up(host: Any, *_: object, **__: object) -> NoReturn:
        asked.append(host)
        raise NetworkError(f"{host} was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def test_the_hosts_are_those_of_the_documents() -> None:
    real = {"api.trustpilot.com", "invitations-api.trustpilot.com", "authenticate.trustpilot.com", "api.segment.io"}
    real |= {"api.segmentapis.com", "eu1.api.segmentapis.com", "events.eu1.segmentapis.com"}
    assert real < vendor_hosts()
    assert all("destination" not in host and "127" not in host for host in vendor_hosts())


@pytest.mark.parametrize("host", ["api.segmentapis.com", "eu1.api.segmentapis.com"])
def test_the_public_api_is_led_to_the_mock_in_both_regions(bench: Tpmock, host: str) -> None:
    headers = {"Authorization": f"Bearer {bench.credentials.public_api_token}"}
    answer = requests.get(f"https://{host}/sources", headers=headers, timeout=30)
    assert answer.status_code == 200
    assert bench.journal.last["operation"] == "listSources"


def test_a_session_its_pool_and_a_second_call(tpmock_in_process: Tpmock, session: requests.Session) -> None:
    for _ in range(3):
        assert shop.find(tpmock_in_process, session).status_code == 200
    assert len(tpmock_in_process.journal.calls("findBusinessUnit")) == 3


@pytest.mark.usefixtures("asked_for")
def test_segments_own_library(tpmock_in_process: Tpmock) -> None:
    failures: list[object] = []
    client = Client(
        tpmock_in_process.credentials.write_key,
        on_error=lambda error, _: failures.append(error),
        max_retries=0,
        upload_interval=0.01,
        gzip=True,
    )
    client.track("customer-1", "Order Completed", {"order_id": "1001", "email": "ada@example.com"})
    client.flush()
    client.join()
    assert failures == []
    event = tpmock_in_process.wait_for(tpmock_in_process.events, type="track")
    assert event["message"]["properties"]["order_id"] == "1001"


def test_the_standard_library(tpmock_in_process: Tpmock) -> None:
    query = f"name={tpmock_in_process.credentials.domain}&apikey={tpmock_in_process.credentials.api_key}"
    with urllib.request.urlopen(f"{shop.API}/v1/business-units/find?{query}") as answer:  # noqa: S310 - a constant
        assert answer.status == 200
    with pytest.raises(urllib.error.URLError, match="lets no other host be called"):
        urllib.request.urlopen("https://example.com/")


def test_the_right_path_on_the_wrong_host_is_refused_as_in_reality(tpmock_in_process: Tpmock) -> None:
    headers = {"apikey": tpmock_in_process.credentials.api_key}
    answer = requests.get(f"{shop.SEGMENT}/v1/business-units/find", headers=headers, timeout=30)
    assert answer.status_code == 404
    assert "api.trustpilot.com" in answer.headers["X-Mock-Hint"]


def test_another_host_is_refused_and_how_to_allow_it_is_reported(
    tpmock_in_process: Tpmock, asked_for: list[Any]
) -> None:
    with pytest.raises(requests.ConnectionError, match=r'allow_hosts=\["shop\.example\.com"\]'):
        requests.get("https://shop.example.com/", timeout=30)
    assert tpmock_in_process.refused_hosts == ["shop.example.com"]
    assert asked_for == []


@pytest.mark.tpmock(allow_hosts=["shop.example.com"])
def test_an_allowed_host_is_called_as_ever(tpmock_in_process: Tpmock, asked_for: list[Any]) -> None:
    with pytest.raises(requests.ConnectionError, match=r"shop\.example\.com was looked up"):
        requests.get("https://shop.example.com/", timeout=30)
    assert asked_for == ["shop.example.com"]
    assert tpmock_in_process.refused_hosts == []


@pytest.mark.usefixtures("tpmock_in_process")
def test_this_machine_may_be_called() -> None:
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        requests.get("http://127.0.0.1:1/", timeout=30)


def test_a_client_retries_as_it_does_over_the_network(tpmock_in_process: Tpmock, session: requests.Session) -> None:
    session.mount("https://", HTTPAdapter(max_retries=Retry(total=2, status_forcelist=[503], backoff_factor=0)))
    tpmock_in_process.faults.add(operation="findBusinessUnit", status=503, count=2)
    assert shop.find(tpmock_in_process, session).status_code == 200
    assert [call["status"] for call in tpmock_in_process.journal] == [503, 503, 200]


def test_a_client_gives_up_when_its_time_is_up(tpmock_in_process: Tpmock) -> None:
    tpmock_in_process.faults.add(operation="findBusinessUnit", delay="PT5S")
    started = monotonic()
    with pytest.raises(requests.ReadTimeout):
        shop.find(tpmock_in_process, timeout=0.1)
    assert monotonic() - started < 4


def test_proxies_of_the_machine_are_left_out(
    tpmock_in_process: Tpmock, monkeypatch: pytest.MonkeyPatch, asked_for: list[Any]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    assert shop.find(tpmock_in_process).status_code == 200
    assert asked_for == []


@pytest.mark.parametrize(
    ("environ", "begin"),
    [
        ({}, "127.0.0.1,::1,localhost,.localhost,"),
        ({"NO_PROXY": "a.test"}, "a.test,127.0.0.1,"),
        ({"NO_PROXY": "a.test", "no_proxy": "b.test"}, "b.test,127.0.0.1,"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_hosts_that_were_kept_from_the_proxy_still_are(environ: dict[str, str], begin: str) -> None:
    added = hosts_without_proxy(environ)
    assert added["no_proxy"] == added["NO_PROXY"]
    assert added["no_proxy"].startswith(begin)


def test_a_proxy_that_a_program_insists_on_is_left_out_too(tpmock_in_process: Tpmock, asked_for: list[Any]) -> None:
    proxies = {"https": "http://proxy.example.com:3128"}
    assert shop.find(tpmock_in_process, proxies=proxies).status_code == 200
    assert asked_for == []


def test_only_the_vendors_hosts_stay_shut_behind_it(asked_for: list[Any], session: requests.Session) -> None:
    with InProcess({}) as place:
        with sandbox(place) as tpmock:
            assert shop.find(tpmock, session).status_code == 200
        with pytest.raises(requests.ConnectionError, match=r"tpmock refuses api\.trustpilot\.com, a real host"):
            shop.find(tpmock, session)
        with pytest.raises(requests.ConnectionError, match=r"shop\.example\.com was looked up"):
            session.get("https://shop.example.com/", timeout=30)
    assert asked_for == ["shop.example.com"]


def test_what_was_connected_before_leads_nowhere_else(asked_for: list[Any], session: requests.Session) -> None:
    with InProcess({}) as place, sandbox(place) as tpmock:
        adapter = session.get_adapter(shop.API)
        assert isinstance(adapter, HTTPAdapter)
        pool = adapter.poolmanager.connection_from_url(shop.API)
        before = pool.ConnectionCls(host="api.trustpilot.com")
        with socket.socket() as real:
            before.sock = real
            pool.pool.get()
            pool.pool.put(before)
            assert shop.find(tpmock, session).status_code == 200
    assert asked_for == []
