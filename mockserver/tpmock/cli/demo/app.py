"""Pages of the demo: the audience's window, the presenter's, and what both follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request, send_file, url_for
from jinja2 import ChoiceLoader, PackageLoader
from tpmock.cli.demo.autoplay import Autoplay
from tpmock.cli.demo.contract_run import DemoContractRun, requirements
from tpmock.cli.demo.programs import DemoPrograms
from tpmock.cli.demo.session import DemoSession, OutOfTurnError
from tpmock.cli.demo.standing import standings
from tpmock.cli.demo.story import AFTER_CASES, story
from tpmock.common.local_server import serving
from tpmock.common.version import __version__
from tpmock.console import assets
from tpmock.console.app import HEADERS
from tpmock.console.filters import FILTERS
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

#: Path that shows that the pages are ready.
HEALTH: Final = "/health"
#: Real seconds that a window waits for something else to be shown, and while a scene is being played.
_FOLLOWS: Final = (10.0, 0.5)
#: Number of orders of the backfill, unless another is asked for.
BACKFILL: Final = 10_000
#: Maximum number of characters of a word in a cell that is not broken.
_LONGEST: Final = 40
_WINDOWS: Final = ("audience", "presenter")
_STATIC: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Showing:
    """How the demo is shown.

    :ivar pace: seconds per slide; None: by hand
    :ivar pack: an evidence pack to show instead of running the contract cases
    :ivar contract: the ``contract.toml`` of the integration; None for the bundled one
    :ivar backfill: number of orders of the backfill
    """

    pace: int | None = None
    pack: Path | None = None
    contract: Path | None = None
    backfill: int = BACKFILL


class Demo(Flask):
    """The pages of a session."""

    def __init__(self, programs: DemoPrograms, url: str, contract: DemoContractRun, showing: Showing) -> None:
        super().__init__("tpmock.cli.demo", static_folder=str(_STATIC), static_url_path="/static")
        self.jinja_env.loader = ChoiceLoader([PackageLoader("tpmock.cli.demo"), PackageLoader("tpmock.console")])
        self.jinja_env.filters.update({**FILTERS, "kind": lambda one: type(one).__name__, "unbroken": _unbroken})
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
        self.session = DemoSession(programs, url, contract, story(programs.subject), showing.backfill)
        self.autoplay = Autoplay(self.session, showing.pace) if showing.pace else None
        self.url, self._contract = url, contract
        self._console = f"{programs.url}/_mock/console/default"
        self._requirements = requirements()
        self._assets = assets.fingerprint(_STATIC)
        self.jinja_env.globals["assets"] = self._assets
        self.after_request(self._finish)
        self.before_request(self._only_here)
        self.register_error_handler(HTTPException, _lost)
        self.add_url_rule("/", "audience", lambda: self._page("audience"))
        self.add_url_rule("/presenter", "presenter", lambda: self._page("presenter"))
        self.add_url_rule(HEALTH, "health", lambda: {"status": "ok"})
        self.add_url_rule("/state", "state", self._state)
        self.add_url_rule("/step", "step", self._step, methods=["POST"])
        self.add_url_rule("/webhook/<int:run>", "webhook", self._webhook, methods=["POST"])
        self.add_url_rule("/evidence.zip", "pack", self._pack)

    def close(self) -> None:
        """Stop what plays."""
        if self.autoplay is not None:
            self.autoplay.stop()
        self.session.close()

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

    def _page(self, window: str, problem: str = "") -> str:
        if self.autoplay is not None:
            self.autoplay.begin()
        session = self.session
        view = session.view
        return render_template(
            f"{window}.html",
            version=__version__,
            window=window,
            view=view,
            story=session.story,
            subject=session.programs.subject.name,
            ours=session.programs.ours,
            progress=session.progress,
            trouble=session.programs.trouble,
            started=session.started,
            # One computation for the presenter's list and the audience's table.
            standings=standings(self._requirements, session.story, view.results, session.sheet),
            listed=view.scene.name in AFTER_CASES[:1],
            console=self._console,
            problem=problem,
            autoplay=self.autoplay,
            cases_running=self._contract.running,
            cases_done=self._contract.done,
        )

    def _state(self) -> dict[str, Any]:
        playing = self.session.view.playing
        revision = self.session.wait(request.args.get("revision", -1, int), _FOLLOWS[playing])
        return {"revision": revision, "progress": self.session.progress}

    def _step(self) -> AnyResponse | tuple[str, int]:
        """Do what a button or a key asks for: ``to`` names a direction or a scene."""
        to, window = request.form.get("to", ""), request.form.get("window", _WINDOWS[0])
        if window not in _WINDOWS:
            abort(HTTPStatus.BAD_REQUEST, f"There is no window {window!r}; there are {' and '.join(_WINDOWS)}.")
        ways = {
            "next": self.session.forward,
            "back": self.session.back,
            "again": self.session.again,
            "restart": self.session.restart_program,
            "pause": self._toggle,
        }
        try:
            if to in ways:
                ways[to]()
            else:
                self._to_scene(to, request.form.get("choice", ""))
        except OutOfTurnError as error:
            return self._page(window, str(error)), HTTPStatus.CONFLICT
        return redirect(url_for(window), HTTPStatus.SEE_OTHER)

    def _to_scene(self, name: str, choice: str) -> None:
        scene = next((one for one in self.session.story.scenes if one.name == name), None)
        if scene is None:
            abort(HTTPStatus.NOT_FOUND, f"There is no scene {name!r} in this demo.")
        if choice:
            self.session.choose(scene, choice)
        else:
            self.session.go(scene)

    def _toggle(self) -> None:
        if self.autoplay is None:
            abort(HTTPStatus.NOT_FOUND, "This demo does not go on by itself; start it with --auto.")
        self.autoplay.toggle()
        self.session.announce()

    def _webhook(self, run: int) -> tuple[str, int]:
        self.session.posted(run, request.get_json())
        return "", HTTPStatus.NO_CONTENT

    def _pack(self) -> Response:
        if not self._contract.finished or not self._contract.pack.exists():
            abort(
                HTTPStatus.NOT_FOUND,
                "The evidence pack does not exist yet; it is written when the contract cases have finished.",
            )
        return send_file(self._contract.pack, as_attachment=True, download_name="evidence.zip")


def _unbroken(text: str) -> bool:
    """Return whether a text has a word that must be broken to fit into a cell."""
    return any(len(word) > _LONGEST for word in text.split())


def _lost(error: HTTPException) -> tuple[str, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return render_template("nothing.html", status=int(status), sentence=error.description or error.name), status


@contextmanager
def serving_demo(programs: DemoPrograms, url: str, showing: Showing = Showing()) -> Iterator[Demo]:
    """Serve the pages for the running programs during the block.

    :param url: address of the pages
    """
    with TemporaryDirectory(prefix="tpmock-demo-") as folder:
        contract = DemoContractRun(Path(folder), showing.contract, showing.pack)
        demo = Demo(programs, url, contract, showing)
        parts = urlsplit(url)
        try:
            with serving(demo, parts.hostname or "", parts.port or 0):
                yield demo
        finally:
            contract.end()
            demo.close()
