"""The pipeline: operation, sandbox, fault, authentication, validation, handler under the lock, answer, journal."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any, Final
from urllib.parse import parse_qs

from contracts.spec import APIS, JSON, TEXT, Document, Example, load
from mockserver import hints, problems
from mockserver.answers import Answer, Binary, Bindings, Page, Text
from mockserver.faults import magic
from mockserver.operations.arguments import arguments
from mockserver.operations.binding import Bound, Bounds
from mockserver.operations.call import Call, Environ
from mockserver.operations.gate import Gate
from mockserver.operations.recording import Result, record
from mockserver.operations.routes import Routes, is_vendor_host
from mockserver.operations.security import Authenticators, authenticate, bearer, candidates, write_key
from mockserver.operations.striking import Striking
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox
from mockserver.sandboxes import Sandboxes
from mockserver.wire import to_json
from mockserver.wire import wsgi_text as _text

_log = logging.getLogger(__name__)

CONTROL: Final = "control"
TRACKING: Final = "segment-tracking"
TRUSTPILOT: Final = "trustpilot"
#: By this, pages of all origins may read an answer.
_OPEN: Final = {"Access-Control-Allow-Origin": "*"}
#: Headers whose values no answer repeats.
_UNTOLD: Final = ("Authorization", "Cookie")
#: The APIs this program serves; of the other one it is the client.
SERVED: Final = tuple(api for api in APIS if api != "segment-destination")
#: Characters of a hint in its header: Node reads 16,384 in all headers together, some proxies a quarter of that.
LONGEST_HINT: Final = 2_000

_UNPRINTABLE = re.compile(r"[^ -~]")


class Pipeline:
    """Serves every documented operation.

    :param rooms: the handlers, by API
    :param authenticators: the rules that judge credentials
    :param render: makes HTML of a page
    :param mark: what ``X-Mock`` says, so that nothing recorded here passes for the real thing
    :param gate: stands before the control API
    :param save: writes the state of everything to a file, where one is kept
    :ivar bound: every operation with its handler, by API and operationId
    :raises SpecError: when documents and handlers do not fit together
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        rooms: Mapping[str, Iterable[Bindings]],
        authenticators: Authenticators,
        render: Callable[[Page], str],
        mark: str,
        gate: Gate,
        save: Callable[[], tuple[int, int]] | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        tick: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._sandboxes = sandboxes
        self._authenticators = authenticators
        self._render = render
        self._mark = mark
        self._gate = gate
        self._save = save
        self._striking = Striking(self._truth, self._from_example, self._content, sleep)
        self._tick = tick
        supplies = self._supplies()
        self._documents = {api: load(api) for api in SERVED}
        self.bound = {api: Bounds(self._documents[api], rooms[api], supplies) for api in SERVED}
        self._routes = Routes(self._documents.values())

    def _supplies(self) -> Mapping[str, Callable[[Call], Any]]:
        """What a handler may ask for besides the operation's own parameters."""
        return {
            "world": lambda call: call.home.world,
            "workspace": lambda call: call.home.workspace,
            "sandbox": lambda call: call.home,
            "sandboxes": lambda _: self._sandboxes,
            "save": lambda _: self._save,
            "caller": lambda call: call.caller,
            "arguments": lambda call: call.arguments,
            "body": lambda call: call.body,
            "raw": lambda call: call.raw,
            "size": lambda call: len(call.raw),
            "content_type": lambda call: call.content_type,
            "operation": lambda call: call.operation.id,
            "authorization": lambda call: call.header("authorization"),
            "source_key": write_key,
            "bearer": bearer,
            "host": lambda call: call.host,
            "address": lambda call: str(call.environ.get("REMOTE_ADDR") or ""),
            "headers": lambda call: {name: "" if name in _UNTOLD else text for name, text in call.all_headers()},
            "api_url": lambda call: call.base_url,
            "query": lambda call: {name: ",".join(values) for name, values in call.query.items()},
            "carries": lambda call: lambda value: any(value == other for _, other in call.all_headers()),
            "trace": lambda call: call.trace_of_order,
            "forget": lambda call: call.forget,
        }

    def __call__(self, environ: Environ) -> Result:
        """Serve one call. Whatever happens, an answer comes back; a defect of ours is logged and says so."""
        started = self._tick()
        path = _text(environ.get("PATH_INFO") or "/")
        method = environ["REQUEST_METHOD"]
        host = _host(environ)
        found = self._routes.find(path, "GET" if method == "HEAD" else method)
        if isinstance(found, list):
            return self._no_operation(environ, path, method, host, found)
        operation, path_arguments = found
        bound = self.bound[operation.api][operation.id]
        call = Call(environ, bound.operation, method, host, _query(environ), dict(path_arguments))
        call.read_body()
        try:
            call.sandbox = self._home(call, bound)
            call.flight = call.sandbox.traces.lone_flight
            call.sandbox.touch()
            result = self._serve(call, bound)
        except Problem as problem:
            # Only the control API refuses before a sandbox is found: at its gate, or for want of one of that name.
            return self._finished(self._refused(call, bound, problem))
        self._finished(result)
        if bound.document.cors is not None:
            result.headers |= _OPEN
        if bound.operation.api != CONTROL:
            record(
                call,
                result,
                operation=bound.operation.id,
                path_arguments=path_arguments,
                milliseconds=(self._tick() - started) * 1000,
            )
        call.sandbox.note_change()
        return result

    # --- the steps ------------------------------------------------------------------------------------------------

    def _home(self, call: Call, bound: Bound) -> Sandbox:
        """The sandbox the call belongs to: named in the path of the control API, else found by its credentials."""
        if bound.operation.api == CONTROL:
            self._gate.check(call)
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

    def _serve(self, call: Call, bound: Bound) -> Result:
        if bound.operation.api != CONTROL and (call.home.faults or magic.MARK in call.raw):
            return self._striking.answer(call, bound)
        return self._truth(call, bound)

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
        # What the rule does comes after the call in the trace, though the call is noted when it ends.
        call.opened = call.home.traces.next_number(), call.home.clock.now()
        self._check_host(call, bound)
        realm = call.home.world if bound.operation.api == TRUSTPILOT else call.home.workspace
        call.caller = authenticate(call, bound, realm, self._authenticators)
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
            answer.joined,
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
        if isinstance(body, Text):
            return f"{TEXT}; charset=utf-8", body.content.encode()
        if isinstance(body, Binary):
            return body.media_type, body.content
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
            if example.blanks:
                with home.lock:
                    correlation_id = home.chance.uuid()
            content_type = example.media_type
            body = to_json(problems.body(example, detail=problem.detail or problem.hint, correlation_id=correlation_id))
        return Result(example.status, content_type, body, dict(problem.headers), example.evidence, problem.hint)

    @staticmethod
    def _defect(bound: Bound) -> Result:
        example = bound.by_status(500)
        body = {"message": "Internal server error"} if example is None else example.body
        return Result(500, JSON, to_json(body), {}, None, hints.DEFECT)

    def _no_operation(self, environ: Environ, path: str, method: str, host: str, allowed: list[str]) -> Result:
        """Nothing documented is here: say so in the manner of the API that was probably meant, and what is nearest."""
        document = self._meant(path, host)
        if allowed and (asked := self._asked(environ, path, method, allowed)) is not None:
            return asked
        if allowed:
            example = document.fallbacks["wrong-method"]
            problem = Problem("wrong-method", hint=hints.wrong_method(allowed), headers={"Allow": ", ".join(allowed)})
        else:
            example = document.fallbacks["unknown-route"]
            nearest = self._routes.nearest(path)
            name = f"{nearest.method} {nearest.path}" if nearest else None
            problem = Problem("unknown-route", hint=hints.unknown_route(name))
        stand_in = next(iter(self.bound[document.api].values()))
        call = Call(environ, stand_in.operation, method, host, _query(environ), {})
        if document.api != CONTROL:
            owners = (self._sandboxes.owner(credential) for credential in candidates(call, stand_in))
            call.sandbox = next((owner for owner in owners if owner is not None), self._sandboxes.default)
        result = self._finished(self._from_example(call.sandbox, example, problem))
        if document.api != CONTROL:
            record(call, result, operation=None, path_arguments={}, milliseconds=0.0)
        return result

    def _asked(self, environ: Environ, path: str, method: str, allowed: list[str]) -> Result | None:
        """The answer to a browser that asks whether a page of another origin may send something here."""
        if method != "OPTIONS" or not environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            return None
        found = self._routes.find(path, allowed[0])
        cors = None if isinstance(found, list) else self._documents[found[0].api].cors
        if cors is None:
            return None
        headers = {
            **_OPEN,
            "Access-Control-Allow-Methods": ", ".join(cors.methods),
            "Access-Control-Allow-Headers": ", ".join(cors.headers),
            "Access-Control-Max-Age": "600",
        }
        return self._finished(Result(200, None, b"", headers, cors.evidence))

    def _meant(self, path: str, host: str) -> Document:
        if path == "/_mock" or path.startswith("/_mock/"):
            return self._documents[CONTROL]
        vendors = (document for document in self._documents.values() if document.api != CONTROL)
        return next((document for document in vendors if host in document.hosts), self._documents[TRUSTPILOT])

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


def _advised(bound: Bound, hint: str | None) -> str | None:
    """The hint, and behind it what the document advises against a deprecated operation."""
    advice = bound.operation.advice
    return f"{hint} {advice}" if hint and advice else hint or advice or None


def _host(environ: Environ) -> str:
    """The name by which we were called, without its port, in lower case."""
    text = _text(environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "").lower()
    name, colon, port = text.rpartition(":")
    return name if colon and (not port or port.isdigit()) else text


def _query(environ: Environ) -> dict[str, list[str]]:
    text = environ.get("QUERY_STRING")
    return parse_qs(_text(text), keep_blank_values=True) if text else {}


def _header_text(text: str) -> str:
    """A sentence as a header can carry it: one line of printable ASCII, no longer than all clients read."""
    printable = _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), " ".join(text.split()))
    return printable if len(printable) <= LONGEST_HINT else f"{printable[:LONGEST_HINT]}... (the journal has it all)"
