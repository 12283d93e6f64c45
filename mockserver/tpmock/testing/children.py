"""Programs that a test starts: they are redirected to its sandbox as by ``tpmock run``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tpmock.run.session import Session

Program = Sequence[str | os.PathLike[str]]


class Children:
    """Redirects a sandbox's programs. The proxy is started on first use.

    :param described: the sandbox's row of the control API
    :param reached: returns the mock's address for another process
    :param allowed: additional hosts that may be called
    :param closed: whether all others are refused
    """

    def __init__(
        self, described: Mapping[str, Any], reached: Callable[[], str], allowed: Sequence[str], *, closed: bool
    ) -> None:
        self._described: Final = described
        self._reached: Final = reached
        self._allowed: Final = allowed
        self._closed: Final = closed
        self._unseen: set[str] = set()

    @cached_property
    def _session(self) -> Session:
        # Imported late, because most tests start no program.
        from tpmock.run.policy import Policy  # noqa: PLC0415
        from tpmock.run.session import Session  # noqa: PLC0415
        from tpmock.tls.certificates import ALWAYS, Authority  # noqa: PLC0415

        here = self._described["urls"]["mock"]
        urls = {name: url.replace(here, self._reached(), 1) for name, url in self._described["urls"].items()}
        policy = Policy(tuple(self._allowed), not self._closed, dict(os.environ))
        return Session(Authority.new(ALWAYS), {**self._described, "urls": urls}, policy)

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the environment variables that redirect a program."""
        return self._session.variables

    def run(
        self, command: Program, *, text: str | None, folder: Path | None, more: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program until it ends.

        :param text: its standard input
        :param more: additional environment variables
        :param timeout: real seconds
        :raises CannotStartError: when it cannot be started
        """
        from tpmock.run import program  # noqa: PLC0415 - late, as above

        environ = {**os.environ, **self.variables, **more}
        started = [os.fspath(part) for part in command]
        with ExitStack() as stack:
            watch = self._session.watch()
            if watch is not None:
                stack.callback(watch.close)
            ended, reason = program.captured(started, environ, watch, text=text or "", folder=folder, timeout=timeout)
        if watch is None or reason:
            self._unseen.add(f"calls that go around the proxy were not seen ({reason or 'that takes Linux'})")
        return ended

    @property
    def refused(self) -> list[str]:
        """Return the hosts that programs called and that were refused."""
        from tpmock.run.outcomes import Outcome  # noqa: PLC0415 - late, as above

        return self._session.outcomes.hosts(Outcome.REFUSED) if self._started else []

    @property
    def not_led(self) -> list[str]:
        """Return a line for each host that programs called and that could not be redirected."""
        from tpmock.run.outcomes import Outcome  # noqa: PLC0415 - late, as above

        if not self._started:
            return []
        lines = [str(line) for line in self._session.outcomes.lines() if line.outcome is Outcome.NOT_LED]
        return [*lines, *sorted(self._unseen)]

    @property
    def _started(self) -> bool:
        return "_session" in vars(self)

    def close(self) -> None:
        """End the proxy, if it is running."""
        if self._started:
            self._session.close()
