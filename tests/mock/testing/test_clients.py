"""Clients of every kind, unchanged and with the real host names, reach the mock, over a socket and without one."""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import aiohttp
import anyio
import httplib2
import httpx
import pycurl
import pytest
import requests
import trio
import urllib3
import uvloop
from tpmock.common.local_server import serving
from tpmock.testing import Tpmock
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.mock.testing import shop

HOST = "api.trustpilot.com"
PATH = "/v1/business-units/find?name=trustpilotdemo.com"
FIND = f"https://{HOST}{PATH}"

Headers = dict[str, str]


def by_requests(headers: Headers) -> int:
    return requests.get(FIND, headers=headers, timeout=30).status_code


def by_urllib3(headers: Headers) -> int:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", FIND, headers=headers).status


class OwnConnection(http.client.HTTPSConnection):
    """As libraries have them that were written before HTTPSConnection looked at certificates."""

    def connect(self) -> None:
        connected = socket.create_connection((self.host, self.port), 30)
        self.sock = ssl.create_default_context().wrap_socket(connected, server_hostname=self.host)


def by_connection(headers: Headers, kind: type[http.client.HTTPConnection], port: int = 443) -> int:
    connection = kind(HOST, port, timeout=30)
    connection.request("GET", PATH, headers=headers)
    with connection.getresponse() as answer:
        answer.read()
    connection.close()
    return answer.status


def by_httplib2(headers: Headers) -> int:
    client = httplib2.Http(timeout=30)
    answer, _ = client.request(FIND, headers=headers)
    client.close()
    return int(answer.status)


def by_httpx(headers: Headers) -> int:
    return httpx.get(FIND, headers=headers, timeout=30).status_code


async def asynchronously_by_httpx(headers: Headers) -> int:
    async with httpx.AsyncClient(timeout=30) as client:
        return (await client.get(FIND, headers=headers)).status_code


async def by_aiohttp(headers: Headers) -> int:
    async with aiohttp.ClientSession() as session, session.get(FIND, headers=headers) as answer:
        await answer.read()
        return answer.status


def by_socket(headers: Headers) -> int:
    with socket.socket() as own:
        own.connect((HOST, 443))
        with ssl.create_default_context().wrap_socket(own, server_hostname=HOST) as secure:
            secure.sendall(_request(headers))
            return int(secure.recv(100).split()[1])


def _request(headers: Headers) -> bytes:
    lines = [f"GET {PATH} HTTP/1.1", f"Host: {HOST}", "Connection: close", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def by_streams(headers: Headers) -> int:
    reader, writer = await asyncio.open_connection(HOST, 443, ssl=True)
    writer.write(_request(headers))
    status = int((await reader.readline()).split()[1])
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return status


def in_uvloop(client: Callable[[Headers], Any], headers: Headers) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        status: int = runner.run(client(headers))
    return status


async def by_loop(headers: Headers) -> int:
    """As libraries do that make their socket themselves."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(HOST, 80, type=socket.SOCK_STREAM)
    assert {entry[4][0] for entry in found} == {"127.0.0.1"}
    with socket.socket() as own:
        own.settimeout(0)
        await loop.sock_connect(own, (HOST, 80))
        await loop.sock_sendall(own, _request(headers))
        return int((await loop.sock_recv(own, 100)).split()[1])


def curl(url: str, headers: Headers, body: io.BytesIO | None = None) -> Any:
    made = pycurl.Curl()
    made.setopt(pycurl.URL, url)
    made.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
    made.setopt(pycurl.TIMEOUT, 30)
    made.setopt(pycurl.WRITEDATA, io.BytesIO() if body is None else body)
    return made


def by_curl(headers: Headers, url: str = FIND) -> int:
    made = curl(url, headers)
    made.perform()
    return int(made.getinfo(pycurl.RESPONSE_CODE))


def by_curl_multi(headers: Headers) -> int:
    # pytest-recording, which this run has loaded, wraps handles, and pycurl does not take what it makes of them.
    made, multi = curl(FIND, headers), pycurl.CurlMulti()
    made = getattr(made, "handle", made)
    multi.add_handle(made)
    while multi.perform()[1]:
        multi.select(1.0)
    status = int(made.getinfo(pycurl.RESPONSE_CODE))
    multi.remove_handle(made)
    return status


CLIENTS: dict[str, Callable[[Headers], int]] = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "http.client": partial(by_connection, kind=http.client.HTTPSConnection),
    "http.client without TLS": partial(by_connection, kind=http.client.HTTPConnection, port=80),
    "subclass with its own connect": partial(by_connection, kind=OwnConnection),
    "httplib2": by_httplib2,
    "httpx": by_httpx,
    "httpx in asyncio": lambda headers: asyncio.run(asynchronously_by_httpx(headers)),
    "httpx in trio": lambda headers: trio.run(asynchronously_by_httpx, headers),
    "httpx in anyio": lambda headers: anyio.run(asynchronously_by_httpx, headers),
    "socket": by_socket,
    "aiohttp": lambda headers: asyncio.run(by_aiohttp(headers)),
    "asyncio's streams": lambda headers: asyncio.run(by_streams(headers)),
    "uvloop's streams": partial(in_uvloop, by_streams),
    "uvloop's sockets": partial(in_uvloop, by_loop),
    "httpx in uvloop": partial(in_uvloop, asynchronously_by_httpx),
    "aiohttp in uvloop": partial(in_uvloop, by_aiohttp),
    "pycurl": by_curl,
    "pycurl without TLS": partial(by_curl, url=FIND.replace("https:", "http:")),
    "pycurl's multi interface": by_curl_multi,
}


@pytest.fixture
def redirecting() -> Iterator[str]:
    """The address of a server of the user's that redirects to the vendor."""

    @Request.application
    def application(_: Request) -> Response:
        return redirect(FIND.replace("https:", "http:"))

    with serving(application, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Names that were looked up outside."""
    seen, real = [], socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", "::1", None):
            seen.append(host)
            raise socket.gaierror(-2, f"{host} was looked up")
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return seen


@pytest.mark.parametrize("client", CLIENTS)
def test_real_names_lead_to_the_mock(asked: list[Any], bench: Tpmock, client: str) -> None:
    assert CLIENTS[client]({"apikey": bench.credentials.api_key}) == 200
    assert asked == []
    assert bench.journal.last["operation"] == "findBusinessUnit"
    assert f"//{HOST}/" in bench.journal.last["url"]


@pytest.mark.parametrize("client", ["httpx", "httpx in asyncio", "aiohttp"])
def test_these_need_no_name_lookup(bench: Tpmock, asked: list[Any], client: str) -> None:
    assert CLIENTS[client]({"apikey": bench.credentials.api_key}) == 200
    assert asked == []


def test_a_proxy_of_a_client_is_left_out(bench: Tpmock, asked: list[Any]) -> None:
    with httpx.Client(proxy="http://proxy.example.com:3128") as client:
        assert client.get(FIND, headers={"apikey": bench.credentials.api_key}).status_code == 200
    assert asked == []


def test_an_address_for_a_program_that_can_be_configured(bench: Tpmock) -> None:
    headers = {"apikey": bench.credentials.api_key}
    assert httpx.get(f"{bench.urls.trustpilot}{PATH}", headers=headers).status_code == 200


def test_a_cut_connection_is_one(bench: Tpmock) -> None:
    bench.faults.add("findBusinessUnit cut")
    # Not a timeout: the connection ends.
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        by_httpx({"apikey": bench.credentials.api_key})


def test_a_large_body_arrives(bench: Tpmock) -> None:
    event = {"userId": "u", "event": "x", "properties": {"text": "x" * 20_000}}
    with httpx.Client() as client:
        for _ in range(3):
            answer = client.post(f"{shop.SEGMENT}/v1/track", json=event, auth=(bench.credentials.write_key, ""))
            assert answer.status_code == 200
    assert len(bench.events) == 3


@pytest.mark.parametrize("host", ["widget.trustpilot.com", "status.segment.com"])
def test_what_the_mock_does_not_serve_is_refused(bench: Tpmock, asked: list[Any], host: str) -> None:
    with pytest.raises(
        OSError, match=f"tpmock refuses {host}, a real host of Trustpilot or Segment: the mock does not"
    ):
        socket._socket.getaddrinfo(host, 443)  # type: ignore[attr-defined]
    assert bench.refused_hosts == [host]


def test_a_client_that_cannot_be_led_is_refused(bench: Tpmock) -> None:
    with pytest.raises(ConnectionRefusedError, match="it cannot lead this client"):
        socket.gethostbyname(HOST)


def test_other_hosts_are_refused_in_process(tpmock_in_process: Tpmock) -> None:
    for call in (
        partial(httpx.get, "https://shop.example.com/"),
        partial(socket.create_connection, ("shop.example.com", 443)),
        partial(socket.create_connection, ("192.0.2.1", 443)),
    ):
        with pytest.raises((OSError, httpx.ConnectError), match=r"allow_hosts=\["):
            call()
    assert tpmock_in_process.refused_hosts == ["shop.example.com", "shop.example.com", "192.0.2.1"]


def test_clients_in_c_are_refused_other_hosts_too(tpmock_in_process: Tpmock) -> None:
    async def by_name(_: Headers) -> None:
        await asyncio.open_connection("shop.example.com", 443)

    async def by_address(_: Headers) -> None:
        await asyncio.open_connection("192.0.2.1", 443)

    for client in (by_name, by_address):
        with pytest.raises(OSError, match=r"allow_hosts=\["):
            in_uvloop(client, {})
    with pytest.raises(pycurl.error, match=r"allow_hosts=\["):
        by_curl({}, "https://shop.example.com/")
    assert tpmock_in_process.refused_hosts == ["shop.example.com", "192.0.2.1", "shop.example.com"]


def test_what_the_mock_does_not_serve_is_refused_to_clients_in_c(bench: Tpmock) -> None:
    async def connect(_: Headers) -> None:
        await asyncio.open_connection("widget.trustpilot.com", 443)

    with pytest.raises(ConnectionRefusedError, match="the mock does not serve it"):
        in_uvloop(connect, {})
    with pytest.raises(pycurl.error, match="the mock does not serve it"):
        by_curl({}, "https://widget.trustpilot.com/")
    assert bench.refused_hosts == ["widget.trustpilot.com"] * 2


def test_curl_is_led_where_a_redirect_leads_to_a_vendor(bench: Tpmock, redirecting: str) -> None:
    body = io.BytesIO()
    made = curl(redirecting, {"apikey": bench.credentials.api_key}, body)
    made.setopt(pycurl.FOLLOWLOCATION, value=True)
    made.perform()
    assert made.getinfo(pycurl.RESPONSE_CODE) == 200
    assert made.getinfo(pycurl.EFFECTIVE_URL) == FIND.replace("https:", "http:")
    assert b"trustpilotdemo.com" in body.getvalue()
