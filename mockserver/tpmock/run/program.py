"""Starts the program of a run and returns its exit code."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tpmock.run.watch import Watch

#: Exit codes of shells for a program that cannot be run, and for one that is not found.
CANNOT_RUN: Final = 126
NOT_FOUND: Final = 127
#: Shells add the signal's number to it.
BY_SIGNAL: Final = 128

#: The terminal sends Ctrl-C to the program; these signals are forwarded.
_FROM_TERMINAL: Final = [signal.SIGINT, *([signal.SIGQUIT] if sys.platform != "win32" else [])]
_PASSED_ON: Final = [signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]


class CannotStartError(Exception):
    """The program cannot be started. The message is for the user.

    :ivar code: the exit code of shells for this error
    """

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def run(command: Sequence[str], environ: Mapping[str, str], watch: Watch | None) -> tuple[int, str]:
    """Run a program in the foreground until it ends.

    :param watch: decides about its connections
    :returns: its exit code, 128 and the signal's number after a signal; and why it was not watched, if so
    :raises CannotStartError: when it cannot be started
    """
    _check(command[0], environ)
    started, inherited = ([*command], ()) if watch is None else watch.command(command)
    try:
        program = subprocess.Popen(started, env=environ, pass_fds=inherited)  # noqa: S603 - what the user wants to run
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotStartError(f"{command[0]} cannot be run: {reason}.", CANNOT_RUN) from None
    with _signals_of(program):
        unwatched = "" if watch is None else watch.begin()
        code = program.wait()
    return code if code >= 0 else BY_SIGNAL - code, unwatched


def captured(
    command: Sequence[str],
    environ: Mapping[str, str],
    watch: Watch | None,
    *,
    text: str,
    folder: Path | None,
    timeout: float,
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a program until it ends; return its result, and why it was not watched, if so.

    :param watch: decides about its connections
    :param text: its standard input
    :param timeout: real seconds before it is killed
    :raises CannotStartError: when it cannot be started
    :raises subprocess.TimeoutExpired: when it does not end
    """
    if folder is None:
        _check(command[0], environ)
    started, inherited = ([*command], ()) if watch is None else watch.command(command)
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - what the user wants to run
        started, env=environ, cwd=folder, pass_fds=inherited, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as program:
        try:
            unwatched = "" if watch is None else watch.begin()
            output, errors = program.communicate(text, timeout)
        except BaseException:
            program.kill()
            raise
    return subprocess.CompletedProcess(command, program.returncode, output, errors), unwatched


def _check(name: str, environ: Mapping[str, str]) -> None:
    """Check a program before anything is started for it.

    :raises CannotStartError: when it does not exist, or cannot be run
    """
    if shutil.which(name, path=environ.get("PATH")):
        return
    there = Path(name)
    # A path and not a name of the PATH; ./start.sh is one too.
    if there.name != name and there.exists():
        reason = "it is a folder" if there.is_dir() else "it is not executable"
        raise CannotStartError(f"{name} cannot be run: {reason}.", CANNOT_RUN)
    raise CannotStartError(f"{name} is not found. Write a program as a shell would.", NOT_FOUND)


@contextmanager
def _signals_of(program: subprocess.Popen[bytes]) -> Iterator[None]:
    """Forward signals to the program while it runs; this process ends when it does."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        program.send_signal(number)

    before = {}
    for number in _FROM_TERMINAL:
        before[number] = signal.signal(number, lambda _number, _frame: None)
    for number in _PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
