"""The evidence pack: what is in it, that tampering shows, and that it can be run again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.kit import cases, evidence, sheet
from contracts.kit.cli import test as judge
from contracts.kit.evidence_cli import evidence as command
from contracts.kit.findings import Result
from contracts.kit.reports.gathered import Judged, Report
from tests.kit.records import judged, report

BUNDLED = {"kind": "bundled"}
EVERY = tuple(Result)


@pytest.fixture(scope="module")
def packed() -> bytes:
    return evidence.pack(report(*EVERY), BUNDLED)


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(found: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return out.getvalue()


def examine(tmp_path: Path, data: bytes) -> evidence.Examined:
    (tmp_path / "out.zip").write_bytes(data)
    return evidence.examine(tmp_path / "out.zip")


def test_the_same_report_is_the_same_bytes(packed: bytes) -> None:
    assert evidence.pack(report(*EVERY), BUNDLED) == packed


def test_everything_is_in_it(packed: bytes) -> None:
    found = members(packed)
    assert {name for name in found if "/" not in name} == {
        *("README.txt", "MANIFEST.sha256", "coverage.json", "environment.json", "gaps.md", "index.html"),
        *("results.json", "results.junit.xml", "sheet.html", "sheet.json"),
    }
    assert {f"transcripts/DEST-00{number}.har" for number in range(1, 6)} <= found.keys()
    about = json.loads(found["environment.json"])
    assert (about["seed"], about["subject"]) == (7, {"name": "the stub", "kind": "bundled"})


def test_a_whole_pack_is_found_whole(tmp_path: Path, packed: bytes) -> None:
    assert examine(tmp_path, packed).mistakes == ()


def altered(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(found: dict[str, bytes]) -> None:
        assert old in found[name]
        found[name] = found[name].replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (altered("index.html", b"failed", b"passed"), "index.html was altered"),
        (lambda found: found.pop("gaps.md"), "gaps.md is listed and missing."),
        (lambda found: found.pop("MANIFEST.sha256"), "MANIFEST.sha256 is missing"),
        (lambda found: found.update(more=b""), "more is in it and not listed."),
        (altered("results.json", b'"failed": 1', b'"failed": 0'), "The summary says 0 failed, and 1 cases are."),
        (altered("results.json", b'"result": "failed"', b'"result": "passed"'), "its findings come to failed."),
        (altered("environment.json", b'"DEST-002",', b""), "does not have the cases that environment.json lists"),
        (lambda found: found.pop("transcripts/DEST-001.har"), "transcripts/DEST-001.har is missing."),
        (altered("repro/DEST-001.sh", b"redacted.example", b"example.com"), "holds an e-mail address"),
        (lambda found: found.update({"results.json": b"[]"}), "are not those of a pack of format 1"),
    ],
)
def test_tampering_shows(
    tmp_path: Path, packed: bytes, change: Callable[[dict[str, bytes]], None], mistake: str
) -> None:
    found = members(packed)
    change(found)
    assert mistake in " ".join(examine(tmp_path, zipped(found)).mistakes)


def test_what_is_no_zip_is_told(tmp_path: Path) -> None:
    assert "no zip" in " ".join(examine(tmp_path, b"PK").mistakes)


def test_a_pack_of_a_real_run_is_verified_and_run_again(tmp_path: Path) -> None:
    file = str(tmp_path / "out.zip")
    ran = CliRunner().invoke(judge, ["--evidence", file, "--case", "DEST-002", "--case", "DEST-020", "--seed", "5"])
    assert ran.exit_code == 0, ran.output
    checked = CliRunner().invoke(command, ["verify", file, "--rerun"])
    assert checked.exit_code == 0, checked.output
    assert "The pack is whole: plan segment-destination, 2 cases, 2 passed, 0 failed, seed 5" in checked.output
    assert "Run again, 2 cases came to the same." in checked.output


def test_a_pack_that_was_made_up_does_not_run_again(tmp_path: Path) -> None:
    real = cases.load_plan("segment-destination")[1]
    made_up = Judged(real, judged(Result.FAILED, real).outcome)
    whole = report(Result.FAILED)
    file = tmp_path / "out.zip"
    file.write_bytes(evidence.pack(replace(whole, judged=(made_up,)), BUNDLED))
    checked = CliRunner().invoke(command, ["verify", str(file), "--rerun"])
    assert checked.exit_code == 1, checked.output
    assert f"different: {real.id}: failed in the pack, passed now" in checked.output


def test_commands_of_a_pack_are_never_run(tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    file.write_bytes(evidence.pack(report(Result.PASSED), {"kind": "contract"}))
    checked = CliRunner().invoke(command, ["verify", str(file), "--rerun"])
    assert checked.exit_code == 2
    assert "say how to start it with --contract" in " ".join(checked.stderr.split())


def test_a_damaged_pack_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_bytes(b"no")
    assert CliRunner().invoke(command, ["verify", str(tmp_path / "out.zip")]).exit_code == 1


def verdicts(**results: Result) -> dict[str, str]:
    every = {case.id: case for case in cases.load_plan("standard")}
    found = tuple(judged(results[case_id[:3]], case) for case_id, case in every.items() if case_id[:3] in results)
    whole: Report = replace(report(), judged=found)
    return {row.id: row.verdict for row in sheet.rows(whole)}


def test_the_sheet_has_the_requirements_in_their_order() -> None:
    ids = list(verdicts())
    assert ids[:6] == ["1", "2", "3", "4", "5", "6"]
    assert ids[-7:] == [*(f"Requirement {number}" for number in range(1, 7)), "Approval"]


def test_every_requirement_names_cases_that_exist_or_a_person() -> None:
    known = [case.id for case in cases.load_plan("standard")]
    for requirement in sheet.programme()["requirements"]:
        prefixes = [*requirement.get("cases", ()), *(one for group in requirement.get("one_of", ()) for one in group)]
        assert bool(prefixes) != ("person" in requirement)
        for prefix in prefixes:
            assert any(case_id.startswith(prefix) for case_id in known), prefix


def test_the_sheet_is_green_only_for_what_was_seen() -> None:
    assert set(verdicts().values()) == {"needs a person"}
    found = verdicts(ONB=Result.PASSED, SHO=Result.PASSED, REP=Result.NOT_APPLICABLE, DES=Result.FAILED)
    said = {name: found[name] for name in ("1", "2", "6", "7, invite", "7, showcase", "7, reply", "Requirement 2")}
    assert said == {
        "1": "needs a person",
        "2": "pass",
        "6": "pass",
        "7, invite": "fail",
        "7, showcase": "pass",
        "7, reply": "needs a person",
        "Requirement 2": "pass",
    }


def test_the_sheet_says_why() -> None:
    page = sheet.render(report(Result.FAILED))
    assert "Failed: DEST-001." in page
    assert "Not judged in this run: ONB-001." in page
