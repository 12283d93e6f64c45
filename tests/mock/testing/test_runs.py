"""Runs of their own, as users have them."""

from __future__ import annotations

import re
import textwrap

import pytest

from tests.mock.testing.flakes import UNUSED, stayed
from tests.support import dead_proxy

pytest_plugins = ["pytester"]

FIND = """
import requests

def find(tpmock, key=None):
    return requests.get(
        "https://api.trustpilot.com/v1/business-units/find",
        params={"name": tpmock.credentials.domain},
        headers={"apikey": key or tpmock.credentials.api_key},
        timeout=30,
    )
"""

# In such a run the operating system refuses network access.
NO_SOCKETS = """
import sys

def forbid(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(f"{event} {arguments}")

sys.addaudithook(forbid)
"""


QUICK = " ".join(f"-p no:{name}" for name in UNUSED)


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in here is not a worker and has no settings."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "TPMOCK_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a program to test; warnings are errors there."""
    pytester.makepyfile(shop=FIND)
    pytester.makeini(f"[pytest]\nfilterwarnings = error\naddopts = --strict-markers {QUICK}\n")
    return pytester


def ran(project: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_it=textwrap.dedent(test))
    return project.runpytest_subprocess("-n0", *options)


def test_proxies_of_the_environment_are_not_used(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    dead_proxy.use(monkeypatch)
    done = ran(
        project,
        """
        import os, subprocess, sys
        import httpx, pytest, requests
        from shop import find

        CHILD = "import os, requests; print(requests.get(os.environ['TPMOCK_URL'] + '/_mock/health').status_code)"

        @pytest.mark.parametrize("name", ["tpmock", "tpmock_in_process"])
        def test_urls(name, request):
            tpmock = request.getfixturevalue(name)
            assert find(tpmock).status_code == 200
            assert requests.get(f"{tpmock.urls.trustpilot}/_mock/health", timeout=30).status_code == 200

        def test_env(tpmock):
            assert httpx.get(f"{tpmock.urls.trustpilot}/_mock/health").status_code == 200
            child = subprocess.run([sys.executable, "-c", CHILD], env={**os.environ, **tpmock.env}, capture_output=True)
            assert child.stdout == b"200\\n", child.stderr
        """,
    )
    done.assert_outcomes(passed=3)


def test_nothing_is_loaded_before_it_is_used(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        import sys

        def test_modules():
            ours = {name for name in sys.modules if name.partition(".")[0] == "tpmock"}
            plugins = {"tpmock.testing.plugin", "tpmock.kit.pytest.plugin"}
            assert ours == {"tpmock", "tpmock.testing", "tpmock.kit", "tpmock.kit.pytest", *plugins}
            assert not {"flask", "urllib3", "jsonschema_rs"} & set(sys.modules)
        """,
        "-p",
        "no:randomly",
        "-p",
        "no:schemathesis",
    )
    done.assert_outcomes(passed=1)


def test_it_can_be_switched_off(project: pytest.Pytester) -> None:
    done = ran(project, "def test_it(tpmock): pass", "-p", "no:tpmock")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*fixture 'tpmock' not found*"])


def test_options_marker_and_fixtures_are_reported(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("--help").stdout.fnmatch_lines(["*--tpmock-url=URL*", "*--tpmock-variant=NAME=VALUE*"])
    project.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.tpmock(*"])
    project.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(["*tpmock_in_process*"])


def test_each_test_has_a_sandbox_of_its_own_and_nothing_stays(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        import pytest
        from shop import find

        seen = set()

        @pytest.mark.parametrize("number", range(5))
        def test_alone(tpmock, number):
            assert len(tpmock.journal) == 0
            assert tpmock.credentials.api_key not in seen
            seen.add(tpmock.credentials.api_key)
            tpmock.clock.advance("7d")
            tpmock.faults.add(operation="findBusinessUnit", status=500)
            assert find(tpmock).status_code == 500

        def test_the_mock(tpmock_server):
            rows = tpmock_server.client.call("GET", "/sandboxes")["sandboxes"]
            assert [row["id"] for row in rows] == ["default"]
            with tpmock_server.sandbox(id="second") as other:
                assert find(other).status_code == 200
        """,
    )
    done.assert_outcomes(passed=6)
    assert stayed(project.path) == []


def test_the_same_test_has_the_same_credentials_in_every_run(project: pytest.Pytester) -> None:
    test = "def test_it(tpmock, capsys): print('key', tpmock.credentials.api_key); assert False"
    [first] = re.findall(r"^key (\S+)$", ran(project, test).stdout.str(), re.MULTILINE)
    [second] = re.findall(r"^key (\S+)$", ran(project, test, "--tpmock-in-process").stdout.str(), re.MULTILINE)
    assert first == second


def test_a_failure_shows_the_last_exchanges(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        from shop import find

        def test_it(tpmock):
            for _ in range(11):
                find(tpmock)
            assert find(tpmock, "tpk-of-somebody-else-entirely").status_code == 200

        def test_good(tpmock):
            find(tpmock)
        """,
        "-p",
        "no:randomly",
    )
    done.assert_outcomes(failed=1, passed=1)
    done.stdout.fnmatch_lines(
        [
            "*- tpmock: last exchanges -*",
            "sandbox test-it-* at http://127.0.0.1:*: 11 exchanges, the last 10 of them",
            "*-> GET *api.trustpilot.com/v1/business-units/find*: 200 (findBusinessUnit)",
            "with credentials that belong to no sandbox*",
            "*: 401 (findBusinessUnit)",
            "*hint: No sandbox owns this API key.*",
        ]
    )
    assert done.stdout.str().count(": 200 (findBusinessUnit)") == 10
    assert "tpk-of-somebody-else-entirely'" not in "".join(
        line for line in done.outlines if "->" in line or "hint" in line
    )


def test_without_a_socket_no_socket_is_asked_for(project: pytest.Pytester) -> None:
    project.makeconftest(NO_SOCKETS)
    done = ran(
        project,
        """
        from segment.analytics.client import Client
        from shop import find

        def test_trustpilot(tpmock_in_process):
            assert find(tpmock_in_process).json()["id"] == tpmock_in_process.credentials.business_unit_id

        def test_segment(tpmock_in_process):
            client = Client(tpmock_in_process.credentials.write_key, max_retries=0, upload_interval=0.01)
            client.track("customer-1", "Order Completed", {"order_id": "1001"})
            client.flush()
            client.join()
            tpmock_in_process.wait_for(tpmock_in_process.events, type="track")
        """,
    )
    done.assert_outcomes(passed=2)


def test_sockets_are_really_forbidden_there(project: pytest.Pytester) -> None:
    project.makeconftest(NO_SOCKETS)
    done = ran(project, "def test_it(tpmock): pass")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*socket.*"])


def test_no_socket_is_chosen_by_option_or_marker(project: pytest.Pytester) -> None:
    test = """
        import pytest

        def test_option(tpmock):
            assert tpmock.url == "http://tpmock.localhost"

        @pytest.mark.tpmock(in_process=False)
        def test_marker(tpmock):
            assert tpmock.url != "http://tpmock.localhost"

        @pytest.mark.usefixtures("tpmock_in_process")
        class TestClass:
            def test_usefixtures(self, tpmock, tpmock_in_process):
                assert tpmock is tpmock_in_process
    """
    ran(project, test, "--tpmock-in-process").assert_outcomes(passed=3)


def test_marker_over_option_over_environment_over_file(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPMOCK_VARIANTS", "token_type=BearerToken")
    project.makefile(
        ".toml",
        tpmock='seed = 3\nin_process = true\n[variants]\ntoken_type = "Bearer"\n',
    )
    test = """
        import pytest

        @pytest.mark.tpmock(seed=1, variants={"partner_grant": "password"})
        class TestIt:
            @pytest.mark.tpmock(seed=2)
            def test_near(self, tpmock):
                assert tpmock.call("GET", "")["seed"] == 2
                assert tpmock.variants["partner_grant"] == "password"

            @pytest.mark.tpmock(variants={"partner_grant": "any"})
            def test_far(self, tpmock):
                assert tpmock.call("GET", "")["seed"] == 1
                assert tpmock.variants["partner_grant"] == "any"

        def test_none(tpmock):
            assert tpmock.call("GET", "")["seed"] == 3
            assert tpmock.variants["token_type"] == "BearerToken"
            assert tpmock.variants["partner_grant"] == "client_credentials"
    """
    ran(project, test, "--tpmock-variant", "partner_grant=client_credentials").assert_outcomes(passed=3)


def test_a_wrong_marker_is_reported(project: pytest.Pytester) -> None:
    done = ran(
        project,
        """
        import pytest

        @pytest.mark.tpmock(wrld="x")
        def test_name(tpmock): pass

        @pytest.mark.tpmock("x")
        def test_no_name(tpmock): pass

        @pytest.mark.tpmock(seed="x")
        def test_type(tpmock): pass

        @pytest.mark.tpmock(variants={"partner_grnt": "x"})
        def test_variant(tpmock): pass

        @pytest.mark.tpmock(time="noon")
        def test_time(tpmock): pass

        @pytest.mark.tpmock(world="other")
        def test_world(tpmock): pass

        def test_two(tpmock, request):
            request.getfixturevalue("tpmock_in_process")
        """,
    )
    done.assert_outcomes(errors=6, failed=1)
    for sentence in (
        "@pytest.mark.tpmock has no 'wrld'. Did you mean 'world'?",
        "@pytest.mark.tpmock takes names only: world=, ",
        "@pytest.mark.tpmock(seed=...) is of type int, not 'x'.",
        "there is no variant 'partner_grnt'",
        "The request is invalid. time: ",
        "there is no 'other'",
        "the test has a sandbox already",
    ):
        assert sentence in done.stdout.str()
    assert "During handling" not in done.stdout.str()


@pytest.mark.parametrize(
    ("options", "settings", "sentence"),
    [
        ([], "prot = 1", "there is no setting 'prot'. Did you mean 'port'?"),
        (["--tpmock-variant", "x"], "", "--tpmock-variant is NAME=VALUE, not 'x'."),
        (["--tpmock-url", "http://127.0.0.1:1"], "", "No mock answers at http://127.0.0.1:1"),
        (["--tpmock-world", "none.yaml"], "", "none.yaml cannot be read"),
        (["--tpmock-world", "none.yaml", "--tpmock-in-process"], "", "none.yaml cannot be read"),
        (["--tpmock-world", "x", "--tpmock-url", "http://x"], "", "--tpmock-world is for a mock that is started"),
    ],
)
def test_a_wrong_option_or_setting_is_reported(
    project: pytest.Pytester, options: list[str], settings: str, sentence: str
) -> None:
    project.makefile(".toml", tpmock=settings)
    done = ran(project, "def test_it(tpmock): pass", *options)
    done.assert_outcomes(errors=1)
    assert sentence in done.stdout.str()
    assert "Traceback" not in done.stdout.str()
    assert "During handling" not in done.stdout.str()


def test_an_existing_mock_is_used_and_left_alone(project: pytest.Pytester, tpmock_server: object) -> None:
    url = tpmock_server.url  # type: ignore[attr-defined]
    test = f"def test_it(tpmock): assert tpmock.url == {url!r}"
    ran(project, test, f"--tpmock-url={url}").assert_outcomes(passed=1)
    ran(project, test, f"--tpmock-url={url}").assert_outcomes(passed=1)


def test_worlds_have_names(project: pytest.Pytester) -> None:
    project.makefile(".toml", tpmock='worlds = {small = "small.yaml"}')
    project.path.joinpath("small.yaml").write_text(_small_world(), encoding="utf-8")
    test = """
        import pytest

        @pytest.mark.tpmock(world="small")
        def test_it(tpmock):
            assert tpmock.call("GET", "")["world"] == "small"
            assert tpmock.call("GET", "/business-units")["total"] == 1

        def test_other(tpmock):
            assert tpmock.call("GET", "/business-units")["total"] > 1
    """
    ran(project, test).assert_outcomes(passed=2)
    ran(project, test, "--tpmock-in-process").assert_outcomes(passed=2)


def _small_world() -> str:
    from tpmock.sandbox import world_file  # noqa: PLC0415 - only here

    shipped = world_file.default()
    units = shipped.content["business_units"][:1]
    parts = {"service_reviews", "product_reviews", "products", "locations", "consumers"} & shipped.content.keys()
    content = {**shipped.content, **{part: [] for part in parts}, "business_units": units}
    return world_file.write(world_file.WorldFile(shipped.own, shipped.shared, content))


@pytest.mark.parametrize("options", [(), ("--tpmock-in-process",)])
def test_functions_run_where_the_run_allows_them(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    test = """
        FUNCTION = {"function": {"code": "function onTrack() {}"}}

        def test_set(tpmock):
            tpmock.call("PUT", "/segment/destinations/F", FUNCTION)
    """
    refused = ran(project, test, *options)
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(["*--allow-functions*"])
    ran(project, test, "--tpmock-allow-functions", *options).assert_outcomes(passed=1)
