"""Writes the outcomes of orders, also while the database is unavailable."""

from __future__ import annotations

import threading
from functools import partial
from typing import Final

from tpmock.destination import logs
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.deadlines import LONG, insist
from tpmock.destination.storage.ledger import Ledger, OrderState, Outcome
from tpmock.destination.storage.outcomes import OutcomeFiles

PATIENCE: Final = 3.0
"""Seconds in which an event waits for the database to take its outcome, before that goes to a file."""

_STATEMENT: Final = 1.0


class Settler:
    """Settles orders. Trustpilot was asked already, so the outcome must not get lost.

    An event retries for :data:`PATIENCE` seconds with growing pauses. Then the outcome goes to a file and a thread goes
    on until the database takes it; what a process could not write, the next one does.
    """

    def __init__(self, database: Database, ledger: Ledger, files: OutcomeFiles) -> None:
        self._database = database
        self._ledger = ledger
        self._files = files
        self._lock = threading.Lock()
        self._pending: list[Outcome] = []
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def resume(self) -> None:
        """Process the outcomes that an earlier process left in files."""
        for outcome in self._files.read():
            self._later(outcome)

    def settle(self, outcome: Outcome) -> None:
        """Write an outcome to the ledger, now or later."""
        if insist(partial(self._write, outcome), PATIENCE, self._stopped):
            return
        logs.say("outcome-kept", state=outcome.state.value, order=outcome.order_id, connection=outcome.connection)
        self._keep(outcome)

    def give_up(self, connection: str, order_id: str, claim: str) -> None:
        """Release what a request may have reserved, as soon as the database is back. The request does not wait."""
        outcome = Outcome(connection, order_id, 0, OrderState.REFUSED, claim=claim)
        logs.say("reservation-given-up", order=order_id, connection=connection)
        self._keep(outcome)

    def _keep(self, outcome: Outcome) -> None:
        try:
            self._files.add(outcome)
        except OSError as problem:
            # It is still in memory, and the ledger says unconfirmed when this process dies before the database is back.
            logs.unforeseen(problem)
        self._later(outcome)

    def close(self) -> None:
        """Stop the thread; files stay for the next process."""
        self._stopped.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _write(self, outcome: Outcome) -> None:
        with self._database.within(_STATEMENT):
            if outcome.claim is None:
                self._ledger.settle(outcome)
            else:
                self._ledger.give_up(outcome.connection, outcome.order_id, outcome.claim)

    def _later(self, outcome: Outcome) -> None:
        with self._lock:
            self._pending.append(outcome)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work_off, name="outcomes", daemon=True)
                self._thread.start()

    def _work_off(self) -> None:
        while True:
            with self._lock:
                if not self._pending or self._stopped.is_set():
                    self._thread = None
                    return
                outcome = self._pending[0]
            if insist(partial(self._write, outcome), LONG, self._stopped):
                self._files.remove(outcome)
                with self._lock:
                    self._pending.remove(outcome)
