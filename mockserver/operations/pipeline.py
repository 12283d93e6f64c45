"""The pipeline: operation, sandbox, fault, authentication, validation, handler under the lock, answer, journal."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from contracts.spec import APIS, FORM, JSON, Document, Evidence, Example, Schema, load
from mockserver import hints, problems
from mockserver.answers import Answer, Bindings, Page
from mockserver.credentials import basic
from mockserver.faults import Fault
from mockserver.journal import Entry, masked_form, masked_headers, masked_json, masked_query
from mockserver.operations.arguments import arguments
from mockserver.operations.binding import Bound, bind
from mockserver.operations.call import Call, Environ
from mockserver.operations.routes import Routes, is_vendor_host
from mockserver.operations.security import Authenticators, authenticate, candidates
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox, Sandboxes
from mockserver.wire import to_json

_log = logging.getLogger(__name__)

CONTROL: Final = "control"
TRACKING: Final = "segment-tracking"
TRUSTPILOT: Final = "trustpilot"
#: The APIs this program serves; of the fourth it is the client.
SERVED: Final = tuple(api for api in APIS if api != "segment-destination")


@dataclass(slots=True)
class Result:
    """An answer on its way out, with what the journal wants to know of it."""

    status: int
    content_type: str | None
    body: bytes
    headers: dict[str, str]
    evidence: Evidence | None = None
    hint: str | None = None
    trace: str | None = None
    secrets: frozenset[str] = frozenset()


class Pipeline:
    """Serves every documented operation.

    :param rooms: the handlers, by API
    :param authenticators: the rules that judge credentials
    :param render: makes HTML of a page
    :param mark: what ``X-Mock`` says, so that nothing recorded here passes for the real thing
    :raises SpecError: when documents and handlers do not fit together
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        rooms: Mapping[str, Iterable[Bindings]],
        authenticators: Authenticators,
        render: Callable[[Page], str],
        mark: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        tick: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._sandboxes = sandboxes
        self._authenticators = authenticators
        self._render = render
        self._mark = mark
        self._sleep = sleep
        self._tick = tick
        supplies = self._supplies()
        self._documents = {api: load(api) for api in SERVED}
        self._bound = {api: bind(self._documents[api], rooms[api], supplies) for api in SERVED}
        self._routes = Routes(bound for api in SERVED for bound in self._bound[api].values())

    def _supplies(self) -> Mapping[str, Callable[[Call], Any]]:
        """What a handler may ask for besides the operation's own parameters."""
        return {
            "world": lambda call: call.home.world,
            "workspace": lambda call: call.home.workspace,
            "sandbox": lambda call: call.home,
            "sandboxes": lambda _: self._sandboxes,
            "caller": lambda call: call.caller,
            "body": lambda call: call.body,
            "raw": lambda call: call.raw,
            "size": lambda call: len(call.raw),
            "content_type": lambda call: call.content_type,
            "operation": lambda call: call.operation.id,
            "authorization": lambda call: call.header("authorization"),
            "write_key": _write_key,
            "api_url": lambda call: call.base_url,
            "query": lambda call: {name: ",".join(values) for name, values in call.query.items()},
            "carries": lambda call: lambda value: any(value == other for _, other in call.all_headers()),
            "trace": lambda call: call.trace_of_order,
        }

    def __call__(self, environ: Environ) -> Result:
        """Serve one call. Whatever happens, an answer comes back; a defect of ours is logged and says so."""
        started = self._tick()
        path = _text(environ.get("PATH_INFO") or "/")
        method = environ["REQUEST_METHOD"]
        host = _text(environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "").rpartition(":")[0].lower() or _text(
            environ.get("HTTP_HOST") or ""
        )
        found = self._routes.find(path, "GET" if method == "HEAD" else method)
        if isinstance(found, list):
            return self._no_operation(environ, path, method, host, found)
        bound, path_arguments = found
        call = Call(environ, bound.operation, method, host, _query(environ), dict(path_arguments))
        call.read_body()
        try:
            call.sandbox = self._home(call, bound)
            result, fault = self._serve(call, bound)
        except Problem as problem:
            # No sandbox of that name: only the control API names one in its path.
            return self._finished(self._refused(call, bound, problem))
        self._finished(result)
        if bound.operation.api != CONTROL:
            self._record(call, result, fault, started)
        return result

    # --- the steps ------------------------------------------------------------------------------------------------

    def _home(self, call: Call, bound: Bound) -> Sandbox:
        """The sandbox the call belongs to: named in the path of the control API, else found by its credentials."""
        if bound.operation.api == CONTROL:
            sandbox_id = call.arguments.get("sandboxId")
            sandbox = self._sandboxes.default if sandbox_id is None else self._sandboxes.get(sandbox_id)
            if sandbox is None:
                sentence = f"There is no sandbox {sandbox_id!r}. GET /_mock/sandboxes lists them."
                raise Problem("unknown-sandbox", hint=sentence, detail=sentence)
            return sandbox
        for credential in candidates(call, bound):
            owner = self._sandboxes.owner(credential)
            if owner is not None:
                return owner
        return self._sandboxes.default

    def _serve(self, call: Call, bound: Bound) -> tuple[Result, Fault | None]:
        sandbox = call.home
        fault = None
        if sandbox.faults:
            with sandbox.lock:
                fault = sandbox.faults.strike(bound.operation.id)
        if fault is None:
            return self._truth(call, bound), None
        with sandbox.busy():
            self._sleep(fault.delay)
            if fault.status is None:
                return self._truth(call, bound), fault
            return self._faulty(call, bound, fault, fault.status), fault

    def _truth(self, call: Call, bound: Bound) -> Result:
        """The answer as the handler, or the refusal, has it."""
        try:
            with call.home.lock if bound.locked else nullcontext():
                return self._answered(call, bound)
        except Problem as problem:
            return self._refused(call, bound, problem)
        except Exception:  # noqa: BLE001 - the last net: logged, counted as our defect, answered without a stack trace
            _log.exception("%s failed", bound.operation.id)
            return self._defect(bound)

    def _answered(self, call: Call, bound: Bound) -> Result:
        self._check_host(call, bound)
        call.caller = authenticate(call, bound, call.home.world, self._authenticators)
        call.arguments = arguments(call, bound)
        self._check_body(call, bound)
        value = bound.handler(**{name: supply(call) for name, supply in bound.supplies})
        answer = value if isinstance(value, Answer) else Answer(bound.operation.success, value)
        response = bound.operation.responses[str(answer.status)]
        content_type, body = self._content(answer.body)
        schema = response.content.get(JSON)
        return Result(
            answer.status,
            content_type,
            body,
            dict(answer.headers),
            response.evidence,
            _advised(bound, answer.hint or call.hint),
            answer.trace,
            schema.secrets if schema else frozenset(),
        )

    def _check_host(self, call: Call, bound: Bound) -> None:
        """On a vendor's host only that host's paths live; on any other name, such as localhost, all do."""
        hosts = bound.operation.hosts
        if is_vendor_host(call.host) and call.host not in hosts and bound.operation.api != CONTROL:
            real = [host for host in hosts if not host.endswith(".localhost")]
            raise Problem("unknown-route", hint=hints.wrong_host(call.host, real))

    @staticmethod
    def _check_body(call: Call, bound: Bound) -> None:
        if not bound.operation.body:
            return
        if call.unreadable is not None:
            name = bound.example(*call.unreadable.problems).name
            raise Problem(name, hint=f"Unreadable: {call.unreadable.sentence}.", detail=call.unreadable.sentence)
        violation = call.schema().violation(call.body)
        if violation is not None:
            wanted = "not-an-object" if not isinstance(call.body, dict) else "invalid-request"
            raise Problem(bound.example(wanted, "invalid-request").name, hint=f"{violation}.", detail=str(violation))

    # --- answers --------------------------------------------------------------------------------------------------

    def _content(self, body: Any) -> tuple[str | None, bytes]:
        if body is None:
            return None, b""
        if isinstance(body, Page):
            return "text/html; charset=utf-8", self._render(body).encode()
        return JSON, to_json(body)

    def _refused(self, call: Call, bound: Bound, problem: Problem) -> Result:
        example = bound.operation.examples.get(problem.name) or bound.document.fallbacks[problem.name]
        result = self._from_example(call.sandbox, example, problem)
        result.hint = _advised(bound, problem.hint)
        return result

    def _from_example(self, sandbox: Sandbox | None, example: Example, problem: Problem) -> Result:
        if example.media_type == "text/html":
            content_type, body = self._content(Page(f"{example.name}.html", {"reason": problem.hint}))
        else:
            home = sandbox or self._sandboxes.default
            correlation_id = ""
            if example.fillable:
                with home.lock:
                    correlation_id = home.chance.uuid()
            content_type = example.media_type
            body = to_json(problems.body(example, detail=problem.detail or problem.hint, correlation_id=correlation_id))
        return Result(example.status, content_type, body, dict(problem.headers), example.evidence, problem.hint)

    def _faulty(self, call: Call, bound: Bound, fault: Fault, status: int) -> Result:
        example = bound.by_status(status)
        hint = hints.fault(fault.id)
        if example is None:
            return Result(status, None, b"", {}, None, hint)
        result = self._from_example(call.sandbox, example, Problem(example.name, hint=hint))
        result.status = status
        return result

    @staticmethod
    def _defect(bound: Bound) -> Result:
        example = bound.by_status(500)
        body = {"message": "Internal server error"} if example is None else example.body
        return Result(500, JSON, to_json(body), {}, None, hints.DEFECT)

    def _no_operation(self, environ: Environ, path: str, method: str, host: str, allowed: list[str]) -> Result:
        """Nothing documented is here: say so in the manner of the API that was probably meant, and what is nearest."""
        document = self._meant(path, host)
        if allowed:
            example = document.fallbacks["wrong-method"]
            problem = Problem("wrong-method", hint=hints.wrong_method(allowed), headers={"Allow": ", ".join(allowed)})
        else:
            example = document.fallbacks["unknown-route"]
            nearest = self._routes.nearest(path)
            name = f"{nearest.operation.method} {nearest.operation.path}" if nearest else None
            problem = Problem("unknown-route", hint=hints.unknown_route(name))
        stand_in = next(iter(self._bound[document.api].values()))
        call = Call(environ, stand_in.operation, method, host, _query(environ), {})
        if document.api != CONTROL:
            owners = (self._sandboxes.owner(credential) for credential in candidates(call, stand_in))
            call.sandbox = next((owner for owner in owners if owner is not None), self._sandboxes.default)
        result = self._finished(self._from_example(call.sandbox, example, problem))
        if document.api != CONTROL:
            self._record(call, result, None, self._tick(), operation=None)
        return result

    def _meant(self, path: str, host: str) -> Document:
        if path == "/_mock" or path.startswith("/_mock/"):
            return self._documents[CONTROL]
        return self._documents[TRACKING if host in self._documents[TRACKING].hosts else TRUSTPILOT]

    def _finished(self, result: Result) -> Result:
        headers = result.headers
        headers["X-Mock"] = self._mark
        if result.evidence is not None:
            headers["X-Mock-Evidence"] = result.evidence.text
        if result.hint:
            headers["X-Mock-Hint"] = _header_text(result.hint)
        if result.content_type:
            headers["Content-Type"] = result.content_type
        return result

    # --- journal --------------------------------------------------------------------------------------------------

    def _record(
        self, call: Call, result: Result, fault: Fault | None, started: float, operation: str | None = ""
    ) -> None:
        query = masked_query(_text(call.environ.get("QUERY_STRING") or ""))
        url = f"{call.base_url}{_text(call.environ.get('PATH_INFO') or '/')}{'?' + query if query else ''}"
        sandbox = call.home
        request_headers = masked_headers(call.all_headers())
        request_body = _masked_request(call)
        response_body = _masked_response(result)
        with sandbox.lock:
            sandbox.journal.write(
                Entry(
                    id=sandbox.journal.next_id(),
                    at=sandbox.clock.now(),
                    direction="in",
                    api=call.operation.api,
                    operation=call.operation.id if operation == "" else operation,
                    method=call.method,
                    url=url,
                    status=result.status,
                    evidence=None if result.evidence is None else result.evidence.text,
                    hint=result.hint,
                    trace=result.trace,
                    fault=fault.id if fault else None,
                    error=None,
                    milliseconds=(self._tick() - started) * 1000,
                    request_headers=request_headers,
                    request_body=request_body,
                    response_headers=masked_headers(result.headers.items()),
                    response_body=response_body,
                )
            )


def _advised(bound: Bound, hint: str | None) -> str | None:
    """The hint, and behind it what the document advises against a deprecated operation."""
    advice = bound.operation.advice
    return f"{hint} {advice}" if hint and advice else hint or advice or None


def _write_key(call: Call) -> str:
    """Segment's write key: the Basic user name, else the body's member."""
    key = basic(call.header("authorization")).user
    if key or not isinstance(call.body, dict):
        return key
    own = call.body.get("writeKey")
    return own if isinstance(own, str) else ""


def _query(environ: Environ) -> dict[str, list[str]]:
    text = environ.get("QUERY_STRING")
    return parse_qs(_text(text), keep_blank_values=True) if text else {}


def _text(value: str) -> str:
    """WSGI hands over bytes as Latin-1; what was meant is UTF-8."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")


def _header_text(text: str) -> str:
    """A sentence as a header can carry it: one line of ASCII."""
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode()


def _masked_request(call: Call) -> bytes:
    schema: Schema | None = call.schema()
    if schema is None or not schema.secrets or not call.raw:
        return call.raw
    if call.content_type == FORM:
        return masked_form(call.raw, schema.secrets)
    # A body that could not be parsed may still hold a secret in some corner: better nothing than that.
    return b"" if call.unreadable else to_json(masked_json(call.body, schema.secrets))


def _masked_response(result: Result) -> bytes:
    if not result.secrets or not result.body:
        return result.body
    return to_json(masked_json(json.loads(result.body), result.secrets))
