"""The subject that a ``contract.toml`` describes: started, running already, or brought up by a person."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.kit import triggers
from contracts.kit.contract import Contract
from contracts.kit.mock import Sandbox
from contracts.kit.processes import CannotStartError, Program, free_port, local_environment
from contracts.kit.subjects import Running, answers, filled, settings

_PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class ContractSubject:
    """See :class:`contracts.kit.subjects.Subject`.

    :param ask: shows a person what to do, and returns when it is done.
    """

    contract: Contract
    ask: Callable[[str], None]

    @property
    def name(self) -> str:
        """What to call it in reports."""
        return self.contract.name

    @property
    def claims(self) -> frozenset[str]:
        """What it says it can do."""
        return self.contract.claims

    def start(self, sandbox: Sandbox) -> Running:
        """Bring it up.

        :raises CannotStartError: with the reason.
        """
        return Brought(self.contract, sandbox, self.ask)


class Brought:
    """A subject that has been brought up, by whichever way.

    :ivar sandbox: where orders are sent; the way in may be another than Segment.
    :ivar url: where events are posted; empty when it takes none.
    """

    def __init__(self, contract: Contract, sandbox: Sandbox, ask: Callable[[str], None]) -> None:
        self._contract = contract
        self._ask = ask
        self._program: Program | None = None
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="tpmock-subject-"))
            self.folder = Path(folder)
            self._known = _known(sandbox, self.folder)
            events = contract.events or {}
            self.url = self._filled(events.get("to", ""))
            self._known["url"] = self.url
            self.key = self._filled(events.get("integration_key", "{integrationKey}"))
            own = (contract.start or {}).get("environment", {})
            port = {"PORT": self._known["port"]}
            self._environment = settings(sandbox, self.folder) | port | {name: self._filled(own[name]) for name in own}
            self._bring_up()
            opened.callback(self._end)
            self.sandbox = self._way_in(sandbox)
            self._opened = opened.pop_all()

    def restart(self) -> bool:
        """End it and start it again; a person is asked to. False when it runs on its own."""
        if self._contract.running is not None:
            return False
        self._end()
        self._bring_up()
        return True

    def trouble(self) -> str:
        """Why it is not alive; empty while it is, and when nobody here can tell."""
        program = self._program
        if program is None or program.ended is None:
            return ""
        return f"{program.name} ended with exit code {program.ended}.\n{program.last_lines()}"

    def stop(self) -> None:
        """End what was started."""
        self._opened.close()

    def _bring_up(self) -> None:
        contract = self._contract
        if contract.start is not None:
            self._start(contract.start)
        elif contract.manual is not None:
            variables = "\n".join(f"  {name}={value}" for name, value in self._environment.items())
            self._ask(f"{self._filled(contract.manual['start'])}\nIts settings:\n{variables}")
        if contract.start is None and self.url and not answers(self.url):
            raise CannotStartError(f"Nothing answers at {self.url}, where [events] of the contract sends them.")

    def _start(self, start: Mapping[str, Any]) -> None:
        command = [self._filled(word) for word in start["command"]]
        folder = self._contract.folder / start.get("folder", ".")
        if not folder.is_dir():
            raise CannotStartError(f"start.folder: there is no folder {folder}.")
        name = self._contract.name
        environment = local_environment(self._environment)
        self._program = Program(name[0].upper() + name[1:], command, environment, self.folder, folder)
        ready = self._filled(start.get("ready", self.url))
        try:
            self._program.wait_until(lambda: not ready or answers(ready), start.get("within", _PATIENCE))
        except CannotStartError:
            self._end()
            raise

    def _end(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        stop = (self._contract.start or {}).get("stop")
        try:
            if stop and program.ended is None:
                command = [self._filled(word) for word in stop]
                environment = local_environment(self._environment)
                subprocess.run(  # noqa: S603 - the command is in the user's own contract
                    command,
                    cwd=self._contract.folder,
                    env=environment,
                    timeout=_PATIENCE,
                    check=True,
                    capture_output=True,
                )
        except (OSError, subprocess.SubprocessError) as problem:
            raise CannotStartError(f"start.stop could not be run: {problem}") from problem
        finally:
            program.stop()

    def _way_in(self, sandbox: Sandbox) -> Sandbox:
        trigger = self._contract.trigger
        if trigger is None:
            return sandbox
        if "command" in trigger:
            command = [self._filled(word) for word in trigger["command"]]
            return triggers.triggered(sandbox, triggers.by_command(command, self._contract.folder, self._environment))
        return triggers.triggered(sandbox, triggers.by_person(self._filled(trigger["manual"]), self._ask))

    def _filled(self, text: str) -> str:
        return filled(text, self._known)


def _known(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    own = {"port": str(free_port()), "workdir": str(folder), "python": sys.executable, "sandbox": sandbox.id}
    return {**sandbox.credentials, **sandbox.urls, **own}
