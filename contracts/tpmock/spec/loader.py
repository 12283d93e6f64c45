"""Reads an OpenAPI document; refuses every keyword in it that this program does not support."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from tpmock.common import compiled, package_data
from tpmock.spec import links, model
from tpmock.spec.model import METHODS, Document, Example, Operation, Parameter, Response, SecurityScheme
from tpmock.spec.schema import Json, Schema


class SpecError(Exception):
    """A document says something this program does not understand. The message names the place."""


#: What stands in an example where a request's own fact goes: nothing, or where the schema wants an id, the nil UUID.
_BLANKS: Final = ("", "00000000-0000-0000-0000-000000000000")
_NESTED_SCHEMAS = {"properties": dict, "items": None, "anyOf": list, "oneOf": list, "allOf": list, "not": None}


@cache
def _words() -> Mapping[str, frozenset[str]]:
    """Return what a document may say, object by object."""
    read = json.loads(package_data.path("schemas", "openapi-words.json").read_bytes())
    return {kind: frozenset(words) for kind, words in read.items()}


def _only(where: str, value: Mapping[str, Json], kind: str) -> None:
    allowed = _words()[kind]
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
            _only(f"{loader.api}: {path}", item, "path")
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
        _only(api, raw, "document")
        _only(f"{api}: components", raw.get("components", {}), "components")
        self.sources = {key: self._source(key, entry) for key, entry in raw.get("x-sources", {}).items()}

    def open(self) -> Document:
        """Return the document; operations are checked when they are built."""
        components = self.raw.get("components", {})
        operations = _Operations(self)
        fallbacks: dict[str, Example] = {}
        for status, given in self.raw.get("x-fallbacks", {}).items():
            for entry in given if isinstance(given, list) else [given]:
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
        _only(where, raw, "operation")
        declared = [self._deref(where, entry) for entry in (*item.get("parameters", ()), *raw.get("parameters", ()))]
        responses: dict[str, Response] = {}
        examples: dict[str, Example] = {}
        for status, entry in raw["responses"].items():
            response, bodies = self._response(f"{where}: {status}", str(status), entry, raw["operationId"])
            responses[str(status)] = response
            examples.update(bodies)
        body = raw.get("requestBody", {})
        _only(f"{where}: requestBody", body, "requestBody")
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
            if media_type not in _words()["content"]:
                raise SpecError(f"{where}: media type {media_type} is unknown here")
            _only(f"{where}: {media_type}", entry, "mediaType")
            yield media_type, entry["schema"]

    def _parameter(self, where: str, raw: Mapping[str, Json]) -> Parameter:
        name = raw["name"]
        where = f"{where}: parameter {name}"
        _only(where, raw, "parameter")
        schema = self._inline(where, raw["schema"])
        return Parameter(
            name=name,
            python_name=model.snake_case(name),
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
        """Return one schema for all parameters of an operation, so that one prepared validator checks them together."""
        return self._schema(
            f"{where}: parameters",
            {
                "type": "object",
                "properties": {entry["name"]: entry["schema"] for entry in declared},
                "required": [entry["name"] for entry in declared if entry.get("required")],
            },
        )

    def _response(
        self, where: str, status: str, raw: Json, operation: str | None = None
    ) -> tuple[Response, dict[str, Example]]:
        raw = self._deref(where, raw)
        _only(where, raw, "response")
        if "x-evidence" not in raw:
            raise SpecError(f"{where}: a response without evidence")
        evidence = self._evidence(where, raw["x-evidence"], operation, body="content" in raw)
        examples: dict[str, Example] = {}
        for media_type, entry in raw.get("content", {}).items():
            for name, example in entry.get("examples", {}).items():
                _only(f"{where}: example {name}", example, "example")
                own = example.get("x-evidence")
                examples[name] = Example(
                    name=name,
                    status=int(status),
                    media_type=media_type,
                    body=example["value"],
                    evidence=self._evidence(where, own, operation, body=True) if own else evidence,
                    blanks=_blanks(example["value"]),
                )
        response = Response(
            status=status,
            description=raw["description"],
            evidence=evidence,
            content={media: self._schema(where, schema) for media, schema in self._content(where, raw)},
            extensions={key: value for key, value in raw.items() if key == "x-delivery"},
            links={name: self._link(where, name, link) for name, link in raw.get("links", {}).items()},
            headers={name: self._header(where, name, header) for name, header in raw.get("headers", {}).items()},
        )
        return response, examples

    @staticmethod
    def _header(where: str, name: str, raw: Json) -> str:
        where = f"{where}: header {name}"
        _only(where, raw, "header")
        if "const" not in raw["schema"]:
            raise SpecError(f"{where}: only headers with one value (const) can be sent")
        return str(raw["schema"]["const"])

    def _link(self, where: str, name: str, raw: Json) -> model.Link:
        where = f"{where}: link {name}"
        raw = self._deref(where, raw)
        _only(where, raw, "link")
        return model.Link(name, raw["operationId"], raw.get("parameters", {}), raw.get("requestBody"))

    def _source(self, key: str, raw: Mapping[str, Json]) -> model.Source:
        where = f"{self.api}: source {key}"
        _only(where, raw, "x-sources")
        carries = raw.get("carries", "seed")
        if carries not in model.LEVELS:
            raise SpecError(f"{where}: carries {carries}, which is none of {', '.join(model.LEVELS)}")
        return model.Source(key, raw["title"], raw["url"], str(raw["read"]), carries)

    def _claim(self, where: str, raw: Mapping[str, Json], operation: str | None = None) -> model.Claim:
        """One claim; of an operation that its observation is not of, it is assumed."""
        _only(f"{where}: x-evidence", raw, "x-evidence")
        level = raw["level"]
        if level not in model.LEVELS:
            raise SpecError(f"{where}: evidence level {level} is none of {', '.join(model.LEVELS)}")
        if raw["source"] not in self.sources:
            raise SpecError(f"{where}: source {raw['source']} is not listed under x-sources")
        source, levels = self.sources[raw["source"]], list(model.LEVELS)
        if levels.index(level) < levels.index(source.carries):
            raise SpecError(f"{where}: source {source.key} carries {source.carries} at most, not {level}")
        if operation is not None and operation not in raw.get("only", (operation,)):
            return model.Claim("assumed", source, f"Known from {', '.join(raw['only'])} only.")
        return model.Claim(level, source, raw.get("note"))

    def _evidence(self, where: str, raw: Mapping[str, Json], operation: str | None, *, body: bool) -> model.Evidence:
        """Return the evidence of an answer. What it says of the status holds for the body too, unless that has its own.

        :param body: whether the answer has one
        """
        status = self._claim(where, raw, operation)
        if not body:
            return model.Evidence(status)
        own = raw.get("body", raw)
        if own == "assumed":
            return model.Evidence(status, model.Claim("assumed", self.sources["MOCK"]))
        return model.Evidence(status, self._claim(f"{where}: body", own, operation))

    def _cors(self, raw: Mapping[str, Json]) -> model.Cors:
        where = f"{self.api}: x-cors"
        _only(where, raw, "x-cors")
        evidence = model.Evidence(self._claim(where, raw["evidence"]))
        return model.Cors(tuple(raw["methods"]), tuple(raw["headers"]), raw["maxAge"], evidence)

    def _variant(self, name: str, raw: Mapping[str, Json]) -> model.Variant:
        where = f"{self.api}: variant {name}"
        _only(where, raw, "x-variants")
        values = tuple(raw["values"])
        if raw["default"] not in values:
            raise SpecError(f"{where}: the default {raw['default']} is none of its values")
        return model.Variant(name, raw["summary"], raw["default"], values, self._claim(where, raw["evidence"]))

    def _contradiction(self, raw: Mapping[str, Json]) -> model.Contradiction:
        where = f"{self.api}: contradiction {raw.get('topic')}"
        _only(where, raw, "x-contradictions")
        variant, settled = raw.get("variant"), raw.get("settled")
        if (variant is None) == (settled is None):
            raise SpecError(f"{where}: needs either a variant or the reason why one side was settled on")
        if variant is not None and variant not in self.raw.get("x-variants", {}):
            raise SpecError(f"{where}: there is no variant {variant}")
        return model.Contradiction(raw["topic"], tuple(raw["sides"]), variant, settled)

    def _security_scheme(self, name: str, raw: Mapping[str, Json]) -> SecurityScheme:
        where = f"{self.api}: security scheme {name}"
        _only(where, raw, "securityScheme")
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
        """Return the schema with every reference replaced: a validator without look-ups is several times faster."""
        raw = self._deref(where, raw)
        if depth > 20:  # noqa: PLR2004 - deeper than any body here; a cycle would never end
            raise SpecError(f"{where}: schemas that contain themselves are not supported")
        _only(where, raw, "schema")
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
    """Return the members of an error body, at any depth, that a request's own facts fill."""
    if isinstance(body, list):
        return frozenset().union(*map(_blanks, body))
    if not isinstance(body, dict):
        return frozenset()
    own = frozenset(name for name, value in body.items() if value in _BLANKS)
    return own.union(*map(_blanks, body.values()))


def _secrets(schema: Mapping[str, Json]) -> Iterator[str]:
    """Yield the names of all members, at any depth, that hold secrets."""
    for name, part in schema.get("properties", {}).items():
        if part.get("format") == "password":
            yield name
        yield from _secrets(part)
    if isinstance(schema.get("items"), dict):
        yield from _secrets(schema["items"])


def _converter(where: str, schema: Mapping[str, Json]) -> Callable[[str], Json]:
    """Return how the text of a parameter becomes a value. What cannot be converted stays text and fails validation."""
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
    """Return a document that was accepted before: an operation is built when it is first asked for."""
    return _Loader(api, raw).open()


def check(api: str, raw: Json) -> Document:
    """Return a fully checked document.

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
