"""One run of the demo: the scenes that ran, and their results."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import requests
from tpmock.cli.demo.context import DemoContext, Finding, SceneResult
from tpmock.cli.demo.contract_run import DemoContractRun, NoResultError
from tpmock.cli.demo.story import SCENES, Scene
from tpmock.common.control_client import RefusedError, UnreachableError

if TYPE_CHECKING:
    from tpmock.server.up import Up

_log = logging.getLogger(__name__)

#: Errors of a mock or destination that does not answer as expected.
_TROUBLE = (
    *(RefusedError, UnreachableError, NoResultError, requests.RequestException),
    *(KeyError, IndexError, ValueError, TypeError),
)


class OutOfTurnError(Exception):
    """A scene cannot run yet. The message is for the user."""


class DemoSession:
    """State of the demo. Scenes run in order; each result can be shown again."""

    def __init__(self, everything: Up, url: str, contract: DemoContractRun) -> None:
        self._everything = everything
        self._url = url
        self._contract = contract
        self._lock = threading.Lock()
        #: Which session it is, from 1.
        self.run = 1
        self._begin()

    def _begin(self) -> None:
        self._context = DemoContext(self._everything, self._url, self.run, self._contract)
        self._context.control_api("POST", "/reset", {})
        self._results: dict[str, SceneResult] = {}

    def again(self) -> None:
        """Restart with a new world."""
        with self._lock:
            self._context.close()
            self.run += 1
            self._begin()

    def close(self) -> None:
        """Stop it."""
        with self._lock:
            self._context.close()

    def result(self, scene: Scene) -> SceneResult | None:
        """Return the result of a scene that has run."""
        return self._results.get(scene.name)

    @property
    def played(self) -> list[Scene]:
        """Return the scenes that have run."""
        return [scene for scene in SCENES if scene.name in self._results]

    def play(self, scene: Scene, choice: str = "") -> SceneResult:
        """Run a scene. One with a choice may run again with another; the others return their result.

        :raises OutOfTurnError: if an earlier scene has not run
        """
        with self._lock:
            missing = next((one for one in SCENES[: SCENES.index(scene)] if one.name not in self._results), None)
            if missing is not None:
                raise OutOfTurnError(f"Run this scene first: “{missing.title}”.")
            choices = [value for value, _ in scene.choices]
            if choice and choice not in choices:
                raise OutOfTurnError("This scene does not offer that choice.")
            earlier = self._results.get(scene.name)
            if earlier is not None and not choices:
                return earlier
            result = self._played(scene, choice or next(iter(choices), ""))
            self._results[scene.name] = result
            return result

    def _played(self, scene: Scene, choice: str) -> SceneResult:
        try:
            self._context.choice = choice
            return scene.play(self._context)
        except _TROUBLE as error:
            # The audience sees the failure and its cause; the presenter can continue.
            _log.warning("The scene %s failed: %r", scene.name, error)
            return SceneResult([Finding(f"The scene failed: {type(error).__name__}: {error}", ok=False)])

    def posted(self, run: int, webhook: Any) -> None:
        """Receive a webhook."""
        if run == self.run:
            self._context.posted.append(webhook)
