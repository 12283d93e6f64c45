"""The vendors' real hosts stay blocked, and late calls to them are reported."""

from __future__ import annotations

import textwrap

import pytest

from tests.mock.testing.test_runs import QUICK

pytest_plugins = ["pytester"]

CONFTEST = """
import socket

ASKED = []
real = socket.getaddrinfo

def look_up(host, *arguments, **options):
    if host not in ("127.0.0.1", "localhost", "::1", None):
        ASKED.append(host)
        raise socket.gaierror(-2, f"{host} was looked up")
    return real(host, *arguments, **options)

socket.getaddrinfo = look_up

def pytest_sessionfinish():
    assert ASKED == [], ASKED
"""

LEAVES_A_THREAD = """
    import socket, threading
    import pytest, requests

    go, ended = threading.Event(), threading.Event()
    said = []

    def late():
        go.wait(60)
        try:
            requests.get("https://api.segment.io/v1/t", timeout=5)
        except requests.ConnectionError as error:
            said.append(str(error))
        ended.set()

    def test_leaves_a_thread(tpmock):
        threading.Thread(target=late, name="shop-sender").start()
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "TPMOCK_URL"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makeini(f"[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:randomly {QUICK}\n")
    return pytester


def ran(project: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_it=textwrap.dedent(test))
    return project.runpytest_subprocess(*options)


REFUSED = "api.segment.io: called by thread shop-sender, which *::test_leaves_a_thread left running"


@pytest.mark.parametrize(
    "options", [["-n0"], ["-n1"], ["-n0", "--tpmock-in-process"]], ids=["alone", "xdist", "inside"]
)
def test_a_thread_that_outlives_its_test_is_refused_and_reported(project: pytest.Pytester, options: list[str]) -> None:
    test = """
    def test_of_somebody_else():
        go.set()
        assert ended.wait(30)
        assert "shop-sender" in said[0]
    """
    done = ran(project, LEAVES_A_THREAD + test, *options)
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*= tpmock: calls to real hosts that were refused =*", REFUSED])


def test_it_is_refused_also_while_another_test_holds_a_sandbox(project: pytest.Pytester) -> None:
    test = """
    def test_with_a_sandbox_of_its_own(tpmock):
        go.set()
        assert ended.wait(30)
        assert requests.get("https://api.trustpilot.com/v1/business-units/find", timeout=5).status_code == 401
        assert [call["operation"] for call in tpmock.journal] == []
    """
    done = ran(project, LEAVES_A_THREAD + test, "-n0")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines([REFUSED])


def test_segments_own_library_sends_nothing_after_the_test(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        from segment.analytics.client import Client

        clients = []

        def test_sends_late(tpmock):
            client = Client(tpmock.credentials.write_key, max_retries=2, upload_interval=2)
            client.track("customer-1", "Order Completed", {"order_id": "1001"})
            clients.append(client)

        def test_is_over():
            clients[0].flush()
        """,
        "-n0",
    )
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["api.segment.io: called by thread Thread-*, which *::test_sends_late left running*"])


def test_after_the_first_use_the_hosts_are_shut_for_tests_without_a_sandbox(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        import asyncio, socket
        import aiohttp, httpx, pytest, requests

        FIND = "https://api.trustpilot.com/v1/business-units/find"

        def test_first(tpmock):
            assert httpx.get(FIND).status_code == 401

        def test_then():
            with pytest.raises(requests.ConnectionError, match="tpmock refuses api.trustpilot.com"):
                requests.get(FIND, timeout=5)
            with pytest.raises(httpx.ConnectError, match="tpmock refuses api.trustpilot.com"):
                httpx.get(FIND)

            async def by_aiohttp():
                async with aiohttp.ClientSession() as session:
                    await session.get(FIND)

            with pytest.raises(aiohttp.ClientError, match="tpmock refuses api.trustpilot.com"):
                asyncio.run(by_aiohttp())
            with socket.socket() as own, pytest.raises(ConnectionRefusedError, match="tpmock refuses"):
                own.connect(("api.trustpilot.com", 443))
        """,
        "-n0",
    )
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(
        ["api.trustpilot.com: called by *::test_then, which holds no sandbox, in thread MainThread (* times)"]
    )


def test_after_the_first_use_the_hosts_are_shut_for_clients_in_c(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        import asyncio
        import pycurl, pytest, uvloop

        def test_first(tpmock):
            pass

        async def connect():
            await asyncio.open_connection("api.trustpilot.com", 443)

        async def look_up():
            await asyncio.get_running_loop().getaddrinfo("api.trustpilot.com", 443)

        @pytest.mark.parametrize("client", [connect, look_up])
        def test_uvloop(client):
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                with pytest.raises(ConnectionRefusedError, match="tpmock refuses api.trustpilot.com"):
                    runner.run(client())

        def test_pycurl():
            curl = pycurl.Curl()
            curl.setopt(pycurl.URL, "https://api.trustpilot.com/")
            with pytest.raises(pycurl.error, match="tpmock refuses api.trustpilot.com"):
                curl.perform()
        """,
        "-n0",
    )
    done.assert_outcomes(passed=4)


def test_threads_of_a_pool_serve_the_next_test_too(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        from concurrent.futures import ThreadPoolExecutor
        import pytest, requests

        pool = ThreadPoolExecutor(1)

        @pytest.mark.parametrize("number", range(2))
        def test_it(tpmock, number):
            headers = {"apikey": tpmock.credentials.api_key}
            url = "https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com"
            assert pool.submit(requests.get, url, headers=headers, timeout=30).result().status_code == 200
        """,
        "-n0",
    )
    done.assert_outcomes(passed=2)
    assert "refused" not in done.stdout.str()
