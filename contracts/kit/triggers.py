"""Other ways than Segment for an order to reach a subject: a command for each event, or a person.

A sandbox whose events go that way. What a command comes to is told as Segment's deliveries are, so that the same
checks judge it: exit code 0 is done, any other is a refusal with its last line as the reason.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.kit.mock import Item, NoRestError, Sandbox
from contracts.kit.processes import local_environment

Do = Callable[[Item], Item]

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class TriggeredSandbox(Sandbox):
    """A sandbox whose orders do not come by Segment.

    :param do: hands one event to the subject and returns the one attempt that this was.
    """

    do: Do
    _told: list[Item] = field(default_factory=list)

    def connect(self, url: str, key: str) -> None:
        """Nothing is delivered by Segment."""

    def track(self, events: Sequence[Item]) -> None:
        """Hand the events to the subject, one after the other."""
        for event in events:
            attempt = self.do(event)
            done = attempt["status"] == 200  # noqa: PLR2004 - what _attempt says
            state = "delivered" if done else "discarded"
            self._told.append({"messageId": event["messageId"], "state": state, "reason": None, "attempts": [attempt]})

    def deliveries(self, message_ids: Iterable[str]) -> list[Item]:
        """What became of some events."""
        wanted = set(message_ids)
        return [item for item in self._told if item["messageId"] in wanted]

    def unfinished(self) -> list[Item]:
        """Nobody tries again."""
        return []


def triggered(sandbox: Sandbox, do: Do) -> TriggeredSandbox:
    """A sandbox with another way in."""
    return TriggeredSandbox(sandbox.api, sandbox.id, sandbox.credentials, sandbox.urls, do)


def by_command(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Do:
    """Hands an event over by running a command, the event on its standard input as JSON."""

    def run(event: Item) -> Item:
        try:
            ran = subprocess.run(  # noqa: S603 - the command is in the user's own contract
                list(command),
                input=json.dumps(event),
                cwd=folder,
                env=local_environment(environment),
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoRestError(f"The command {command[0]} was not done with an event after {_PATIENCE:g} s.") from None
        except OSError as problem:
            return _attempt(done=False, message=f"{command[0]} could not be run: {problem.strerror}")
        said = (ran.stderr or ran.stdout).strip().splitlines()
        return _attempt(done=ran.returncode == 0, message=said[-1] if said else "")

    return run


def by_person(say: str, ask: Callable[[str], None]) -> Do:
    """Hands an event over by telling a person what to do.

    :param ask: shows a text, and returns when the person has done it.
    """

    def wait(event: Item) -> Item:
        properties = event.get("properties") or {}
        rows = [f"  {name}: {value}" for name, value in properties.items() if not isinstance(value, list | dict)]
        ask("\n".join([say, f"  event: {event.get('event') or event.get('type')}", *rows]))
        return _attempt(done=True, message="")

    return wait


def _attempt(*, done: bool, message: str) -> Item:
    return {"status": 200 if done else 400, "error": None, "message": message}
