"""What a run leads, allows and refuses, and the user's own proxy."""

from __future__ import annotations

import pytest
from tpmock.run.outcomes import NO_REQUEST, Outcome, Outcomes
from tpmock.run.policy import Policy, Upstream

PROXY = {"HTTPS_PROXY": "http://ada:se%20cret@proxy.example.com:3128"}


@pytest.mark.parametrize(
    ("policy", "host", "expected"),
    [
        (Policy(), "shop.example.com", False),
        (Policy(), "127.0.0.1", True),
        (Policy(), "localhost", True),
        (Policy(("shop.example.com",)), "shop.example.com", True),
        (Policy(("*.example.com",)), "a.shop.example.com", True),
        (Policy(("*.example.com",)), "example.com", False),
        (Policy(("example.com",)), "notexample.com", False),
        (Policy(network=True), "shop.example.com", True),
        (Policy(network=True), "support.trustpilot.com", False),
        (Policy(("support.trustpilot.com",)), "support.trustpilot.com", True),
    ],
)
def test_which_hosts_may_be_called(policy: Policy, host: str, expected: bool) -> None:  # noqa: FBT001
    assert policy.allows(host) is expected


def test_the_vendors_hosts_lead_to_the_mock_whatever_is_allowed() -> None:
    assert Policy(("api.trustpilot.com",), network=True).leads("api.trustpilot.com")


@pytest.mark.parametrize(
    ("environ", "port", "expected"),
    [
        ({}, 443, None),
        (PROXY, 443, Upstream("proxy.example.com", 3128, "Basic YWRhOnNlIGNyZXQ=")),
        (PROXY, 80, None),
        ({"all_proxy": "proxy.example.com:8080"}, 80, Upstream("proxy.example.com", 8080)),
        ({"https_proxy": "http://small.example.com", **PROXY}, 443, Upstream("small.example.com", 80)),
        ({**PROXY, "NO_PROXY": "example.com"}, 443, None),
        ({**PROXY, "no_proxy": "*"}, 443, None),
    ],
)
def test_the_users_proxy_is_the_way_outside(environ: dict[str, str], port: int, expected: Upstream | None) -> None:
    assert Policy(environ=environ).upstream("shop.example.com", port) == expected


def test_a_proxy_of_another_kind_is_reported() -> None:
    with pytest.raises(OSError, match=r"socks5://proxy\.example\.com of the environment cannot be used"):
        Policy(environ={"ALL_PROXY": "socks5://proxy.example.com"}).upstream("shop.example.com", 443)


def test_calls_are_counted_by_host_and_outcome() -> None:
    outcomes = Outcomes()
    for host in ("b.example", "a.example", "b.example"):
        outcomes.add(Outcome.REFUSED, host, "why")
    outcomes.add(Outcome.LED, "z.example")
    assert [str(line) for line in outcomes.lines()] == [
        "led      z.example  1",
        "refused  a.example  1  why",
        "refused  b.example  2  why",
    ]
    assert outcomes.hosts(Outcome.REFUSED) == ["a.example", "b.example", "b.example"]


@pytest.mark.parametrize(("led", "expected"), [(True, ["led"]), (False, ["not led"])])
def test_a_connection_without_a_request_counts_where_there_is_no_other(led: bool, expected: list[str]) -> None:  # noqa: FBT001
    outcomes = Outcomes()
    outcomes.add(Outcome.NOT_LED, "a.example", NO_REQUEST)
    if led:
        outcomes.add(Outcome.LED, "a.example")
    assert [line.outcome.value for line in outcomes.lines()] == expected
