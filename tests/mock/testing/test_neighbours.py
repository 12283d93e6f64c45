"""The fixtures beside other libraries of tests: each does its own work, and ours theirs."""

from __future__ import annotations

import textwrap

import pytest

from tests.mock.testing.test_runs import QUICK

pytest_plugins = ["pytester"]

SHOP = """
import httpx, requests

FIND = "https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com"

def find(tpmock, client=requests):
    return client.get(FIND, headers={"apikey": tpmock.credentials.api_key}, timeout=30).status_code

def track(tpmock):
    event = {"userId": "u", "event": "Order Completed", "properties": {"order_id": "1001"}}
    key = (tpmock.credentials.write_key, "")
    return requests.post("https://api.segment.io/v1/track", auth=key, json=event, timeout=30).status_code
"""

FROZEN = """
    import time
    import pytest
    from shop import find, track
    {imports}

    @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
    def test_it(name, request):
        tpmock = request.getfixturevalue(name)
        with {freeze}:
            assert time.gmtime().tm_year == 2031
            assert (find(tpmock), track(tpmock)) == (200, 200)
            assert tpmock.wait_for(tpmock.events, type="track")
            began = time.clock_gettime(time.CLOCK_MONOTONIC)
            tpmock.settle(timeout=2)
            with pytest.raises(AssertionError, match="There are no"):
                tpmock.wait_for(tpmock.invitations, timeout=0.5)
            assert time.clock_gettime(time.CLOCK_MONOTONIC) - began < 9
"""

TESTS = {
    "freezegun": FROZEN.format(imports="import freezegun", freeze='freezegun.freeze_time("2031-01-31")'),
    "time-machine": FROZEN.format(
        imports="import time_machine", freeze='time_machine.travel("2031-01-31", tick=False)'
    ),
    "responses": """
        import pytest, requests, responses
        from shop import find, FIND

        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, request):
            tpmock = request.getfixturevalue(name)
            with responses.RequestsMock() as mocked:
                mocked.get("https://shop.example.com/", body="theirs")
                mocked.add_passthru("https://api.trustpilot.com")
                assert requests.get("https://shop.example.com/").text == "theirs"
                assert find(tpmock) == 200
    """,
    "requests-mock": """
        import pytest, requests, requests_mock
        from shop import find

        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, request):
            tpmock = request.getfixturevalue(name)
            with requests_mock.Mocker(real_http=True) as mocked:
                mocked.get("https://shop.example.com/", text="theirs")
                assert requests.get("https://shop.example.com/").text == "theirs"
                assert find(tpmock) == 200
    """,
    "respx": """
        import httpx, pytest, respx
        from shop import find

        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, request):
            tpmock = request.getfixturevalue(name)
            with respx.mock() as mocked:
                mocked.get("https://shop.example.com/").respond(text="theirs")
                mocked.route(host="api.trustpilot.com").pass_through()
                assert httpx.get("https://shop.example.com/").text == "theirs"
                assert find(tpmock, httpx) == 200
    """,
    "vcrpy": """
        import pytest, requests, vcr
        from shop import find

        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, request, tmp_path):
            with vcr.use_cassette(str(tmp_path / "kept.yaml")) as kept:
                tpmock = request.getfixturevalue(name)
                assert find(tpmock) == 200
                assert [one.host for one in kept.requests] == ["api.trustpilot.com"]
    """,
    "pytest-recording": """
        import pytest
        from shop import find

        @pytest.mark.vcr(record_mode="once")
        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, request):
            assert find(request.getfixturevalue(name)) == 200

        def test_nothing_stays(tpmock_server):
            assert [row["id"] for row in tpmock_server.client.call("GET", "/sandboxes")["sandboxes"]] == ["default"]
    """,
    "pytest-socket": """
        import pytest
        from shop import find

        @pytest.mark.disable_socket
        def test_in_process(tpmock_in_process):
            assert find(tpmock_in_process) == 200

        @pytest.mark.allow_hosts(["127.0.0.1"])
        def test_server(tpmock):
            assert find(tpmock) == 200
    """,
    "pytest-asyncio": """
        import httpx, pytest
        from shop import FIND

        @pytest.mark.asyncio
        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        async def test_it(name, request):
            tpmock = request.getfixturevalue(name)
            async with httpx.AsyncClient() as client:
                answer = await client.get(FIND, headers={"apikey": tpmock.credentials.api_key})
            assert answer.status_code == 200
    """,
    "anyio": """
        import httpx, pytest
        from shop import FIND

        @pytest.mark.anyio
        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        async def test_it(name, request, anyio_backend):
            tpmock = request.getfixturevalue(name)
            async with httpx.AsyncClient() as client:
                answer = await client.get(FIND, headers={"apikey": tpmock.credentials.api_key})
            assert answer.status_code == 200
    """,
    "pytest-randomly": """
        import random
        import pytest
        from shop import find

        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, request):
            # What the test's own chance gives next is what it would give without us.
            expected = random.Random()
            expected.setstate(random.getstate())
            assert find(request.getfixturevalue(name)) == 200
            assert random.random() == expected.random()
    """,
    "pytest-xdist": """
        import os
        import pytest
        from shop import find, track

        @pytest.mark.parametrize("number", range(3))
        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_it(name, number, request):
            assert os.environ["PYTEST_XDIST_WORKER"] in ("gw0", "gw1")
            tpmock = request.getfixturevalue(name)
            assert (find(tpmock), track(tpmock)) == (200, 200)
            assert [event["type"] for event in tpmock.events.list()] == ["track"]
    """,
}
PLUGINS = {
    "pytest-recording": "recording",
    "pytest-socket": "socket",
    "pytest-asyncio": "asyncio",
    "anyio": "anyio",
}


def test_ids_do_not_depend_on_the_order_of_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-randomly shuffles tests and seeds chance anew."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "TPMOCK_URL"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile("""
        from pathlib import Path
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_it(tpmock_in_process, number):
            with Path("keys").open("a") as keys:
                print(number, tpmock_in_process.credentials.api_key, file=keys)
    """)
    seen = []
    for seed in range(1, 5):
        done = pytester.runpytest_subprocess("-n0", f"--randomly-seed={seed}", *QUICK.split())
        assert done.ret == 0
        seen.append((pytester.path / "keys").read_text(encoding="utf-8").splitlines())
        (pytester.path / "keys").unlink()
    # Several seeds may give one order.
    assert len({tuple(keys) for keys in seen}) > 1
    assert len({tuple(sorted(keys)) for keys in seen}) == 1


@pytest.mark.parametrize("library", TESTS)
def test_beside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "TPMOCK_URL"):
        monkeypatch.delenv(name, raising=False)
    options = QUICK.replace(f"-p no:{PLUGINS.get(library)}", "")
    setting = "asyncio_default_fixture_loop_scope = function\n" if library == "pytest-asyncio" else ""
    pytester.makeini(f"[pytest]\n{setting}addopts = {options}\n")
    pytester.makepyfile(shop=SHOP, test_it=textwrap.dedent(TESTS[library]))
    workers = "-n2" if library == "pytest-xdist" else "-n0"
    done = pytester.runpytest_subprocess(workers, timeout=90)
    assert done.ret == 0
    assert done.parseoutcomes()["passed"] >= 2
