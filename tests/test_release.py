"""The wheel that users install: what is inside, what it says of itself, and that it needs no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, PathDistribution
from pathlib import Path

import pytest
import requests

from contracts.spec import compiled
from mockserver import __version__
from tests.end_to_end.running import ran, serving

ROOT = Path(__file__).parents[1]

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: Files of the checkout that are no modules, and which folder of a wheel has them.
DATA = {
    **{
        f"{source}/*": target
        for source, target in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items()
    },
    "mockserver/templates/*.html": "mockserver/templates",
    "contracts/cases/segment-destination/*.yaml": "contracts/cases/segment-destination",
    "mockserver/console/templates/*.html": "mockserver/console/templates",
    "mockserver/console/static/*": "mockserver/console/static",
    "contracts/mutants/*.json": "contracts/mutants",
    "contracts/schemas/*.json": "contracts/schemas",
    "contracts/requirements/*.yaml": "contracts/requirements",
    "contracts/kit/reports/*.css": "contracts/kit/reports",
    "contracts/openapi/*.yaml": "contracts/openapi",
    "contracts/py.typed": "contracts",
    "mockserver/py.typed": "mockserver",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout, with what is installed already."""
    folder = tmp_path_factory.mktemp("wheel")
    built = ran([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)])
    assert built.returncode == 0, built.stdout + built.stderr
    [made] = folder.glob("*.whl")
    return made


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
    assert tops == {"contracts", "mockserver", f"tpmock-{__version__}.dist-info"}


@pytest.mark.parametrize("pattern", DATA)
def test_data_travels_inside_the_package_that_reads_it(content: zipfile.ZipFile, pattern: str) -> None:
    wanted = {f"{DATA[pattern]}/{path.name}" for path in ROOT.glob(pattern) if path.is_file()}
    assert wanted
    assert wanted <= set(content.namelist())


@pytest.mark.parametrize("folder", ["contracts/openapi", "fixtures/worlds", "fixtures/reference"])
def test_what_is_read_at_the_start_has_a_twin_that_is_read_faster(content: zipfile.ZipFile, folder: str) -> None:
    for source in (ROOT / folder).glob("*.yaml"):
        twin = f"{DATA[f'{folder}/*'] if folder.startswith('fixtures') else folder}/{source.stem}.json"
        assert content.read(twin) == compiled.as_json(source.read_bytes())


def test_no_wheel_is_built_of_a_wrong_document(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", "__pycache__", "tests", ".*_cache")
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
        path.relative_to(ROOT).as_posix()
        for package in ("contracts", "mockserver")
        for path in ROOT.glob(f"{package}/**/*.py")
    }
    assert modules - set(content.namelist()) == {"contracts/openapi/compile_documents.py"}, "only the build hook stays"


def test_commands_are_found_by_entry_points(distribution: Distribution) -> None:
    points = distribution.entry_points
    assert EntryPoint("tpmock", "mockserver.cli:main", "console_scripts") in points
    assert {point.name for point in points if point.group == "tpmock.commands"} >= {"destination", "test"}
    for point in points:
        assert callable(point.load()) or point.group == "pytest11"


def test_the_pytest_plugin_is_found_by_its_entry_point(distribution: Distribution) -> None:
    points = {point.name: point for point in distribution.entry_points if point.group == "pytest11"}
    assert {name: point.value for name, point in points.items() if name != "tpmock"} == {
        "tpmock-contract": "contracts.kit.pytest_plugin"
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


def test_what_only_tests_need_is_not_required(distribution: Distribution) -> None:
    required = [line.lower() for line in distribution.requires or [] if "extra ==" not in line]
    assert required
    for name in ("faker", "pytest", "schemathesis", "hypothesis", "segment-analytics-python"):
        assert not any(line.startswith(name) for line in required)


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed, and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*command, str(wheel)], check=True, timeout=60)  # noqa: S603 - our own words
    return folder


def test_the_wheel_serves_without_the_checkout(site: Path, tmp_path: Path) -> None:
    script = "import mockserver, contracts; print(mockserver.__file__, contracts.__file__)"
    environment = {"PYTHONPATH": str(site)}
    where = ran([sys.executable, "-c", script], cwd=tmp_path, env=environment).stdout.split()
    assert where == [str(site / name / "__init__.py") for name in ("mockserver", "contracts")]
    with serving([sys.executable, "-m", "mockserver"], tmp_path, environment) as url:
        found = requests.get(f"{url}/_mock/sandboxes/default", timeout=10).json()
        assert found["credentials"]["domain"] == "trustpilotdemo.com"
        assert requests.get(url, timeout=10).status_code == 200


def test_the_wheel_lists_its_cases_without_the_checkout(site: Path, tmp_path: Path) -> None:
    listed = ran([sys.executable, "-m", "mockserver", "test", "--list"], cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert listed.returncode == 0, listed.stderr
    assert "DEST-001" in listed.stdout
