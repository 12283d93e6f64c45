"""JSON Schemas of users' files, for editors; like the documentation they need no control token (decision 0305)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, abort
from tpmock.common import schemas
from tpmock.common.suggestions import did_you_mean

pages = Blueprint("schemas", __name__)


@pages.get("/<name>.json")
def schema(name: str) -> Response:
    """Return one schema. Editors can be web pages, so any origin may read it."""
    names = schemas.names()
    if name not in names:
        abort(HTTPStatus.NOT_FOUND, f"There is no schema {name!r}. {did_you_mean(name, names)}")
    return Response(
        schemas.text(name), mimetype="application/schema+json", headers={"Access-Control-Allow-Origin": "*"}
    )
