"""Pages of the demo: one per scene, with its requirements, its steps and the checks so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request, send_file, url_for
from jinja2 import ChoiceLoader, PackageLoader
from tpmock.cli.demo.contract_run import DemoContractRun, requirements
from tpmock.cli.demo.session import DemoSession, OutOfTurnError
from tpmock.cli.demo.story import SCENES, Scene
from tpmock.common.local_server import serving
from tpmock.common.version import __version__
from tpmock.console import assets
from tpmock.console.app import HEADERS
from tpmock.console.filters import FILTERS
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

if TYPE_CHECKING:
    from tpmock.server.up import Up

#: Path that shows that the pages are ready.
HEALTH: Final = "/health"
_BY_NAME: Final = {scene.name: scene for scene in SCENES}


class Demo(Flask):
    """The pages of a session.

    :param pace: seconds after which the next scene starts automatically; None: manually
    """

    def __init__(self, everything: Up, url: str, contract: DemoContractRun, pace: int | None = None) -> None:
        super().__init__("tpmock.cli.demo", static_folder=str(assets.FOLDER), static_url_path="/static")
        self.jinja_env.loader = ChoiceLoader([PackageLoader("tpmock.cli.demo"), PackageLoader("tpmock.console")])
        self.jinja_env.filters.update(FILTERS)
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
        self.session = DemoSession(everything, url, contract)
        self.url, self._contract, self._pace = url, contract, pace
        self._console = f"{everything.url}/_mock/console/default"
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
        """Refuse requests of other sites, also under another host name (DNS rebinding)."""
        if request.host not in (self.url.partition("://")[2], f"localhost:{request.host.rpartition(':')[2]}"):
            abort(HTTPStatus.FORBIDDEN, f"The demo does not answer to this host name; open {self.url}.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            abort(HTTPStatus.FORBIDDEN, "A page of another site may not control the demo.")

    def _finish(self, response: Response) -> Response:
        response.headers.update({**HEADERS, "X-Mock": f"tpmock/{__version__}"})
        assets.keep(response, self._assets)
        return response

    def _show(self, name: str) -> str:
        return self._page(_known(name))

    def _page(self, scene: Scene, problem: str = "") -> str:
        number = SCENES.index(scene)
        played = self.session.played
        results = {one.name: self.session.result(one) for one in played}
        # A scene is green only if all its checks passed, not because it ran.
        right = [one for one in played if (seen := results[one.name]) is not None and seen.ok]
        proved = {requirement for one in right for requirement in one.requirements}
        return render_template(
            "scene.html",
            version=__version__,
            scene=scene,
            number=number + 1,
            scenes=SCENES,
            before=SCENES[number - 1] if number else None,
            after=SCENES[number + 1] if number + 1 < len(SCENES) else None,
            result=self.session.result(scene),
            played=played,
            results=results,
            requirements=self._requirements,
            proved=proved,
            console=self._console,
            problem=problem,
            pace=self._pace,
            cases_running=self._contract.running,
        )

    def _play(self, name: str) -> AnyResponse | tuple[str, int]:
        scene = _known(name)
        try:
            self.session.play(scene, request.form.get("choice", ""))
        except OutOfTurnError as error:
            return self._page(scene, str(error)), HTTPStatus.CONFLICT
        return redirect(url_for("scene", name=scene.name), 303)

    def _again(self) -> AnyResponse:
        self.session.again()
        return redirect(url_for("begin"), 303)

    def _webhook(self, run: int) -> tuple[str, int]:
        self.session.posted(run, request.get_json())
        return "", HTTPStatus.NO_CONTENT

    def _pack(self) -> Response:
        if self._contract.running or not self._contract.pack.exists():
            abort(
                HTTPStatus.NOT_FOUND,
                "The evidence pack does not exist yet; it is written when the contract cases have finished.",
            )
        return send_file(self._contract.pack, as_attachment=True, download_name="evidence.zip")


def _known(name: str) -> Scene:
    scene = _BY_NAME.get(name)
    if scene is None:
        abort(HTTPStatus.NOT_FOUND, f"There is no scene {name!r}; the first is {SCENES[0].name!r}.")
    return scene


def _lost(error: HTTPException) -> tuple[str, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return render_template("nothing.html", status=int(status), sentence=error.description or error.name), status


@contextmanager
def serving_demo(everything: Up, url: str, pace: int | None = None, pack: Path | None = None) -> Iterator[Demo]:
    """Serve the pages for the running mock and destination during the block; see :class:`Demo`.

    :param pack: an evidence pack to show instead of running the contract cases
    """
    with TemporaryDirectory(prefix="tpmock-demo-") as folder:
        contract = DemoContractRun(Path(folder), pack)
        demo = Demo(everything, url, contract, pace)
        parts = urlsplit(url)
        try:
            with serving(demo, parts.hostname or "", parts.port or 0):
                yield demo
        finally:
            contract.end()
            demo.session.close()
