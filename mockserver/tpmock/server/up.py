"""``tpmock up``: the mock, the bundled destination and Segment between them, connected and ready."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final

from tpmock.common import environment
from tpmock.common.control_client import TOKEN_VARIABLE, ControlClient
from tpmock.common.serving import END_WITH_STDIN, address, numeric, wait_until_ready
from tpmock.server.serve import HEALTH

#: Variables that programs must not inherit from the shell: the real account's names.
_OURS: Final = ("TRUSTPILOT_", "SEGMENT_", "INTEGRATION_KEY", "DATABASE_URL", "ENCRYPTION_KEYS", "OAUTH_REDIRECT_URI")

_REDIRECT: Final = "TRUSTPILOT_REDIRECT_URI"

#: Listening hosts of the destination that include 127.0.0.1.
_IPV4_LOOPBACK: Final = frozenset({"127.0.0.1", "0.0.0.0"})  # noqa: S104 - looked up, not bound

#: Seconds to wait for the end of a program before killing it.
_PATIENCE: Final = 12
#: Number of log lines shown when a program did not start.
_SAID: Final = 10


def _for_owner(file: Path) -> int:
    """Open a new log, which holds addresses and names: only its owner can read it."""
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


class StartFailedError(Exception):
    """One of the programs did not start. The message is for the user."""


class StoppedError(Exception):
    """The user stopped the command before everything was ready."""


@dataclass(frozen=True, slots=True)
class Public:
    """Public addresses, when they differ from the listening ones.

    :param mock: scheme, host and port; None for the listening address
    :param destination: likewise
    """

    mock: str | None = None
    destination: str | None = None


class Up:
    """The mock and the destination as two programs; ``with`` starts them and ends them.

    :param port: of the mock
    :param options: further options of the mock, as for ``tpmock serve``
    :param state: the mock's state file; the destination's files are beside it
    :param control_token: token that its control API requires, if any
    :param destination_port: of the destination
    :param trusted: the certificate of the local authority, for a mock that speaks TLS at its port
    :param public: public addresses, for the output and for redirects of browsers
    """

    def __init__(
        self,
        host: str,
        port: int,
        destination_port: int,
        options: Sequence[str] = (),
        control_token: str | None = None,
        state: Path | None = None,
        *,
        trusted: Path | None = None,
        public: Public = Public(),
    ) -> None:
        self.url = address(host, port, tls=trusted is not None)
        self.destination_url = f"{address(host, destination_port)}/"
        self.public_url = public.mock or self.url
        self.control_token = control_token
        self._public = public
        self._trusted = trusted
        self._options = [
            *options,
            *(("--tls",) if trusted else ()),
            *(() if state is None else ("--state", str(state))),
        ]
        self._state = state
        self._host, self._port, self._destination_port = host, port, destination_port
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = threading.Event()
        self._folder = TemporaryDirectory(prefix="tpmock-")
        self.sandbox: dict[str, Any] = {}

    def __enter__(self) -> Up:
        try:
            # In the environment, because every user of the machine can see arguments.
            secret = {} if self.control_token is None else {TOKEN_VARIABLE: self.control_token}
            at = ["--host", self._host, "--port"]
            self._start(
                "mock", ["serve", *at, str(self._port), "--destination", self.destination_url, *self._options], secret
            )
            self._wait("mock", self.url, HEALTH)
            self.sandbox = ControlClient(self.url, self.control_token or "").sandbox("default")
            database, key = self._orders()
            self._start(
                "destination",
                ["destination", *at, str(self._destination_port), "--database", f"sqlite:///{database}"],
                self._destination_settings() | {"ENCRYPTION_KEYS": key} | self._trust(),
            )
            self._wait("destination", self.destination_url.rstrip("/"), "/readyz")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _destination_settings(self) -> dict[str, str]:
        """Return the shop's own application, and the partner's, so that customers can connect their shops."""
        settings = environment.variables(self.sandbox)
        # A program of the user reads here where customers return to; the destination, where buyers are sent.
        del settings[_REDIRECT]
        # Browsers are redirected there to log in; API calls stay on this machine.
        settings["TRUSTPILOT_AUTHENTICATE_URL"] = self.public_url
        place = self._place()
        return settings if place is None else {**settings, "OAUTH_REDIRECT_URI": f"{place}/callback"}

    def _trust(self) -> dict[str, str]:
        """Return the settings that make the destination accept the mock's certificate."""
        return {} if self._trusted is None else {"REQUESTS_CA_BUNDLE": str(self._trusted)}

    def _place(self) -> str | None:
        """Return the destination's address for a browser on this machine, to which the login redirects customers.

        The partner's application has two loopback names registered, for any port (RFC 8252, 8.3), and without https the
        destination accepts no others. None when it listens at neither.
        """
        if self._public.destination is not None:
            return self._public.destination
        listens = numeric(self._host)
        if self._host != "localhost" and listens in _IPV4_LOOPBACK:
            return address("127.0.0.1", self._destination_port)
        # On some machines localhost does not resolve to ::1.
        return address("localhost", self._destination_port) if numeric("localhost") == listens else None

    @property
    def connect_url(self) -> str | None:
        """Return the page on which customers connect their shops, in a browser on this machine; None without one."""
        place = self._place()
        return None if place is None else f"{place}/connect"

    @property
    def store(self) -> Path:
        """Return the folder of the destination's database."""
        return Path(self._folder.name) if self._state is None else self._state.absolute().parent

    def log(self, name: str) -> Path:
        """Return the log file of a program."""
        return self.store / f"{name}.log"

    def _in_file(self, name: str) -> bool:
        """Return whether a program's log goes into a file; the mock's goes to the terminal."""
        return name == "destination"

    def _orders(self) -> tuple[Path, str]:
        """Return the destination's database and encryption key: beside the state file, or deleted at the end.

        If the mock's state is saved, the destination's must be too: else a replay would invite customers twice.
        """
        stem = self.store / ("up" if self._state is None else self._state.name)
        database, sealed = stem.with_name(f"{stem.name}.destination.db"), stem.with_name(f"{stem.name}.destination.key")
        if not sealed.exists():
            sealed.touch(mode=0o600)
            sealed.write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
        # SQLite gives the files that it creates beside it the same permissions.
        database.touch(mode=0o600)
        database.chmod(0o600)
        return database, sealed.read_text(encoding="ascii")

    def _start(self, name: str, arguments: Sequence[str], settings: Mapping[str, str]) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
        log = os.fdopen(_for_owner(self.log(name)), "wb") if self._in_file(name) else None
        self._programs[name] = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
            [sys.executable, "-m", "tpmock", *arguments],
            env={**inherited, **settings, END_WITH_STDIN: "1"},
            # Nothing is written to this pipe: the child ends when it closes, however this process ends.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            # Ctrl-C signals the whole process group of a terminal; this process ends each program once.
            start_new_session=True,
        )
        if log is not None:
            log.close()

    def _wait(self, name: str, url: str, path: str) -> None:
        program = self._programs[name]

        def stopped() -> bool:
            return self._stop.is_set() or program.poll() is not None

        if not wait_until_ready(url, path, stopped, trusted=self._trusted):
            if self._stop.is_set():
                raise StoppedError
            said = "its output is above."
            if self._in_file(name):
                lines = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()
                said = "\n".join(["its log ends with:", *lines[-_SAID:]])
            raise StartFailedError(f"The {name} ended before it was ready; {said}")

    def wait(self) -> int:
        """Wait for Ctrl-C, SIGTERM, or the end of one of the programs.

        :returns: the exit code: 0 when asked to end, 1 when a program ended unexpectedly
        """
        while not self._stop.wait(0.5):
            ended = [name for name, program in self._programs.items() if program.poll() is not None]
            if ended:
                sys.stderr.write(f"The {ended[0]} ended by itself.\n")
                return 1
        return 0

    @property
    def kept(self) -> bool:
        """Return whether the mock saved its state before it ended."""
        mock = self._programs.get("mock")
        # It may have been stopped before it had a state to save.
        return self._state is None or mock is None or mock.returncode in (0, -signal.SIGTERM)

    def on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the form signal.signal asks for
        """Handle a signal: end the programs."""
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        for program in self._programs.values():
            if program.poll() is None:
                program.send_signal(signal.SIGTERM)
        for program in self._programs.values():
            try:
                program.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
            if program.stdin is not None:
                program.stdin.close()
        self._folder.cleanup()
