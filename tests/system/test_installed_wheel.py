"""The wheel in a user's project, which has its own packages and folders."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
import requests
from tpmock import spec

from tests.support import ROOT
from tests.system.installed.running import ran, serving

#: pytest-asyncio, which tests of ours need, warns in every project that does not configure it.
NO_ASYNCIO = ("-p", "no:asyncio")
#: Names that the repository has at its top, and that projects of users have too.
COMMON_NAMES = ("contracts", "fixtures", "mockserver", "tests")
PACKAGES = sorted(
    path.parent.name for folder in ("mockserver", "contracts") for path in ROOT.glob(f"{folder}/tpmock/*/__init__.py")
)

IMPORT_ALL = """
import importlib, json, pathlib, sys

before = set(sys.modules)
site = pathlib.Path(sys.argv[1])
files = [file for file in sorted(site.glob("tpmock/**/*.py")) if file.name != "__main__.py"]
for file in files:
    name = ".".join(file.relative_to(site).with_suffix("").parts).removesuffix(".__init__")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "playwright":  # of the extra demo, which tests do without
            raise
    else:
        assert module.__file__ == str(file), name
print(json.dumps([len(files), sorted({name.partition(".")[0] for name in set(sys.modules) - before})]))
"""

OWN_TESTS = """
import contracts, fixtures, mockserver

def test_my_packages_are_mine():
    assert contracts.MINE == fixtures.MINE == mockserver.MINE == __package__
"""

OWN_TESTS_WITH_FIXTURES = (
    OWN_TESTS
    + """
import pytest, requests
from tpmock.testing import Tpmock

@pytest.mark.parametrize("fixture", ["tpmock", "tpmock_in_process"])
def test_the_real_name_leads_to_the_mock(fixture, request):
    mock: Tpmock = request.getfixturevalue(fixture)
    key = {"apikey": mock.credentials.api_key}
    find = "https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com"
    assert requests.get(find, headers=key).json()["id"] == mock.credentials.business_unit_id
"""
)


def test_every_module_is_imported_and_none_comes_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    [site] = installed.parents[1].glob("lib/python*/site-packages")
    done = ran([str(installed), "-c", IMPORT_ALL, str(site)], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    count, names = json.loads(done.stdout.splitlines()[-1])
    assert count > 200
    assert "tpmock" in names
    assert not set(names) & set(COMMON_NAMES)
    assert not [name for name in COMMON_NAMES if (site / name).exists()]


@pytest.mark.parametrize("tests", [OWN_TESTS, OWN_TESTS_WITH_FIXTURES], ids=["without fixtures", "with fixtures"])
def test_a_project_with_packages_of_the_same_names_is_not_disturbed(
    installed: Path, tmp_path: Path, tests: str
) -> None:
    for name in COMMON_NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('MINE = "tests"\n', encoding="utf-8")
    (tmp_path / "tests" / "test_mine.py").write_text(tests, encoding="utf-8")
    done = ran(
        [str(installed), "-m", "pytest", "-q", "-p", "no:cacheprovider", *NO_ASYNCIO, "-W", "error"], cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f" {3 if tests == OWN_TESTS_WITH_FIXTURES else 1} passed" in f" {done.stdout.splitlines()[-1]}"


def test_a_users_type_checker_knows_the_types_of_every_package(installed: Path, tmp_path: Path) -> None:
    program = "".join(f"import tpmock.{name}\n" for name in PACKAGES) + textwrap.dedent(
        """
        from tpmock.testing import Tpmock

        def unit(tpmock: Tpmock) -> str:
            reveal_type(tpmock)
            return tpmock.credentials.business_unit_id
        """
    )
    (tmp_path / "shop.py").write_text(program, encoding="utf-8")
    check = ["-m", "mypy", "--strict", "--no-incremental", "--cache-dir", str(tmp_path / "cache"), "shop.py"]
    checked = ran([str(installed), *check], cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert 'Revealed type is "tpmock.testing.api.Tpmock"' in checked.stdout


def test_flask_lists_the_operations(installed: Path, tmp_path: Path) -> None:
    listed = ran([str(installed), "-m", "flask", "--app", "tpmock.server:create_app", "routes"], cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    endpoints = {line.split()[0] for line in listed.stdout.splitlines()[2:]}
    assert endpoints >= {f"trustpilot.{name}" for name in spec.load("trustpilot").operations}


def test_it_serves_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    with serving([str(installed), "-m", "tpmock"], tmp_path, {}) as url:
        found = requests.get(f"{url}/_mock/sandboxes/default", timeout=10).json()
        assert found["credentials"]["domain"] == "trustpilotdemo.com"
        assert requests.get(url, timeout=10).status_code == 200


def test_it_lists_its_cases_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    listed = ran([str(installed), "-m", "tpmock", "test", "list"], cwd=tmp_path, env={})
    assert listed.returncode == 0, listed.stderr
    assert "DEST-001" in listed.stdout
