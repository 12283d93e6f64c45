"""The demo's pages, served beside the parts they show."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from urllib.parse import urlsplit

from werkzeug.serving import make_server

from mockserver.demo.app import Demo
from mockserver.demo.judging import Judge
from mockserver.demo.stage import Place
from mockserver.up import Up


class Running:
    """Serves the pages as long as the ``with`` lasts.

    :param everything: the mock and the destination, which run
    :param url: where the pages are served
    :param pace: seconds after which the next scene is played by itself; None for by hand
    """

    def __init__(self, everything: Up, url: str, pace: int | None) -> None:
        self.url = url
        self._folder = TemporaryDirectory(prefix="tpmock-demo-")
        self._judge = Judge(Path(self._folder.name))
        place = Place(
            everything.url,
            everything.destination_url,
            url,
            everything.control_token or "",
            everything.store,
        )
        parts = urlsplit(url)
        self.demo = Demo(place, self._judge, pace)
        # One person looks at it: werkzeug's own server is enough. Its lines would stand between ours.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server(parts.hostname or "", parts.port or 0, self.demo, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._judge.end()
        self.demo.performance.close()
        self._folder.cleanup()
