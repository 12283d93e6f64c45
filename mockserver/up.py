"""``tpmock up``: the mock, the bundled destination and Segment between them, wired and ready."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final

from contracts.serving import END_WITH_STDIN, address, numeric, wait_until_ready
from mockserver import environment
from mockserver.client import TOKEN_VARIABLE, ControlClient
from mockserver.serve import HEALTH

#: What a program must never get from the shell it was started in: the real account's names.
_OURS: Final = ("TRUSTPILOT_", "SEGMENT_", "INTEGRATION_KEY", "DATABASE_URL", "ENCRYPTION_KEYS", "OAUTH_REDIRECT_URI")

_REDIRECT: Final = "TRUSTPILOT_REDIRECT_URI"

#: Where the destination listens at 127.0.0.1.
_IPV4_LOOPBACK: Final = frozenset({"127.0.0.1", "0.0.0.0"})  # noqa: S104 - looked up, not bound

#: Seconds a program may take to end before it is killed.
_PATIENCE: Final = 12


class StartFailedError(Exception):
    """One of the parts did not come up. The message is a sentence for the user."""


class StoppedError(Exception):
    """The user asked to end before everything was ready."""


class Up:
    """The mock and the destination as two programs of their own; ``with`` starts them and ends them.

    :param port: of the mock
    :param options: further ones of the mock, as ``tpmock serve`` takes them
    :param state: where the mock keeps its state; the destination's is kept beside it
    :param quiet: whether the logs go into files beside the destination's database, not to the terminal
    :param control_token: what its control API wants to be shown, if anything
    :param destination_port: of the destination
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
        quiet: bool = False,
    ) -> None:
        self.url = address(host, port)
        self.destination_url = f"{address(host, destination_port)}/"
        self.control_token = control_token
        self._options = [*options, *(() if state is None else ("--state", str(state)))]
        self._state = state
        self._quiet = quiet
        self._host, self._port, self._destination_port = host, port, destination_port
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = threading.Event()
        self._folder = TemporaryDirectory(prefix="tpmock-")
        self.sandbox: dict[str, Any] = {}

    def __enter__(self) -> Up:
        try:
            # By the environment: arguments can be seen by everyone on the machine.
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
                self._destination_settings() | {"ENCRYPTION_KEYS": key},
            )
            self._wait("destination", self.destination_url.rstrip("/"), "/readyz")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _destination_settings(self) -> dict[str, str]:
        """The shop's own application, and the partner's, so that customers can connect their shops."""
        settings = environment.variables(self.sandbox)
        # A program of the user's reads here where customers come back to; the destination, where buyers go on to.
        del settings[_REDIRECT]
        place = self._place()
        return settings if place is None else {**settings, "OAUTH_REDIRECT_URI": f"{place}/callback"}

    def _place(self) -> str | None:
        """The destination as a browser on this machine reaches it and the login sends customers back to it.

        The partner's application has two loopback names registered, for any port (RFC 8252, 8.3), and without https the
        destination takes no others. None where it listens at neither.
        """
        listens = numeric(self._host)
        if self._host != "localhost" and listens in _IPV4_LOOPBACK:
            return address("127.0.0.1", self._destination_port)
        # Not every machine's leads to ::1 too.
        return address("localhost", self._destination_port) if numeric("localhost") == listens else None

    @property
    def connect_url(self) -> str | None:
        """Where customers connect their shops, in a browser on this machine; None where they cannot."""
        place = self._place()
        return None if place is None else f"{place}/connect"

    @property
    def store(self) -> Path:
        """The folder of the destination's database."""
        return Path(self._folder.name) if self._state is None else self._state.absolute().parent

    def _orders(self) -> tuple[Path, str]:
        """The destination's database and the key of what is sealed in it: beside the state file, or gone at the end.

        Whoever keeps the mock's memory keeps the destination's: else it would invite once more for what is replayed.
        """
        stem = self.store / ("up" if self._state is None else self._state.name)
        database, sealed = stem.with_name(f"{stem.name}.destination.db"), stem.with_name(f"{stem.name}.destination.key")
        if not sealed.exists():
            sealed.touch(mode=0o600)
            sealed.write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
        return database, sealed.read_text(encoding="ascii")

    def _start(self, name: str, arguments: Sequence[str], settings: Mapping[str, str]) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
        log = (self.store / f"{name}.log").open("wb") if self._quiet else None
        self._programs[name] = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
            [sys.executable, "-m", "mockserver", *arguments],
            env={**inherited, **settings, END_WITH_STDIN: "1"},
            # Never written to. It ends with us, however we end.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            # Ctrl-C reaches the whole group of a terminal; each program is ended once, by us.
            start_new_session=True,
        )
        if log is not None:
            log.close()

    def _wait(self, name: str, url: str, path: str) -> None:
        program = self._programs[name]
        if not wait_until_ready(url, path, stopped=lambda: self._stop.is_set() or program.poll() is not None):
            if self._stop.is_set():
                raise StoppedError
            raise StartFailedError(f"The {name} ended before it was ready; what it said stands above.")

    def wait(self) -> int:
        """Until Ctrl-C, SIGTERM, or the end of one of the programs.

        :returns: the exit code: 0 when asked to end, 1 when a program ended by itself
        """
        while not self._stop.wait(0.5):
            ended = [name for name, program in self._programs.items() if program.poll() is not None]
            if ended:
                sys.stderr.write(f"The {ended[0]} ended by itself.\n")
                return 1
        return 0

    def on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the form signal.signal asks for
        """End, when the user asks."""
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
