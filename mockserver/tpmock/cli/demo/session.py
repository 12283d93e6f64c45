"""One showing of the demo: which slide is on, which scenes were played, and their results.

Both windows show the same slide. They follow it by its revision, so that neither needs to know of the other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from tpmock.cli.demo.artefacts import Finding, SceneResult, Slide
from tpmock.cli.demo.context import DemoContext, MissingError
from tpmock.cli.demo.contract_run import DemoContractRun, NoResultError
from tpmock.cli.demo.programs import DemoPrograms, SubjectError
from tpmock.cli.demo.story import AFTER_CASES, Scene, Story
from tpmock.common.control_client import RefusedError, UnreachableError
from tpmock.kit.subjects.mock_client import NoRestError

_log = logging.getLogger(__name__)

#: Errors of a mock or an integration that does not answer as expected.
_TROUBLE: Final = (
    *(RefusedError, UnreachableError, NoResultError, NoRestError, SubjectError, requests.RequestException),
    *(KeyError, IndexError, ValueError, TypeError, OSError),
)
#: Seconds to wait at the end for a scene that is being played.
_PATIENCE: Final = 10


class OutOfTurnError(Exception):
    """A scene cannot be played yet. The message is for the user."""


@dataclass(frozen=True, slots=True)
class View:
    """The slide that is on.

    :ivar revision: another number whenever something else is shown
    :ivar slide: number of the slide in its scene; 0 is its opening, before it is played
    :ivar playing: whether the scene is being played
    """

    revision: int
    scene: Scene
    number: int
    slide: int
    playing: bool
    results: Mapping[str, SceneResult]

    @property
    def result(self) -> SceneResult | None:
        """Return the result of the scene, if it was played."""
        return self.results.get(self.scene.name)

    @property
    def shown(self) -> Slide | None:
        """Return the slide; None for the opening of a scene."""
        return self.result.slides[self.slide - 1] if self.result and self.slide else None

    @property
    def slides(self) -> int:
        """Return how many slides the scene has, without its opening; 0 until it is played."""
        return len(self.result.slides) if self.result else 0


class DemoSession:
    """State of the demo. Scenes are played in order; what was shown can be shown again.

    :param story: the scenes of this program
    :param backfill: number of orders of the backfill
    """

    def __init__(
        self, programs: DemoPrograms, url: str, contract: DemoContractRun, story: Story, backfill: int
    ) -> None:
        self.programs, self.contract, self.story = programs, contract, story
        self._url, self._backfill = url, backfill
        #: Guards all that follows; tells those who wait when something else is shown.
        self._changed = threading.Condition()
        self._revision = 0
        self._worker: threading.Thread | None = None
        self._moves = False
        self._progress = ""
        self.started: float | None = None
        #: Which showing it is, from 1.
        self.run = 1
        self._begin()

    def _begin(self) -> None:
        self._context = DemoContext(self.programs, self._url, self.run, self.contract, self._backfill, self._tell)
        self._context.control_api("POST", "/reset", {})
        if self.programs.subject.contract.events is not None:
            sandbox = self.programs.running
            settings = {"url": sandbox.url, "enabled": True, "settings": {"apiKey": sandbox.key}}
            self._context.control_api("PUT", "/segment/destinations/Trustpilot", settings)
        self._results: dict[str, SceneResult] = {}
        self._number = self._slide = 0

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """Return what is shown now."""
        with self._changed:
            scene = self.story.scenes[self._number]
            return View(
                self._revision, scene, self._number + 1, self._slide, self._worker is not None, dict(self._results)
            )

    @property
    def sheet(self) -> list[dict[str, Any]]:
        """Return the verdicts of the contract cases, from the scene on that shows them."""
        if "plan" not in self._results or not self.contract.pack.exists():
            return []
        return list(self.contract.result["sheet"])

    @property
    def progress(self) -> str:
        """Return how far the scene is that is being played."""
        scene = self.story.scenes[self._number]
        if scene.name in AFTER_CASES and self.contract.running:
            return f"The contract cases are running: {self.contract.done} are done."
        return self._progress

    def wait(self, revision: int, timeout: float) -> int:
        """Wait until something else than ``revision`` is shown, at most ``timeout`` seconds; return its revision."""
        with self._changed:
            self._changed.wait_for(lambda: self._revision != revision, timeout)
            return self._revision

    def result(self, scene: Scene) -> SceneResult | None:
        """Return the result of a scene that was played."""
        return self._results.get(scene.name)

    @property
    def played(self) -> list[Scene]:
        """Return the scenes that were played."""
        return [scene for scene in self.story.scenes if scene.name in self._results]

    # --- what the presenter does ------------------------------------------------------------------------------------

    def forward(self) -> None:
        """Play the scene, or show its next slide, or the opening of the next scene; nothing at the end."""
        with self._changed:
            self.started = self.started or time.time()
            scene = self.story.scenes[self._number]
            result = self._results.get(scene.name)
            if self._worker is not None:
                self._moves = True
            elif result is None:
                self._start(scene, "", moves=True)
            elif self._slide < len(result.slides):
                self._show(self._number, self._slide + 1)
            elif self._number + 1 < len(self.story.scenes):
                self._show(self._number + 1, 0)

    def back(self) -> None:
        """Show the slide before; nothing while a scene is being played."""
        with self._changed:
            if self._worker is not None:
                return
            if self._slide:
                self._show(self._number, self._slide - 1)
            elif self._number:
                before = self._results.get(self.story.scenes[self._number - 1].name)
                self._show(self._number - 1, len(before.slides) if before else 0)

    def go(self, scene: Scene) -> None:
        """Show a scene.

        :raises OutOfTurnError: if an earlier scene was not played, or one is being played
        """
        with self._changed:
            self._check(scene)
            self._show(self.story.scenes.index(scene), 1 if scene.name in self._results else 0)

    def choose(self, scene: Scene, choice: str) -> None:
        """Play a scene with a choice, again if it was played.

        :raises OutOfTurnError: as :meth:`go`, or if there is no such choice
        """
        with self._changed:
            self._check(scene)
            if choice not in [value for value, _ in scene.choices]:
                raise OutOfTurnError("This scene does not offer that choice.")
            self.started = self.started or time.time()
            self._show(self.story.scenes.index(scene), 0)
            self._start(scene, choice, moves=True)

    def prepare(self) -> None:
        """Begin to play the scene without showing its result yet, unless it was played."""
        with self._changed:
            scene = self.story.scenes[self._number]
            if self._worker is None and scene.name not in self._results:
                self._start(scene, "", moves=False)

    def play(self, scene: Scene, choice: str = "") -> SceneResult:
        """Play a scene to its end, and return its result; a scene that was played returns it at once."""
        if choice:
            self.choose(scene, choice)
        else:
            self.go(scene)
            if scene.name not in self._results:
                self.forward()
        self.finish()
        return self._results[scene.name]

    def finish(self) -> None:
        """Wait until no scene is being played."""
        with self._changed:
            self._changed.wait_for(lambda: self._worker is None)

    def again(self) -> None:
        """Restart with a new world.

        :raises OutOfTurnError: if a scene is being played
        """
        with self._changed:
            self._check(self.story.scenes[0])
            self._context.close()
            self.run += 1
            self.started = None
            self._begin()
            self._bump()

    def restart_program(self) -> None:
        """Start the integration again after it ended.

        :raises OutOfTurnError: if a scene is being played, or it does not start
        """
        with self._changed:
            self._check(self.story.scenes[0])
            try:
                self.programs.restart()
            except SubjectError as problem:
                raise OutOfTurnError(str(problem)) from None
            self._bump()

    def announce(self) -> None:
        """Let the windows show again what is on."""
        with self._changed:
            self._bump()

    def close(self) -> None:
        """Stop it."""
        worker = self._worker
        if worker is not None:
            worker.join(_PATIENCE)
        self._context.close()

    def posted(self, run: int, webhook: Any) -> None:
        """Receive a webhook."""
        if run == self.run:
            self._context.posted.append(webhook)

    # --- how a scene is played --------------------------------------------------------------------------------------

    def _check(self, scene: Scene) -> None:
        if self._worker is not None:
            raise OutOfTurnError("A scene is being played. Wait for its end.")
        before = self.story.scenes[: self.story.scenes.index(scene)]
        missing = next((one for one in before if one.name not in self._results), None)
        if missing is not None:
            raise OutOfTurnError(f"Play this scene first: “{missing.title}”.")

    def _start(self, scene: Scene, choice: str, *, moves: bool) -> None:
        """Play a scene in a thread of its own: the windows stay alive meanwhile."""
        self._moves, self._progress = moves, ""
        choice = choice or next((value for value, _ in scene.choices), "")
        self._worker = threading.Thread(
            target=self._perform, args=(scene, choice), name=f"tpmock-demo-{scene.name}", daemon=True
        )
        self._bump()
        self._worker.start()

    def _perform(self, scene: Scene, choice: str) -> None:
        result = self._played(scene, choice)
        with self._changed:
            self._results[scene.name] = result
            self._worker = None
            if self._moves:
                self._show(self.story.scenes.index(scene), 1)
            else:
                self._bump()

    def _played(self, scene: Scene, choice: str) -> SceneResult:
        self._context.choice = choice
        failed: Finding | None = None
        result = SceneResult()
        try:
            result = scene.play(self._context)
        except MissingError as error:
            failed = Finding(str(error), ok=False)
        except _TROUBLE as error:
            # The audience sees the failure and its cause; the presenter can continue.
            _log.warning("The scene %s failed: %r", scene.name, error)
            failed = Finding(f"The scene failed: {type(error).__name__}: {error}", ok=False)
        trouble = self.programs.trouble
        if failed is not None or trouble or not result.slides:
            slide = result.slides[0] if result.slides else result.slide("This scene could not be played to its end")
            slide.findings[:0] = [Finding(trouble, ok=False)] if trouble else []
            slide.findings += [failed] if failed else []
        return result

    def _tell(self, progress: str) -> None:
        self._progress = progress

    def _show(self, number: int, slide: int) -> None:
        self._number, self._slide = number, slide
        self._bump()

    def _bump(self) -> None:
        self._revision += 1
        self._changed.notify_all()
