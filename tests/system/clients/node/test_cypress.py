"""The code of the page on Cypress: its types, and the requests that it makes.

Cypress itself does not run here: its npm package holds no program, its install script downloads one from the vendor.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support.doors import OverSocket
from tests.support.pages import DOCS, page
from tests.system.clients.calling import ran, succeeded

HERE = Path(__file__).parent


@pytest.fixture
def spec(node_modules: Path, tmp_path: Path) -> Path:
    """The file that the page has the reader save."""
    (tmp_path / "node_modules").symlink_to(node_modules)
    [block] = [block for block in page(DOCS / "how-to" / "cypress.md").blocks() if block.language == "js"]
    file = tmp_path / block.file
    file.write_text(block.body, encoding="utf-8")
    return file


def test_its_types_are_right_and_notice_a_wrong_argument(spec: Path) -> None:
    options = ["--allowJs", "--checkJs", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"]
    check: list[str | Path] = [spec.parent / "node_modules/.bin/tsc", *options, "--types", "cypress", spec]
    succeeded(ran(check, spec.parent))
    spec.write_text(spec.read_text(encoding="utf-8").replace('cy.visit("/")', "cy.visit(7)"), encoding="utf-8")
    noticed = ran(check, spec.parent)
    assert noticed.returncode != 0
    assert "Argument of type 'number' is not assignable" in noticed.stdout


def test_its_commands_exist(spec: Path, node_modules: Path) -> None:
    # The types of Cypress let any name pass.
    declared = (node_modules / "cypress" / "types" / "cypress.d.ts").read_text(encoding="utf-8")
    used = set(re.findall(r"\bcy\.(\w+)\(", spec.read_text(encoding="utf-8")))
    assert used >= {"request", "visit"}
    assert used <= set(re.findall(r"^    (\w+)[<(]", declared, re.MULTILINE))


def test_its_requests_are_answered(spec: Path, server: OverSocket) -> None:
    environment = {**os.environ, "TPMOCK_URL": server.url, "TPMOCK_SANDBOX": "default"}
    said = succeeded(ran(["node", HERE / "cypress-requests.mjs", spec], spec.parent, environment))
    made = re.findall(r"^(\w+) /_mock/sandboxes/default/(\w+) (\d)\d\d ", said, re.MULTILINE)
    assert made == [("POST", "reset", "2"), ("POST", "faults", "2")]
    assert "findBusinessUnit" in said
