"""Helpers of the views: control API requests, form values and responses to forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, request, url_for
from tpmock.console import ROOT
from werkzeug.wrappers import Response

Row = dict[str, Any]


def control(method: str, path: str, body: Any = None, /, **query: object) -> Any:
    """Call the control API of the current sandbox.

    :param path: behind the sandbox's own, such as ``/clock``
    """
    return g.client.control.call(method, f"/sandboxes/{g.sandbox['id']}{path}", body, query)


def form(*names: str) -> dict[str, str]:
    """Return stripped fields of the submitted form; empty if missing."""
    return {name: request.form.get(name, "").strip() for name in names}


def search(*names: str) -> dict[str, str]:
    """Return stripped query parameters; empty if missing."""
    return {name: request.args.get(name, "").strip() for name in names}


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that are not empty."""
    return {name: value for name, value in values.items() if value}


def row_limit(few: int, many: int) -> int:
    """Return the number of rows of a page without pagination; its link "Show more" shows ``many``."""
    return many if "all" in request.args else few


def counted(number: int, noun: str) -> str:
    """Return ``1 event``, ``2 events`` or ``2 entries``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("try") else f"{number:,} {noun}s"


def done(sentence: str, page: str | None = None) -> Response:
    """Redirect to ``page`` (default: the page of the form) and show the message ``sentence`` there."""
    flash(sentence, "done")
    return back() if page is None else redirect(page, 303)


def problem(sentence: str) -> Response:
    """Redirect to the page of the form and show an error message."""
    flash(sentence, "problem")
    return back()


def back() -> Response:
    """Redirect to the page of the form, which is always a page of the console."""
    place = request.form.get("back", "")
    return redirect(place if place.startswith(f"{ROOT}/") else url_for("orders.index"), 303)
