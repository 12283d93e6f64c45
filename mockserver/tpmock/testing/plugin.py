"""The pytest plugin: its fixtures and hooks.

Every test run on a machine with tpmock installed loads this module, so it imports no other module of tpmock before a
test uses a fixture.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tpmock.testing import Server, Tpmock
    from tpmock.testing.backends import Backend, InProcess
    from tpmock.testing.options import Options

_MARKER = (
    "tpmock(world=..., variants={...}, seed=..., time=..., in_process=..., allow_hosts=[...]): "
    "what the sandbox of the test is like"
)
_USED: pytest.StashKey[Tpmock] = pytest.StashKey()
_LATE: pytest.StashKey[list[str]] = pytest.StashKey()
_WORKERS_LATE = "tpmock_late_calls"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command-line options."""
    group = parser.getgroup("tpmock", "tpmock: a local Trustpilot and Segment")
    group.addoption("--tpmock-url", metavar="URL", help="Use the mock that runs there. Default: one is started.")
    group.addoption("--tpmock-world", metavar="FILE", help="A world file in place of the shipped one.")
    group.addoption("--tpmock-variant", metavar="NAME=VALUE", action="append", default=[], help="A switch; repeatable.")
    group.addoption("--tpmock-allow-functions", action="store_true", help="Let destination functions run, as you.")
    group.addoption("--tpmock-in-process", action="store_true", help="Use the mock in this process, without a socket.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


# In a form for every pytest: no minimum version is required, so an older one must not fail here.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Add the last exchanges of a failed test's sandbox to its report."""
    report = (yield).get_result()
    used = item.stash.get(_USED, None)
    if used is not None and report.failed:
        from tpmock.testing.report import last_exchanges  # noqa: PLC0415

        report.sections.append(("tpmock: last exchanges", last_exchanges(used)))


def _late_calls() -> list[str]:
    """Return the calls that the fence refused outside a test with a sandbox; empty when no test used one."""
    fence = sys.modules.get("tpmock.testing.fence")
    return [] if fence is None else fence.FENCE.late_calls()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pass a worker's refused calls to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKERS_LATE] = _late_calls()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect a worker's refused calls."""
    node.config.stash.setdefault(_LATE, []).extend(getattr(node, "workeroutput", {}).get(_WORKERS_LATE, ()))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Report calls to the vendors' real hosts that were refused outside a test with a sandbox."""
    late = sorted({*config.stash.get(_LATE, []), *_late_calls()})
    if late:
        terminalreporter.section("tpmock: calls to real hosts that were refused")
        for line in late:
            terminalreporter.line(line)


@contextmanager
def _failing_in_a_sentence() -> Iterator[None]:
    """Report errors in settings, markers or server without a stack trace, because the user can fix them."""
    from tpmock.common.control_client import RefusedError, UnreachableError  # noqa: PLC0415 - here and below: when used
    from tpmock.core.settings_file import SettingsError  # noqa: PLC0415
    from tpmock.sandbox.errors import WorldFileError  # noqa: PLC0415
    from tpmock.testing.options import OptionError  # noqa: PLC0415
    from tpmock.testing.shared_server import ServerFailedError  # noqa: PLC0415

    try:
        yield
    except (OptionError, RefusedError, ServerFailedError, SettingsError, UnreachableError, WorldFileError) as error:
        raise pytest.fail.Exception(f"tpmock: {error}", pytrace=False) from None


@pytest.fixture(scope="session")
def _tpmock_run(pytestconfig: pytest.Config) -> Options:
    """Options for all tests of this run."""
    from tpmock.testing.options import of_run  # noqa: PLC0415

    with _failing_in_a_sentence():
        return of_run(
            pytestconfig.rootpath,
            url=pytestconfig.getoption("--tpmock-url"),
            world=pytestconfig.getoption("--tpmock-world"),
            variants=pytestconfig.getoption("--tpmock-variant"),
            in_process=pytestconfig.getoption("--tpmock-in-process"),
            functions=pytestconfig.getoption("--tpmock-allow-functions"),
        )


@pytest.fixture(scope="session")
def tpmock_server(
    _tpmock_run: Options, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The mock shared by all tests and workers of this run, or the one at ``--tpmock-url``."""
    from tpmock.testing.backends import Server  # noqa: PLC0415
    from tpmock.testing.shared_server import SharedServer  # noqa: PLC0415

    if _tpmock_run.url is not None:
        server = Server(_tpmock_run.url, _tpmock_run.token)
        with _failing_in_a_sentence():
            server.check()
        yield server
        server.close()
        return
    base = tmp_path_factory.getbasetemp()
    # The run's folder, which all workers know, contains a worker's folder.
    folder = base.parent if hasattr(pytestconfig, "workerinput") else base
    with _failing_in_a_sentence():
        shared = SharedServer(folder / "tpmock", _tpmock_run.worlds, functions=_tpmock_run.functions)
    server = Server(shared.url)
    yield server
    server.close()
    shared.close()


@pytest.fixture(scope="session")
def _tpmock_inside(_tpmock_run: Options) -> Iterator[InProcess]:
    """The mock in this process, created on first use."""
    from tpmock.testing.backends import InProcess  # noqa: PLC0415

    with _failing_in_a_sentence():
        inside = InProcess(_tpmock_run.worlds, functions=_tpmock_run.functions)
    yield inside
    inside.close()


@pytest.fixture
def tpmock(request: pytest.FixtureRequest, _tpmock_run: Options) -> Iterator[Tpmock]:
    """A sandbox for this test, removed afterwards. The vendors' host names are redirected to it."""
    options = _options_of(request, _tpmock_run)
    if options.in_process or "tpmock_in_process" in request.fixturenames:
        yield request.getfixturevalue("tpmock_in_process")
    else:
        with _used(request, options, request.getfixturevalue("tpmock_server")) as made:
            yield made


@pytest.fixture
def tpmock_in_process(
    request: pytest.FixtureRequest, _tpmock_run: Options, _tpmock_inside: InProcess
) -> Iterator[Tpmock]:
    """The same without a socket: the mock is in this process, and only this machine's own hosts can be called."""
    if _USED in request.node.stash:
        pytest.fail("tpmock: the test has a sandbox already; ask for one of tpmock, tpmock_in_process.", pytrace=False)
    with _used(request, _options_of(request, _tpmock_run), _tpmock_inside) as made:
        yield made


def _options_of(request: pytest.FixtureRequest, run: Options) -> Options:
    from tpmock.testing.options import of_test  # noqa: PLC0415

    with _failing_in_a_sentence():
        marks = [(mark.args, mark.kwargs) for mark in request.node.iter_markers("tpmock")]
        return of_test(run, marks[::-1])


@contextmanager
def _used(request: pytest.FixtureRequest, options: Options, backend: Backend) -> Iterator[Tpmock]:
    """Create the sandbox of a test, and store it for the report of a failure."""
    from tpmock.testing.backends import sandbox, sandbox_name  # noqa: PLC0415
    from tpmock.testing.patching import hosts_without_proxy  # noqa: PLC0415

    item = request.node
    with pytest.MonkeyPatch.context() as patch, _failing_in_a_sentence():
        for name, value in hosts_without_proxy(os.environ).items():
            patch.setenv(name, value)
        name = sandbox_name(item.nodeid)
        with sandbox(backend, name, options.allow_hosts, item.nodeid, **options.sandbox) as made:
            item.stash[_USED] = made
            yield made
            del item.stash[_USED]
