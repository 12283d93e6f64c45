"""A PostgreSQL for tests: started from Debian's package in a folder of its own, reached by a socket in that folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

_ACCOUNT = "postgres"
# The tests kill programs, never the machine.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoPostgresError(Exception):
    """It is not installed; the text says how to."""


class Postgres:
    """A server; ``folder`` holds its socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_database(self) -> str:
        """The address, as DATABASE_URL takes it, of a schema of its own: empty like a database, and made in no time."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self._address}&options=-csearch_path%3D{name}"

    @property
    def _address(self) -> str:
        return f"postgresql://{_ACCOUNT}@/postgres?host={self._folder}"


@contextmanager
def running(options: Sequence[str] = CARELESS) -> Iterator[Postgres]:
    """A server for as long as the block runs.

    :param options: settings as in its configuration file.
    :raises NoPostgresError: when there is none.
    """
    programs = _programs()
    # Short, because the path of a socket must be.
    folder = Path(tempfile.mkdtemp(prefix="tpmock-pg-"))
    # The server refuses to run as root.
    account = {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
    if account:
        entry = pwd.getpwnam(_ACCOUNT)
        os.chown(folder, entry.pw_uid, entry.pw_gid)

    def run(program: str, *arguments: str) -> None:
        with (folder / "log").open("ab") as log:
            command = [str(programs / program), *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd=folder, **account)  # type: ignore[call-overload]  # noqa: S603 - PostgreSQL's own programs

    data = folder / "data"
    try:
        run(
            "initdb",
            "--pgdata",
            str(data),
            "--username",
            _ACCOUNT,
            "--auth",
            "trust",
            "--no-sync",
            "--encoding",
            "UTF8",
        )
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200", *options)
        started = " ".join(f"-c {setting}" for setting in settings)
        run("pg_ctl", "start", "--pgdata", str(data), "--wait", "--options", started)
        try:
            yield Postgres(folder)
        finally:
            run("pg_ctl", "stop", "--pgdata", str(data), "--wait", "--mode", "immediate")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where PostgreSQL's programs are: on the path, or where Debian hides them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    hidden = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not hidden:
        raise NoPostgresError("These tests need PostgreSQL. On Debian: apt-get install postgresql")
    return hidden[-1].parent
