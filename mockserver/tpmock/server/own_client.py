"""The mock as an HTTP client of itself: requests to its own address stay in the process, listening or not."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tpmock.faults.wire import ConnectionCutError
from tpmock.outbound.http_client import HttpReply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_FROM: Final = {"REMOTE_ADDR": "127.0.0.1"}


class OwnClient:
    """Posts to one application, whatever host an address names."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpReply:
        """Send a request. An answer that takes longer than ``timeout`` seconds counts as none."""
        from werkzeug.test import EnvironBuilder, run_wsgi_app  # noqa: PLC0415 - most mocks post nothing to themselves

        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        builder = EnvironBuilder(
            parts.path, base, method="POST", headers=list(headers.items()), data=body, environ_base=_FROM
        )
        started = perf_counter()
        try:
            content, status, answered = run_wsgi_app(self._application, builder.get_environ(), buffered=True)
        except ConnectionCutError:
            return HttpReply(None, {}, b"", _code(started, timeout, "ECONNRESET"), _since(started))
        finally:
            builder.close()
        if _code(started, timeout, None):
            return HttpReply(None, {}, b"", "ETIMEDOUT", _since(started))
        return HttpReply(int(status.split(" ", 1)[0]), dict(answered), b"".join(content), None, _since(started))

    def close(self) -> None:
        """Do nothing: no connection is held."""


def _since(started: float) -> float:
    return (perf_counter() - started) * 1000


def _code(started: float, timeout: float, otherwise: str | None) -> str | None:
    return "ETIMEDOUT" if _since(started) > timeout * 1000 else otherwise
