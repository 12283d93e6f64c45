"""The pytest plugin: fixtures and nothing else.

Every test run on a machine where tpmock is installed loads this module, so it imports nothing of ours before a fixture
is used.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.testing import Server, Tpmock
    from mockserver.testing.choices import Run, Wish
    from mockserver.testing.places import InProcess, Place

_MARKER = (
    "tpmock(world=..., variants={...}, seed=..., time=..., in_process=..., allow_hosts=[...]): "
    "what the sandbox of the test is like"
)
_USED: pytest.StashKey[Tpmock] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a run."""
    group = parser.getgroup("tpmock", "tpmock: a local Trustpilot and Segment")
    group.addoption("--tpmock-url", metavar="URL", help="Use the mock that runs there. Default: one is started.")
    group.addoption("--tpmock-world", metavar="FILE", help="A world file in place of the shipped one.")
    group.addoption("--tpmock-variant", metavar="NAME=VALUE", action="append", default=[], help="A switch; repeatable.")
    group.addoption("--tpmock-in-process", action="store_true", help="Use the mock in this process, without a socket.")


def pytest_configure(config: pytest.Config) -> None:
    """Say which marker there is."""
    config.addinivalue_line("markers", _MARKER)


# In the form that every pytest knows: no version is asked for, so an older one must not break here.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what a failed test's sandbox saw last."""
    report = (yield).get_result()
    used = item.stash.get(_USED, None)
    if used is not None and report.failed:
        from mockserver.testing.report import last_exchanges  # noqa: PLC0415

        report.sections.append(("tpmock: last exchanges", last_exchanges(used)))


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    """What is wrong with settings, marker or server is for the user to mend: no stack trace helps with that."""
    from mockserver.testing.sentences import SENTENCES  # noqa: PLC0415 - here and below: only when it is used

    try:
        yield
    except SENTENCES as error:
        raise pytest.fail.Exception(f"tpmock: {error}", pytrace=False) from None


@pytest.fixture(scope="session")
def _tpmock_run(pytestconfig: pytest.Config) -> Run:
    """What holds for all tests of this run."""
    from mockserver.testing.choices import of_run  # noqa: PLC0415

    with _told_in_a_sentence():
        return of_run(
            pytestconfig.rootpath,
            url=pytestconfig.getoption("--tpmock-url"),
            world=pytestconfig.getoption("--tpmock-world"),
            variants=pytestconfig.getoption("--tpmock-variant"),
            in_process=pytestconfig.getoption("--tpmock-in-process"),
        )


@pytest.fixture(scope="session")
def tpmock_server(
    _tpmock_run: Run, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One mock for all tests and all workers of this run, or the one at ``--tpmock-url``."""
    from mockserver.testing.places import Server  # noqa: PLC0415
    from mockserver.testing.shared_server import SharedServer  # noqa: PLC0415

    if _tpmock_run.url is not None:
        server = Server(_tpmock_run.url, _tpmock_run.token)
        with _told_in_a_sentence():
            server.check()
        yield server
        return
    base = tmp_path_factory.getbasetemp()
    # A worker's folder lies in that of the run, which all workers know.
    folder = base.parent if hasattr(pytestconfig, "workerinput") else base
    with _told_in_a_sentence():
        shared = SharedServer(folder / "tpmock", _tpmock_run.worlds)
    yield Server(shared.url)
    shared.close()


@pytest.fixture(scope="session")
def _tpmock_inside(_tpmock_run: Run) -> Iterator[InProcess]:
    """The mock in this process, made when the first test wants it."""
    from mockserver.testing.places import InProcess  # noqa: PLC0415

    with _told_in_a_sentence():
        inside = InProcess(_tpmock_run.worlds)
    yield inside
    inside.close()


@pytest.fixture
def tpmock(request: pytest.FixtureRequest, _tpmock_run: Run) -> Iterator[Tpmock]:
    """A sandbox of its own for this test, removed afterwards. The vendors' host names lead to it."""
    wish = _wish(request, _tpmock_run)
    if wish.in_process or "tpmock_in_process" in request.fixturenames:
        yield request.getfixturevalue("tpmock_in_process")
    else:
        with _used(request, wish, request.getfixturevalue("tpmock_server")) as made:
            yield made


@pytest.fixture
def tpmock_in_process(request: pytest.FixtureRequest, _tpmock_run: Run, _tpmock_inside: InProcess) -> Iterator[Tpmock]:
    """The same without a socket: the mock is in this process, and no host but this machine's own can be called."""
    if _USED in request.node.stash:
        pytest.fail("tpmock: the test has a sandbox already; ask for one of tpmock, tpmock_in_process.", pytrace=False)
    with _used(request, _wish(request, _tpmock_run), _tpmock_inside) as made:
        yield made


def _wish(request: pytest.FixtureRequest, run: Run) -> Wish:
    from mockserver.testing.choices import of_test  # noqa: PLC0415

    with _told_in_a_sentence():
        marks = [(mark.args, mark.kwargs) for mark in request.node.iter_markers("tpmock")]
        return of_test(run, marks[::-1])


@contextmanager
def _used(request: pytest.FixtureRequest, wish: Wish, place: Place) -> Iterator[Tpmock]:
    """A sandbox that the test has in its hand, so that its failure can tell of it."""
    from mockserver.testing.naming import sandbox_name  # noqa: PLC0415
    from mockserver.testing.places import sandbox  # noqa: PLC0415
    from mockserver.testing.seam import hosts_without_proxy  # noqa: PLC0415

    item = request.node
    with pytest.MonkeyPatch.context() as patch, _told_in_a_sentence():
        for name, value in hosts_without_proxy(os.environ).items():
            patch.setenv(name, value)
        with sandbox(place, sandbox_name(item.nodeid), wish.allow_hosts, **wish.sandbox) as made:
            item.stash[_USED] = made
            yield made
            del item.stash[_USED]
