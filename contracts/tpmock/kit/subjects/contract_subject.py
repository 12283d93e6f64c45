"""The subject that a contract describes: started, running already, or brought up by a person.

Programs of tpmock and the program of ``--command`` are contracts too, without a file.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from tpmock.common.free_port import free_port
from tpmock.kit.cases.claims import API, EVENTS
from tpmock.kit.subjects import triggers, written_files
from tpmock.kit.subjects.contract import Contract
from tpmock.kit.subjects.http import answers
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.processes import (
    CannotStartError,
    Program,
    local_environment,
    our_modules,
)
from tpmock.kit.subjects.subjects import NO_PACE, Pace, RunningSubject, settings

#: A busy machine takes many times as long to start a program as an idle one.
_PATIENCE = 30.0
_Ask = Callable[[str], None]


def nobody(text: str) -> None:
    """Refuse to ask, in a run without a person."""
    raise CannotStartError(f"This run cannot ask a person: {text.splitlines()[0]}")


class ContractSubject(msgspec.Struct, frozen=True):
    """See :class:`tpmock.kit.subjects.subjects.Subject`.

    :param ask: shows a person what to do, and returns when it is done
    """

    contract: Contract
    ask: _Ask = nobody

    @property
    def name(self) -> str:
        """Name for reports."""
        return self.contract.name

    @property
    def claims(self) -> frozenset[str]:
        """Claims of the subject."""
        return self.contract.claims

    def start(self, sandbox: SandboxClient) -> RunningSubject:
        """Start it."""
        return RunningContractSubject(self.contract, sandbox, self.ask)


def bundled() -> ContractSubject:
    """Return the destination that comes with tpmock."""
    command = "{python} -m tpmock.destination --host 127.0.0.1 --port {port}"
    return _by_command("the bundled destination", command, EVENTS | {"onboarding", "partner"}, ours=True)


def mutant(name: str) -> ContractSubject:
    """Return a program with one defect (a mutant)."""
    claims = {"api": API, "companion": frozenset({"onboarding", "partner", "showcase", "reply"})}
    claims["strict"] = EVENTS | {"partner", "strict-names"}
    command = f"{{python}} -m tpmock.mutants {shlex.quote(name)} --port {{port}}"
    return _by_command(
        f"the mutant {name}", command, claims.get(name.partition("-")[0], EVENTS | {"partner"}), ours=True
    )


def by_command(command: str, claims: frozenset[str] = EVENTS, pace: Pace = NO_PACE) -> ContractSubject:
    """Return the program that a command starts. It runs in the user's working folder, so that the command may name
    files.
    """
    return _by_command("the program of --command", command, claims, pace, ours=False)


def _by_command(
    name: str, command: str, claims: frozenset[str], pace: Pace = NO_PACE, *, ours: bool
) -> ContractSubject:
    # In a separate folder no package of the user can shadow ours.
    start = {"command": shlex.split(command), "ready": "{url}/health", "folder": "{workdir}" if ours else "."}
    events = {"to": "http://127.0.0.1:{port}"}
    contract = Contract(folder=Path.cwd(), name=name, claims=claims, pace=pace, start=start, events=events, ours=ours)
    return ContractSubject(contract)


class RunningContractSubject(RunningSubject):
    """Started subject, however it was started."""

    folder: Path
    sandbox: SandboxClient

    def __init__(self, contract: Contract, sandbox: SandboxClient, ask: _Ask) -> None:
        self._contract = contract
        self._ask = ask
        self._program: Program | None = None
        self.restarts_alone = contract.start is not None
        self.pace = contract.pace
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="tpmock-subject-"))
            self.folder = Path(folder)
            self._known = {
                **sandbox.credentials,
                **sandbox.urls,
                "port": str(free_port()),
                "workdir": folder,
                "python": sys.executable,
                "sandbox": sandbox.id,
            }
            events = contract.events or {}
            self.url = self._filled(events.get("to", ""))
            self._known["url"] = self.url
            self.key = self._filled(events.get("integration_key", "{integrationKey}"))
            self.hosts = dict.fromkeys(sandbox.urls, self.url) if "api" in contract.claims else sandbox.urls
            own = (contract.start or {}).get("environment", {})
            self._environment = {
                **settings(sandbox, self.folder),
                "PORT": self._known["port"],
                **(our_modules() if contract.ours else {}),
                **{name: self._filled(own[name]) for name in own},
            }
            # Ours survives being killed, and its folder is deleted; another program may have to clean up.
            opened.callback(self._end, 0 if contract.ours else None)
            self._bring_up()
            self.sandbox = self._way_in(sandbox)
            self._opened = opened.pop_all()

    def restart(self) -> bool:
        """Restart it; a person may be asked to. False when the kit did not start it."""
        if self._contract.running is not None:
            return False
        self._end()
        self._bring_up()
        return True

    def kill(self) -> bool:
        """Kill it with SIGKILL and start it again; False when the kit did not start it, or when it is ended by a
        command of its own: then what runs may be elsewhere, as in a container.
        """
        start, program = self._contract.start, self._program
        if start is None or program is None or start.get("stop"):
            return False
        self._program = None
        program.stop(0)
        self._bring_up()
        return True

    def files(self) -> Mapping[str, bytes] | None:
        """Return what was written in the folder it was started in since it was, and the files it has open."""
        program = self._program
        return None if program is None else written_files.outside(program, self.folder)

    def trouble(self) -> str:
        """Return why it is not alive; empty while it is, and when the kit cannot know."""
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
        folder = self._contract.folder / self._filled(start.get("folder", "."))
        if not folder.is_dir():
            raise CannotStartError(f"start.folder: there is no folder {folder}.")
        name = self._contract.name
        ready = self._filled(start.get("ready", self.url))
        if ready and answers(ready):
            # Another copy, for example, whose answers would be taken for those of the one that is started here.
            raise CannotStartError(
                f"{ready} answers before {name} is started. End the program that listens there, or let the subject "
                "listen on {port}."
            )
        environment = local_environment(self._environment)
        title, ours = name[0].upper() + name[1:], self._contract.ours
        self._program = Program(title, command, environment, self.folder, folder, ours=ours)
        self._program.wait_until(lambda: not ready or answers(ready), start.get("within", _PATIENCE))

    def _end(self, grace: float | None = None) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        stop = (self._contract.start or {}).get("stop")
        try:
            if stop and program.ended is None:
                command = [self._filled(word) for word in stop]
                subprocess.run(  # noqa: S603 - the command is in the user's own contract
                    command,
                    cwd=self._contract.folder,
                    env=local_environment(self._environment),
                    timeout=_PATIENCE,
                    check=True,
                    capture_output=True,
                )
        except (OSError, subprocess.SubprocessError) as problem:
            raise CannotStartError(f"start.stop could not be run: {problem}") from problem
        finally:
            program.stop(grace)

    def _way_in(self, sandbox: SandboxClient) -> SandboxClient:
        trigger = self._contract.trigger
        if trigger is None:
            return sandbox
        if "command" in trigger:
            command = [self._filled(word) for word in trigger["command"]]
            return triggers.triggered(sandbox, triggers.by_command(command, self._contract.folder, self._environment))
        return triggers.triggered(sandbox, triggers.by_person(self._filled(trigger["manual"]), self._ask))

    def _filled(self, text: str) -> str:
        # Not str.format: a command may contain braces.
        for name, value in self._known.items():
            text = text.replace(f"{{{name}}}", value)
        return text
