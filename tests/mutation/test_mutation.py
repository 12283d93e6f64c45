"""The mutation run: its operators, the list of survivors, and the command with a sample."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import pytest

from tests.mutation import mutants, results, survivors, swap
from tests.mutation.mutants import Mutant, mutants_of
from tests.support import ROOT

#: Rules that the fast tests of tests/mock/rules state in full.
SAMPLED = ("trustpilot/access", "segment/ingest_checks", "segment/retries", "faults/model")

SOURCE = '''\
"""A module."""

LIMIT = 3


class Shop:
    """A class."""

    size: int | None = 4

    def add(self, name: str, *, twice: bool = False) -> str | None:
        """Add."""
        if name in self.names and len(name) >= LIMIT:
            return None
        self.names[name.lower()] = 2 * self.size
        return name if not twice else name + name
'''


def test_a_condition_that_is_an_assignment_is_negated_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def find(names):\n    if name := first(names) or last(names):\n        use(name)\n"
    (tmp_path / "shop.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(mutants, "SOURCE", tmp_path)
    found = [one for one in mutants._mutants_of("shop", text) if one.operator == "AddNot"]
    assert [one.after for one in found] == ["if not (name := first(names) or last(names)):"]
    ast.parse(found[0].code())


def test_each_exception_is_left_uncaught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """\
try:
    read()
except (ValueError, json.JSONDecodeError) as problem:
    tell(problem)
except shop.Closed:
    wait()
"""
    (tmp_path / "shop.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(mutants, "SOURCE", tmp_path)
    found = [one for one in mutants._mutants_of("shop", text) if one.operator == "Exception"]
    assert [one.after for one in found] == [
        "except (BufferError, json.JSONDecodeError) as problem:",
        "except (ValueError, BufferError) as problem:",
        "except BufferError:",
    ]
    for one in found:
        ast.parse(one.code())


def _read(function: FunctionType) -> tuple[object, ...]:
    code = function.__code__
    return code.co_code, code.co_consts, code.co_names


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Mutant]]:
    """A module of a test: its mutants."""
    (tmp_path / "shop.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(mutants, "SOURCE", tmp_path)
    return lambda: list(mutants._mutants_of("shop", SOURCE))


def test_every_place_of_a_rule_is_changed_and_no_annotation(module: Callable[[], list[Mutant]]) -> None:
    found = [(one.within, one.operator, one.after) for one in module()]
    assert sorted(found) == sorted([
        ("", "Number", "LIMIT = 4"),
        ("", "Number", "LIMIT = 2"),
        ("Shop", "Number", "size: int | None = 5"),
        ("Shop", "Number", "size: int | None = 3"),
        ("Shop.add", "False", "def add(self, name: str, *, twice: bool = True) -> str | None:"),
        ("Shop.add", "AddNot", "if not name in self.names and len(name) >= LIMIT:"),
        ("Shop.add", "And", "if name in self.names or len(name) >= LIMIT:"),
        ("Shop.add", "Membership", "if (name not in self.names) and len(name) >= LIMIT:"),
        ("Shop.add", "GtE_Gt", "if name in self.names and len(name) > LIMIT:"),
        ("Shop.add", "GtE_Lt", "if name in self.names and len(name) < LIMIT:"),
        ("Shop.add", "StatementRemoved", "pass"),
        ("Shop.add", "LetterCase", "self.names[name.__str__()] = 2 * self.size"),
        ("Shop.add", "Number", "self.names[name.lower()] = 3 * self.size"),
        ("Shop.add", "Number", "self.names[name.lower()] = 1 * self.size"),
        ("Shop.add", "Mul_Div", "self.names[name.lower()] = 2 / self.size"),
        ("Shop.add", "NothingReturned", "return None"),
        ("Shop.add", "AddNot", "return name if not not twice else name + name"),
        ("Shop.add", "DeleteNot", "return name if  twice else name + name"),
        ("Shop.add", "Add_Sub", "return name if not twice else name - name"),
    ])  # fmt: skip
    for one in module():
        ast.parse(one.code())


def test_functions_are_replaced_where_they_are_and_all_else_is_imported_again(
    module: Callable[[], list[Mutant]], tmp_path: Path
) -> None:
    known: dict[str, object] = {}
    exec(compile(SOURCE, str(tmp_path / "shop.py"), "exec"), known)  # noqa: S102 - the text above
    shop = known["Shop"]
    add = shop.add  # type: ignore[attr-defined]
    functions = swap.functions(tmp_path)
    for one in module():
        pairs = swap.changed_functions(one)
        assert (pairs is None) is (one.operator == "False" or one.within != "Shop.add"), one
        if pairs:
            before = _read(add)
            swap.replace(pairs, functions)
            assert _read(add) != before, one
            swap.replace([(add.__code__, pairs[0][0])], functions)


def test_every_survivor_is_a_mutant_of_today_with_a_reason() -> None:
    content = survivors.content()
    assert set(content["survivors"]) == set(content["reasons"])
    rows = [
        (module, row) for modules in content["survivors"].values() for module, found in modules.items() for row in found
    ]
    assert len(survivors.listed()) == len(rows), "a mutant is listed twice"
    for module in {module for module, _ in rows}:
        today = {survivors.key_of(one): one for one in mutants_of(module)}
        for key in (key for key in survivors.listed() if key[0] == module):
            assert key in today, f"no longer a mutant: {key}"


def test_results_are_those_of_modules_of_today() -> None:
    kept = results.content()
    assert set(kept) <= set(mutants.modules())
    for module, result in kept.items():
        assert result["mutants"] == result["noticed"] + result["survived"] + result["not reached"], module
    assert [line.partition(":")[0] for line in results.standing()][:-1] == mutants.modules()


def test_a_result_is_kept_when_all_mutants_of_a_module_were_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "results.yaml")
    results.FILE.write_text("", encoding="utf-8")
    rows = [survivors.row_of(one) for one in mutants_of("segment/rules")]
    log = tmp_path / "log"
    lines = [f"survived\t1\tsegment/rules\t{row}" for row in rows]
    # The last result of a mutant counts.
    lines.append(f"killed\t2\tsegment/rules\t{rows[0]}")
    log.write_text("\n".join((*lines, "killed\t1\tsegment/retries\tone of many")), encoding="utf-8")
    results.keep(log)
    [(module, kept)] = results.content().items()
    assert (module, kept["mutants"], kept["noticed"], kept["survived"]) == (
        "segment/rules",
        len(rows),
        1,
        len(rows) - 1,
    )
    assert f"segment/rules: {1 / len(rows):.1%} of {len(rows)}" in "\n".join(results.standing())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.mutation", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_sample_of_the_rules_is_noticed() -> None:
    done = run("--sample", "25", *SAMPLED, "--tests", "tests/mock/rules")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All: " in done.stdout
    assert " of 25 (" in done.stdout


def test_a_survivor_that_is_not_listed_fails_the_run() -> None:
    done = run("--sample", "3", "segment/retries", "--tests", "tests/mock/unit/test_glob.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("not listed: segment/retries") == 3
    assert "All: 0.0% of 3 (3 not reached)" in done.stdout
