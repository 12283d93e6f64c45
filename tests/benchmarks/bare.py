"""``python -m tests.benchmarks.bare wsgi|flask PORT``: the ceiling, and what a plain Flask app makes of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from tpmock.common.serving import Service, serve
from tpmock.server.serve import THREADS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

#: As long as the mock's answer to the same call.
BODY = b'{"bare": "' + b"x" * 640 + b'"}'


def _wsgi(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def _flask() -> Flask:
    app = Flask("bare")

    @app.route("/<path:_any>", methods=["GET", "POST"])
    def anything(_any: str) -> Response:
        return Response(BODY, mimetype="application/json")

    @app.post("/read")
    def read() -> Response:
        request.get_data()
        return Response(BODY, mimetype="application/json")

    return app


def _load(kind: str) -> WSGIApplication:
    return _wsgi if kind == "wsgi" else _flask()


if __name__ == "__main__":
    kind, port = sys.argv[1:]
    service = Service(partial(_load, kind), str, health="/v1/business-units/find", threads=THREADS, stop_within=3)
    sys.exit(serve(service, "127.0.0.1", int(port)))
