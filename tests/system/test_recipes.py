"""``CONTRIBUTING.md`` is followed literally: its recipes in a copy of the repository, and every path that it names."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import ROOT

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
ARCHITECTURE = ROOT / "mockserver" / "docs" / "architecture.md"
TEXT = CONTRIBUTING.read_text(encoding="utf-8")
#: A block with the words that precede it.
_BLOCK = re.compile(r"^(?P<indent> *)(?:\d\. )?```(?P<kind>[a-z ]*)\n(?P<body>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_EDIT = re.compile(
    r"(?:In\s+`(?P<file>[^`]+)`,\s+(?P<how>before|after|replace)\s+`(?P<anchor>[^`]+)`"
    r"|At the end of\s+`(?P<end>[^`]+)`|New file `(?P<new>[^`]+)`):\s*$"
)


@dataclass(frozen=True)
class Step:
    """One block of a recipe: an edit, or commands with what becomes of the last of them."""

    words: str
    kind: str
    body: str


def recipes() -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for part in TEXT.partition("## Recipes")[2].split("\n### ")[1:]:
        title, _, rest = part.partition("\n")
        steps, at = [], 0
        for block in _BLOCK.finditer(rest):
            inner = " " * (3 if rest[: block.start("kind")].endswith(". ```") or block["indent"] else 0)
            body = "".join(line.removeprefix(inner) for line in block["body"].splitlines(keepends=True))
            steps.append(Step(" ".join(rest[at : block.start()].split("\n")), block["kind"], body))
            at = block.end()
        found[title] = steps
    return found


RECIPES = recipes()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, with nothing that is not kept in it."""
    folder = tmp_path_factory.mktemp("recipes") / "tpmock"
    ignored = shutil.ignore_patterns(".git", "__pycache__", ".venv", ".*_cache", ".hypothesis", "build", "dist")
    shutil.copytree(ROOT, folder, ignore=ignored)
    return folder


def edit(copy: Path, step: Step) -> None:
    found = _EDIT.search(step.words)
    assert found is not None, f"no edit is named before a block of {step.kind}: {step.words!r}"
    if found["new"]:
        assert not (copy / found["new"]).exists()
        (copy / found["new"]).write_text(step.body, encoding="utf-8")
    elif found["end"]:
        file = copy / found["end"]
        blank = "\n\n" if file.suffix == ".py" else "\n"
        file.write_text(file.read_text(encoding="utf-8") + blank + step.body, encoding="utf-8")
    else:
        file = copy / found["file"]
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        [at] = [number for number, line in enumerate(lines) if line.rstrip("\n") == found["anchor"]]
        first, last = {"before": (at, at), "after": (at + 1, at + 1), "replace": (at, at + 1)}[found["how"]]
        lines[first:last] = [step.body]
        file.write_text("".join(lines), encoding="utf-8")


def commands(step: Step) -> Iterator[list[str]]:
    programs = {
        "pytest": ["-m", "pytest", "-p", "no:cacheprovider"],
        "tpmock": ["-m", "tpmock"],
        "flask": ["-m", "flask"],
    }
    for line in step.body.splitlines():
        program, *arguments = shlex.split(line)
        yield [sys.executable, *programs.get(program, []), *arguments]


def run(copy: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    sources = os.pathsep.join(str(copy / folder) for folder in ("mockserver", "contracts"))
    environment = {**os.environ, "PYTHONPATH": sources}
    # Another run of pytest in the copy is not a worker of this one. Thirty programs compile the copy's modules once.
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST", "PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)
    return subprocess.run(  # noqa: S603 - the recipe's own words
        command, cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_there_are_the_seven_recipes_or_more() -> None:
    assert len(RECIPES) >= 7
    assert all({"sh passes", "sh fails"} & {step.kind for step in steps} for steps in RECIPES.values())


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_works_as_it_is_written(copy: Path, title: str) -> None:
    for step in RECIPES[title]:
        if step.kind not in ("sh fails", "sh passes", "sh"):
            edit(copy, step)
            continue
        for command in commands(step) if step.kind != "sh" else ():
            ran = run(copy, command)
            assert (ran.returncode != 0) is (step.kind == "sh fails"), f"{command}\n{ran.stdout[-4000:]}\n{ran.stderr}"


@pytest.mark.parametrize("page", [CONTRIBUTING, ARCHITECTURE], ids=lambda page: page.name)
def test_every_path_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    new = set(re.findall(r"New file `([^`]+)`", text))
    paths = set(re.findall(r"`((?:mockserver|contracts|fixtures|tests|\.ci)/[\w./-]*)`", text)) - new
    assert len(paths) > 5
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "package", sorted((ROOT / "mockserver" / "tpmock").glob("*/__init__.py")), ids=lambda path: path.parent.name
)
def test_the_architecture_names_every_package(package: Path) -> None:
    assert f"`mockserver/tpmock/{package.parent.name}`" in ARCHITECTURE.read_text(encoding="utf-8")


def test_the_set_up_commands_are_those_of_ci() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for block in re.findall(r"```sh setup\n(.*?)```", TEXT, re.DOTALL):
        for line in block.splitlines():
            program = line.split("/")[-1].split()[0]
            assert program in ci, line
