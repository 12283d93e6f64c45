"""One showing of the story: which scenes were played, and what they showed."""

from __future__ import annotations

import logging
import threading
from typing import Any

import requests

from mockserver.client import RefusedError, UnreachableError
from mockserver.demo.judging import Judge, JudgingFailedError
from mockserver.demo.stage import Finding, Outcome, Place, Stage
from mockserver.demo.story import SCENES, Scene

_log = logging.getLogger(__name__)

#: What goes wrong when a part does not answer as it should.
_TROUBLE = (
    *(RefusedError, UnreachableError, JudgingFailedError, requests.RequestException),
    *(KeyError, IndexError, ValueError, TypeError),
)


class OutOfTurnError(Exception):
    """A scene cannot be played yet. The message is a sentence for the user."""


class Performance:
    """The story as far as it was played. Scenes are played in their order; one that was played can be looked at again.

    :param place: where everything runs
    :param judge: runs the contract cases, once for all performances
    """

    def __init__(self, place: Place, judge: Judge) -> None:
        self._place = place
        self._judge = judge
        self._lock = threading.Lock()
        self._run = 0
        self._stage: Stage | None = None
        self._outcomes: dict[str, Outcome] = {}
        self.again()

    def again(self) -> None:
        """From the beginning, with a world as new."""
        with self._lock:
            if self._stage is not None:
                self._stage.close()
            self._run += 1
            stage = Stage(self._place, self._run, self._judge)
            stage.bench("POST", "/reset", {})
            self._stage, self._outcomes = stage, {}

    def close(self) -> None:
        """End it."""
        with self._lock:
            if self._stage is not None:
                self._stage.close()

    @property
    def run(self) -> int:
        """Which performance it is, from 1."""
        return self._run

    def outcome(self, scene: Scene) -> Outcome | None:
        """What a scene showed, if it was played."""
        return self._outcomes.get(scene.name)

    @property
    def played(self) -> list[Scene]:
        """Those that were played."""
        return [scene for scene in SCENES if scene.name in self._outcomes]

    def play(self, scene: Scene, choice: str = "") -> Outcome:
        """Play a scene. One with a choice may be played again with another; the others show what they showed.

        :raises OutOfTurnError: when an earlier one was not played
        """
        with self._lock:
            missing = next((one for one in SCENES[: SCENES.index(scene)] if one.name not in self._outcomes), None)
            if missing is not None:
                raise OutOfTurnError(f"First comes the scene “{missing.title}”.")
            choices = [value for value, _ in scene.choices]
            if choice and choice not in choices:
                raise OutOfTurnError("That cannot be chosen here.")
            earlier = self._outcomes.get(scene.name)
            if earlier is not None and not choices:
                return earlier
            outcome = self._played(scene, choice or next(iter(choices), ""))
            self._outcomes[scene.name] = outcome
            return outcome

    def _played(self, scene: Scene, choice: str) -> Outcome:
        if self._stage is None:
            raise OutOfTurnError("The story is over.")
        try:
            return scene.play(self._stage, choice)
        except _TROUBLE as error:
            # The audience sees that the scene failed and what said so; the presenter can go on.
            _log.warning("The scene %s failed: %r", scene.name, error)
            return Outcome(
                [Finding(f"The scene could not be played to its end: {type(error).__name__}: {error}", good=False)]
            )

    def posted(self, run: int, webhook: Any) -> None:
        """A webhook came."""
        if self._stage is not None and run == self._run:
            self._stage.posted.append(webhook)
