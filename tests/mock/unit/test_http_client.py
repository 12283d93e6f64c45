"""What goes out, and the codes of what can go wrong."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tpmock.outbound.connection import address
from tpmock.outbound.http_client import ANSWER_LIMIT, PooledClient, failure_code

from tests.support.stub_destination import Say, StubDestination


@pytest.fixture
def client() -> Iterator[PooledClient]:
    made = PooledClient()
    yield made
    made.close()


def test_a_reply_comes_back_whole(client: PooledClient) -> None:
    with StubDestination() as stub:
        reply = client.post(stub.url, {"Content-Type": "application/json"}, b"{}", 5)
    assert (reply.status, reply.body, reply.error) == (200, b'{"message": "Thanks."}', None)


def test_more_than_enough_is_not_read(client: PooledClient) -> None:
    with StubDestination() as stub:
        stub.say = [Say(200, b"x" * (ANSWER_LIMIT * 2))]
        assert len(client.post(stub.url, {}, b"{}", 5).body) == ANSWER_LIMIT


def test_environment_proxies_are_ignored(client: PooledClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with StubDestination() as stub:
        assert client.post(stub.url, {}, b"{}", 5).status == 200


def test_a_closed_port_is_refused(client: PooledClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reply = client.post(f"http://127.0.0.1:{port}/", {}, b"{}", 5)
    assert (reply.status, reply.error) == (None, "ECONNREFUSED")


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "ENOTFOUND"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "EAI_AGAIN"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "EHOSTUNREACH"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "EHOSTUNREACH"),
        (ConnectionAbortedError(), "ECONNABORTED"),
        (ValueError("an unforeseen error"), "ECONNRESET"),
    ],
)
def test_each_failure_has_segments_code(cause: Exception, code: str) -> None:
    assert failure_code(cause) == code


def test_silence_is_a_time_out(client: PooledClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert client.post(url, {}, b"{}", 0.1).error == "ETIMEDOUT"


@contextmanager
def answering(answer: Callable[[socket.socket], None], *, listen: bool = True) -> Iterator[str]:
    """A server that answers its first request however it likes, or does not even listen to it; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection = server.accept()[0]
            with connection:
                if listen:
                    connection.recv(65_536)
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)


def test_dripping_for_ever_is_a_time_out_too(client: PooledClient) -> None:
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not gone.wait(0.02):
            connection.sendall(b"X-More: 1\r\n")

    with answering(drip) as url:
        reply = client.post(url, {}, b"{}", 0.3)
        gone.set()
    assert (reply.status, reply.error) == (None, "ETIMEDOUT")
    assert 250 < reply.milliseconds < 2_000


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\xfe garbage",
        b"HTTP/1.1 banana\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_http_is_a_connection_that_failed(client: PooledClient, garbage: bytes) -> None:
    with answering(lambda connection: connection.sendall(garbage)) as url:
        reply = client.post(url, {}, b"{}", 5)
    assert (reply.status, reply.error) == (None, "ECONNRESET")


def test_connections_are_used_again(client: PooledClient) -> None:
    with StubDestination() as stub:
        for _ in range(5):
            client.post(stub.url, {}, b"{}", 5)
        assert len(stub.callers) == 1


def test_a_connection_closed_meanwhile_is_not_used_again(client: PooledClient) -> None:
    with StubDestination() as stub:
        stub.say = [Say(close=True), Say()]
        assert client.post(stub.url, {}, b"{}", 5).status == 200
        assert stub.closings.acquire(timeout=10)
        assert [client.post(stub.url, {}, b"{}", 5).status for _ in range(2)] == [200, 200]
        assert len(stub.callers) == 2


@pytest.mark.parametrize("url", ["", "http://", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "http://[::1"])
def test_what_is_no_address_gets_nothing(client: PooledClient, url: str) -> None:
    assert client.post(url, {}, b"{}", 5).status is None


@pytest.mark.parametrize("header", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"": "a"}, {"X": "\u20ac"}])
def test_what_is_no_header_does_not_go_out(client: PooledClient, header: dict[str, str]) -> None:
    with StubDestination() as stub:
        assert client.post(stub.url, header, b"{}", 5).status is None
        assert stub.received == []


def test_a_certificate_that_nobody_vouches_for_gets_nothing(client: PooledClient, tmp_path: Path) -> None:
    def shake_hands(connection: socket.socket) -> None:
        with suppress(OSError):
            context.wrap_socket(connection, server_side=True)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with answering(shake_hands, listen=False) as url:
        reply = client.post(url.replace("http:", "https:"), {}, b"{}", 5)
    assert (reply.status, reply.error) == (None, "DEPTH_ZERO_SELF_SIGNED_CERT")


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    written = folder / "both.pem"
    pem = serialization.Encoding.PEM
    written.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return written


def test_address_and_port_are_what_the_url_says() -> None:
    assert address("https://[::1]:8443/a b/ä?x=1 2#f") == ((True, "::1", 8443), "/a%20b/%C3%A4?x=1%202")
    assert address("http://bücher.example/") == ((False, "xn--bcher-kva.example", 80), "/")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_request_line_and_headers_go_out_as_they_are(client: PooledClient, host: str) -> None:
    received: list[bytes] = []
    headers = {"X-Segment-Settings": "e30=", "authorization": "Basic azo=", "Connection": "Keep-Alive"}
    with answering(lambda connection: received.append(connection.recv(65_536)), listen=False) as url:
        client.post(url.replace("127.0.0.1", host) + "in?a=b c", headers, b"{}", 5)
        port = url.rpartition(":")[2].strip("/")
    assert received[0].partition(b"\r\n\r\n")[0].decode().split("\r\n") == [
        "POST /in?a=b%20c HTTP/1.1",
        f"Host: {host}:{port}",
        "X-Segment-Settings: e30=",
        "authorization: Basic azo=",
        "Connection: Keep-Alive",
        "Content-Length: 2",
    ]
