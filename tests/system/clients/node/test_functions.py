"""Destination functions with the packages of Segment's runtime, as npm installs them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tpmock.core import reference_data
from tpmock.outbound.function_runner import FunctionCall, FunctionRunner, Packages

from tests.support.programs import NODE

#: What a function does with each global, and the result.
USES = {
    "_": ("_.get({ order: { id: 7 } }, 'order.id')", 7),
    "moment": ("moment.tz('2026-01-01T00:00:00Z', 'Europe/Berlin').format()", "2026-01-01T01:00:00+01:00"),
    "jsonwebtoken": ("jsonwebtoken.verify(jsonwebtoken.sign({ order: 7 }, 'k'), 'k').order", 7),
    "xml": ("xml({ order: [{ id: 7 }] })", "<order><id>7</id></order>"),
    "xml2js": ("(await xml2js.parseStringPromise('<order><id>7</id></order>')).order.id", ["7"]),
    "uuidv5.uuidv5": ("(uuidv5 = uuidv5.uuidv5)('dns', 'google.com')", "64ee70a4-8cc1-5d25-abf2-dea6c79a09c8"),
    "libphonenumberjslib.libphonenumberjs": (
        "libphonenumberjslib.libphonenumberjs('020 7946 0018', 'GB').number",
        "+442079460018",
    ),
    "fetchretrylib.fetchretry": (
        "(await fetchretrylib.fetchretry(fetch)(address, { retries: 2, retryDelay: 1, retryOn: [503] })).status",
        200,
    ),
    "FormData": ("await posted(address)", "multipart/form-data"),
}

POSTED = """
async function posted(address) {
  const form = new FormData()
  form.append('order', '7')
  const answer = await fetch(address, { method: 'POST', body: form })
  return answer.text()
}
"""


class _Receiver(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200 if type(self).asked > 1 else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        boundary = self.headers.get_boundary() or "none"
        told = self.headers.get_content_type() if boundary.encode() in body and b"7" in body else "no form"
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told.encode())

    def log_message(self, *_given: object) -> None:
        """Stay silent."""


@pytest.fixture
def address() -> Iterator[str]:
    _Receiver.asked = 0
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_every_package_of_the_list_is_used_here() -> None:
    assert {row["global"] for row in reference_data.read("function-globals") if row["has"] == "package"} == set(USES)


@pytest.mark.parametrize("name", USES)
def test_the_packages_of_segments_runtime_work_in_functions(node_modules: Path, address: str, name: str) -> None:
    use, result = USES[name]
    code = f"{POSTED}async function onTrack(address) {{ return {use} }}"
    packages = Packages(node_modules.parent, node_modules)
    with closing(FunctionRunner(NODE, allowed=True, packages=packages)) as runner:
        outcome = runner.run(FunctionCall(code, "onTrack", address), 10)
    assert (outcome.error, outcome.message, outcome.value) == (None, "", result)


def test_a_form_is_not_sent_around_fetch(node_modules: Path, address: str) -> None:
    code = "function onTrack(address) { new FormData().submit(address) }"
    packages = Packages(node_modules.parent, node_modules)
    with closing(FunctionRunner(NODE, allowed=True, packages=packages)) as runner:
        outcome = runner.run(FunctionCall(code, "onTrack", address), 10)
    assert "with fetch only" in outcome.message
