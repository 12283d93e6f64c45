"""Triggers: ways other than Segment for an order to reach a subject: a command for each event, or a person.

A sandbox whose events go that way. Results of a command are reported as Segment's deliveries, so that the same
checks apply to it: exit code 0 is done, any other is a refusal with its last line as the reason.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from tpmock.kit.subjects.mock_client import Item, NoRestError, SandboxClient
from tpmock.kit.subjects.processes import local_environment

HandOver = Callable[[Item], Item]

_PATIENCE = 60.0


class TriggeredSandbox(SandboxClient, frozen=True):
    """A sandbox whose orders do not come by Segment.

    :param do: hands one event to the subject and returns the one attempt that this was
    """

    do: HandOver
    _deliveries: list[Item] = msgspec.field(default_factory=list)

    def connect(self, url: str, key: str) -> None:
        """Nothing is delivered by Segment."""

    def track(self, events: Sequence[Item]) -> None:
        """Hand the events to the subject, one after the other."""
        for event in events:
            attempt = self.do(event)
            done = attempt["status"] == 200  # noqa: PLR2004 - what _attempt says
            state = "delivered" if done else "discarded"
            self._deliveries.append(
                {"messageId": event["messageId"], "state": state, "reason": None, "attempts": [attempt]}
            )

    def deliveries(self, message_ids: Iterable[str]) -> list[Item]:
        """Return the deliveries of some events."""
        wanted = set(message_ids)
        return [item for item in self._deliveries if item["messageId"] in wanted]

    def unfinished(self) -> list[Item]:
        """Return no retries: a trigger runs once."""
        return []


def triggered(sandbox: SandboxClient, do: HandOver) -> TriggeredSandbox:
    """Return a sandbox with another way in."""
    return TriggeredSandbox(sandbox.client, sandbox.id, sandbox.credentials, sandbox.urls, do)


def by_command(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> HandOver:
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
            raise NoRestError(f"The command {command[0]} did not finish an event within {_PATIENCE:g} s.") from None
        except OSError as problem:
            return _attempt(done=False, message=f"{command[0]} could not be run: {problem.strerror}")
        said = (ran.stderr or ran.stdout).strip().splitlines()
        return _attempt(done=ran.returncode == 0, message=said[-1] if said else "")

    return run


def by_person(say: str, ask: Callable[[str], None]) -> HandOver:
    """Hands an event over by telling a person what to do."""

    def wait(event: Item) -> Item:
        properties = event.get("properties") or {}
        rows = [f"  {name}: {value}" for name, value in properties.items() if not isinstance(value, list | dict)]
        ask("\n".join([say, f"  event: {event.get('event') or event.get('type')}", *rows]))
        return _attempt(done=True, message="")

    return wait


def _attempt(*, done: bool, message: str) -> Item:
    return {"status": 200 if done else 400, "error": None, "message": message}
