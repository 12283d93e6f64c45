"""Handlers and documents fit, or it is said where they do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tpmock import spec
from tpmock.core.api_rules import ApiRules
from tpmock.core.responses import Bindings
from tpmock.server.app import APIS, MockApp
from tpmock.server.binding import BoundOperations


@pytest.fixture(scope="module")
def mock() -> Iterator[MockApp]:
    with MockApp() as made:
        yield made


@pytest.mark.parametrize("api", APIS)
def test_every_handler_fits_its_operation(mock: MockApp, api: str) -> None:
    # A program that serves binds an operation at its first call only; here all of them are bound.
    for name, bound in mock.pipeline.operations[api].items():
        assert bound.operation.id == name
        code = bound.handler.__code__
        assert {wanted for wanted, _ in bound.supplies} == set(code.co_varnames[: code.co_argcount])


def test_a_handler_that_asks_for_what_is_not_declared_is_named() -> None:
    wrong = Bindings()
    wrong.handlers = dict.fromkeys(spec.load("segment-tracking").operations, lambda color: color)
    operations = BoundOperations(spec.load("segment-tracking"), ApiRules(bindings=(wrong,)), {})
    with pytest.raises(spec.SpecError, match="the handler of track asks for color"):
        operations["track"]


def test_a_handler_without_operation_and_an_operation_without_handler_stop_the_start() -> None:
    wrong = Bindings()
    wrong.handlers = {"trackk": lambda: None}
    with pytest.raises(spec.SpecError, match=r"handlers without operation: \['trackk'\].*'track'"):
        BoundOperations(spec.load("segment-tracking"), ApiRules(bindings=(wrong,)), {})
