"""JSON Schemas for editors: they accept what the loaders accept, and refuse what these refuse."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner
from tpmock.cli.main import tpmock
from tpmock.common import schemas
from tpmock.kit.cases import case_files
from tpmock.kit.run import expectations
from tpmock.kit.subjects import contract
from tpmock.sandbox import world_file
from tpmock.sandbox.errors import WorldFileError
from tpmock.segment import model as segment
from tpmock.server.app import MockSettings, create_app
from tpmock.trustpilot import model as trustpilot

from tests.mock.unit.test_world_file import whole
from tests.support import ROOT

DOCUMENTS: dict[str, dict[str, Any]] = {name: json.loads(schemas.text(name)) for name in schemas.names()}
VALIDATORS = {name: jsonschema_rs.Draft202012Validator(document) for name, document in DOCUMENTS.items()}


def read(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return tomllib.loads(text) if file.suffix == ".toml" else yaml.safe_load(text)


def accepts(name: str, content: Any) -> bool:
    try:
        return VALIDATORS[name].is_valid(content)
    except ValueError:
        return False  # no JSON, so no editor gets as far as this


FILES = {
    "world": sorted((ROOT / "fixtures" / "worlds").glob("*.yaml")),
    "case": sorted((ROOT / "contracts" / "cases").glob("*/*.yaml")),
    "contract": sorted([*(ROOT / "fixtures").rglob("contract.toml"), *(ROOT / "contracts").rglob("contract.toml")]),
}
ALL_FILES = [(name, file) for name, files in FILES.items() for file in files]


@pytest.mark.parametrize(("name", "file"), ALL_FILES, ids=lambda value: getattr(value, "name", value))
def test_every_file_of_the_repository_fits_its_schema_and_names_it(name: str, file: Path) -> None:
    assert list(VALIDATORS[name].iter_errors(read(file))) == []
    first = file.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"#(?::schema | yaml-language-server: \$schema=)(\S+)", first)
    assert found is not None
    if found[1].startswith("http"):
        assert found[1] == f"{schemas.ADDRESS}{name}.json"
    else:
        assert (file.parent / found[1]).resolve() == ROOT / "contracts" / "schemas" / f"{name}.json"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_one_and_the_command_prints_it(name: str) -> None:
    jsonschema_rs.meta.validate(DOCUMENTS[name])
    assert json.loads(CliRunner().invoke(tpmock, ["schema", name]).output) == DOCUMENTS[name]
    assert name in CliRunner().invoke(tpmock, ["schema"]).output.splitlines()


def test_a_mistyped_schema_is_reported() -> None:
    shown = CliRunner().invoke(tpmock, ["schema", "wrold"])
    assert shown.exit_code == 2
    assert "'world'" in shown.output


# --- world files ----------------------------------------------------------------------------------------------------

RECORDS = {
    "business_unit": trustpilot.BusinessUnit,
    "business_user": trustpilot.BusinessUser,
    "partner": trustpilot.Partner,
    "application": trustpilot.Application,
    "template": trustpilot.Template,
    "consumer": trustpilot.Consumer,
    "service_review": trustpilot.ServiceReview,
    "reply": trustpilot.CompanyReply,
    "report": trustpilot.Report,
    "finder_request": trustpilot.FinderRequest,
    "unit_change": trustpilot.UnitChange,
    "conversation": trustpilot.Conversation,
    "comment": trustpilot.Comment,
    "deletion": trustpilot.Deletion,
    "product_review": trustpilot.ProductReview,
    "product": trustpilot.Product,
    "location": trustpilot.Location,
    "source": segment.Source,
    "destination": segment.Destination,
    "filter": segment.Filter,
    "webhook": segment.WebhookOptions,
    "function": segment.FunctionOptions,
}
#: What a world file may leave out, because it is derived from the rest.
DERIVED = {
    "business_unit": {"referring"},
    "source": {"id", "slug", "write_keys"},
    "destination": {"id", "integration", "url", "enabled"},
}
#: What a world file has and no record: the short form of ``write_keys``.
SHORT = {"source": {"write_key"}}


@pytest.mark.parametrize(("name", "record"), RECORDS.items())
def test_the_schema_of_worlds_has_the_members_of_the_records(name: str, record: Any) -> None:
    described = DOCUMENTS["world"]["$defs"][name]
    assert set(described["properties"]) == {one.name for one in fields(record)} | SHORT.get(name, set())
    required = {one.name for one in fields(record) if one.default is one.default_factory is MISSING}
    assert set(described.get("required", ())) == required - DERIVED.get(name, set())
    for one in fields(record):
        default = described["properties"][one.name].get("default", None)
        assert default is None or default == one.default or one.name in DERIVED.get(name, ())


# --- files that are wrong -------------------------------------------------------------------------------------------

CONTRACT = """plans = ["segment-destination"]
[subject]
name = "mine"
[start]
command = ["run"]
[events]
to = "http://127.0.0.1:1/"
"""
CASES = """chapter: One
cases:
  - id: DEST-001
    title: A title
    requirement: A requirement.
    clause: {source: A page, section: Track, url: https://docs.example.com/}
    evidence: seed
    when:
      - send: {event: order-completed}
    then:
      - invitation_count: 1
"""
EXPECTED = "- {case: DEST-001, result: failed, reason: Not built yet}\n"


def load_world(file: Path) -> object:
    with create_app(MockSettings(worlds={"default": world_file.read(file)})) as mock:
        return mock.sandboxes.default


def load_cases(file: Path) -> object:
    return list(case_files.load_file("segment-destination", file))


def load_expected(file: Path) -> object:
    return expectations.load(file, ["DEST-001"])


Loader = Callable[[Path], object]
LOADERS: dict[str, tuple[str, str, Loader, type[Exception]]] = {
    "world": ("world.yaml", json.dumps(whole(world_file.default().content)), load_world, WorldFileError),
    "case": ("cases.yaml", CASES, load_cases, case_files.CaseError),
    "contract": ("contract.toml", CONTRACT, contract.read, contract.ContractError),
    "expected": ("expected.yaml", EXPECTED, load_expected, expectations.ExpectationError),
}
BAD = [
    ("world", '"credentials"', '"credentails"'),
    ("world", '"own": {', '"own": {"number": 7, '),
    ("world", '"partners":', '"partner":'),
    ("world", '"partners":', '"guests": [], "partners":'),
    ("world", '"stars": 1', '"stars": "one"'),
    ("world", '"stars": 1', '"star": 1'),
    ("world", '"plan": "paid"', '"plan": "gold"'),
    ("world", '"sources":', '"origins":'),
    ("case", "chapter: One\n", ""),
    ("case", "id: DEST-001", "id: one"),
    ("case", "invitation_count: 1", "invitation_cuont: 1"),
    ("case", "invitation_count: 1", "invitation_count: one"),
    ("case", "send:", "sned:"),
    ("case", "evidence: seed", "evidence: rumor"),
    ("case", "    title: A title\n", ""),
    ("contract", 'plans = ["segment-destination"]\n', ""),
    ("contract", "[start]", "[strat]"),
    ("contract", '["run"]', '"run"'),
    ("contract", "http://", ""),
    ("contract", 'name = "mine"', 'name = ""'),
    ("contract", 'name = "mine"', 'name = "mine"\nclaims = ["everything"]'),
    ("expected", "failed", "passed"),
    ("expected", "Not built yet", "' '"),
    ("expected", ", reason: Not built yet", ""),
    ("expected", "reason:", "why: x, reason:"),
    ("expected", "- {", "one: {"),
]


@pytest.mark.parametrize("name", LOADERS)
def test_a_right_file_is_accepted_by_loader_and_schema(tmp_path: Path, name: str) -> None:
    file_name, good, load, _ = LOADERS[name]
    file = tmp_path / file_name
    file.write_text(good, encoding="utf-8")
    load(file)
    assert accepts(name, read(file))


@pytest.mark.parametrize(("name", "old", "new"), BAD)
def test_a_wrong_file_is_refused_by_loader_and_schema(tmp_path: Path, name: str, old: str, new: str) -> None:
    file_name, good, load, refusal = LOADERS[name]
    file = tmp_path / file_name
    assert old in good
    file.write_text(good.replace(old, new, 1), encoding="utf-8")
    assert not accepts(name, read(file))
    with pytest.raises(refusal):
        load(file)


def test_what_others_refer_to_may_stand_in_a_world_file(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    content = {"x-shop": {"any": "thing"}, "$schema": "world.json", **whole(world_file.default().content)}
    file.write_text(json.dumps(content), encoding="utf-8")
    assert accepts("world", content)
    assert world_file.read(file) == world_file.default()


def test_editors_offer_the_names_of_plans() -> None:
    assert DOCUMENTS["contract"]["properties"]["plans"]["items"]["examples"] == list(case_files.choices())


def test_generated_files_name_their_schemas(tmp_path: Path) -> None:
    assert CliRunner().invoke(tpmock, ["init", "ci", "--folder", str(tmp_path)]).exit_code == 0
    text = (tmp_path / "contract.toml").read_text(encoding="utf-8")
    assert text.startswith(f"#:schema {schemas.ADDRESS}contract.json\n")
    made = json.loads(world_file.write(world_file.default()))
    assert made["$schema"] == f"{schemas.ADDRESS}world.json"
    assert accepts("world", made)
