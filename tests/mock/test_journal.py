"""The journal: every exchange found again, one of them shown, all of them taken elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support import har
from tests.support.sandboxes import TOKEN_PATH, SandboxUnderTest, an_invitation, an_order, basic
from tests.support.stub_destination import StubDestination

FIND = "/v1/business-units/find?name="

Make = Callable[..., SandboxUnderTest]


def found(sandbox: SandboxUnderTest, **filters: Any) -> list[int]:
    """The numbers of the entries that fit; ``from_`` stands for ``from``."""
    query = urlencode({name.rstrip("_"): value for name, value in filters.items()})
    return [entry["id"] for entry in sandbox.control("GET", f"/journal?{query}")["journal"]]


@pytest.fixture
def lived(sandbox: SandboxUnderTest) -> SandboxUnderTest:
    """A sandbox with six exchanges: two finds, a token, a refused and a good invitation, an unknown path."""
    sandbox.get(FIND + "trustpilotdemo.com")
    sandbox.get(FIND + "nobody.example.com")
    token = sandbox.access_token()
    sandbox.control("POST", "/faults", {"operation": "createEmailInvitations", "status": 429})
    sandbox.invite(token=token)
    sandbox.advance("1h")
    sandbox.invite(an_invitation(consumerName="Grace Example"), token=token)
    sandbox.get("/v1/nothing-here")
    return sandbox


@pytest.mark.parametrize(
    ("filters", "entries"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"operation": "findBusinessUnit"}, [1, 2]),
        ({"direction": "out"}, []),
        ({"status": "404"}, [2, 6]),
        ({"status": "4xx"}, [2, 4, 6]),
        ({"status": "none"}, []),
        ({"method": "POST"}, [3, 4, 5]),
        ({"path": "business-units"}, [1, 2, 4, 5]),
        ({"text": "Grace"}, [5]),
        ({"text": "access_token"}, [3]),
        ({"trace": "trace-1"}, [4, 5]),
        ({"hint": "true"}, [2, 4, 5, 6]),
        ({"hint": "false"}, [1, 3]),
        ({"fault": "true"}, [4]),
        ({"fault": "false", "status": "4xx"}, [2, 6]),
        ({"since": 4}, [5, 6]),
        ({"limit": 2}, [5, 6]),
        ({"operation": "createEmailInvitations", "status": "2xx", "text": "1001"}, [5]),
    ],
)
def test_entries_are_found_by_what_they_are(
    lived: SandboxUnderTest, filters: dict[str, Any], entries: list[int]
) -> None:
    # A sandbox's own traces are numbered, so that the first is the order's.
    assert found(lived, **filters) == entries


def test_entries_are_found_by_the_sandboxs_time(lived: SandboxUnderTest) -> None:
    at = [entry["at"] for entry in lived.control("GET", "/journal")["journal"]]
    assert found(lived, from_=at[4]) == [5, 6]
    assert found(lived, to=at[4]) == [1, 2, 3, 4]
    assert found(lived, from_=at[4], to=at[4]) == []


@pytest.mark.parametrize("query", ["status=teapot", "status=6xx", "from=yesterday", "to=x", "direction=up", "since=-1"])
def test_a_filter_that_means_nothing_is_400(sandbox: SandboxUnderTest, query: str) -> None:
    answer = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/journal?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["detail"]


def test_one_entry_is_shown_by_its_number(lived: SandboxUnderTest) -> None:
    entry = lived.control("GET", "/journal/5")
    assert entry["request"]["body"]["consumerName"] == "Grace Example"
    assert (entry["status"], entry["trace"], entry["join"]) == (202, "trace-1", "orderId")
    answer = lived.call("GET", f"/_mock/sandboxes/{lived.id}/journal/7")
    assert answer.status == 404
    assert "10,000" in answer.json["detail"]


def test_a_batch_belongs_to_all_of_its_orders_and_names_none(sandbox: SandboxUnderTest) -> None:
    sandbox.track({"batch": [an_order(order_id="1"), an_order(order_id="2")]}, path="/v1/batch")
    [entry] = sandbox.control("GET", "/journal")["journal"]
    assert (entry["trace"], entry["join"]) == (None, None)
    assert found(sandbox, trace="trace-1") == found(sandbox, trace="trace-2") == [entry["id"]]
    assert found(sandbox, trace="trace-3") == []


def test_a_path_is_written_as_an_address_has_it(sandbox: SandboxUnderTest) -> None:
    sandbox.get("/v1/no%3Fsuch/%C3%B8 thing")
    [entry] = sandbox.control("GET", "/journal")["journal"]
    assert entry["url"].endswith("/v1/no%3Fsuch/%C3%B8%20thing")
    assert found(sandbox, path="/ø thing") == [entry["id"]]


def test_the_journals_size_is_the_sandboxs_own(new_sandbox: Make) -> None:
    small = new_sandbox(journal=3)
    for _ in range(5):
        small.get(FIND + "x")
    assert found(small) == [3, 4, 5]
    small.control("POST", "/reset")
    for _ in range(4):
        small.get(FIND + "x")
    assert len(found(small)) == 3


@pytest.mark.parametrize("size", [0, 100_001, "10"])
def test_a_size_out_of_bounds_is_400(sandbox: SandboxUnderTest, size: object) -> None:
    assert sandbox.call("POST", "/_mock/sandboxes", data={"journal": size}).status == 400


def test_numbers_go_on_rising_over_a_restored_snapshot(sandbox: SandboxUnderTest) -> None:
    sandbox.get(FIND + "x")
    sandbox.control("PUT", "/snapshots/a")
    sandbox.get(FIND + "x")
    sandbox.control("POST", "/snapshots/a/restore")
    sandbox.get(FIND + "x")
    assert found(sandbox) == [3]


# --- taken elsewhere ----------------------------------------------------------------------------------------------


def exported(sandbox: SandboxUnderTest, query: str = "") -> Any:
    archive = sandbox.control("GET", f"/journal.har{query}")
    assert har.faults(archive) == []
    return archive["log"]


def test_the_journal_is_an_http_archive(lived: SandboxUnderTest) -> None:
    log = exported(lived)
    entries = log["entries"]
    assert [entry["_tpmock"]["id"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry["response"]["status"] for entry in entries] == [200, 404, 200, 429, 202, 404]
    assert entries[0]["request"]["queryString"] == [{"name": "name", "value": "trustpilotdemo.com"}]
    assert entries[3]["comment"] == "Fault 1 of this sandbox (429) made this answer; the call was not performed."
    assert entries[4]["request"]["postData"]["mimeType"] == "application/json"
    assert '"Grace Example"' in entries[4]["request"]["postData"]["text"]


def test_the_archive_is_filtered_like_the_list(lived: SandboxUnderTest) -> None:
    log = exported(lived, "?status=4xx&limit=2")
    assert [entry["_tpmock"]["id"] for entry in log["entries"]] == [4, 6]


def test_whatever_comes_in_makes_a_valid_archive(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.connect(destination.url)
    destination.say[0].body = b"\xff\x00 no text"
    sandbox.track(an_order())
    sandbox.settle()
    destination.say[0].status = 0
    sandbox.track(an_order(order_id="2"))
    sandbox.settle()
    sandbox.call("GET", "/v1/b%C3%A5d path?apikey=" + sandbox["apiKey"] + "&x=%ff&=&y")
    sandbox.call("POST", TOKEN_PATH, body=b"\xff", headers={"Authorization": basic(sandbox["apiKey"], "x")})
    sandbox.call("GET", "/?client_id=x&redirect_uri=y&response_type=code")
    entries = exported(sandbox)["entries"]
    assert {entry["response"]["status"] for entry in entries} >= {0, 200, 404}
    [odd] = [e for e in entries if e["_tpmock"]["direction"] == "out" and e["response"]["status"] == 200]
    assert odd["response"]["content"]["encoding"] == "base64"


def test_a_redirect_names_its_target_without_the_code(sandbox: SandboxUnderTest) -> None:
    query = urlencode({"client_id": sandbox["apiKey"], "redirect_uri": sandbox["redirectUri"], "response_type": "code"})
    form = {"username": sandbox["username"], "password": sandbox["password"]}
    answer = sandbox.call("POST", f"/?{query}", form=form)
    assert answer.status == 302
    [entry] = exported(sandbox)["entries"]
    assert entry["response"]["redirectURL"].startswith(sandbox["redirectUri"] + "?code=")
    assert answer.headers["Location"] not in str(entry)
