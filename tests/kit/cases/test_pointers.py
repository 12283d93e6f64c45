from __future__ import annotations

from typing import Any

import pytest
from tpmock.kit.cases import claims, pointers

DOCUMENT = {"reviews": [{"id": 1}, {"id": 2}], "a/b": {"~": None}}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/reviews/*/id", [1, 2]),
        ("/reviews/1/id", [2]),
        ("/reviews/2/id", []),
        ("/reviews/x", []),
        ("/nothing", []),
        ("/a~1b/~0", [None]),
        ("/*/~0", [None]),
        ("/reviews/0/id/deeper", []),
    ],
)
def test_a_pointer_leads_to_values(pointer: str, found: list[Any]) -> None:
    assert pointers.find(DOCUMENT, pointer) == found


def test_nothing_is_found_in_no_document() -> None:
    assert pointers.find(None, "/id") == []


def test_a_subject_that_claims_enough_lacks_nothing() -> None:
    assert claims.missing(("events",), claims.EVENTS) == ""
    assert claims.missing(("showcase", "reply"), claims.EVENTS) == "The subject does not claim showcase and reply."


def test_a_subject_reads_any_names_unless_it_claims_strict_ones() -> None:
    assert claims.missing(("any-names",), claims.EVENTS) == ""
    assert claims.missing(("any-names",), claims.EVENTS | {"strict-names"}) == "The subject does not claim any-names."
    assert claims.missing(("strict-names",), claims.EVENTS) == "The subject does not claim strict-names."
