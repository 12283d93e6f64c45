"""Two copies of the service over one database, and everything that can happen to them on the way.

A history is a list of events. Each effect of a copy on the outside is a step: a statement or transaction of
the database, a request to Trustpilot. Before or after any of them the copy may die, or stall while the other copy
delivers something. Trustpilot is the mock, called through its WSGI door; between it and a copy, requests and answers
get lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection as Statements
from sqlalchemy import event
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import DestinationReply
from tpmock.destination.service.assembly import Parts, build
from tpmock.destination.storage.connections import Credentials, Way
from tpmock.destination.storage.ledger import OrderState
from tpmock.destination.trustpilot.token_endpoint import AccessToken
from tpmock.server.app import MockApp
from werkzeug.test import Client

from tests.destination.conftest import Clock
from tests.destination.happenings import (
    HOME,
    Copy,
    Deliver,
    Delivery,
    Disturbance,
    Fault,
    Happening,
    Killed,
    Loss,
    Restart,
    Wait,
    Wire,
)
from tests.destination.seen import state_of
from tests.support.sandboxes import TOKEN_PATH, basic

ORDERS = 3
ROUNDS = 8
PAST_ANY_LEASE = 3600.0
PAST_ANY_TOKEN = 101 * 3600.0


@dataclass
class Outcome:
    """Outcome of a history, for the checks."""

    invitations: Counter[str]
    states: dict[str, OrderState | None]
    replies: dict[str, list[DestinationReply]]
    undecided: set[str]
    uncertain: set[str]


@dataclass
class World:
    """A mock, a clock, and two copies that live until they are killed.

    :param parts: what the copies are made of.
    """

    mock: MockApp
    settings: DestinationSettings
    clock: Clock
    parts: Parts = field(default_factory=Parts)
    copies: list[Copy] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = Client(self.mock)
        self.copies = [self._new_copy() for _ in range(2)]

    def close(self) -> None:
        for copy in self.copies:
            copy.destination.close()

    def play(self, happenings: list[Happening], *, login: bool) -> Outcome:
        """One history, from a new customer to the last retry."""
        return _Play(self, login=login).run(happenings)

    def restart(self, number: int) -> None:
        """A new process in the place of one that was stopped."""
        self.copies[number].destination.close()
        self.copies[number] = self._new_copy()

    def revive(self, number: int) -> None:
        """A new process in the place of one that was killed, in a thirtieth of the time: all that a copy has in memory
        is the tokens, and no copy is killed within a transaction, which the database would undo."""
        copy = self.copies[number]
        copy.dead = False
        tokens = copy.destination.trustpilot._tokens
        tokens._held.clear()
        tokens._flights.clear()

    def control(self, method: str, path: str, data: object = None) -> Any:
        """One call of the mock's control API."""
        body = None if data is None else json.dumps(data)
        target, media_type = f"/_mock/sandboxes{path}", "application/json" if body else None
        with self._client.open(target, method=method, base_url=HOME, data=body, content_type=media_type) as answer:
            assert answer.status_code < 300, answer.get_data(as_text=True)
            return json.loads(answer.get_data()) if answer.get_data() else None

    def password_token(self, credentials: dict[str, str]) -> AccessToken:
        """A token with a refresh token, as a customer's login gives one."""
        form = {"grant_type": "password", "username": credentials["username"], "password": credentials["password"]}
        headers = {"Authorization": basic(credentials["apiKey"], credentials["apiSecret"])}
        with self._client.open(TOKEN_PATH, method="POST", data=form, headers=headers, base_url=HOME) as answer:
            body = json.loads(answer.get_data())
        return AccessToken(body["access_token"], float(body["expires_in"]), body["refresh_token"])

    def _new_copy(self) -> Copy:
        destination = build(self.settings, self.parts, self.clock)
        copy = Copy(destination)
        wire = Wire(self.mock)
        wire.copy = copy
        destination.store.session.mount("http://", wire)
        destination.store.session.trust_env = False
        database = destination.store.database
        if database.is_sqlite:
            event.listen(database._engine, "connect", _carelessly)
        for name in ("reading", "writing", "transaction"):
            setattr(database, name, _stepping(copy, getattr(database, name)))
        shared = database.shared

        def sharing(work: Callable[[Statements], Any]) -> Any:
            with copy.step():
                return shared(work)

        if database.is_sqlite:  # elsewhere it is a writing like any other
            database.shared = sharing  # type: ignore[method-assign]
        # A copy that waits for another copy's token lets time pass; the other one may be the one that stalls for us.
        destination.trustpilot._tokens.pause = lambda _: self._pass(1.0)
        return copy

    def _pass(self, seconds: float) -> None:
        self.clock.time += seconds


def _carelessly(connection: Any, _record: object) -> None:
    # Programs die here, the machine does not.
    connection.execute("PRAGMA synchronous=OFF")


def _stepping(
    copy: Copy, use: Callable[[], AbstractContextManager[Statements]]
) -> Callable[[], AbstractContextManager[Statements]]:
    @contextmanager
    def stepping() -> Iterator[Statements]:
        with copy.step(), use() as connection:
            yield connection

    return stepping


class _Play:
    def __init__(self, world: World, *, login: bool) -> None:
        self.world = world
        self.sandbox = world.control("POST", "", {})
        self.path = f"/{self.sandbox['id']}"
        known = self.sandbox["credentials"]
        way = Way.AUTHORIZATION_CODE if login else Way.CLIENT_CREDENTIALS
        desk = world.copies[0].destination
        self.connection, self.key = desk.connections.add(
            known["businessUnitId"],
            Credentials(known["apiKey"], known["apiSecret"], way),
            business_user_id=known["businessUserId"],
        )
        if login:
            desk.trustpilot._tokens.keep(self.connection, world.password_token(known))
        self.replies: dict[str, list[DestinationReply]] = {}
        self.waiting: dict[Delivery, DestinationReply | None] = {}
        self.uncertain: set[str] = set()

    def run(self, happenings: list[Happening]) -> Outcome:
        for happening in happenings:
            match happening:
                case Deliver(delivery, disturbance, loss):
                    self.deliver(delivery, disturbance, loss)
                case Fault(operation, status):
                    self.control("POST", "/faults", {"operation": operation, "status": status})
                case Wait(seconds):
                    self.wait(seconds)
                case Restart(number):
                    self.world.restart(number)
        self.drain()
        found = self.control("GET", "/invitations?limit=1000")["invitations"]
        self.world.control("DELETE", self.path)
        ledger = self.world.copies[0].destination.ledger
        self.world.copies[0].begin(_nothing, None)
        return Outcome(
            invitations=Counter(each["referenceNumber"] for each in found),
            states={order: state_of(ledger, self.connection.id, order) for order in self.replies},
            replies=self.replies,
            undecided={self.order(delivery) for delivery in self.waiting},
            uncertain=self.uncertain,
        )

    def deliver(self, delivery: Delivery, disturbance: Disturbance | None, loss: Loss | None) -> None:
        copy = self.world.copies[delivery.copy]
        order = self.order(delivery)
        self.replies.setdefault(order, [])
        if disturbance is not None or loss is not None:
            self.uncertain.add(order)

        def reached(step: int, after: bool) -> None:  # noqa: FBT001 - called by position only
            if disturbance is None or (step, after) != (disturbance.step, disturbance.after):
                return
            if disturbance.meanwhile is None:
                raise Killed
            nested = replace(disturbance.meanwhile, copy=1 - delivery.copy)
            self.deliver(nested, None, None)

        copy.begin(reached, loss)
        reply: DestinationReply | None = None
        try:
            with suppress(Killed):
                reply = copy.destination.handle(self.event(delivery), copy.destination.admit(self.key))
        finally:
            copy.begin(_nothing, None)
        if copy.dead:
            self.world.revive(delivery.copy)
        self.note(delivery, reply)

    def note(self, delivery: Delivery, reply: DestinationReply | None) -> None:
        """Segment comes again after 429, 5xx and silence, and after nothing else."""
        event = replace(delivery, copy=0)
        if reply is not None:
            self.replies[self.order(delivery)].append(reply)
        if reply is None or reply.status == 429 or reply.status >= 500:
            self.waiting[event] = reply
        else:
            self.waiting.pop(event, None)

    def drain(self) -> None:
        """Segment's retries, once Trustpilot works again."""
        self.control("DELETE", "/faults")
        for number in range(ROUNDS):
            if not self.waiting:
                return
            for delivery in list(self.waiting):
                self.deliver(replace(delivery, copy=number % 2), None, None)
            self.wait(PAST_ANY_LEASE)

    def wait(self, seconds: float) -> None:
        self.world._pass(seconds)
        self.control("POST", "/clock/advance", {"by": f"PT{seconds:.0f}S"})

    def order(self, delivery: Delivery) -> str:
        return f"order-{delivery.order}"

    def event(self, delivery: Delivery) -> dict[str, Any]:
        return {
            "type": "track",
            "event": "Order Completed",
            "messageId": f"message-{delivery.order}-{delivery.event}",
            "userId": f"customer-{delivery.order}",
            "properties": {"order_id": self.order(delivery), "email": f"buyer-{delivery.order}@example.com"},
        }

    def control(self, method: str, path: str, data: object = None) -> Any:
        return self.world.control(method, self.path + path, data)


def _nothing(_step: int, _after: bool) -> None:  # noqa: FBT001 - called by position only
    """An undisturbed step."""


def judge(outcome: Outcome) -> None:
    """Never two invitations, never an order without a record, never a word that is not true."""
    assert not outcome.undecided, "Segment would come again for ever"
    for order, replies in outcome.replies.items():
        made, state = outcome.invitations[order], outcome.states[order]
        assert made <= 1, f"{order} was invited {made} times"
        assert state is not None, f"{order} left no record"
        assert state is not OrderState.RESERVED, f"{order} is under way for ever"
        if state is OrderState.SENT:
            assert made == 1, f"{order} counts as sent"
        if state is OrderState.REFUSED:
            assert made == 0, f"{order} counts as refused"
            refusals = [reply for reply in replies if reply.status in {400, 401, 403}]
            assert refusals, f"{order} was never asked for again"
        if any(reply.name in {"invited", "already-invited"} for reply in replies):
            assert made == 1, f"Segment got the answer that {order} was invited"
        if order not in outcome.uncertain:
            assert state is not OrderState.UNCONFIRMED, f"{order} is unconfirmed for no reason"
