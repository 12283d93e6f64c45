"""Runs JavaScript functions in long-lived Node.js processes, one call at a time in each, killed when it is too slow."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol

#: How many calls of one process run at once; each needs a Node of its own, some 40 MB.
CHILDREN: Final = 2
#: Megabytes of heap a function may fill.
HEAP: Final = 128
#: Seconds to start Node and look at new code.
LOOK: Final = 5.0

TIMEOUT_ERROR: Final = "Timeout"
UNAVAILABLE: Final = "Unavailable"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a handler.

    :param handler: such as ``onTrack``; None only looks which there are
    :param argument: an event, or for ``onBatch`` several
    :param api_url: where calls to ``vendor_hosts`` go instead; other hosts are reached on this machine only
    """

    code: str
    handler: str | None = None
    argument: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    api_url: str = ""
    vendor_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended.

    :param value: what the handler gave back; of a look, the names of the handlers
    :param error: the class of what it threw, ``Timeout`` or ``Unavailable``; None when it succeeded
    :param console: what it wrote there
    """

    value: Any = None
    error: str | None = None
    message: str = ""
    console: str = ""
    milliseconds: float = 0.0


class Runner(Protocol):
    """Runs functions, so that rules need no processes."""

    def run(self, call: Call, timeout: float) -> Outcome:
        """Call, and wait at most ``timeout`` seconds. Never raises for what the function does."""

    def close(self) -> None:
        """Let go of the processes."""


class NodeRunner:
    """The real one.

    :param node: the path of Node.js, or None when there is none
    """

    def __init__(self, node: str | None) -> None:
        self._node = node
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(CHILDREN):
            self._idle.put(None)

    def run(self, call: Call, timeout: float) -> Outcome:
        """Call, and wait at most ``timeout`` seconds once it is its turn."""
        if self._node is None:
            return Outcome(error=UNAVAILABLE, message="Node.js is not on the PATH of the mock.")
        child = self._idle.get()
        began = monotonic()
        try:
            if child is None or not child.alive:
                child = _Child(self._node)
            answer = child.ask(call, timeout)
        except _TooSlowError:
            answer = {"error": TIMEOUT_ERROR, "message": f"The function took longer than {timeout:g} s."}
        except OSError as problem:
            answer = {"error": UNAVAILABLE, "message": f"Node.js cannot be run: {problem}."}
        finally:
            if child is not None and not child.alive:
                child = None
            self._idle.put(child)
        value = answer.get("handlers") if call.handler is None else answer.get("value")
        return Outcome(
            value,
            answer.get("error"),
            answer.get("message", ""),
            answer.get("console", ""),
            (monotonic() - began) * 1000,
        )

    def close(self) -> None:
        """End the processes that are idle; others end with their calls, or with us."""
        for _ in range(CHILDREN):
            with suppress(queue.Empty):
                child = self._idle.get_nowait()
                if child is not None:
                    child.kill()


class _TooSlowError(Exception):
    """The function does not come to an end. Its process is dead by now."""


class _Child:
    """One Node.js process. It hears the end of its standard input and ends, should we die."""

    def __init__(self, node: str) -> None:
        self._number = 0
        self._too_slow = False
        source = Path(__file__).with_name("runner.js").read_text(encoding="utf-8")
        # Nothing of the user's own environment: no tokens, no proxies, no NODE_OPTIONS.
        self._process = subprocess.Popen(  # noqa: S603 - the user's Node, our own script
            [node, f"--max-old-space-size={HEAP}", "-e", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, call: Call, timeout: float) -> dict[str, Any]:
        """One call and its answer.

        :raises _TooSlowError: when there is none in time
        """
        if self._number == 0 and call.handler is not None:
            # Starting Node takes a third of a second, which is not the function's fault.
            self._exchange(replace(call, handler=None), timeout + LOOK)
        return self._exchange(call, timeout)

    def _exchange(self, call: Call, timeout: float) -> dict[str, Any]:
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
        # Writing and reading both end when it is killed, whatever it does.
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
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
