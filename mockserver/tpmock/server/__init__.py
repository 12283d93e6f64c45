"""The Flask application: requests, routes, security, arguments, the pipeline, fault injection, recording; and serving.

It may import every package of the mock except ``tpmock.cli`` and ``tpmock.testing``.
Rules of a vendor do not belong here: each vendor's package exports its handlers and its credential finders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tpmock.server.app import MockSettings, create_app

__all__ = ["MockSettings", "create_app"]


def __getattr__(name: str) -> Any:
    """Import the application on first use: ``tpmock --help`` does not need it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tpmock.server import app  # noqa: PLC0415

    return getattr(app, name)
