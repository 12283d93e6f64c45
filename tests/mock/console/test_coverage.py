"""What is served, and how sure one can be of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tpmock import spec
from tpmock.console import coverage

from tests.mock.console.conftest import Visitor

OPERATIONS = [(api, one) for api in spec.APIS for one in spec.load(api).operations.values()]


def levels_of(operation: spec.Operation) -> list[str]:
    told = [response.evidence for response in operation.responses.values()]
    return [claim.level for one in told for claim in (one.status, one.body) if claim is not None]


def shown(page: str) -> list[str]:
    return re.findall(r'<th scope="row">(\w+)<span class="sub">', page)


def test_every_operation_is_shown_with_each_status(visitor: Visitor) -> None:
    page = visitor.see("/coverage/?all=")
    assert shown(page) == [one.id for _, one in OPERATIONS]
    responses = [response for _, one in OPERATIONS for response in one.responses.values()]
    assert len(re.findall(r"<dt>\w+</dt>", page)) == len(responses)
    assert len(re.findall(r"<dt>\w+, body</dt>", page)) == sum(one.evidence.body is not None for one in responses)


def test_statuses_and_bodies_are_counted_by_level_and_each_level_is_explained(visitor: Visitor) -> None:
    page = visitor.see("/coverage/")
    counted = Counter(level for _, operation in OPERATIONS for level in levels_of(operation))
    for level, meaning in spec.LEVELS.items():
        assert f"{level}</dt><dd>{meaning}</dd>" in page
        assert (
            f'evidence={level}#operations" aria-label="{counted[level]} {level} of all APIs">{counted[level]:,}</a>'
            in page
        )


def test_the_parts_of_a_bar_are_the_shares_of_the_levels() -> None:
    def response(status: str, body: str | None = None) -> dict[str, Any]:
        return {"evidence": status, **({} if body is None else {"body": {"evidence": body}})}

    operations = [
        {"responses": [response("seed", "assumed"), response("seed")]},
        {"responses": [response("documented")]},
    ]
    bar = coverage.bar("all", operations, ["seed", "documented", "observed", "assumed"])
    assert [(part["level"], part["x"], part["width"]) for part in bar["parts"]] == [
        ("seed", 0.0, 50.0),
        ("documented", 50.0, 25.0),
        ("assumed", 75.0, 25.0),
    ]
    assert coverage.bar("none", [], ["seed"])["parts"] == []


def test_operations_are_filtered(visitor: Visitor) -> None:
    for api in spec.APIS:
        assert shown(visitor.see(f"/coverage/?all=&api={api}")) == list(spec.load(api).operations)
    assumed = [one.id for _, one in OPERATIONS if "assumed" in levels_of(one)]
    assert shown(visitor.see("/coverage/?all=&evidence=assumed")) == assumed
    reading = [one.id for _, one in OPERATIONS if not one.stateful]
    assert shown(visitor.see("/coverage/?all=&stateful=false")) == reading
    assert shown(visitor.see("/coverage/?word=EMAIL-invitations")) == ["createEmailInvitations"]
    assert shown(visitor.see("/coverage/?evidence=assumed")) == assumed[:40]
    assert "No matching operation" in visitor.see("/coverage/?word=nothing-like-it")
