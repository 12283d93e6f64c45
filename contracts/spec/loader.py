"""Reads an OpenAPI document; refuses every word in it that this program would not act upon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from contracts.spec import compiled, links
from contracts.spec.model import (
    ANY,
    FORM,
    JSON,
    LEVELS,
    METHODS,
    TEXT,
    Contradiction,
    Cors,
    Document,
    Evidence,
    Example,
    Link,
    Operation,
    Parameter,
    Response,
    SecurityScheme,
    Source,
    Variant,
    snake_case,
)
from contracts.spec.schema import Json, Schema


class SpecError(Exception):
    """A document says something this program does not understand. The message names the place."""


_MEDIA_TYPES: Final = (
    *(JSON, "application/problem+json", FORM, "text/html", TEXT, ANY, "image/gif"),
    *(f"application/vnd.segment.{version}+json" for version in ("v1", "v1beta", "v1alpha")),
)

# What a document may say, object by object.
_ROOT = {
    *("openapi", "info", "servers", "security", "tags", "paths", "components"),
    *("x-sources", "x-variants", "x-contradictions", "x-cors", "x-fallbacks", "x-shapes"),
}
_PATH = {"parameters", "servers", "summary", "description", *METHODS}
_OPERATION = {
    *("operationId", "summary", "description", "tags", "parameters", "requestBody", "responses"),
    *("security", "servers", "deprecated", "x-stateful"),
}
_PARAMETER = {
    *("name", "in", "required", "schema", "description", "style", "explode"),
    *("x-credential", "x-problem"),
}
_BODY = {"content", "required", "description", "x-max-bytes"}
_MEDIA = {"schema", "examples"}
_RESPONSE = {"description", "content", "headers", "links", "x-evidence", "x-delivery"}
_LINK = {"operationId", "parameters", "requestBody", "description"}
_EXAMPLE = {"value", "summary", "x-evidence"}
_COMPONENTS = {"securitySchemes", "parameters", "responses", "schemas", "links"}
_SCHEMA = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "format", "pattern"),
    *("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("anyOf", "oneOf", "allOf", "not", "default", "description", "title", "examples", "deprecated"),
    *("uniqueItems", "x-credential"),
}
#: What stands in an example where a request's own fact goes: nothing, or where the schema wants an id, the nil UUID.
_BLANKS: Final = ("", "00000000-0000-0000-0000-000000000000")
_NESTED_SCHEMAS = {"properties": dict, "items": None, "anyOf": list, "oneOf": list, "allOf": list, "not": None}


def _only(where: str, value: Mapping[str, Json], allowed: set[str]) -> None:
    unknown = sorted(str(key) for key in value if key not in allowed)
    if unknown:
        raise SpecError(f"{where}: this program does not understand {', '.join(unknown)}")


class _Operations(Mapping[str, Operation]):
    """The operations of a document by id, each built when it is first asked for."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._places: dict[str, tuple[str, str]] = {}
        self._built: dict[str, Operation] = {}
        for path, item in loader.raw["paths"].items():
            _only(f"{loader.api}: {path}", item, _PATH)
            for method in METHODS:
                if method in item:
                    name = item[method]["operationId"]
                    if name in self._places:
                        raise SpecError(f"{loader.api}: operationId {name} is given twice")
                    self._places[name] = path, method

    def __getitem__(self, name: str) -> Operation:
        built = self._built.get(name)
        # Two threads may build the same one; all have the first that was put here.
        return built or self._built.setdefault(name, self._loader.operation(*self._places[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def routes(self) -> dict[str, tuple[str, str]]:
        return {name: (method.upper(), path) for name, (path, method) in self._places.items()}


class _Loader:
    """Walks one parsed document; every complaint names the place in it."""

    def __init__(self, api: str, raw: Mapping[str, Json]) -> None:
        self.api = api
        self.raw = raw
        _only(api, raw, _ROOT)
        _only(f"{api}: components", raw.get("components", {}), _COMPONENTS)
        self.sources = {
            key: Source(key, entry["title"], entry["url"], str(entry["read"]))
            for key, entry in raw.get("x-sources", {}).items()
        }

    def open(self) -> Document:
        """The document; what only its operations say is looked at when they are built."""
        components = self.raw.get("components", {})
        operations = _Operations(self)
        fallbacks: dict[str, Example] = {}
        for status, entry in self.raw.get("x-fallbacks", {}).items():
            fallbacks.update(self._response(f"{self.api}: x-fallbacks {status}", str(status), entry)[1])
        return Document(
            api=self.api,
            title=self.raw["info"]["title"],
            hosts=self._hosts(self.raw["servers"]),
            operations=operations,
            routes=operations.routes(),
            security_schemes={
                name: self._security_scheme(name, scheme)
                for name, scheme in components.get("securitySchemes", {}).items()
            },
            variants={name: self._variant(name, entry) for name, entry in self.raw.get("x-variants", {}).items()},
            contradictions=tuple(self._contradiction(entry) for entry in self.raw.get("x-contradictions", ())),
            fallbacks=fallbacks,
            shapes={name: self._shape(name, entry) for name, entry in self.raw.get("x-shapes", {}).items()},
            cors=self._cors(self.raw["x-cors"]) if "x-cors" in self.raw else None,
        )

    def _shape(self, name: str, raw: Json) -> Example:
        response, examples = self._response(f"{self.api}: x-shapes {name}", "0", raw)
        empty = Example(name, 0, "", None, response.evidence, frozenset())
        return next(iter(examples.values()), empty)

    def operation(self, path: str, method: str) -> Operation:
        item = self.raw["paths"][path]
        raw = item[method]
        where = f"{self.api}: {method.upper()} {path}"
        _only(where, raw, _OPERATION)
        declared = [self._deref(where, entry) for entry in (*item.get("parameters", ()), *raw.get("parameters", ()))]
        responses: dict[str, Response] = {}
        examples: dict[str, Example] = {}
        for status, entry in raw["responses"].items():
            response, bodies = self._response(f"{where}: {status}", str(status), entry)
            responses[str(status)] = response
            examples.update(bodies)
        body = raw.get("requestBody", {})
        _only(f"{where}: requestBody", body, _BODY)
        security = raw.get("security", self.raw.get("security", ()))
        return Operation(
            id=raw["operationId"],
            api=self.api,
            method=method.upper(),
            path=path,
            summary=raw.get("summary", ""),
            hosts=self._hosts(raw.get("servers") or item.get("servers") or self.raw["servers"]),
            stateful=bool(raw.get("x-stateful", False)),
            security=tuple(name for entry in security for name in entry),
            anonymous=not security or any(not entry for entry in security),
            parameters=tuple(self._parameter(where, entry) for entry in declared),
            parameter_schema=self._parameter_schema(where, declared),
            body={media: self._schema(f"{where}: body", entry) for media, entry in self._content(where, body)},
            body_required=bool(body.get("required", False)),
            body_limit=int(body.get("x-max-bytes", 0)),
            responses=responses,
            examples=examples,
            advice=raw["description"] if raw.get("deprecated") else "",
        )

    def _content(self, where: str, holder: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
        for media_type, entry in holder.get("content", {}).items():
            if media_type not in _MEDIA_TYPES:
                raise SpecError(f"{where}: media type {media_type} is unknown here")
            _only(f"{where}: {media_type}", entry, _MEDIA)
            yield media_type, entry["schema"]

    def _parameter(self, where: str, raw: Mapping[str, Json]) -> Parameter:
        name = raw["name"]
        where = f"{where}: parameter {name}"
        _only(where, raw, _PARAMETER)
        schema = self._inline(where, raw["schema"])
        return Parameter(
            name=name,
            python_name=snake_case(name),
            location=raw["in"],
            required=bool(raw.get("required", False)),
            default=schema.get("default"),
            convert=_converter(where, schema),
            free_form=schema.get("type") == "object",
            many=schema.get("type") == "array",
            credential=bool(raw.get("x-credential", False)),
            problem=raw.get("x-problem"),
        )

    def _parameter_schema(self, where: str, declared: Sequence[Mapping[str, Json]]) -> Schema:
        """One schema for all parameters of an operation, so that one prepared validator judges them together."""
        return self._schema(
            f"{where}: parameters",
            {
                "type": "object",
                "properties": {entry["name"]: entry["schema"] for entry in declared},
                "required": [entry["name"] for entry in declared if entry.get("required")],
            },
        )

    def _response(self, where: str, status: str, raw: Json) -> tuple[Response, dict[str, Example]]:
        raw = self._deref(where, raw)
        _only(where, raw, _RESPONSE)
        if "x-evidence" not in raw:
            raise SpecError(f"{where}: a response without evidence")
        evidence = self._evidence(where, raw["x-evidence"])
        examples: dict[str, Example] = {}
        for media_type, entry in raw.get("content", {}).items():
            for name, example in entry.get("examples", {}).items():
                _only(f"{where}: example {name}", example, _EXAMPLE)
                own = example.get("x-evidence")
                examples[name] = Example(
                    name=name,
                    status=int(status),
                    media_type=media_type,
                    body=example["value"],
                    evidence=self._evidence(where, own) if own else evidence,
                    blanks=_blanks(example["value"]),
                )
        response = Response(
            status=status,
            description=raw["description"],
            evidence=evidence,
            content={media: self._schema(where, schema) for media, schema in self._content(where, raw)},
            extensions={key: value for key, value in raw.items() if key == "x-delivery"},
            links={name: self._link(where, name, link) for name, link in raw.get("links", {}).items()},
        )
        return response, examples

    def _link(self, where: str, name: str, raw: Json) -> Link:
        where = f"{where}: link {name}"
        raw = self._deref(where, raw)
        _only(where, raw, _LINK)
        return Link(name, raw["operationId"], raw.get("parameters", {}), raw.get("requestBody"))

    def _evidence(self, where: str, raw: Mapping[str, Json]) -> Evidence:
        _only(f"{where}: x-evidence", raw, {"level", "source", "note"})
        if raw["level"] not in LEVELS:
            raise SpecError(f"{where}: evidence level {raw['level']} is none of {', '.join(LEVELS)}")
        if raw["source"] not in self.sources:
            raise SpecError(f"{where}: source {raw['source']} is not listed under x-sources")
        return Evidence(raw["level"], self.sources[raw["source"]], raw.get("note"))

    def _cors(self, raw: Mapping[str, Json]) -> Cors:
        where = f"{self.api}: x-cors"
        _only(where, raw, {"methods", "headers", "evidence"})
        return Cors(tuple(raw["methods"]), tuple(raw["headers"]), self._evidence(where, raw["evidence"]))

    def _variant(self, name: str, raw: Mapping[str, Json]) -> Variant:
        where = f"{self.api}: variant {name}"
        _only(where, raw, {"summary", "default", "values", "evidence"})
        values = tuple(raw["values"])
        if raw["default"] not in values:
            raise SpecError(f"{where}: the default {raw['default']} is none of its values")
        return Variant(name, raw["summary"], raw["default"], values, self._evidence(where, raw["evidence"]))

    def _contradiction(self, raw: Mapping[str, Json]) -> Contradiction:
        where = f"{self.api}: contradiction {raw.get('topic')}"
        _only(where, raw, {"topic", "sides", "variant", "settled"})
        variant, settled = raw.get("variant"), raw.get("settled")
        if (variant is None) == (settled is None):
            raise SpecError(f"{where}: needs either a variant or the reason why one side was settled on")
        if variant is not None and variant not in self.raw.get("x-variants", {}):
            raise SpecError(f"{where}: there is no variant {variant}")
        return Contradiction(raw["topic"], tuple(raw["sides"]), variant, settled)

    def _security_scheme(self, name: str, raw: Mapping[str, Json]) -> SecurityScheme:
        where = f"{self.api}: security scheme {name}"
        _only(where, raw, {"type", "in", "name", "scheme", "description"})
        if raw["type"] == "apiKey" and raw["in"] in ("header", "query"):
            return SecurityScheme(name, raw["in"], raw["name"])
        if raw["type"] == "http" and raw["scheme"] in ("basic", "bearer"):
            return SecurityScheme(name, raw["scheme"], "authorization")
        raise SpecError(f"{where}: this program does not understand {raw['type']} {raw.get('scheme', raw.get('in'))}")

    @staticmethod
    def _hosts(servers: Sequence[Mapping[str, Json]]) -> frozenset[str]:
        return frozenset(host for entry in servers if (host := urlsplit(entry["url"]).hostname))

    def _deref(self, where: str, value: Json) -> Json:
        while isinstance(value, dict) and "$ref" in value:
            target: Json = self.raw
            for part in value["$ref"].removeprefix("#/").split("/"):
                if part not in target:
                    raise SpecError(f"{where}: {value['$ref']} leads nowhere")
                target = target[part]
            value = target
        return value

    def _inline(self, where: str, raw: Json, depth: int = 0) -> dict[str, Json]:
        """The schema with every reference replaced: a validator without look-ups is several times faster."""
        raw = self._deref(where, raw)
        if depth > 20:  # noqa: PLR2004 - deeper than any body here; a cycle would never end
            raise SpecError(f"{where}: schemas that contain themselves are not supported")
        _only(where, raw, _SCHEMA)
        result: dict[str, Json] = {key: value for key, value in raw.items() if not key.startswith("x-")}
        for key, kind in _NESTED_SCHEMAS.items():
            if key not in raw:
                continue
            value = raw[key]
            if kind is dict:
                result[key] = {name: self._inline(f"{where}.{name}", part, depth + 1) for name, part in value.items()}
            elif kind is list:
                result[key] = [self._inline(where, part, depth + 1) for part in value]
            else:
                result[key] = self._inline(where, value, depth + 1)
        if isinstance(raw.get("additionalProperties"), dict):
            result["additionalProperties"] = self._inline(where, raw["additionalProperties"], depth + 1)
        return result

    def _schema(self, where: str, raw: Json) -> Schema:
        document = self._inline(where, raw)
        properties = self._deref(where, raw).get("properties", {})
        return Schema(
            document=document,
            secrets=frozenset(_secrets(document)),
            credentials={
                name: "subject" if part["x-credential"] == "subject" else "value"
                for name, part in properties.items()
                if part.get("x-credential")
            },
        )


def _blanks(body: Json) -> frozenset[str]:
    """The members of an error body, at any depth, that a request's own facts fill."""
    if isinstance(body, list):
        return frozenset().union(*map(_blanks, body))
    if not isinstance(body, dict):
        return frozenset()
    own = frozenset(name for name, value in body.items() if value in _BLANKS)
    return own.union(*map(_blanks, body.values()))


def _secrets(schema: Mapping[str, Json]) -> Iterator[str]:
    """The names of all members, at any depth, that hold secrets."""
    for name, part in schema.get("properties", {}).items():
        if part.get("format") == "password":
            yield name
        yield from _secrets(part)
    if isinstance(schema.get("items"), dict):
        yield from _secrets(schema["items"])


def _converter(where: str, schema: Mapping[str, Json]) -> Callable[[str], Json]:
    """How the text of a parameter becomes a value. What cannot be converted stays text and fails validation."""
    kind = schema.get("type")
    if kind == "integer":
        return _integer
    if kind == "boolean":
        return lambda text: {"true": True, "false": False}.get(text.lower(), text)
    if kind == "array":
        item = _converter(where, schema["items"])
        return lambda text: [item(part.strip()) for part in text.split(",")] if text else []
    if kind in ("string", "object"):
        return str
    raise SpecError(f"{where}: parameters of type {kind} are not supported")


def _integer(text: str) -> int | str:
    # int() alone would take "1_000", " 1" and digits of other scripts, which no server here would.
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text


def opened(api: str, raw: Json) -> Document:
    """A document that was accepted before: an operation is built when it is first asked for."""
    return _Loader(api, raw).open()


def check(api: str, raw: Json) -> Document:
    """A document of which every word has been looked at.

    :raises SpecError: when it says something this program does not understand, with the place
    """
    document = opened(api, raw)
    for operation in document.operations.values():
        for fault in links.faults(operation, document.operations):
            raise SpecError(f"{api}: {fault}")
    return document


def parse(api: str, text: str) -> Document:
    """Read one OpenAPI document and look at every word of it.

    :param api: the name it goes by, for messages
    :param text: YAML, or JSON, which is YAML too
    :raises SpecError: when it says something this program does not understand, with the place
    """
    return check(api, json.loads(compiled.as_json(text.encode())))
