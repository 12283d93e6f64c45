"""The demo as pages: one for each scene, with the requirements, what happens, and what was proved so far."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Flask, Response, abort, redirect, render_template, request, send_file, url_for
from jinja2 import ChoiceLoader, PackageLoader
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from mockserver import __version__
from mockserver.console import assets
from mockserver.console.app import HEADERS
from mockserver.console.shown import FILTERS
from mockserver.demo.judging import Judge, requirements
from mockserver.demo.performance import OutOfTurnError, Performance
from mockserver.demo.stage import Place
from mockserver.demo.story import SCENES, Scene

#: Where it is seen that the pages can be asked for.
HEALTH: Final = "/health"
_BY_NAME: Final = {scene.name: scene for scene in SCENES}


class Demo(Flask):
    """The pages of a performance.

    :param place: where everything runs
    :param judge: runs the contract cases
    :param pace: seconds after which the next scene is played by itself; None for by hand
    """

    def __init__(self, place: Place, judge: Judge, pace: int | None = None) -> None:
        super().__init__("mockserver.demo", static_folder=str(assets.FOLDER), static_url_path="/static")
        self.jinja_env.loader = ChoiceLoader([PackageLoader("mockserver.demo"), PackageLoader("mockserver.console")])
        self.jinja_env.filters.update(FILTERS)
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
        self.performance = Performance(place, judge)
        self._place, self._judge, self._pace = place, judge, pace
        self._requirements = requirements()
        self._assets = assets.fingerprint()
        self.jinja_env.globals["assets"] = self._assets
        self.after_request(self._finish)
        self.before_request(self._only_here)
        self.register_error_handler(HTTPException, _lost)
        self.add_url_rule("/", "begin", lambda: redirect(url_for("scene", name=SCENES[0].name)))
        self.add_url_rule(HEALTH, "health", lambda: {"status": "ok"})
        self.add_url_rule("/scene/<name>", "scene", self._show)
        self.add_url_rule("/scene/<name>", "play", self._play, methods=["POST"])
        self.add_url_rule("/again", "again", self._again, methods=["POST"])
        self.add_url_rule("/webhook/<int:run>", "webhook", self._webhook, methods=["POST"])
        self.add_url_rule("/evidence.zip", "pack", self._pack)

    def _only_here(self) -> None:
        """No page of elsewhere plays the story, and none was made to lead here by another name (DNS rebinding)."""
        if request.host not in (self._place.demo.partition("://")[2], f"localhost:{request.host.rpartition(':')[2]}"):
            abort(HTTPStatus.FORBIDDEN, f"The demo is not shown by that name; open {self._place.demo}.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            abort(HTTPStatus.FORBIDDEN, "A page of elsewhere may not play the demo.")

    def _finish(self, response: Response) -> Response:
        response.headers.update({**HEADERS, "X-Mock": f"tpmock/{__version__}"})
        assets.keep(response, self._assets)
        return response

    def _show(self, name: str) -> str:
        return self._page(_known(name))

    def _page(self, scene: Scene, problem: str = "") -> str:
        number = SCENES.index(scene)
        played = self.performance.played
        outcomes = {one.name: self.performance.outcome(one) for one in played}
        # Nothing is green because a scene was played, only because all of it was as it should be.
        right = [one for one in played if (seen := outcomes[one.name]) is not None and seen.right]
        proved = {requirement for one in right for requirement in one.requirements}
        return render_template(
            "scene.html",
            version=__version__,
            scene=scene,
            number=number + 1,
            scenes=SCENES,
            before=SCENES[number - 1] if number else None,
            after=SCENES[number + 1] if number + 1 < len(SCENES) else None,
            outcome=self.performance.outcome(scene),
            played=played,
            outcomes=outcomes,
            requirements=self._requirements,
            proved=proved,
            console=f"{self._place.mock}/_mock/console/default",
            problem=problem,
            pace=self._pace,
            judging=self._judge.running,
        )

    def _play(self, name: str) -> AnyResponse | tuple[str, int]:
        scene = _known(name)
        try:
            self.performance.play(scene, request.form.get("choice", ""))
        except OutOfTurnError as error:
            return self._page(scene, str(error)), HTTPStatus.CONFLICT
        return redirect(url_for("scene", name=scene.name), 303)

    def _again(self) -> AnyResponse:
        self.performance.again()
        return redirect(url_for("begin"), 303)

    def _webhook(self, run: int) -> tuple[str, int]:
        self.performance.posted(run, request.get_json())
        return "", HTTPStatus.NO_CONTENT

    def _pack(self) -> Response:
        if self._judge.running or not self._judge.pack.exists():
            abort(
                HTTPStatus.NOT_FOUND, "The evidence pack is not there yet; it is written when the contract cases end."
            )
        return send_file(self._judge.pack, as_attachment=True, download_name="evidence.zip")


def _known(name: str) -> Scene:
    scene = _BY_NAME.get(name)
    if scene is None:
        abort(HTTPStatus.NOT_FOUND, f"There is no scene {name!r}; the first is {SCENES[0].name!r}.")
    return scene


def _lost(error: HTTPException) -> tuple[str, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return render_template("nothing.html", status=int(status), sentence=error.description or error.name), status
