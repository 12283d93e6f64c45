"""Handlers and documents fit, or it is said where they do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts import spec
from mockserver.answers import Bindings
from mockserver.app import Mock
from mockserver.operations.binding import Bounds
from mockserver.operations.pipeline import SERVED


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with Mock() as made:
        yield made


@pytest.mark.parametrize("api", SERVED)
def test_every_handler_fits_its_operation(mock: Mock, api: str) -> None:
    # A program that serves ties an operation at its first call only; here all of them are.
    for name, bound in mock.pipeline.bound[api].items():
        assert bound.operation.id == name
        code = bound.handler.__code__
        assert {wanted for wanted, _ in bound.supplies} == set(code.co_varnames[: code.co_argcount])


def test_a_handler_that_asks_for_what_is_not_declared_is_named() -> None:
    wrong = Bindings()
    wrong.handlers = dict.fromkeys(spec.load("segment-tracking").operations, lambda colour: colour)
    bounds = Bounds(spec.load("segment-tracking"), [wrong], {})
    with pytest.raises(spec.SpecError, match="the handler of track asks for colour"):
        bounds["track"]


def test_a_handler_without_operation_and_an_operation_without_handler_stop_the_start() -> None:
    wrong = Bindings()
    wrong.handlers = {"trackk": lambda: None}
    with pytest.raises(spec.SpecError, match=r"handlers without operation: \['trackk'\].*'track'"):
        Bounds(spec.load("segment-tracking"), [wrong], {})
