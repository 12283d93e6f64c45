"""The evidence pack: what is in it, that tampering shows, and that it can be run again."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from tpmock.kit.cases import case_files
from tpmock.kit.cases.claims import EVENTS, OPPOSITES, missing
from tpmock.kit.cli.evidence_cli import evidence as command
from tpmock.kit.cli.test_command import test as judge
from tpmock.kit.reports import evidence
from tpmock.kit.reports.as_json import document, requirements
from tpmock.kit.reports.readable import derived
from tpmock.kit.reports.readable.html_sheet import sheet
from tpmock.kit.reports.readable.members import MANIFEST, manifest
from tpmock.kit.reports.readable.members import members as made
from tpmock.kit.run.run_events import CaseFinished
from tpmock.kit.vocabulary.findings import Result

from tests.kit.records import judged, report

BUNDLED = {"kind": "bundled"}
EVERY = tuple(Result)
CASES = case_files.load_plan("segment-destination")[: len(EVERY)]

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def packed() -> bytes:
    return evidence.pack(report(*EVERY, cases=CASES), BUNDLED)


def members(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(found: Members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return out.getvalue()


def examine(tmp_path: Path, data: bytes) -> evidence.Examined:
    (tmp_path / "out.zip").write_bytes(data)
    return evidence.examine(tmp_path / "out.zip")


def test_the_same_report_is_the_same_bytes(packed: bytes) -> None:
    assert evidence.pack(report(*EVERY, cases=CASES), BUNDLED) == packed


def test_everything_is_in_it(packed: bytes) -> None:
    found = members(packed)
    assert {name for name in found if "/" not in name} == {
        *("README.txt", "MANIFEST.sha256", "coverage.json", "environment.json", "gaps.md", "index.html"),
        *("results.json", "results.junit.xml", "sheet.html", "sheet.json", "verify.py"),
    }
    assert {f"transcripts/DEST-00{number}.har" for number in range(1, 6)} <= found.keys()
    about = json.loads(found["environment.json"])
    assert (about["seed"], about["subject"]) == (7, {"name": "the stub", "kind": "bundled"})


def test_a_whole_pack_is_found_whole(tmp_path: Path, packed: bytes) -> None:
    assert examine(tmp_path, packed).mistakes == ()


def run_of(found: Members) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(found["results.json"])
    return run


def altered(name: str, old: str, new: str) -> Callable[[Members], None]:
    def change(found: Members) -> None:
        text = found[name].decode()
        assert old in text
        found[name] = text.replace(old, new).encode()

    return change


def retold(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], None]:
    """Alter ``results.json``, and make everything else again from it as a forger with our sources can."""

    def forge(found: Members) -> None:
        run = run_of(found)
        change(run)
        for name in [name for name in found if name.startswith(("transcripts/", "repro/"))]:
            del found[name]
        found.update(made(derived.document(run)))

    return forge


# Each of them recomputes the digests, as a deliberate change of a pack does.
ALTERATIONS: dict[str, tuple[Callable[[Members], object], str]] = {
    "a page says passed": (altered("index.html", ">failed<", ">passed<"), "index.html does not match results"),
    "a page says another verdict": (altered("index.html", "of 4 cases", "of 5 cases"), "index.html does not match"),
    "the sheet": (altered("sheet.html", "needs a person", "pass"), "sheet.html does not match results.json"),
    "the sheet's data": (altered("sheet.json", '"fail"', '"pass"'), "sheet.json does not match results.json"),
    "JUnit without the failure": (altered("results.junit.xml", "failure", "skipped"), "results.junit.xml does not"),
    "gaps are closed": (altered("gaps.md", "## For a person", "## All is well"), "gaps.md does not match"),
    "an exchange": (altered("transcripts/DEST-001.har", '"status": 202', '"status": 200'), "DEST-001.har does not"),
    "a script": (altered("repro/DEST-001.sh", "set -eu", "set +e"), "repro/DEST-001.sh does not match"),
    "coverage": (altered("coverage.json", '"202": 5', '"202": 9'), "coverage.json does not match"),
    "the environment's seed": (altered("environment.json", '"seed": 7', '"seed": 8'), "environment.json does not"),
    "the environment's subject": (altered("environment.json", "the stub", "another"), "environment.json does not"),
    "the introduction": (altered("README.txt", "unofficial", "official"), "README.txt does not match"),
    "the summary": (altered("results.json", '"failed": 1', '"failed": 0'), "results.json does not match"),
    "a missing page": (lambda found: found.pop("gaps.md"), "gaps.md is missing."),
    "an extra page": (lambda found: found.update({"approval.html": b"All passed."}), "approval.html does not belong"),
    "a failed case is passed": (
        retold(lambda run: run["cases"][1].update(result="passed")),
        "DEST-002 is passed, but its findings result in failed.",
    ),
    "a failed case is not applicable": (
        retold(lambda run: run["cases"][1].update(result="not-applicable")),
        "DEST-002 is not-applicable, but it has findings that result in failed.",
    ),
    "a result that does not exist": (
        retold(lambda run: run["cases"][1].update(result="fine")),
        "DEST-002 has the result 'fine', which does not exist.",
    ),
    "a case twice": (retold(lambda run: run["cases"].append(run["cases"][0])), "DEST-001 is in it twice."),
    "a passed case without its findings": (
        retold(lambda run: run["cases"][0].update(findings=[])),
        "DEST-001 is passed without a finding.",
    ),
    "an address": (retold(lambda run: run["cases"][0].update(reason="ada@example.com")), "contains an e-mail address"),
    "no document": (lambda found: found.update({"results.json": b"[]"}), "is not the document of a pack of format 2"),
}
# What only the project itself can tell.
FORGERIES: dict[str, tuple[Callable[[Members], object], str]] = {
    "a case of another name": (
        retold(lambda run: run["cases"][1].update(title="Something easy")),
        "DEST-002: its title is not the one of tpmock",
    ),
    "a case relabelled": (retold(lambda run: run["cases"][1].update(id="MINE-1")), "MINE-1 is not a case of tpmock"),
    "a requirement that needs a person": (
        retold(lambda run: run["requirements"]["requirements"][0].update(cases=["DEST-001"])),
        "requirements in results.json is not the one of tpmock",
    ),
    "fewer documented statuses": (
        retold(lambda run: run["contract"].update(operations=2)),
        "contract in results.json is not the one of tpmock",
    ),
    "a verifier that is content": (altered("verify.py", "1 if wrong", "0 if wrong"), "verify.py is not the one of"),
    "a verifier with more in it": (
        lambda found: found.update({"verifier/json.py": b""}),
        "verifier/json.py is not a file of the verifier.",
    ),
    "another version": (
        retold(lambda run: run["run"].update(tpmock="9.9.9")),
        "verify it with the version that made it",
    ),
}


def tampered(data: bytes, change: Callable[[Members], object]) -> Members:
    found = members(data)
    change(found)
    del found[MANIFEST]
    return found | {MANIFEST: manifest(found)}


@pytest.mark.parametrize("name", [*ALTERATIONS, *FORGERIES])
def test_every_alteration_shows_although_digests_were_made_again(tmp_path: Path, packed: bytes, name: str) -> None:
    change, mistake = (ALTERATIONS | FORGERIES)[name]
    assert mistake in "\n".join(examine(tmp_path, zipped(tampered(packed, change))).mistakes)


def verified_alone(folder: Path, found: Members) -> subprocess.CompletedProcess[str]:
    """A pack verified by the program in it, on a Python that has nothing but its standard library."""
    for name, data in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file


def test_a_pack_verifies_itself_where_nothing_is_installed(tmp_path: Path, packed: bytes) -> None:
    found = members(packed)
    for _ in range(2):
        ran = verified_alone(tmp_path, found)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.startswith(f"The pack is complete: {len(found)} files")


@pytest.mark.parametrize("name", ALTERATIONS)
def test_the_pack_itself_tells_every_alteration(tmp_path: Path, packed: bytes, name: str) -> None:
    change, mistake = ALTERATIONS[name]
    ran = verified_alone(tmp_path, tampered(packed, change))
    assert (ran.returncode, ran.stderr) == (1, "")
    assert mistake in ran.stdout


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (altered("index.html", "failed", "passed"), "index.html was altered"),
        (lambda found: found.pop("gaps.md"), "gaps.md is listed in MANIFEST.sha256 and missing."),
        (lambda found: found.pop("MANIFEST.sha256"), "MANIFEST.sha256 is missing"),
        (lambda found: found.update(more=b""), "more is not listed in MANIFEST.sha256."),
    ],
)
def test_damage_shows(tmp_path: Path, packed: bytes, change: Callable[[Members], object], mistake: str) -> None:
    found = members(packed)
    change(found)
    assert mistake in " ".join(examine(tmp_path, zipped(found)).mistakes)


def test_what_is_not_a_zip_file_is_reported(tmp_path: Path) -> None:
    assert "not a zip file" in " ".join(examine(tmp_path, b"PK").mistakes)


def test_a_pack_of_a_real_run_is_verified_and_run_again(tmp_path: Path) -> None:
    file = str(tmp_path / "out.zip")
    ran = CliRunner().invoke(judge, ["--evidence", file, "--case", "DEST-002", "--case", "DEST-020", "--seed", "5"])
    assert ran.exit_code == 0, ran.output
    checked = CliRunner().invoke(command, ["verify", file, "--rerun"])
    assert checked.exit_code == 0, checked.output
    assert "The pack is complete: plan segment-destination, 2 cases, 2 passed, 0 failed, seed 5" in checked.output
    assert "Run again, 2 cases have the same results." in checked.output


def test_a_pack_that_was_made_up_does_not_run_again(tmp_path: Path) -> None:
    real = case_files.load_plan("segment-destination")[1]
    made_up = CaseFinished(real, judged(Result.FAILED, real).outcome)
    file = tmp_path / "out.zip"
    file.write_bytes(evidence.pack(replace(report(), judged=(made_up,)), BUNDLED))
    checked = CliRunner().invoke(command, ["verify", str(file), "--rerun"])
    assert checked.exit_code == 1, checked.output
    assert f"different: {real.id}: failed in the pack, passed now" in checked.output


def test_commands_of_a_pack_are_never_run(tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    file.write_bytes(evidence.pack(report(Result.PASSED, cases=CASES[:1]), {"kind": "contract"}))
    checked = CliRunner().invoke(command, ["verify", str(file), "--rerun"])
    assert checked.exit_code == 2
    assert "Name its contract with --contract" in " ".join(checked.stderr.split())


def test_a_damaged_pack_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_bytes(b"no")
    assert CliRunner().invoke(command, ["verify", str(tmp_path / "out.zip")]).exit_code == 1


def test_a_case_that_was_left_out_is_told_and_ends_with_one(tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    options = ["--evidence", str(file), "--case", "DEST-002", "--case", "DEST-020", "--seed", "5"]
    assert CliRunner().invoke(judge, options).exit_code == 0
    fewer = tampered(file.read_bytes(), retold(lambda run: run["cases"].pop()))
    file.write_bytes(zipped(fewer))
    checked = CliRunner().invoke(command, ["verify", str(file), "--rerun"])
    assert checked.exit_code == 1, checked.output
    assert "different: the cases of this version differ from those of the pack." in checked.output


def verdicts(**results: Result) -> dict[str, str]:
    every = {case.id: case for case in case_files.load_plan("standard")}
    found = tuple(judged(results[case_id[:3]], case) for case_id, case in every.items() if case_id[:3] in results)
    run = document(replace(report(), judged=found))
    return {row["id"]: row["verdict"] for row in derived.requirement_rows(run)}


def test_the_sheet_has_the_requirements_in_their_order() -> None:
    ids = list(verdicts())
    assert ids[:6] == ["1", "2", "3", "4", "5", "6"]
    assert ids[-7:] == [*(f"Requirement {number}" for number in range(1, 7)), "Approval"]


def test_every_requirement_names_cases_that_exist_or_a_person() -> None:
    known = [case.id for case in case_files.load_plan("standard")]
    for requirement in requirements()["requirements"]:
        prefixes = [*requirement.get("cases", ()), *(one for group in requirement.get("one_of", ()) for one in group)]
        assert bool(prefixes) != ("person" in requirement)
        for prefix in prefixes:
            assert any(case_id.startswith(prefix) for case_id in known), prefix


def test_the_sheet_is_green_only_for_what_was_seen() -> None:
    assert set(verdicts().values()) == {"not judged", "needs a person"}
    found = verdicts(ONB=Result.PASSED, SHO=Result.PASSED, REP=Result.NOT_APPLICABLE, DES=Result.FAILED)
    said = {name: found[name] for name in ("1", "2", "6", "7, invite", "7, showcase", "7, reply", "Requirement 2")}
    assert said == {
        "1": "needs a person",
        "2": "pass",
        "6": "pass",
        "7, invite": "fail",
        "7, showcase": "pass",
        "7, reply": "not judged",
        "Requirement 2": "pass",
    }


def test_review_ingestion_counts_the_cases_of_its_use_case() -> None:
    found = verdicts(ING=Result.PASSED)
    assert (found["7, ingestion"], found["Requirement 2"]) == ("pass", "pass")
    assert verdicts(ING=Result.FAILED)["7, ingestion"] == "fail"


@pytest.mark.parametrize("default", OPPOSITES)
def test_cases_of_the_other_side_of_a_choice_leave_nothing_open(default: str) -> None:
    for side in (default, OPPOSITES[default]):
        for claimed in (EVENTS, EVENTS | {OPPOSITES[default]}):
            assert missing(("events", side), claimed) in ("", *derived._OTHER_SIDE)


def test_the_sheet_says_why() -> None:
    page = sheet(document(report(Result.FAILED)))
    assert "Failed: DEST-001." in page
    assert "Not judged in this run: ONB-001." in page
