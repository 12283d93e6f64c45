"""Regular expressions take time in proportion to the text, also for the worst texts."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import time
from collections.abc import Callable, Iterator

import pytest
import tpmock
from tpmock.kit.vocabulary.redaction import TranscriptRedactor

#: Repeated to a long text. A search that is quadratic takes seconds for one of them.
UNITS = (
    *(
        "a",
        "A",
        "1",
        " ",
        ".",
        "-",
        "_",
        "/",
        "\\",
        "'",
        '"',
        "@",
        "%",
        "…",
        "\n",
        "é",
        "\ud800",
        "a.",
        "a-",
        "a_",
        "a ",
    ),
    *(
        "a@",
        "a@a.",
        "a%40",
        "%2B",
        "%2b%40",
        "\\'",
        '\\"',
        "\\\\u0",
        "\\a",
        "'\\",
        "${a",
        "{a:",
        "{a",
        "://",
        "://a:",
        "at a",
    ),
    *(
        "0x",
        "fault-a-",
        "x1",
        "(a",
        "a,",
        "P1",
        "1D",
        "/a",
        "$response.body#/a",
        "https://",
        "tpa-",
        "tpa-0",
        "Exception",
    ),
)
LONG = 16_000
#: Seconds of this thread's own time: what else runs on the machine does not count.
AT_MOST = 0.2
#: Pages and scripts of other folders hold none.
FOLDERS = ("mutants", "_data")


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled regular expression that a module of the product holds, by its name."""
    for found in pkgutil.walk_packages(tpmock.__path__, "tpmock."):
        if found.name.endswith("__main__") or any(folder in found.name for folder in FOLDERS):
            continue
        try:
            module = importlib.import_module(found.name)
        except ModuleNotFoundError as error:
            if error.name != "playwright":  # of the extra demo, which tests do without
                raise
            continue
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and f"{name} = re." in plain(module):
                yield f"{found.name}.{name}", value


def plain(module: object) -> str:
    """The source of a module without annotations of its constants."""
    return inspect.getsource(module).replace(": Final =", " =")  # type: ignore[arg-type]


def use(name: str, pattern: re.Pattern[str]) -> Callable[[str], object]:
    """The way its module uses an expression: anchored where it is only ever matched."""
    module, _, own = name.rpartition(".")
    source = inspect.getsource(importlib.import_module(module))
    ways = set(re.findall(rf"\b{own}\.(\w+)", source))
    if ways and ways <= {"fullmatch", "match"}:
        return pattern.fullmatch if ways == {"fullmatch"} else pattern.match
    return lambda text: pattern.sub("", text)


def seconds(act: Callable[[str], object], text: str) -> float:
    started = time.thread_time()
    act(text)
    return time.thread_time() - started


@pytest.mark.parametrize(("name", "pattern"), [pytest.param(*one, id=one[0]) for one in patterns()])
def test_an_expression_takes_time_in_proportion_to_the_text(name: str, pattern: re.Pattern[str]) -> None:
    act = use(name, pattern)
    slow = {unit: took for unit in UNITS if (took := seconds(act, unit * (LONG // len(unit)))) > AT_MOST}
    assert slow == {}


@pytest.mark.parametrize("unit", UNITS)
def test_a_report_is_redacted_in_proportion_to_the_text(unit: str) -> None:
    redactor = TranscriptRedactor(["ada@shop.example", "Ada Example", "a"], ["tpk-secret"], {"127.0.0.1:8080": "mock"})
    assert seconds(redactor.text, unit * (LONG // len(unit))) < AT_MOST


def test_the_expressions_are_found() -> None:
    assert len(list(patterns())) > 40


def test_a_redacted_address_is_the_one_that_stood_there() -> None:
    given = [
        "x%2By@shop.example",
        "x%40shop.example",
        "é.o'b~c@shop.co.example",
        "a%%2Bb@shop.example",
        "%40a@shop.example",
    ]
    redacted = [TranscriptRedactor().text(json.dumps([text], ensure_ascii=False)) for text in given]
    assert redacted == [
        '["person-1@redacted.example"]',
        '["person-1%40redacted.example"]',
        '["person-1@redacted.example"]',
        '["a%person-1@redacted.example"]',
        '["%person-1@redacted.example"]',
    ]
