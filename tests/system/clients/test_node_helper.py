"""The npm package for tests in JavaScript, with the Node.js that the extra brings: ``node --test`` alone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import requests
from tpmock.common import environment
from tpmock.common.control_client import TOKEN_VARIABLE
from tpmock.common.version import __version__

from tests.support import ROOT
from tests.support.doors import OverSocket
from tests.support.programs import NODE
from tests.system.installed.running import ran

PACKAGE = ROOT / "fixtures" / "clients" / "node"
TESTS = Path(__file__).with_name("node_helper.test.mjs")


def node(url: str, *arguments: str) -> str:
    variables = {**os.environ, "TPMOCK_URL": url, "TPMOCK_CLIENT": (PACKAGE / "index.js").as_uri()}
    variables.pop(TOKEN_VARIABLE, None)
    done = ran([NODE, *arguments], env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_tests_of_its_users_pass(server: OverSocket) -> None:
    said = node(server.url, "--test", "--test-reporter=tap", str(TESTS))
    written = len(re.findall(r"^test\(", TESTS.read_text(encoding="utf-8"), re.MULTILINE))
    assert f"# pass {written}\n" in said
    assert "# skipped 0\n" in said
    left = requests.get(f"{server.url}/_mock/sandboxes", timeout=10).json()["sandboxes"]
    assert [one["id"] for one in left] == ["default"]


def test_its_variables_are_those_of_tpmock_env(server: OverSocket) -> None:
    program = (
        "const { sandbox } = await import(process.env.TPMOCK_CLIENT);"
        "const one = await sandbox({ id: 'mine' }); console.log(JSON.stringify(one.env))"
    )
    shown = json.loads(node(server.url, "--input-type=module", "--eval", program))
    described = requests.get(f"{server.url}/_mock/sandboxes/mine", timeout=10).json()
    assert shown == environment.variables(described)


def test_the_example_of_its_readme_passes(server: OverSocket, tmp_path: Path) -> None:
    [example] = re.findall(r"^```js\n(.*?)^```$", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.M)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "tpmock-client").symlink_to(PACKAGE)
    file = tmp_path / "shop.test.mjs"
    file.write_text(example, encoding="utf-8")
    assert "# pass 1\n" in node(server.url, "--test", "--test-reporter=tap", str(file))


def test_it_has_the_version_of_the_mock_and_no_dependencies() -> None:
    about = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert about["version"] == __version__
    assert not [name for name in about if "ependencies" in name]
    assert "scripts" not in about
    assert {file.name for file in PACKAGE.iterdir()} == {*about["files"], "package.json"}


@pytest.mark.parametrize("kind", ["class", "interface"])
def test_types_name_what_there_is(kind: str) -> None:
    code, types = ((PACKAGE / name).read_text(encoding="utf-8") for name in ("index.js", "index.d.ts"))
    declared = set(re.findall(rf"^export {kind} (\w+)", types, re.MULTILINE))
    assert declared - {"SandboxOptions"} <= set(re.findall(r"^(?:export )?class (\w+)", code, re.MULTILINE))
