"""What the README promises besides its examples, which test_examples runs."""

from __future__ import annotations

import re
import tomllib

from tests.support import ROOT
from tests.support.pages import DOCS, README, listed, page

TEXT = README.read_text(encoding="utf-8")


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= 250


def test_ci_runs_its_test_command() -> None:
    [command] = [line for block in page(README).blocks() for line in block.body.splitlines() if "[test]" in line]
    assert command == "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    searched = re.search(r'grep -m 1 -F "(.+)" README\.md', (ROOT / ".ci" / "bare").read_text(encoding="utf-8"))
    assert searched
    assert [line for line in TEXT.splitlines() if searched[1] in line] == [command]
    assert "\nBARE_ROOT=$work/bare .ci/bare" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_address_of_the_project_has_one_place() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    address = urls["Repository"]
    assert all(url.startswith(address) for url in urls.values())
    for each in (page(README), *listed()):
        assert address not in each.text, f"{each.name}: write REPOSITORY"
    assert "git clone REPOSITORY tpmock" in TEXT
    assert "`[project.urls]`" in TEXT


def test_the_page_on_installation_has_every_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    listed = re.findall(r"^\| `(\w+)` \|", page(DOCS / "how-to" / "install.md").text, re.MULTILINE)
    assert sorted(listed) == sorted(extras.keys() - {"test", "dev"})


def test_it_leads_to_every_kind_of_page() -> None:
    linked = {link.partition("#")[0] for link in page(README).links()}
    for folder in ("how-to", "concepts", "reference"):
        assert any(link.startswith(f"mockserver/docs/{folder}/") for link in linked), folder
    assert {"SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "mockserver/docs/index.md"} <= linked
