"""Tables of commands: whole for a program, wrapped to its width on a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import pytest
from tpmock.cli.tables import Colored, lines, show_table
from tpmock.common import terminal

HEAD = ("trace", "began", "outcome")
ROW = ("trace-1", "2026-11-29", "Nothing was sent. The destination Trustpilot rejected it (400: no address).")


def table(*rows: Sequence[object], width: int | None = None, colored: bool = False) -> list[str]:
    return list(lines(rows, width, colored=colored))


def test_without_a_terminal_a_row_is_a_line() -> None:
    assert table(HEAD, ROW) == ["trace    began       outcome", f"trace-1  2026-11-29  {ROW[2]}"]


def test_a_line_fits_the_terminal_and_nothing_is_lost() -> None:
    shown = table(HEAD, ROW, width=60)
    assert max(map(len, shown)) <= 60
    assert shown[1].startswith("trace-1  2026-11-29  Nothing was sent. ")
    assert " ".join(line[21:] for line in shown[1:]) == ROW[2]


@pytest.mark.parametrize("width", [1, 20, 40, 80, 200])
def test_words_that_are_too_long_are_broken(width: int) -> None:
    address = f"http://127.0.0.1:9/{'x' * 300}"
    shown = table(("url", "n"), (address, 1), width=width)
    assert max(map(len, shown)) <= max(width, 18)
    assert "".join(line.split("  ")[0].strip() for line in shown[1:]) == address


def test_short_columns_are_left_alone() -> None:
    shown = table(("id", "text"), (123456789012, "a b " * 40), width=60)
    assert shown[1].startswith("123456789012  a b ")


def test_an_empty_cell_is_none_and_a_line_break_a_space() -> None:
    assert table(("a", "b", "c"), (None, "x\ny", "")) == ["a  b    c", "   x y"]


def test_a_cell_does_not_steer_the_terminal() -> None:
    [line] = table(("\x1b[2J\x07",), width=80, colored=True)
    assert line == "?[2J?"


def test_a_color_does_not_count_as_width() -> None:
    row = (Colored(404, terminal.YELLOW), "x")
    assert table(("status", "y"), row, colored=True)[1] == "\x1b[33m404   \x1b[0m  x"
    assert table(("status", "y"), row)[1] == "404     x"


@pytest.mark.parametrize(
    ("variables", "painted"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["color", "NO_COLOR", "dumb"],
)
def test_a_terminal_shows_colors_and_its_width_counts(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, painted: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": "30", **variables}.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", out)
    show_table(HEAD, [ROW])
    text = out.getvalue()
    shown = text.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert ("\x1b[1mtrace" in text) is painted
    assert len(shown) > 3
    assert max(map(len, shown)) <= 30


def test_forced_colors_reach_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_table(("a",), [("b",)])
    assert capsys.readouterr().out == "\x1b[1ma\x1b[0m\nb\n"
