"""What a run shows in numbers: calls per order, and how much of the contract was seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from contracts import spec
from contracts.kit.observation import USER_AGENT
from contracts.kit.reports.gathered import Report
from contracts.kit.transcript import Record
from contracts.kit.wording import counted

_APIS = ("trustpilot", "segment-tracking", "segment-destination")


@dataclass(frozen=True, slots=True)
class Touched:
    """An operation of the contract that the run came across.

    :param documented: the statuses the document has.
    :param seen: how often each status came.
    """

    api: str
    operation: str
    documented: tuple[str, ...]
    seen: dict[str, int]

    @property
    def unseen(self) -> tuple[str, ...]:
        """The documented statuses that never came."""
        return tuple(status for status in self.documented if status not in self.seen)


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a run.

    :param calls: the subject's calls to Trustpilot, by operation.
    :param touched: the operations that were seen, by API and name.
    :param operations: how many operations the documents have.
    """

    orders: int
    calls: dict[str, int]
    touched: tuple[Touched, ...]
    operations: int

    @property
    def per_order(self) -> float:
        """Calls to Trustpilot for one order; 0 when no order was sent."""
        return round(sum(self.calls.values()) / self.orders, 2) if self.orders else 0.0

    def sentence(self) -> str:
        """The calls per order in words."""
        calls = ", ".join(f"{count} {name}" for name, count in self.calls.items()) or "none"
        return (
            f"{counted(sum(self.calls.values()), 'call')} to Trustpilot for {counted(self.orders, 'order')}: "
            f"{self.per_order:g} an order, "
            f"with every fault and repetition of the cases ({calls})."
        )

    def coverage(self) -> str:
        """The coverage in words."""
        statuses = sum(len(one.seen) for one in self.touched)
        documented = sum(len(one.documented) for one in self.touched)
        return (
            f"{len(self.touched)} of {self.operations} operations of the contract were called, and "
            f"{statuses} of the {documented} statuses that those have were seen."
        )


def figures(report: Report) -> Figures:
    """Count a run."""
    records = [record for one in report.judged for record in one.outcome.records]
    calls = Counter(record.operation or "nothing documented" for record in records if _is_call(record))
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for record in records:
        if record.operation and record.api in _APIS and record.status is not None:
            seen[record.api, record.operation][str(record.status)] += 1
    documents = {api: spec.load(api).operations for api in _APIS}
    return Figures(
        orders=sum(one.outcome.orders for one in report.judged),
        calls=dict(sorted(calls.items())),
        touched=tuple(
            _touched(seen, {name: tuple(found.responses) for ops in documents.values() for name, found in ops.items()})
        ),
        operations=sum(len(operations) for operations in documents.values()),
    )


def _touched(seen: dict[tuple[str, str], Counter[str]], documented: dict[str, tuple[str, ...]]) -> Iterator[Touched]:
    for (api, operation), statuses in sorted(seen.items()):
        known = documented.get(operation, ())
        # A destination may answer what the document gathers in a class such as 4XX.
        yield Touched(api, operation, known, dict(sorted(statuses.items())))


def _is_call(record: Record) -> bool:
    return (
        record.api == "trustpilot"
        and record.number is not None
        and record.request_headers.get("User-Agent") != USER_AGENT
    )
