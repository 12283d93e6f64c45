"""The examples of every page run as they are written, and print what the page says."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.examples import Reader
from tests.support.pages import README, Block, Page, listed, page
from tests.support.programs import needs_curl

PAGES = [page(README), *listed()]
#: Variable of a run on a machine that has every program that the pages need.
ALL_PROGRAMS = "TPMOCK_ALL_PROGRAMS"
#: Why examples are not run.
REASONS = {
    "installs packages": "tests use no package index; .ci/run installs as the README says",
    "needs Docker": "containers cannot be run everywhere; .ci/image runs the steps of the image",
    "needs Cypress": "its program is a download from its vendor; tests/system/clients/node checks the code",
    "needs a cluster": "tests/system/test_deploy.py checks the manifests",
    "needs the real API": "tests call nothing outside this machine",
    "calls hosts on the internet": "tests call nothing outside this machine",
    "takes long": "tests/kit/generated finds cases in mutants and replays them",
    "the programs are yours": "a form to fill in; the examples below it run",
    "opens a browser": "tests/system/browser plays the demo",
    "needs a program of yours": "tests/system/browser plays the demo on the examples of contracts",
}


def runs(each: Page) -> bool:
    return any(block.language in ("sh", "python") and not block.why for block in each.blocks())


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_a_block_is_run_or_says_why_not(each: Page) -> None:
    for block in each.blocks():
        assert not block.why or block.why in REASONS, f"{each.name}:{block.line}"
        assert block.language in LANGUAGES, f"{each.name}:{block.line}"
        LANGUAGES[block.language](block)


def _anything(block: Block) -> None:
    assert block.body.strip()


def _file(block: Block) -> None:
    assert block.file, "the words before the block say under which name it is saved"


LANGUAGES = {
    "sh": _anything,
    "text": _anything,
    "python": lambda block: compile(block.body, block.file or "example.py", "exec"),
    "toml": lambda block: tomllib.loads(block.body),
    "yaml": lambda block: yaml.safe_load(block.body),
    "json": lambda block: json.loads(block.body),
    "js": _file,
    # tests/system/browser opens it.
    "html": _file,
    "php": _file,
    "ruby": _file,
    "java": _file,
    "liquid": _file,
}


@needs_curl
@pytest.mark.parametrize("each", [each for each in PAGES if runs(each)], ids=lambda each: each.name)
def test_the_examples_of_a_page_run(each: Page, tmp_path: Path) -> None:
    with Reader(each, tmp_path) as reader:
        reader.follow()
    if reader.left_out:
        reason = f"{each.name}: examples that need {', '.join(sorted(reader.left_out))} were not run"
        # Where all programs are installed, as in .ci/run, a missing one is an error.
        assert ALL_PROGRAMS not in os.environ, reason
        pytest.skip(reason)
