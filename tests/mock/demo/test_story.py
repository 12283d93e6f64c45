"""What the demo decides without any program running: scenes, states of requirements, what fits, the pace."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import cast

import pytest
from tpmock.cli.demo.artefacts import Finding, Grid, SceneResult, Slide
from tpmock.cli.demo.autoplay import Autoplay
from tpmock.cli.demo.contract_run import calls_to_make, requirements
from tpmock.cli.demo.programs import SubjectError, subject
from tpmock.cli.demo.scenes import failing
from tpmock.cli.demo.session import DemoSession
from tpmock.cli.demo.standing import standings
from tpmock.cli.demo.story import SCENES, Story, story
from tpmock.faults.grammar import parse
from tpmock.kit.cases.claims import CLAIMS

START = '[start]\ncommand = ["x"]\n[events]\nto = "http://127.0.0.1:{port}"\n'


def contract(folder: Path, more: str, claims: str = '["events"]') -> Path:
    """A contract.toml with these tables."""
    file = folder / "contract.toml"
    file.write_text(f'plans = ["quick"]\n[subject]\nname = "mine"\nclaims = {claims}\n{more}', encoding="utf-8")
    return file


def result(*, ok: bool) -> SceneResult:
    made = SceneResult()
    made.slide("One")
    made.note("Seen.", ok=ok)
    return made


def test_the_story_speaks_of_what_there_is() -> None:
    known = {one["id"] for one in requirements()}
    assert {one for scene in SCENES for one in scene.requirements} <= known
    assert {need for scene in SCENES for need in scene.needs} <= {*CLAIMS, "segment"}
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert all(scene.lead and scene.notes for scene in SCENES)
    assert all(scene.play for scene in SCENES)
    for fault, _ in failing.CHOICES:
        assert fault == failing.EXPIRED or parse(fault).effect
    assert len(calls_to_make()) >= 10


def test_the_bundled_destination_is_shown_in_every_scene() -> None:
    assert story(subject(None)) == Story(list(SCENES), [])


@pytest.mark.parametrize(
    ("claims", "left"),
    [
        ('["events"]', {"wrong-ways", "connect", "deletion"}),
        ('["events", "deletion"]', {"wrong-ways", "connect"}),
        ('["events", "deletion", "onboarding"]', set()),
    ],
)
def test_scenes_follow_from_claims(tmp_path: Path, claims: str, left: set[str]) -> None:
    found = story(subject(contract(tmp_path, START, claims)))
    assert {scene.name for scene, _ in found.left_out} == left
    assert len(found.scenes) + len(left) == len(SCENES)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (START.replace("{port}", "9000"), "events.to names a fixed port"),
        (START.replace('[start]\ncommand = ["x"]', '[manual]\nstart = "by hand"'), "starts the program itself"),
        (
            START.replace('[start]\ncommand = ["x"]', '[running]\nmock = "http://x.test"\nsandbox = "default"'),
            "starts the program itself",
        ),
        ('[trigger]\nmanual = "type it"\n[start]\ncommand = ["x"]\n', "starts the program itself"),
        ("[events]\n", "is missing"),
    ],
)
def test_a_program_that_cannot_be_started_is_refused(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(SubjectError, match=said):
        subject(contract(tmp_path, more))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="there is no such file"):
        subject(tmp_path / "contract.toml")


def row(verdict: str, why: str = "", cases: tuple[str, ...] = ()) -> dict[str, object]:
    return {"id": "7, invite", "text": "Invitations", "verdict": verdict, "why": why, "cases": list(cases)}


@pytest.mark.parametrize(
    ("played", "sheet", "state", "why"),
    [
        ({}, None, "open", ""),
        ({"order": True}, None, "shown", "“One order, one invitation”"),
        ({"order": True, "retries": False}, None, "failed", "Not as expected: “Segment retries three times”."),
        ({"order": False}, row("pass"), "failed", "Not as expected: “One order, one invitation”."),
        ({"order": True}, row("fail", "Failed: DEST-1."), "failed", "Failed: DEST-1."),
        ({"order": True}, row("pass", cases=("DEST-1", "DEST-2")), "met", "DEST-1, DEST-2"),
        ({}, row("pass", cases=tuple("ABCDEF")), "met", "A, B, C and 3 other cases"),
        ({"order": True}, row("needs a person", "Not judged."), "shown", "“One order, one invitation”"),
        ({}, row("needs a person", "Not judged."), "not run", "Not judged."),
    ],
)
def test_a_requirement_stands_where_its_scenes_and_cases_leave_it(
    played: dict[str, bool], sheet: dict[str, object] | None, state: str, why: str
) -> None:
    results = {name: result(ok=ok) for name, ok in played.items()}
    found = standings(requirements(), Story(SCENES, []), results, [] if sheet is None else [sheet])
    one = next(standing for standing in found if standing.id == "7, invite")
    assert (one.state, one.why) == (state, why)


def test_not_run_is_not_needs_a_person_and_left_out_is_neither() -> None:
    kept = [scene for scene in SCENES if scene.name != "deletion"]
    left = [(scene, "no claim") for scene in SCENES if scene.name == "deletion"]
    found = {one.id: one.state for one in standings(requirements(), Story(kept, left), {}, [])}
    assert found["7, ingestion"] == "left out"
    assert found["Requirement 5"] == "needs a person"
    assert found["7, showcase"] == "open"


def test_a_slide_shows_what_failed_first_and_counts_the_rest() -> None:
    findings = [Finding(str(number), ok=True) for number in range(4)] + [Finding("a fact"), Finding("x", ok=False)]
    slide = Slide("", [], findings)
    assert [finding.text for finding in slide.shown] == ["x", "0", "1"]
    assert slide.more == (3, 0)
    assert Slide("", [], [Finding(str(number), ok=False) for number in range(5)]).more == (2, 2)
    assert len(Finding("word " * 100).brief) <= 150
    grid = Grid("", ("A",), [(str(number),) for number in range(12)])
    assert (len(grid.shown), grid.more) == (9, 3)


class Paced:
    """A session of slides that take some time to be played, as autoplay sees it."""

    def __init__(self, plays: float) -> None:
        self.run, self.number, self.slide, self.revision = 1, 1, 0, 0
        self.playing = False
        self._plays = plays
        self.moments: list[float] = []

    @property
    def view(self) -> Paced:
        return self

    def prepare(self) -> None:
        if self.slide == 0 and not self.playing:
            self.playing = True
            threading.Timer(self._plays, lambda: setattr(self, "playing", False)).start()

    def forward(self) -> None:
        self.moments.append(time.monotonic())
        self.number, self.slide = (self.number, 1) if self.slide == 0 else (self.number + 1, 0)


def test_the_pace_is_kept_although_playing_takes_time() -> None:
    paced = Paced(plays=0.15)
    auto = Autoplay(cast(DemoSession, paced), 0.3)
    begun = time.monotonic()
    auto.begin()
    while len(paced.moments) < 5:
        time.sleep(0.01)
    auto.stop()
    between = [after - before for before, after in zip([begun, *paced.moments], paced.moments, strict=False)]
    assert all(gap > 0.2 for gap in between)
    # Playing is not added to the time of a slide: four of these gaps would be longer by it.
    assert paced.moments[4] - begun >= 5 * 0.3 - 0.01
