"""The pipeline: sandbox, fault, authentication, validation, handler under the lock, answer, journal.

It is generic: what is specific to a vendor is in its :class:`~tpmock.core.api_rules.ApiRules`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Request
from tpmock.common.body_deadline import SENTENCE
from tpmock.common.loopback import is_loopback
from tpmock.core import hints
from tpmock.core.api_rules import ApiRules, Carries, Sender
from tpmock.core.problems import Problem
from tpmock.core.public_url import PublicUrl
from tpmock.core.responses import Answer
from tpmock.core.vendor_hosts import is_vendor_host
from tpmock.sandbox.registry import Sandboxes
from tpmock.sandbox.sandbox import Sandbox
from tpmock.server import unknown_input
from tpmock.server.answers import Answers, RenderedAnswer, advised
from tpmock.server.arguments import arguments
from tpmock.server.binding import BoundOperations, Supply
from tpmock.server.call_checks import SOON, check_body, check_host, check_room
from tpmock.server.control_access import ControlAccess
from tpmock.server.fault_injection import FaultInjection
from tpmock.server.held_callers import HeldCallers, NoPlaceError
from tpmock.server.recording import record
from tpmock.server.request import OperationCall, host_name
from tpmock.server.routes import Route, Routes
from tpmock.server.security import authenticate, bearer, candidates, found_key
from tpmock.spec.model import JSON, TEXT, Document

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTROL: Final = "control"
#: In the WSGI environment: the sandbox of a relay, which takes precedence over credentials.
SANDBOX_KEY: Final = "tpmock.sandbox"
#: Replaces a lock or a waiting place for calls that need none.
_NOTHING: Final = nullcontext()
#: Headers that let pages of all origins read an answer, and the mock's own headers.
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, X-Mock, X-Mock-Evidence, X-Mock-Hint",
}
#: Headers whose values are never part of an answer.
_UNTOLD: Final = ("Authorization", "Cookie")


def _carries(call: OperationCall) -> Carries:
    return lambda value: any(value == other for _, other in call.request.headers)


#: Arguments for handlers besides the operation's own parameters.
_SUPPLIES: Final[Mapping[str, Supply]] = {
    "world": lambda call: call.home.world,
    "workspace": lambda call: call.home.workspace,
    "sandbox": lambda call: call.home,
    "faults": lambda call: call.home.faults,
    "caller": lambda call: call.caller,
    "arguments": lambda call: call.arguments,
    "body": lambda call: call.body,
    "raw": lambda call: call.raw,
    "size": lambda call: len(call.raw),
    "content_type": lambda call: call.content_type if call.operation.body else call.request.mimetype,
    "operation": lambda call: call.operation.id,
    "authorization": lambda call: call.header("authorization"),
    "sender": lambda call: Sender(found_key(call), bearer(call), call.host, call.request.remote_addr or ""),
    "headers": lambda call: {name: "" if name in _UNTOLD else text for name, text in call.request.headers},
    "api_url": lambda call: call.base_url,
    "query": lambda call: {name: ",".join(values) for name, values in call.query.items()},
    "carries": _carries,
    "trace": lambda call: call.membership.of_order,
    "forget": lambda call: call.forget,
}


class Pipeline:
    """Serves every documented operation.

    :param apis: the rules of each API, by the names of their documents; the first is the default
    :param access: guards the control API
    :param public_url: learns the mock's address from calls of the control API
    :param save: writes the state file, if there is one
    :param held: places for callers that wait, for a fault or a slow operation
    :ivar operations: every operation with its handler, by API and operationId
    :raises SpecError: when documents and handlers do not match
    """

    def __init__(
        self,
        documents: Mapping[str, Document],
        apis: Mapping[str, ApiRules],
        sandboxes: Sandboxes,
        answers: Answers,
        access: ControlAccess,
        public_url: PublicUrl,
        save: Callable[[], tuple[int, int]] | None,
        held: HeldCallers,
        *,
        tick: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._documents = documents
        self._sandboxes = sandboxes
        self._answers = answers
        self._access = access
        self._public_url = public_url
        self._faults = FaultInjection(answers, held.wait)
        self._held = held
        self._tick = tick
        supplies = {**_SUPPLIES, "sandboxes": lambda _: sandboxes, "save": lambda _: save}
        self.operations = {api: BoundOperations(documents[api], rules, supplies) for api, rules in apis.items()}

    def serve(self, environ: WSGIEnvironment, request: Callable[[], Request], route: Route) -> RenderedAnswer:
        """Serve one call of an operation. It always returns an answer; a defect of the mock is reported as one.

        :param request: creates Werkzeug's request, which most calls do not need
        """
        started = self._tick()
        bound = self.operations[route.operation.api][route.operation.id]
        call = OperationCall(environ, request, bound, route.arguments)
        controls = bound.operation.api == CONTROL
        if not controls:
            # A credential may be in the body, but never for the control API, which checks access first.
            call.read_body()
        try:
            call.enter(self._home(call))
        except Problem as problem:
            # Only the control API refuses before a sandbox is found: for lack of access, or for an unknown name.
            return self._answers.signed(self._answers.refusal(self._sandboxes.default, bound, problem))
        if controls:
            call.read_body()
        call.home.touch()
        perform = partial(self._perform, call)
        # A caller that has been refused has its answer: no fault can change it.
        faulty = not controls and not call.gave_up and self._faults.concerns(call)
        answer = self._answers.signed(self._faults.answer(call, perform) if faulty else perform())
        _open(bound.document, answer)
        if not controls:
            record(call, answer, bound.operation.id, (self._tick() - started) * 1000)
        call.home.note_change()
        return answer

    # --- the steps ------------------------------------------------------------------------------------------------

    def _home(self, call: OperationCall) -> Sandbox:
        """Return the sandbox of the call: named in the path of the control API, else found by its credentials."""
        if call.operation.api == CONTROL:
            self._access.check(call)
            if not self._public_url.known and self._access.vouches_for(call):
                self._public_url.learn(call.base_url)
            sandbox_id = call.path_arguments.get("sandboxId")
            sandbox = self._sandboxes.default if sandbox_id is None else self._sandboxes.get(sandbox_id)
            if sandbox is None:
                sentence = f"There is no sandbox {sandbox_id!r}. GET /_mock/sandboxes lists them."
                raise Problem("unknown-sandbox", hint=sentence, detail=sentence)
            return sandbox
        relayed = call.environ.get(SANDBOX_KEY)
        if relayed and (named := self._sandboxes.get(relayed)) is not None:
            return named
        for credential in candidates(call):
            owner = self._sandboxes.owner(credential)
            if owner is not None:
                return owner
        return self._sandboxes.default

    def _perform(self, call: OperationCall) -> RenderedAnswer:
        """Return the handler's answer, or the error."""
        if call.gave_up:
            return RenderedAnswer(
                HTTPStatus.REQUEST_TIMEOUT, f"{TEXT}; charset=utf-8", SENTENCE, {}, hint=hints.BODY_TOO_SLOW
            )
        try:
            with self._held.place() if call.operation.id in call.bound.rules.waits else _NOTHING:
                return self._performed(call)
        except NoPlaceError:
            why = f"{self._held.most} callers are kept waiting already"
            sentence = hints.NO_ROOM.format(why=why)
            problem = Problem(call.bound.rules.full, hint=sentence, detail=sentence, headers=SOON)
            return self._answers.refusal(call.home, call.bound, problem)

    def _performed(self, call: OperationCall) -> RenderedAnswer:
        try:
            with call.home.lock if call.bound.locked else _NOTHING:
                return self._handled(call)
        except Problem as problem:
            # What the refusal is about was not ignored.
            told = [one for one in call.advice if f"{one.partition(' in the body')[0]}:" not in problem.hint]
            problem.hint = " ".join((problem.hint, *told))
            return self._answers.refusal(call.home, call.bound, problem)
        except Exception:  # noqa: BLE001 - the last net: logged, counted as our defect, answered without a stack trace
            return self._answers.defect(call.bound)

    def _handled(self, call: OperationCall) -> RenderedAnswer:
        bound, operation = call.bound, call.operation
        call.membership.begin(call.home.clock.now())
        check_host(call)
        call.caller = authenticate(call)
        if bound.rules.guard is not None:
            call.hint = bound.rules.guard(call.realm, call.caller, _carries(call)) or call.hint
        call.advice = unknown_input.advice(call)
        call.arguments = arguments(call)
        check_body(call)
        check_room(call)
        value = bound.handler(**{name: supply(call) for name, supply in bound.supplies})
        answer = value if isinstance(value, Answer) else Answer(bound.success, value)
        call.membership.by_rule(answer.joined)
        response = operation.responses[str(answer.status)]
        content_type, body = self._answers.content(answer.body)
        headers = {**response.headers, **answer.headers}
        schema = response.content.get(JSON)
        hint = answer.hint or call.hint or (unknown_input.nothing_matches(call, answer.body) if call.query else None)
        return RenderedAnswer(
            answer.status,
            headers.pop("Content-Type", content_type),
            body,
            headers,
            response.evidence,
            advised(bound, " ".join(filter(None, (*call.advice, hint))) if call.advice else hint),
            schema.secrets if schema else frozenset(),
        )

    # --- what means no operation ----------------------------------------------------------------------------------

    def refuse(self, request: Request, routes: Routes, allowed: list[str]) -> RenderedAnswer:
        """Answer an undocumented path or method in the form of the most similar API, with a hint.

        :param allowed: the methods of the path; empty for an unknown path
        """
        document = self._meant(request, routes, allowed)
        if allowed and (preflight := self._preflight(request, routes, allowed)) is not None:
            return preflight
        if allowed:
            example = document.fallbacks["wrong-method"]
            hint = (
                hints.NOT_A_PROXY
                if request.method == "CONNECT"
                else hints.WRONG_METHOD.format(allowed=" and ".join(sorted(allowed)))
            )
            problem = Problem("wrong-method", hint=hint, headers={"Allow": ", ".join(allowed)})
        else:
            example = document.fallbacks["unknown-route"]
            nearest = routes.nearest(request.path, request.method)
            name = f"{nearest.method} {nearest.path}" if nearest else None
            hint = hints.unknown_route(name)
            host = host_name(request.environ)
            if not is_vendor_host(host) and not is_loopback(host):
                hint += f" {hints.PERHAPS_A_PROXY.format(host=host)}"
            problem = Problem("unknown-route", hint=hint)
        stand_in = next(iter(self.operations[document.api].values()))
        call = OperationCall(request.environ, lambda: request, stand_in, {})
        controls = document.api == CONTROL
        call.enter(self._sandboxes.default if controls else self._home(call))
        answer = self._answers.signed(self._answers.from_example(call.home, example, problem))
        _open(document, answer)
        if not controls:
            record(call, answer, None, 0.0)
        return answer

    def _preflight(self, request: Request, routes: Routes, allowed: list[str]) -> RenderedAnswer | None:
        """Answer a preflight request of a browser."""
        if request.method != "OPTIONS" or not request.access_control_request_method:
            return None
        found = routes.find(allowed[0], request.path)
        cors = self._documents[found.operation.api].cors if isinstance(found, Route) else None
        if cors is None:
            return None
        headers = {
            **_OPEN,
            "Access-Control-Allow-Methods": ", ".join(cors.methods),
            "Access-Control-Allow-Headers": ", ".join(cors.headers),
            "Access-Control-Max-Age": str(cors.max_age),
        }
        return self._answers.signed(RenderedAnswer(200, None, b"", headers, cors.evidence))

    def _meant(self, request: Request, routes: Routes, allowed: list[str]) -> Document:
        found = routes.find(allowed[0], request.path) if allowed else None
        if isinstance(found, Route):
            return self._documents[found.operation.api]
        if request.path == "/_mock" or request.path.startswith("/_mock/"):
            return self._documents[CONTROL]
        host = host_name(request.environ)
        vendors = [document for api, document in self._documents.items() if api != CONTROL]
        return next((document for document in vendors if host in document.hosts), vendors[0])


def _open(document: Document, answer: RenderedAnswer) -> None:
    """Let pages of other origins read an answer, unless it is a page itself."""
    if document.cors is not None and not (answer.content_type or "").startswith("text/html"):
        answer.headers |= _OPEN
