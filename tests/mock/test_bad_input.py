"""Any bad input: a clear answer in the right shape, a hint, never a stack trace, nothing half stored."""

from __future__ import annotations

import gzip
import json
import socket
from contextlib import closing
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from tpmock import spec
from tpmock.server.app import MockApp
from tpmock.testing import Server
from werkzeug.test import Client

from tests.support.doors import Answer, InProcess
from tests.support.sandboxes import TOKEN_PATH, SandboxUnderTest, an_invitation, basic


def invitations_path(sandbox: SandboxUnderTest) -> str:
    return f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b'{"a": Infinity}', b"\x00\xff", b'{"a":' * 5_000, b"1" * 6_000])
def test_broken_json_is_400(sandbox: SandboxUnderTest, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": "application/json"}
    answer = sandbox.call("POST", invitations_path(sandbox), body=body, headers=headers)
    assert answer.status == 400
    assert "not valid JSON" in answer.json["details"]
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"x"'])
def test_json_that_is_no_object_is_400(sandbox: SandboxUnderTest, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": "application/json"}
    answer = sandbox.call("POST", invitations_path(sandbox), body=body, headers=headers)
    assert (answer.status, "must be object" in answer.json["details"]) == (400, True)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "multipart/form-data"])
def test_a_wrong_content_type_is_415(sandbox: SandboxUnderTest, content_type: str) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": content_type}
    answer = sandbox.call("POST", invitations_path(sandbox), body=b"{}", headers=headers)
    assert answer.status == 415
    assert "application/json" in answer.hint


def test_json_at_the_token_endpoint_is_415(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", TOKEN_PATH, data={"grant_type": "client_credentials"})
    assert answer.status == 415
    assert "application/x-www-form-urlencoded" in answer.hint


def test_a_body_of_ten_megabytes_is_413_or_segments_400(sandbox: SandboxUnderTest) -> None:
    large = an_invitation(consumerName="x" * 10_000_000)
    assert sandbox.invite(large).status == 413
    assert sandbox.track(large).json["message"] == "Exceed payload limit"
    answer = sandbox.call("POST", "/_mock/sandboxes", data={"id": "x" * 10_000_000})
    assert answer.status == 413


def test_a_body_that_is_too_large_does_not_cost_the_connection(sandbox: SandboxUnderTest) -> None:
    for _ in range(5):
        assert sandbox.invite(an_invitation(consumerName="x" * 3_000_000)).status == 413
        assert sandbox.get("/v1/business-units/find?name=trustpilotdemo.com").status == 200


def invite_in_chunks(sandbox: SandboxUnderTest, *parts: bytes, **headers: str) -> Answer:
    sent = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": "application/json", **headers}
    return sandbox._door.send_chunked("POST", invitations_path(sandbox), sent, parts)


def test_a_body_in_chunks_is_read_whole(sandbox: SandboxUnderTest) -> None:
    content = json.dumps(an_invitation(consumerName="x" * 200_000)).encode()
    assert invite_in_chunks(sandbox, content[:7], content[7:70_000], content[70_000:]).status == 202
    assert sandbox.rows("invitations")[0]["consumerName"] == "x" * 200_000


def test_a_form_in_chunks_is_read(sandbox: SandboxUnderTest) -> None:
    headers = {"Authorization": basic(sandbox["apiKey"], sandbox["apiSecret"])}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = sandbox._door.send_chunked("POST", TOKEN_PATH, headers, [b"grant_type=", b"client_credentials"])
    assert answer.status == 200


def test_the_limit_holds_for_bodies_in_chunks(sandbox: SandboxUnderTest) -> None:
    limit = spec.load("trustpilot").operations["createEmailInvitations"].body_limit
    content = json.dumps(an_invitation()).encode()
    for _ in range(2):
        # To the byte, and the connection is kept.
        assert invite_in_chunks(sandbox, content, b" " * (limit - len(content))).status == 202
        assert invite_in_chunks(sandbox, content, b" " * (limit - len(content)), b" ").status == 413
        assert invite_in_chunks(sandbox, content, *[b" " * 100_000] * 100).status == 413
    assert len(sandbox.rows("invitations")) == 2


def test_the_limit_holds_for_what_is_unpacked(sandbox: SandboxUnderTest) -> None:
    bomb = gzip.compress(json.dumps(an_invitation(consumerName="x" * 50_000_000)).encode())
    assert invite_in_chunks(sandbox, bomb, **{"Content-Encoding": "gzip"}).status == 413
    assert invite_in_chunks(sandbox, bomb[:1000], **{"Content-Encoding": "gzip"}).status == 400
    assert sandbox.rows("invitations") == []


def test_no_body_at_all_is_400(sandbox: SandboxUnderTest) -> None:
    assert invite_in_chunks(sandbox).status == 400
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize("length", ["x", "-1", "1e3"])
def test_a_length_that_is_no_number_is_400(length: str) -> None:
    # A server does not let this through.
    with closing(InProcess()) as door:
        answer = door.send("POST", "/v1/track", {"Content-Type": "application/json", "Content-Length": length}, b"{}")
    assert answer.status == 400


def test_a_body_that_is_shorter_than_its_length_is_400() -> None:
    with closing(InProcess()) as door:
        headers = {"Content-Type": "application/json", "Content-Length": "40"}
        answer = door.send("POST", "/v1/track", headers, b'{"userId": "u"}')
    assert answer.status == 400


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/v1/business-unit/find", "/v1/business-units/find"),
        ("/v1/private/business-units/507f191e810c19729de860ea/email-invites", "email-invitations"),
        ("/nothing/like/it", ""),
        ("/v1/%ff%00<script>", ""),
    ],
)
def test_an_unknown_route_names_the_nearest(sandbox: SandboxUnderTest, path: str, nearest: str) -> None:
    answer = sandbox.get(path)
    assert answer.status == 404
    assert answer.json["message"] == "Resource not found"
    assert nearest in answer.hint
    assert "/_mock/coverage" in answer.hint
    [entry] = sandbox.control("GET", "/journal")["journal"]
    assert entry["operation"] is None


def sent_as_to_a_proxy(server: Server, target: str, *headers: str) -> tuple[int, str]:
    """Status and hint of an answer to a request line that names a host, as the standard library sends none."""
    host, port = server.url.removeprefix("http://").split(":")
    verb, _, url = target.partition(" ")
    lines = [f"{verb} {url} HTTP/1.1", f"Host: {urlsplit(url).netloc or url}", "Connection: close", *headers, "", ""]
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        peer.sendall("\r\n".join(lines).encode())
        answer = HTTPResponse(peer)
        answer.begin()
        return answer.status, answer.headers["X-Mock-Hint"] or ""


AS_CURL = "Proxy-Connection: Keep-Alive"


@pytest.mark.parametrize(
    ("target", "headers", "status", "words"),
    [
        ("CONNECT api.trustpilot.com:443", [], 405, "The mock is not a proxy"),
        ("GET http://api.trustpilot.com/v1/categories?country=DK", [AS_CURL], 401, "The API key is missing"),
        ("GET http://example.com/v1/categories", [AS_CURL], 404, "The mock is not a proxy"),
        ("GET http://example.com/", [AS_CURL], 404, "The mock is not a proxy"),
        ("GET http://example.com/", ["Proxy-Authorization: Basic eDp5"], 404, "The mock is not a proxy"),
        # Without such a header an absolute URI cannot be detected behind granian.
        ("GET http://example.com/index.html", [], 404, "The host example.com is not one of Trustpilot's"),
        ("GET http://127.0.0.1/v1/nothing", [AS_CURL], 404, "No documented operation has this path"),
    ],
)
def test_the_mock_says_that_it_is_not_a_proxy(
    tpmock_server: Server, target: str, headers: list[str], status: int, words: str
) -> None:
    answer = sent_as_to_a_proxy(tpmock_server, target, *headers)
    assert answer[0] == status
    assert words in answer[1]
    if "proxy" in answer[1]:
        assert "'tpmock run'" in answer[1]


def test_a_vendors_host_is_answered_and_the_limit_told(sandbox: SandboxUnderTest) -> None:
    headers = {"Host": "api.trustpilot.com", "Proxy-Connection": "Keep-Alive"}
    answer = sandbox.get("/v1/business-units/find?name=trustpilotdemo.com", headers)
    assert answer.status == 200
    assert "cannot do so for https://" in answer.hint
    assert "'tpmock run'" in answer.hint


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
def test_servers_that_keep_the_target_tell_an_absolute_one(name: str) -> None:
    with MockApp() as mock:
        answer = Client(mock).get(
            "/v1/categories",
            base_url="http://example.com",
            environ_overrides={name: "http://example.com/v1/categories"},
        )
    assert answer.status_code == 404
    assert "not a proxy" in answer.headers["X-Mock-Hint"]


def test_a_wrong_method_names_the_right_one(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("DELETE", "/v1/business-units/find?name=x", headers={"apikey": sandbox["apiKey"]})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert sandbox.call("POST", "/_mock/health").json["status"] == 405


def test_a_path_of_its_own_is_not_taken_for_a_collection(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/reset")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    answer = sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/reviews")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
    answer = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/invitation")
    assert answer.status == 400
    assert "invitation-links" in answer.hint


@pytest.mark.parametrize(
    ("host", "method", "path", "status"),
    [
        ("api.trustpilot.com", "GET", "/v1/business-units/find?name=trustpilotdemo.com", 200),
        ("api.trustpilot.localhost:8080", "GET", "/v1/business-units/find?name=trustpilotdemo.com", 200),
        ("invitations-api.trustpilot.com", "GET", "/v1/business-units/find?name=trustpilotdemo.com", 404),
        ("authenticate.trustpilot.localhost", "GET", "/v1/business-units/find?name=trustpilotdemo.com", 404),
        ("example.test", "GET", "/v1/business-units/find?name=trustpilotdemo.com", 200),
        ("api.segment.io", "GET", "/v1/business-units/find?name=trustpilotdemo.com", 404),
        ("api.segment.localhost", "GET", "/v1/nothing", 404),
    ],
)
def test_a_vendors_host_serves_its_own_paths_only(
    sandbox: SandboxUnderTest, host: str, method: str, path: str, status: int
) -> None:
    answer = sandbox.call(method, path, headers={"apikey": sandbox["apiKey"], "Host": host})
    assert answer.status == status


def test_invitations_on_the_main_host_name_the_other_host(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(headers={"Host": "api.trustpilot.com"})
    assert answer.status == 404
    assert "invitations-api.trustpilot.com" in answer.hint
    assert sandbox.rows("invitations") == []
    assert sandbox.invite(headers={"Host": "invitations-api.trustpilot.com"}).status == 202


def test_a_token_may_be_asked_for_at_the_invitations_host(sandbox: SandboxUnderTest) -> None:
    form = {"client_id": sandbox["apiKey"], "client_secret": sandbox["apiSecret"], "grant_type": "client_credentials"}
    headers = {"Host": "invitations-api.trustpilot.com"}
    assert sandbox.call("POST", TOKEN_PATH, form=form, headers=headers).status == 200


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic é", "Bearer", "Digest x", "Basic " + "A" * 8_000])
def test_odd_authorization_headers_are_refused_calmly(sandbox: SandboxUnderTest, header: str) -> None:
    headers = {"Authorization": header.encode().decode("latin-1")}
    form = {"grant_type": "client_credentials"}
    assert sandbox.call("POST", TOKEN_PATH, form=form, headers=headers).status == 401
    assert sandbox.call("POST", invitations_path(sandbox), data=an_invitation(), headers=headers).status == 401
    assert sandbox.call("POST", "/v1/track", data={"userId": "u"}, headers=headers).status in (200, 400)


def test_a_form_that_is_not_utf8_is_400(sandbox: SandboxUnderTest) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert sandbox.call("POST", TOKEN_PATH, body=b"a=%ff\xff", headers=headers).status in (400, 401)


def test_names_of_all_scripts_survive(sandbox: SandboxUnderTest) -> None:
    name = "Zoë 山田 \u202e\u05e2\u05d1\u05e8\u05d9\u05ea <script>alert(1)</script> 🙂"
    sandbox.invite(an_invitation(consumerName=name))
    assert sandbox.rows("invitations")[0]["consumerName"] == name


def test_a_hint_cannot_smuggle_headers(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get("/v1/business-units/find?name=a%0d%0aSet-Cookie:%20x=1%20%e2%98%83")
    assert answer.status == 404
    assert "Set-Cookie" not in answer.headers
    assert "Set-Cookie" in answer.hint


def test_head_is_get_without_its_body(sandbox: SandboxUnderTest) -> None:
    answer = sandbox._door.send("HEAD", "/_mock/health", {}, b"")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("skus", [["\x07\x00\x1b[31m"], ["\U0001d84c" * 100] * 100], ids=["unprintable", "very long"])
def test_a_hint_that_repeats_what_was_sent_fits_into_a_header(sandbox: SandboxUnderTest, skus: list[str]) -> None:
    answer = sandbox.invite(an_invitation(productReviewInvitation={"productSkus": skus}))
    assert answer.status == 400
    assert answer.hint.startswith("productSkus must be SKUs of the catalog")
    assert answer.hint.isprintable()
    assert len(answer.hint) < 2_100
    [entry] = sandbox.control("GET", "/journal?operation=createEmailInvitations")["journal"]
    assert skus[-1] in entry["hint"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"url": "http://127.0.0.1:9/", "settings": {"apiKey": "\ud800"}}, "settings.apiKey: holds half"),
        ({"url": "http://127.0.0.1:9/", "webhook": {"secret": "\ud800"}}, "webhook.secret: holds half"),
        ({"url": "http://127.0.0.1:9/", "webhook": {"headers": {"X Y": "b"}}}, "webhook.headers: has a name 'X Y'"),
        ({"url": "http://127.0.0.1:9/", "webhook": {"headers": {"X\r\nY": "b"}}}, "webhook.headers: has a name 'X"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused_where_they_are_set(
    sandbox: SandboxUnderTest, body: dict[str, Any], words: str
) -> None:
    answer = sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/segment/destinations/H", data=body)
    assert answer.status == 400
    assert words in answer.json["detail"]
