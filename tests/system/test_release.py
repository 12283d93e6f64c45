"""The wheel that users install: what is inside, and what it says of itself."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from importlib.metadata import (
    Distribution,
    EntryPoint,
    PackageNotFoundError,
    PathDistribution,
    packages_distributions,
    requires,
)
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tpmock.common import compiled
from tpmock.common.version import __version__

from tests.support import ROOT
from tests.system.installed.running import ran

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: Folders of data in the checkout, and which folder of a wheel has them.
DATA = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

#: Files besides modules that packages read.
RESOURCES = (
    "mockserver/tpmock/*/templates/*.html",
    "mockserver/tpmock/console/static/*",
    "mockserver/tpmock/cli/demo/templates/*.html",
    "mockserver/tpmock/cli/demo/static/*",
    "mockserver/tpmock/outbound/*.js",
    "contracts/tpmock/destination/rules/*.json",
    "contracts/tpmock/destination/storage/steps/*.sql",
    "contracts/tpmock/destination/web/templates/*",
    "contracts/tpmock/mutants/*.json",
    "contracts/tpmock/kit/reports/templates/*",
    "contracts/tpmock/kit/cli/starter/*",
)


@pytest.fixture(scope="module")
def content(wheel: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(wheel) as opened:
        yield opened


@pytest.fixture(scope="module")
def distribution(content: zipfile.ZipFile) -> Distribution:
    return PathDistribution(zipfile.Path(content, f"tpmock-{__version__}.dist-info/"))


def test_nothing_but_our_packages_is_at_the_top(content: zipfile.ZipFile) -> None:
    # A well-known package is called "fixtures", and everybody has "tests".
    tops = {name.partition("/")[0] for name in content.namelist()}
    assert tops == {"tpmock", f"tpmock-{__version__}.dist-info"}


@pytest.mark.parametrize("folder", DATA)
def test_data_travels_inside_the_package_that_reads_it(content: zipfile.ZipFile, folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert files
    assert {f"{DATA[folder]}/{path.relative_to(ROOT / folder)}" for path in files} <= set(content.namelist())


@pytest.mark.parametrize("pattern", RESOURCES)
def test_what_a_package_reads_lies_in_it(content: zipfile.ZipFile, pattern: str) -> None:
    files = [path.relative_to(ROOT / pattern.partition("/")[0]).as_posix() for path in ROOT.glob(pattern)]
    assert files
    assert set(files) <= set(content.namelist())


@pytest.mark.parametrize("folder", ["contracts/openapi", "fixtures/worlds", "fixtures/reference", "fixtures/texts"])
def test_what_is_read_at_the_start_has_a_twin_that_is_read_faster(content: zipfile.ZipFile, folder: str) -> None:
    for source in (ROOT / folder).glob("*.yaml"):
        twin = f"{DATA[folder]}/{source.stem}.json"
        assert content.read(twin) == compiled.as_json(source.read_bytes())


def test_no_wheel_is_built_of_a_wrong_document(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", "tests", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    document = copy / "contracts" / "openapi" / "control.yaml"
    document.write_text(document.read_text(encoding="utf-8").replace("x-stateful", "x-statefull", 1), encoding="utf-8")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(copy)]
    built = ran(command, env={**os.environ, "PYTHONPATH": ""})
    assert built.returncode != 0
    assert "this program does not understand x-statefull" in built.stdout + built.stderr
    assert not list(tmp_path.glob("*.whl"))


def test_every_module_is_inside(content: zipfile.ZipFile) -> None:
    modules = {
        path.relative_to(ROOT / folder).as_posix()
        for folder in ("contracts", "mockserver")
        for path in (ROOT / folder).glob("tpmock/**/*.py")
    }
    inside = {name for name in content.namelist() if name.endswith(".py")}
    hooks = {"tpmock/spec/compile_documents.py", "tpmock/spec/index_readme.py"}
    assert modules - inside == hooks, "only the build hooks stay"
    assert inside - modules == {"tpmock/__init__.py"}, "which the build hook writes"


def test_every_package_says_that_it_has_types(content: zipfile.ZipFile) -> None:
    names = content.namelist()
    packages = {name.split("/")[1] for name in names if re.fullmatch(r"tpmock/\w+/__init__\.py", name)}
    assert len(packages) == len(PROJECT["tool"]["importlinter"]["root_packages"])
    assert {f"tpmock/{package}/py.typed" for package in packages} <= set(names)


def test_commands_are_found_by_entry_points(distribution: Distribution) -> None:
    points = distribution.entry_points
    assert EntryPoint("tpmock", "tpmock.cli.main:main", "console_scripts") in points
    assert {point.name for point in points if point.group == "tpmock.commands"} >= {"destination", "test"}
    for point in points:
        assert callable(point.load()) or point.group == "pytest11"


def test_the_pytest_plugin_is_found_by_its_entry_point(distribution: Distribution) -> None:
    points = {point.name: point for point in distribution.entry_points if point.group == "pytest11"}
    assert {name: point.value for name, point in points.items() if name != "tpmock"} == {
        "tpmock-contract": "tpmock.kit.pytest.plugin"
    }
    point = points["tpmock"]
    assert point.name == "tpmock"
    assert callable(point.load().tpmock_in_process)


def test_it_says_what_it_is(distribution: Distribution) -> None:
    metadata = distribution.metadata
    assert metadata["Name"] == "tpmock"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"dev", "test"} <= set(metadata.get_all("Provides-Extra") or [])
    assert "Unofficial" in metadata["Summary"]


def test_the_package_index_takes_it_and_shows_its_readme(wheel: Path, sdist: Path) -> None:
    checked = ran([sys.executable, "-m", "twine", "--no-color", "check", "--strict", str(wheel), str(sdist)])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("PASSED") == 2, checked.stdout


def test_links_of_the_readme_lead_into_the_repository_where_an_index_shows_it(distribution: Distribution) -> None:
    readme = str(distribution.metadata.json["description"])
    original = (ROOT / "README.md").read_text(encoding="utf-8")
    repository = PROJECT["project"]["urls"]["Repository"]
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", original)
    assert pictures
    for picture in pictures:
        assert f"]({repository}/raw/main/{picture})" in readme
    assert not re.findall(r"\]\((?!https?:|#)[^)]+\)", readme)


def test_an_extra_for_generated_events_brings_no_type_checker(distribution: Distribution) -> None:
    brought = [line for line in distribution.requires or [] if re.search(r"extra == .generated.", line)]
    assert [Requirement(line).name for line in brought] == ["hypothesis", "schemathesis"]


def imported(source: bytes) -> Iterator[str]:
    """Yield the top-level names of the modules that a source imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def with_all_they_bring(names: set[str]) -> set[str]:
    """Return distributions with those that they require in turn."""
    found: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        found.add(name)
        with suppress(PackageNotFoundError):
            lines = [line for line in requires(name) or [] if "extra ==" not in line]
            left |= {canonicalize_name(Requirement(line).name) for line in lines} - found
    return found


def test_every_library_that_is_imported_is_required_or_of_an_extra(
    content: zipfile.ZipFile, distribution: Distribution
) -> None:
    ours = ("test", "dev")
    lines = [line for line in distribution.requires or [] if not any(f'extra == "{extra}"' in line for extra in ours)]
    required = with_all_they_bring({str(canonicalize_name(Requirement(line).name)) for line in lines})
    # The plugin runs in pytest, and leads the clients that are installed beside it.
    required |= {"pytest", "httpx", "httpcore", "aiohttp"}
    owners = packages_distributions()
    missing: dict[str, str] = {}
    for name in content.namelist():
        if name.endswith(".py"):
            for module in set(imported(content.read(name))) - sys.stdlib_module_names - {"tpmock", "_typeshed"}:
                if not required & {canonicalize_name(owner) for owner in owners.get(module, [module])}:
                    missing[module] = name
    assert missing == {}


def test_what_only_tests_need_is_not_required(distribution: Distribution) -> None:
    required = [line.lower() for line in distribution.requires or [] if "extra ==" not in line]
    assert required
    for name in ("faker", "pytest", "schemathesis", "hypothesis", "segment-analytics-python"):
        assert not any(line.startswith(name) for line in required)


def test_the_changelog_has_this_version_with_a_day() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## (\S+) - (\S+)$", text, re.MULTILINE)
    assert releases[0][0] == __version__
    days = [date.fromisoformat(day) for _, day in releases]
    assert days == sorted(days, reverse=True)
