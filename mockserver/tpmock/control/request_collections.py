"""The OpenAPI documents for other tools: as JSON, and as request collections of Postman and Bruno."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from tpmock import spec
from tpmock.common import compiled, package_data
from tpmock.core.json_text import to_json
from tpmock.core.responses import Bindings
from tpmock.sandbox.sandbox import Sandbox
from tpmock.spec.model import FORM, Operation

bindings = Bindings()
Json = Any

_POSTMAN: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_WITH_SERVERS: Final = ("servers", "get", "put", "post", "patch", "delete")
#: The credentials of each security scheme, as variables of a collection; user and password for Basic.
_BASIC: Final = {"clientCredentials": ("apiKey", "apiSecret"), "writeKey": ("writeKey", "")}
_BEARER: Final = {"accessToken": "accessToken", "publicApiToken": "publicApiToken", "controlToken": "controlToken"}
_SAMPLES: Final[Mapping[str, Json]] = {
    "date-time": "2026-12-24T09:00:00Z",
    "date": "2026-12-24",
    "email": "ada@example.com",
    "uri": "https://shop.example.com/",
    "uuid": "43f51215-a1fc-4c60-b6dd-e4afb6d7b831",
}


@dataclass(frozen=True, slots=True)
class _Request:
    """One request of a collection, independent of the tool."""

    name: str
    folder: str
    operation: Operation
    query: list[tuple[str, bool]]
    form: bool
    body: Json

    @property
    def about(self) -> str:
        """Return the description of the call."""
        told = "\n".join(f"{status}: {one.evidence.text}" for status, one in self.operation.responses.items())
        return f"{self.operation.id}\n\nEvidence by status:\n{told}"


@bindings.handles("getOpenApiDocument")
def get_openapi_document(document: str, api_url: str) -> dict[str, Json]:
    """Return one of the documents, with this mock as its first server."""
    raw = deepcopy(_raw(_api(document)))
    here = {"url": api_url, "description": "This mock"}
    for place in (raw, *_own_servers(raw)):
        place["servers"] = [here, *place["servers"]]
    return raw


@bindings.handles("getPostmanCollection")
def get_postman_collection(sandbox: Sandbox, document: str, api_url: str) -> dict[str, Json]:
    """Return the calls of a document as a Postman collection (2.1) for a sandbox."""
    api = _api(document)
    folders: dict[str, list[Json]] = {}
    for one in _requests(api):
        folders.setdefault(one.folder, []).append(_in_postman(one))
    return {
        "info": {"name": f"tpmock: {spec.load(api).title}", "schema": _POSTMAN},
        "item": [{"name": name, "item": items} for name, items in folders.items()],
        "variable": [{"key": name, "value": value} for name, value in _variables(sandbox, api, api_url).items()],
    }


@bindings.handles("getBrunoCollection")
def get_bruno_collection(sandbox: Sandbox, document: str, api_url: str) -> dict[str, Json]:
    """Return the calls of a document as a Bruno collection for a sandbox, with an environment."""
    api = _api(document)
    folders: dict[str, list[Json]] = {}
    for one in _requests(api):
        folders.setdefault(one.folder, []).append(_in_bruno(one, len(folders.get(one.folder, ())) + 1))
    variables = [
        {"name": name, "value": value, "type": "text", "enabled": True, "secret": False}
        for name, value in _variables(sandbox, api, api_url).items()
    ]
    return {
        "name": f"tpmock: {spec.load(api).title}",
        "version": "1",
        "items": [{"type": "folder", "name": name, "items": items} for name, items in folders.items()],
        "environments": [{"name": sandbox.id, "variables": variables}],
    }


def sample(schema: Mapping[str, Json], name: str = "") -> Json:
    """Return an example value for a schema: its required members, with recognizable values.

    :param name: of the member that has the value
    """
    given = [schema[word] for word in ("const", "default") if word in schema]
    given += [schema[word][0] for word in ("examples", "enum") if word in schema]
    if given:
        return given[0]
    kind = _kind(schema)
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return [sample(schema.get("items", {}), name)] * max(1, schema.get("minItems", 0))
    if kind == "string":
        return _SAMPLES.get(schema.get("format", "email" if "email" in name.lower() else ""), "example")
    return {"boolean": True, "null": None}.get(kind, schema.get("minimum", 1))


def _kind(schema: Mapping[str, Json]) -> str:
    forms = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    kinds = schema.get("type") or ("object" if "properties" in schema or not forms else _kind(forms[0]))
    return kinds if isinstance(kinds, str) else str(kinds[0])


def _object(schema: Mapping[str, Json]) -> dict[str, Json]:
    """Return the required members of an object, its own and those of the first of its alternative forms."""
    parts = [schema, *schema.get("allOf", ())]
    parts += [part[word][0] for part in parts for word in ("anyOf", "oneOf") if word in part]
    properties = {name: part for each in parts for name, part in each.get("properties", {}).items()}
    names = [name for part in parts for name in part.get("required", ())]
    names += [name for name, part in properties.items() if "examples" in part]
    names = names or list(properties or {"example": None})[: schema.get("minProperties", 0)]
    others = schema.get("additionalProperties")
    free = others if isinstance(others, dict) else {"type": "string"}
    return {name: sample(properties.get(name, free), name) for name in names}


def _api(document: str) -> str:
    return document.removesuffix(".json")


def _raw(api: str) -> dict[str, Json]:
    found: dict[str, Json] = compiled.content(package_data.path("openapi", f"{api}.yaml"))
    return found


def _own_servers(raw: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Return the paths and operations that have their own servers."""
    for item in raw["paths"].values():
        places = (item, *(item[method] for method in _WITH_SERVERS[1:] if method in item))
        yield from (place for place in places if "servers" in place)


def _requests(api: str) -> Iterator[_Request]:
    raw = _raw(api)
    for operation in spec.load(api).operations.values():
        said = raw["paths"][operation.path][operation.method.lower()]
        kind, schema = next(iter(operation.body.items()), ("", None))
        yield _Request(
            operation.summary or operation.id,
            next(iter(said.get("tags", ())), "Calls"),
            operation,
            [(one.name, one.required) for one in operation.parameters if one.location == "query"],
            kind == FORM,
            None if schema is None else sample(schema.document),
        )


def _variables(sandbox: Sandbox, api: str, api_url: str) -> dict[str, str]:
    """Return the variables of a collection; those that a call has to set first are blank."""
    operations = spec.load(api).operations.values()
    paths = {one.name for each in operations for one in each.parameters if one.location == "path"}
    known = {"sandboxId": sandbox.id, **sandbox.credentials}
    wanted = dict.fromkeys(sorted(paths | set(_BEARER.values())), "")
    return {"baseUrl": api_url} | wanted | known


def _path(operation: Operation) -> str:
    return re.sub(r"\{(\w+)\}", r"{{\1}}", operation.path)


def _key_header(operation: Operation) -> list[str]:
    return ["apikey"] if "apiKeyHeader" in operation.security else []


def _auth(operation: Operation) -> tuple[str, str, str]:
    """Return kind, user and password of a call's authorization; a token is in the place of the user."""
    for scheme in operation.security:
        if scheme == "apiKeyHeader":
            break
        if scheme in _BASIC:
            user, password = (f"{{{{{name}}}}}" if name else "" for name in _BASIC[scheme])
            return "basic", user, password
        if scheme in _BEARER:
            return "bearer", f"{{{{{_BEARER[scheme]}}}}}", ""
    return "none", "", ""


def _in_postman(one: _Request) -> Json:
    kind, user, password = _auth(one.operation)
    auth: Json = {"type": "noauth"}
    if kind == "basic":
        auth = {"type": kind, kind: [{"key": "username", "value": user}, {"key": "password", "value": password}]}
    elif kind == "bearer":
        auth = {"type": kind, kind: [{"key": "token", "value": user}]}
    path = _path(one.operation)
    request: dict[str, Json] = {
        "method": one.operation.method,
        "auth": auth,
        "header": [{"key": name, "value": "{{apiKey}}"} for name in _key_header(one.operation)],
        "url": {
            "raw": "{{baseUrl}}" + path,
            "host": ["{{baseUrl}}"],
            "path": path.strip("/").split("/"),
            "query": [{"key": name, "value": "", "disabled": not required} for name, required in one.query],
        },
        "description": one.about,
    }
    if one.body is not None and one.form:
        request["body"] = {"mode": "urlencoded", "urlencoded": [{"key": k, "value": v} for k, v in one.body.items()]}
    elif one.body is not None:
        raw = to_json(one.body).decode()
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    made: dict[str, Json] = {"name": one.name, "request": request}
    if _gives_token(one):
        keep = "pm.collectionVariables.set('accessToken', pm.response.json().access_token)"
        made["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": [keep]}}]
    return made


def _in_bruno(one: _Request, number: int) -> Json:
    kind, user, password = _auth(one.operation)
    auth: Json = {"mode": kind}
    if kind == "basic":
        auth[kind] = {"username": user, "password": password}
    elif kind == "bearer":
        auth[kind] = {"token": user}
    body: Json = {"mode": "none"}
    if one.body is not None and one.form:
        fields = [{"name": name, "value": value, "enabled": True} for name, value in one.body.items()]
        body = {"mode": "formUrlEncoded", "formUrlEncoded": fields}
    elif one.body is not None:
        body = {"mode": "json", "json": to_json(one.body).decode()}
    request: dict[str, Json] = {
        "method": one.operation.method,
        "url": "{{baseUrl}}" + _path(one.operation),
        "headers": [{"name": name, "value": "{{apiKey}}", "enabled": True} for name in _key_header(one.operation)],
        "params": [{"name": n, "value": "", "type": "query", "enabled": required} for n, required in one.query],
        "auth": auth,
        "body": body,
        "docs": one.about,
    }
    if _gives_token(one):
        request["script"] = {"res": "bru.setEnvVar('accessToken', res.getBody().access_token)"}
    return {"type": "http", "name": one.name, "seq": number, "request": request}


def _gives_token(one: _Request) -> bool:
    return one.operation.id == "createAccessToken"
