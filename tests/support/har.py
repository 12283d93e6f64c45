"""What HAR 1.2 requires of an archive, as a JSON Schema (http://www.softwareishard.com/blog/har-12-spec/)."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": -1}
_DURATION = {"type": "number", "minimum": 0}


def _an_object(**properties: Any) -> dict[str, Any]:
    """All of these are required. What else there is must begin with an underscore, or be the optional comment."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": {**properties, "comment": _TEXT},
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


def _with(schema: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return schema | {"properties": schema["properties"] | optional}


_PAIRS = {"type": "array", "items": _an_object(name=_TEXT, value=_TEXT)}
_COOKIES = {"type": "array", "items": _an_object(name=_TEXT, value=_TEXT)}
_MESSAGE: dict[str, Any] = {
    "httpVersion": _TEXT,
    "cookies": _COOKIES,
    "headers": _PAIRS,
    "headersSize": _COUNT,
    "bodySize": _COUNT,
}
_REQUEST = _with(
    _an_object(
        method={"type": "string", "minLength": 1},
        url={"type": "string", "format": "uri", "pattern": "^https?://[!-~]+$"},
        queryString=_PAIRS,
        **_MESSAGE,
    ),
    postData=_an_object(mimeType=_TEXT, params={"type": "array"}, text=_TEXT),
)
_RESPONSE = _an_object(
    status={"type": "integer", "minimum": 0, "maximum": 599},
    statusText=_TEXT,
    content=_with(
        _an_object(size={"type": "integer", "minimum": 0}, mimeType=_TEXT),
        text=_TEXT,
        encoding={"const": "base64"},
        compression={"type": "integer"},
    ),
    redirectURL=_TEXT,
    **_MESSAGE,
)
_ENTRY = _an_object(
    startedDateTime={"type": "string", "format": "date-time", "pattern": "T.*(Z|[+-][0-9:]+)$"},
    time=_DURATION,
    request=_REQUEST,
    response=_RESPONSE,
    cache={"type": "object"},
    timings=_an_object(send=_DURATION, wait=_DURATION, receive=_DURATION),
)
_LOG = _an_object(
    version={"const": "1.2"}, creator=_an_object(name=_TEXT, version=_TEXT), entries={"type": "array", "items": _ENTRY}
)

_VALIDATOR = Draft202012Validator(_an_object(log=_LOG), format_checker=FormatChecker())


def faults(archive: Any) -> list[str]:
    """Return every way in which ``archive`` is not a valid HAR 1.2."""
    return [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(archive)]
