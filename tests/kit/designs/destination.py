"""A right destination with the standard library, whose environment chooses among right designs.

``DESIGN`` holds words: ``retry-after``, ``back-off``, ``queue``, ``own-retry``, ``send-time``, ``token-at-start``,
``other-words``, ``no-words``, ``slow``, ``retried-credentials``, ``at-least-once``, ``sandbox-clock``. Without any it
answers at once with Trustpilot's result.
"""

from __future__ import annotations

import base64
import json
import math
import os
import re
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ENV = os.environ
DESIGN = frozenset(ENV.get("DESIGN", "").split())
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s.,;<>]+(\.[^@\s.,;<>]+)+")
BACK_OFF = 0.2
SLOW = 0.35
TOKEN_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
WORDS = {
    "order_id": "The order number is missing.",
    "email": "No recipient: we do not know where to write to.",
    "address": "We cannot write to this recipient.",
}


class Refusal(Exception):  # noqa: N818 - not an error of the program
    """The event is not taken, or not yet."""

    def __init__(self, status: int, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.status, self.wait = status, wait


class Lost(Exception):  # noqa: N818 - as above
    """A call was sent and its answer lost: the outcome is unknown."""


def call(url: str, body: str, headers: dict[str, str]) -> tuple[int, str, float]:
    """Return status, body and ``Retry-After`` of Trustpilot's answer."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=8)
    try:
        connection.connect()
    except OSError as problem:
        raise Refusal(503, "Trustpilot cannot be reached. It will be tried again.") from problem
    try:
        connection.request("POST", parts.path, body.encode(), headers)
        answer = connection.getresponse()
        text = b""
        # The status decides: a body that breaks off changes nothing.
        with suppress(OSError, HTTPException):
            text = answer.read()
        wait = answer.getheader("Retry-After") or ""
        return answer.status, text.decode("utf-8", "replace"), float(wait) if wait.isdecimal() else 0.0
    except (OSError, HTTPException) as problem:
        raise Lost from problem
    finally:
        connection.close()


def now() -> float:
    """Return the time for the life of a token: of the sandbox, or of this program."""
    if "sandbox-clock" not in DESIGN:
        return time.time()
    with urllib.request.urlopen(ENV["TPMOCK_CLOCK_URL"], timeout=8) as answer:  # noqa: S310 - the kit's own
        return datetime.fromisoformat(json.load(answer)["now"]).timestamp()


class Trustpilot:
    """Calls Trustpilot with a token that all threads share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token, self._until, self._closed_until = "", 0.0, 0.0

    def invite(self, order: dict[str, str]) -> None:
        """Request an invitation."""
        kind: dict[str, str] = {"templateId": ENV["TRUSTPILOT_TEMPLATE_ID"]}
        if "send-time" in DESIGN:
            kind["preferredSendTime"] = send_time(order["timestamp"])
        body = {
            "referenceNumber": order["id"],
            "consumerEmail": order["email"],
            "consumerName": order["name"],
            "locale": "en-US",
            "serviceReviewInvitation": kind,
        }
        self.post("email-invitations", body)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Make a call for the business unit; a refused token is replaced once."""
        if (left := self._closed_until - time.monotonic()) > 0:
            raise Refusal(503, "Trustpilot asked us to wait. It will be tried again.", left)
        try:
            self._post(path, body)
        except Lost as problem:
            if "at-least-once" in DESIGN or path != "email-invitations":
                raise self._later(503, 0.0, "Trustpilot's answer was lost.") from problem

    def _post(self, path: str, body: dict[str, Any]) -> None:
        url = f"{ENV['TRUSTPILOT_INVITATIONS_API_URL']}/v1/private/business-units/{ENV['TRUSTPILOT_BUSINESS_UNIT_ID']}"
        retries = 1 if "own-retry" in DESIGN else 0
        token, renewed = self.token(), False
        while True:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            headers["x-business-user-id"] = ENV["TRUSTPILOT_BUSINESS_USER_ID"]
            status, _, wait = call(f"{url}/{path}", json.dumps(body), headers)
            if 200 <= status < 300:
                return
            if status == 401 and not renewed:
                token, renewed = self.token(not_this=token), True
            elif (status == 429 or status >= 500) and retries:
                retries -= 1
            else:
                raise self._refused(status, wait, "the invitation")

    def token(self, not_this: str = "") -> str:
        """Return the access token, which is asked for once and shared."""
        with self._lock:
            if self._token and self._token != not_this and self._until > now():
                return self._token
            pair = base64.b64encode(f"{ENV['TRUSTPILOT_API_KEY']}:{ENV['TRUSTPILOT_API_SECRET']}".encode()).decode()
            headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
            try:
                found = call(f"{ENV['TRUSTPILOT_API_URL']}{TOKEN_PATH}", "grant_type=client_credentials", headers)
            except Lost as problem:
                raise self._later(503, 0.0, "Trustpilot sent no token.") from problem
            status, text, wait = found
            if status != 200:
                if status in {401, 403} and "retried-credentials" in DESIGN:
                    raise self._later(500, wait, "Trustpilot refused our credentials. Correct them; we try again.")
                raise self._refused(status, wait, "an access token")
            try:
                answer = json.loads(text)
                self._token, self._until = answer["access_token"], now() + float(answer["expires_in"]) - 60
            except (ValueError, KeyError, TypeError) as problem:
                raise self._later(503, 0.0, "Trustpilot sent no readable token.") from problem
            return self._token

    def _refused(self, status: int, wait: float, what: str) -> Refusal:
        if status == 429 or status >= 500:
            return self._later(503, wait, f"Trustpilot answered {status} to {what}.")
        return Refusal(403 if status in {401, 403} else 400, f"Trustpilot refused {what} with {status}.")

    def _later(self, status: int, wait: float, message: str) -> Refusal:
        if "back-off" in DESIGN:
            wait = max(wait, BACK_OFF)
        elif "retry-after" not in DESIGN:
            wait = 0.0
        self._closed_until = time.monotonic() + wait
        return Refusal(status, message, wait)


class Book:
    """Orders, and the addresses of users, in a file."""

    def __init__(self) -> None:
        self._file = sqlite3.connect(ENV["ORDERS_FILE"], check_same_thread=False, isolation_level=None)
        self._lock = threading.RLock()
        self.ask("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, state TEXT, content TEXT)")
        self.ask("CREATE TABLE IF NOT EXISTS users (id TEXT, email TEXT, PRIMARY KEY (id, email))")

    def ask(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return list(self._file.execute(statement, values))

    def take(self, order: dict[str, str], work: Callable[[dict[str, str]], None]) -> str:
        """Invite for an order at once, unless that was done; one order at a time."""
        with self._lock:
            if self.ask("SELECT 1 FROM orders WHERE id = ?", order["id"]):
                return "This order is known."
            self.begin(order["id"])
            try:
                work(order)
            except Refusal:
                self.ask("DELETE FROM orders WHERE id = ?", order["id"])
                raise
            self.ask("INSERT OR REPLACE INTO orders VALUES (?, 'done', '')", order["id"])
        return "Invited."

    def begin(self, number: str) -> None:
        """Remember before the call that Trustpilot was asked: after a crash the outcome is unknown."""
        if "at-least-once" not in DESIGN:
            self.ask("INSERT OR REPLACE INTO orders VALUES (?, 'asked', '')", number)

    def enqueue(self, order: dict[str, str]) -> str:
        """Keep an order for the queue, unless it is known; one that was refused may come again."""
        kept = (
            "INSERT INTO orders VALUES (?, 'waits', ?) ON CONFLICT (id) DO UPDATE SET state = 'waits', "
            "content = excluded.content WHERE state = 'refused'"
        )
        self.ask(kept, order["id"], json.dumps(order))
        return "Stored."


class Queue:
    """Works off the stored orders in order, and tries again by its own clock."""

    def __init__(self, book: Book, trustpilot: Trustpilot) -> None:
        self._book, self._trustpilot = book, trustpilot
        self.woken = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            waiting = self._book.ask("SELECT id, content FROM orders WHERE state = 'waits' ORDER BY rowid")
            pause = None
            for number, content in waiting:
                self._book.begin(number)
                try:
                    self._trustpilot.invite(json.loads(content))
                    state = "done"
                except Refusal as problem:
                    state = "waits" if problem.status >= 500 else "refused"
                    if state == "waits":
                        pause = max(BACK_OFF, problem.wait)
                kept = content if state == "waits" else ""
                self._book.ask("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", number, state, kept)
            self.woken.wait(pause)
            self.woken.clear()


def send_time(text: str) -> str:
    """Return when the buyer is asked: a week after the order, in UTC, in Trustpilot's format."""
    try:
        ordered = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        ordered = datetime.now(UTC)
    return (ordered + timedelta(days=7)).strftime("%m/%d/%Y %H:%M:%S")


def text_of(place: object, name: str) -> str:
    """Return a member of an object as text, whatever the casing of its name."""
    for key, value in place.items() if isinstance(place, dict) else ():
        if key.replace("_", "").casefold() == name and isinstance(value, str | int) and not isinstance(value, bool):
            # Half a character can be escaped in JSON, and stored nowhere.
            return " ".join(str(value).encode("utf-8", "ignore").decode().split())
    return ""


def order_of(event: dict[str, Any]) -> dict[str, str]:
    """Return the order of an event."""
    context = event.get("context")
    properties, traits = event.get("properties"), context.get("traits") if isinstance(context, dict) else None
    order = {"id": text_of(properties, "orderid"), "email": text_of(properties, "email") or text_of(traits, "email")}
    for name, value in (("order_id", order["id"]), ("email", order["email"])):
        if not value:
            raise Refusal(400, WORDS[name] if "other-words" in DESIGN else f"{name} is missing.")
    if not ADDRESS.fullmatch(order["email"]):
        raise Refusal(400, WORDS["address"] if "other-words" in DESIGN else "email is not an e-mail address.")
    name = " ".join(filter(None, (text_of(properties, "name"), text_of(properties, "surname"))))
    return {**order, "name": name or "Customer", "timestamp": str(event.get("timestamp"))}


BOOK, TRUSTPILOT = Book(), Trustpilot()
QUEUE = Queue(BOOK, TRUSTPILOT) if "queue" in DESIGN else None


def parsed(body: bytes) -> Any:
    """Return a body as JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refusal(400, "The body is not valid JSON.") from problem


def take(event: Any) -> tuple[int, str]:
    """Return status and message for an event."""
    if not isinstance(event, dict):
        raise Refusal(400, "The body must be one event, a JSON object.")
    if event.get("type") == "delete":
        return erase(event.get("userId"))
    if event.get("type") != "track" or event.get("event") != "Order Completed":
        return 200, "Nothing to do for this event."
    order = order_of(event)
    if isinstance(event.get("userId"), str):
        BOOK.ask("INSERT OR IGNORE INTO users VALUES (?, ?)", event["userId"], order["email"])
    if QUEUE is None:
        return 200, BOOK.take(order, TRUSTPILOT.invite)
    said = BOOK.enqueue(order)
    QUEUE.woken.set()
    return 202, said


def erase(user: object) -> tuple[int, str]:
    """Erase a user at Trustpilot, then here."""
    if not isinstance(user, str):
        raise Refusal(400, "userId is missing.")
    addresses = [email for (email,) in BOOK.ask("SELECT email FROM users WHERE id = ?", user)]
    if addresses:
        TRUSTPILOT.post("invitation-data/delete", {"customerEmails": addresses})
        BOOK.ask("DELETE FROM users WHERE id = ?", user)
    return 200, "Erased."


class Handler(BaseHTTPRequestHandler):
    """Takes events as Segment posts them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.say(200 if self.path == "/health" else 404, "A destination; events are posted.")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = base64.b64encode(f"{ENV['INTEGRATION_KEY']}:".encode()).decode()
        if "slow" in DESIGN:
            time.sleep(SLOW)
        if self.headers.get("Authorization") != f"Basic {key}":
            self.say(401, "The integration key is wrong.")
            return
        try:
            self.say(*take(parsed(body)))
        except Refusal as problem:
            self.say(problem.status, str(problem), problem.wait)

    def say(self, status: int, message: str, wait: float = 0.0) -> None:
        body = b"" if "no-words" in DESIGN else json.dumps({"message": message}).encode()
        self.send_response(status)
        if wait and "retry-after" in DESIGN:
            self.send_header("Retry-After", str(math.ceil(wait)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Addresses of people stand in requests; nothing is logged."""


if __name__ == "__main__":
    if "token-at-start" in DESIGN:
        with suppress(Refusal):
            TRUSTPILOT.token()
    ThreadingHTTPServer(("127.0.0.1", int(ENV["PORT"])), Handler).serve_forever()
