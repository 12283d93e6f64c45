"""World files: the shipped one, ones made with Faker, and ones that are wrong."""

from __future__ import annotations

import copy
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from tpmock.cli.fake_data import FakeWorld
from tpmock.common import schemas
from tpmock.sandbox import world_file
from tpmock.sandbox.errors import WorldFileError
from tpmock.sandbox.world_file import WorldFile
from tpmock.server.app import MockSettings, create_app


def seeded(reviews: int = 50, seed: int = 7, locale: str = "da_DK") -> WorldFile:
    shipped = world_file.default()
    return WorldFile(shipped.own, shipped.shared, FakeWorld(dict(shipped.content), reviews, seed, locale).world())


def test_a_written_world_reads_the_same() -> None:
    made = seeded()
    assert world_file.parse(world_file.write(made)) == made


def test_same_arguments_same_bytes_other_seed_other_bytes() -> None:
    assert world_file.write(seeded()) == world_file.write(seeded())
    assert world_file.write(seeded()) != world_file.write(seeded(seed=8))


def test_a_seeded_world_can_be_served_and_counts_right() -> None:
    with create_app(MockSettings(worlds={"default": seeded(60)})) as mock:
        world = mock.sandboxes.default.world
        unit = mock.sandboxes.default.credentials["businessUnitId"]
        assert sum(world.stars(unit).values()) == len(world.service_reviews.of_unit(unit)) == 60
        assert all(review.consumer in world.consumers for review in world.service_reviews.all())


@pytest.mark.parametrize("text", ["", "[]", "x", "{", '{"credentials": 7}', "credentials: {own: {}, shared: {}}"])
def test_what_is_no_world_file_is_a_sentence(text: str) -> None:
    with pytest.raises(WorldFileError, match=r"world file"):
        world_file.parse(text)


_REVIEW = {
    "id": "a",
    "unit": "b",
    "consumer": "c",
    "stars": 5,
    "title": "t",
    "text": "t",
    "language": "en",
    "created_at": "2025-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    "change",
    [
        {"business_units": [{"id": "x"}]},
        {
            "business_units": [
                {**unit, "integration_key": "same"} for unit in world_file.default().content["business_units"]
            ]
        },
        {"templates": [{"id": "${nothing}"}]},
        {"consumers": [{"id": "c", "display_name": "n", "created_at": "soon"}]},
        {"service_reviews": [{"surprise": 1}]},
        {"service_reviews": [{**_REVIEW, "reply": "thanks"}]},
        {"service_reviews": [{**_REVIEW, "reply": {"text": "thanks", "created_at": "soon"}}]},
        {"service_reviews": [{**_REVIEW, "report": {"source": "BusinessUser"}}]},
    ],
)
def test_a_world_that_does_not_fit_together_is_a_sentence(change: dict[str, Any]) -> None:
    shipped = world_file.default()
    wrong = WorldFile(shipped.own, shipped.shared, {**shipped.content, **change})
    with pytest.raises(WorldFileError, match="does not fit together"):
        create_app(MockSettings(worlds={"default": wrong}))


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value stands in a world: of each list the first two entries."""
    if place:
        yield place
    parts = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*place, name))


def changed(content: Mapping[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    world: dict[str, Any] = copy.deepcopy(dict(content))
    inner: Any = world
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return world


#: None fits many places, so others have to be tried everywhere, too.
WRONG: tuple[Any, ...] = (None, 5, "x", [], {}, True, 10**30, float("-inf"), ["x"], {"x": 1})


SCHEMA = jsonschema_rs.Draft202012Validator(json.loads(schemas.text("world")))


def whole(content: Mapping[str, Any]) -> dict[str, Any]:
    """A world file with the credentials of the shipped one."""
    shipped = world_file.default()
    return {"credentials": {"own": dict(shipped.own), "shared": dict(shipped.shared)}, **content}


def fits_schema(content: Mapping[str, Any]) -> bool:
    try:
        # Older validators read a number without an end as null.
        json.dumps(content, allow_nan=False)
        return SCHEMA.is_valid(whole(content))
    except ValueError:
        return False  # no JSON, so no editor gets as far as this


@pytest.mark.parametrize("part", sorted(world_file.default().content))
def test_a_wrong_value_anywhere_is_a_sentence_and_refused_by_the_schema(part: str) -> None:
    shipped = world_file.default()
    told: set[str] = set()
    overlooked: list[str] = []
    with create_app() as mock:
        context = mock.sandboxes._context
        worlds: dict[str, WorldFile] = context.worlds  # type: ignore[assignment]
        for place in places({part: shipped.content[part]}):
            for value in WRONG:
                content = changed(shipped.content, place, value)
                worlds["wrong"] = WorldFile(shipped.own, shipped.shared, content)
                context.unchecked.add("wrong")
                try:
                    mock.sandboxes.delete(mock.sandboxes.create(world="wrong"))
                except WorldFileError as error:
                    told.add(str(error).partition(":")[0])
                    if fits_schema(content):
                        overlooked.append(f"{place} = {value!r}: {error}")
    assert told == {"The world wrong does not fit together"}
    assert overlooked == []


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tpmock", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own


def test_the_command_writes_a_world(tmp_path: Path) -> None:
    target = tmp_path / "world.json"
    ran = run("seed", "--reviews", "20", "--locale", "sv_SE", "-o", str(target))
    assert ran.returncode == 0, ran.stderr
    assert len(json.loads(target.read_text(encoding="utf-8"))["consumers"]) > 5


def test_the_command_refuses_in_sentences(tmp_path: Path) -> None:
    for arguments in (["--locale", "xx_XX"], ["-o", str(tmp_path / "missing" / "world.json")]):
        ran = run("seed", "--reviews", "1", *arguments)
        assert ran.returncode == 2
        assert "Traceback" not in ran.stderr


def test_a_wrong_world_stops_the_mock_with_a_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "world.yaml"
    wrong.write_text("credentials: 7", encoding="utf-8")
    for path in (wrong, tmp_path / "missing.yaml"):
        ran = run("serve", "--port", "0", "--world", str(path))
        assert ran.returncode == 2
        assert ran.stderr.startswith("Error: ")
        assert "Traceback" not in ran.stderr


def test_coverage_is_printed_for_people_and_for_programs() -> None:
    text, document = run("coverage").stdout, json.loads(run("coverage", "--json").stdout)
    assert len(document["operations"]) > 20
    assert all(row["operationId"] in text for row in document["operations"])
    assert "assumed" in text


ALIASED = "{a: &shared {b: '${key}', c: [1]}, d: *shared, '${name}': {e: '${key} ${name}'}}"


@pytest.mark.parametrize("more", [{}, {"day": dt.date(2026, 1, 2)}], ids=["quick copy", "a type of YAML"])
def test_placeholders_are_filled_anew_for_each_sandbox(more: dict[str, Any]) -> None:
    file = WorldFile({}, {}, {"segment": yaml.safe_load(ALIASED), **more})
    one, other = (file.seed({"key": key, "name": "n"}) for key in ("1", "2"))
    for made, key in ((one, "1"), (other, "2")):
        part = {"b": key, "c": [1]}
        assert made == {"segment": {"a": part, "d": part, "n": {"e": f"{key} n"}}, **more}
    one["segment"]["a"]["c"].append(2)
    assert one["segment"]["d"]["c"] == other["segment"]["a"]["c"] == [1]


def test_a_credential_that_a_world_does_not_have_is_missed() -> None:
    with pytest.raises(KeyError, match="other"):
        WorldFile({}, {}, {"segment": {"key": "${other}"}}).seed({"key": "1"})
