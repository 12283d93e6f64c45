"""Compares a recording of the real API with the mock, and names the evidence that each difference refutes.

What the mock answered is one side, what the document allows the other: a member that is documented and was not in the
mock's answer is not a difference; a member that neither has is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from tpmock import spec
from tpmock.kit.live.projection import FieldShape
from tpmock.kit.live.recording import RecordedCall, Recording

_NUMBERS = {"integer", "number"}
# A form that every value of the mock has, and none of the real API, counts as another type.
_FORMS = frozenset({"string(id)", "string(time)", "string(uuid)", "string(url)"})


class Difference(msgspec.Struct, frozen=True):
    """Difference between the real API and the mock in one place.

    :param kind: status, content type, missing, new, type, form, word or order
    :param place: a JSON pointer into the body; empty for the whole answer
    :param overturns: the evidence of the mock's answer, with its level and source
    """

    case: str
    operation: str
    kind: str
    place: str
    recorded: str
    mock: str
    overturns: str

    def sentence(self) -> str:
        """On one line."""
        place = f" {self.place}" if self.place else ""
        return (
            f"{self.case} {self.operation}{place}: {self.kind} recorded {self.recorded}, the mock has {self.mock}. "
            f"Overturns: {self.overturns}."
        )


def differences(recorded: Recording, mock: Recording) -> list[Difference]:
    """Return every difference once, call by call in the order of the recording."""
    ours = {(call.case, call.number): call for call in mock.calls}
    found: dict[tuple[str, str, str, str, str], Difference] = {}
    for call in recorded.calls:
        counterpart = ours.get((call.case, call.number))
        if counterpart is None or counterpart.operation != call.operation:
            overturns = "nothing: the cases have changed since, or the mock took another path"
            one = Difference(call.case, call.operation, "call", "", "made", "none", overturns)
            found.setdefault((call.case, str(call.number), "", "", ""), one)
            continue
        for one in _of_call(call, counterpart):
            found.setdefault((one.operation, one.kind, one.place, one.recorded, one.mock), one)
    return list(found.values())


def _of_call(call: RecordedCall, ours: RecordedCall) -> Iterator[Difference]:
    operation = spec.load("trustpilot").operations[call.operation]
    response = operation.responses.get(str(ours.status)) or operation.responses.get(f"{ours.status // 100}XX")
    evidence = response.evidence.text if response else "nothing documented"

    def difference(kind: str, place: str, recorded: str, mock: str) -> Difference:
        return Difference(call.case, call.operation, kind, place, recorded, mock, evidence)

    if call.status != ours.status:
        yield difference("status", "", str(call.status), str(ours.status))
        return
    if call.content_type != ours.content_type:
        yield difference("content type", "", call.content_type or "none", ours.content_type or "none")
    schema = next((one.document for kind, one in response.content.items() if "json" in kind), {}) if response else {}
    for place, field in call.fields.items():
        yield from (
            difference(kind, place, *both) for kind, *both in _of_field(field, ours.fields.get(place), schema, place)
        )
    for place, field in ours.fields.items():
        if place not in call.fields and _is_missed(call.fields, schema, place):
            yield difference("missing", place, "nothing", _said(field))
    for place, order in call.order.items():
        expected = ours.order.get(place)
        if expected is not None and order != expected:
            yield difference("order", place, order, expected)


def _of_field(
    field: FieldShape, ours: FieldShape | None, schema: Mapping[str, Any], place: str
) -> Iterator[tuple[str, str, str]]:
    documented = list(_at(schema, place))
    if ours is None and not documented:
        # For the members of a new member, the new member itself is enough.
        if not list(_at(schema, _parent(place))) and _parent(place):
            return
        yield "new", _said(field), "no such member"
        return
    allowed = {kind for one in documented for kind in _types(one)} | {
        _base(kind) for kind in (ours.types if ours else ())
    }
    allowed |= _NUMBERS if "number" in allowed else set()
    strange = {kind for kind in field.types if allowed and _base(kind) not in allowed}
    if strange:
        yield "type", " or ".join(sorted(strange)), " or ".join(sorted(allowed))
    elif ours is not None and (forms := ours.types & _FORMS) and forms == ours.types - {"null"}:
        others = {kind for kind in field.types if kind.startswith("string")}
        if others and not others & forms:
            yield "form", " or ".join(sorted(others)), " or ".join(sorted(forms))
    listed = {str(word) for one in documented for word in one.get("enum", ())}
    words = listed or (ours.words if ours else set())
    if words and field.words - words:
        yield "word", " or ".join(sorted(field.words - words)), " or ".join(sorted(words))


def _is_missed(recorded: Mapping[str, FieldShape], schema: Mapping[str, Any], place: str) -> bool:
    """Return whether the parent of a member exists and the document does not allow leaving the member out."""
    above, _, name = place.rpartition("/")
    holder = recorded.get(above)
    if holder is None or name == "*" or "object" not in holder.types:
        return False
    holders = list(_at(schema, above))
    return not holders or any(
        name in one.get("required", ()) or name not in one.get("properties", {}) for one in holders
    )


def _at(schema: Mapping[str, Any], place: str) -> Iterator[Mapping[str, Any]]:
    """Yield what the document says about a place; nothing when it does not know it."""
    here = list(_alternatives(schema)) if schema else []
    for name in place.split("/")[1:]:
        inner = [one.get("items") if name == "*" else one.get("properties", {}).get(name) for one in here]
        here = [alternative for one in inner if isinstance(one, dict) for alternative in _alternatives(one)]
    yield from here


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(word, ()):
            yield from _alternatives(one)


def _types(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _base(kind: str) -> str:
    return kind.partition("(")[0]


def _parent(place: str) -> str:
    return place.rpartition("/")[0]


def _said(field: FieldShape) -> str:
    return " or ".join(sorted(field.types))
