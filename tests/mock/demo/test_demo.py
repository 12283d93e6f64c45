"""The scenes of the demo are true, from beginning to end, and only its presenter can play them."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import requests
from tpmock.cli.demo.app import Demo
from tpmock.cli.demo.contract_run import NoResultError, check_pack
from tpmock.cli.demo.scenes import failing
from tpmock.cli.demo.session import DemoSession, OutOfTurnError
from tpmock.cli.demo.story import SCENES

from tests.mock.demo.conftest import demo, write_pack
from tests.support import ROOT, dead_proxy
from tests.support.programs import node_first

BY_NAME = {scene.name: scene for scene in SCENES}
SUBJECTS = ROOT / "fixtures" / "subjects"


def wrong(session: DemoSession) -> list[str]:
    """Failed checks by scene."""
    return [
        f"{scene.name}: {finding.text}"
        for scene in session.played
        for finding in session.view.results[scene.name].findings
        if finding.ok is False
    ]


def play_to(session: DemoSession, name: str) -> None:
    """Every scene up to that one."""
    for scene in session.story.scenes[: session.story.scenes.index(BY_NAME[name]) + 1]:
        session.play(scene)


def step(running: Demo, to: str, window: str = "audience") -> requests.Response:
    """What a key or a button sends; its answer is the window."""
    return requests.post(f"{running.url}/step", data={"to": to, "window": window}, timeout=60)


def test_everything_is_as_it_should_be_and_again_from_the_beginning(
    monkeypatch: pytest.MonkeyPatch, quick_contract_run: None
) -> None:
    dead_proxy.use(monkeypatch)
    with demo() as running:
        session = running.session
        for run in (1, 2):
            assert session.run == run
            play_to(session, SCENES[-1].name)
            assert wrong(session) == []
            results = session.view.results
            assert all(results[scene.name].slides and results[scene.name].findings for scene in SCENES)
            # Each scene that says something is right has looked: there are facts and checks.
            assert sum(finding.ok is True for one in results.values() for finding in one.findings) > 40
            steps = next(table for table in results["connect"].tables if "instructions" in table.caption)
            assert [row[0][:2] for row in steps.rows] == ["2.", "3.", "4.", "5.", "6.", "6."]
            assert (steps.rows[0][0], steps.rows[0][2]) == ("2. the partner's access token", "200, reused")
            assert steps.rows[-1][0] == "6. the customer's access token"
            session.again()
            assert session.played == []


@pytest.mark.parametrize("name", ["python", "node"])
def test_the_program_of_a_contract_is_shown(
    name: str, quick_contract_run: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", node_first()["PATH"])
    with demo(SUBJECTS / name / "contract.toml") as running:
        session = running.session
        assert [scene.name for scene, _ in session.story.left_out] == ["wrong-ways", "connect", "deletion"]
        first = requests.get(running.url, timeout=20).text
        assert "Left out for this program" in first
        assert "the program does not claim “onboarding”" in first
        play_to(session, SCENES[-1].name)
        assert wrong(session) == []
        # A requirement that only left-out scenes show says so; the sheet has no word about it.
        assert "left out" in requests.get(f"{running.url}/presenter", timeout=20).text


def test_a_job_without_segment_is_shown_without_the_scenes_about_it(quick_contract_run: None) -> None:
    with demo(SUBJECTS / "job" / "contract.toml") as running:
        left = {scene.name: why for scene, why in running.session.story.left_out}
        assert left["retries"] == "orders do not come by Segment"
        play_to(running.session, "review")
        assert wrong(running.session) == []


def test_whatever_goes_wrong_no_order_is_lost_and_none_invited_twice(running: Demo) -> None:
    session = running.session
    play_to(session, "replay")
    seen = set()
    for choice, label in failing.CHOICES:
        result = session.play(BY_NAME["fault"], choice)
        assert wrong(session) == [], choice
        assert result.tables[0].rows
        assert label in result.slides[0].caption
        seen.add(id(result))
    assert len(seen) == len(failing.CHOICES)
    order = session.view.results["order"]
    assert session.play(BY_NAME["order"]) is order
    with pytest.raises(OutOfTurnError, match="does not offer"):
        session.play(BY_NAME["fault"], "any 500 always")


def test_a_program_that_ends_in_mid_demo_is_shown_and_can_be_started_again(running: Demo) -> None:
    session = running.session
    play_to(session, "connect")
    program = session.programs.running._program  # type: ignore[attr-defined]
    # With its workers, which would go on answering.
    program._signal(signal.SIGKILL)
    program._process.wait()
    result = session.play(BY_NAME["order"])
    assert not result.ok
    assert "The bundled destination ended with exit code" in result.findings[0].text
    presenter = requests.get(f"{running.url}/presenter", timeout=20).text
    assert "Start the program again" in presenter
    assert "not as expected" in presenter
    # The next scene says what it lacks, instead of a stack of technical words.
    session.play(BY_NAME["retries"])
    assert "The first order was not invited" in str(session.play(BY_NAME["replay"]).findings)
    assert step(running, "restart", "presenter").status_code == 200
    assert session.programs.trouble == ""
    assert session.play(BY_NAME["fault"], "expired").ok
    assert 'class="bad"' in requests.get(running.url, timeout=20).text


def test_a_mock_that_ends_in_mid_demo_is_shown(running: Demo) -> None:
    session = running.session
    play_to(session, "start")
    session.programs._mock.stop(0)
    result = session.play(BY_NAME["wrong-ways"])
    assert "The mock ended with exit code" in result.findings[0].text
    assert "This scene could not be played to its end" in requests.get(running.url, timeout=20).text


def test_what_the_kit_found_is_not_shown_better_than_it_is(running: Demo) -> None:
    session = running.session
    play_to(session, "start")
    write_pack(running._contract.pack, "failed")
    play_to(session, "gaps")
    assert wrong(session) == ["plan: 1 case; failed: 1."]
    session.go(BY_NAME["plan"])
    audience, presenter = (requests.get(running.url + path, timeout=20).text for path in ("/", "/presenter"))
    # The audience's table and the presenter's list agree, because they are one computation.
    for state, count in (("met", 1), ("not run", 1), ("needs a person", 6)):
        for page in (audience, presenter):
            assert page.count(f'<span class="chip">{state}</span>') == count, state


def test_a_run_that_comes_to_nothing_is_reported(monkeypatch: pytest.MonkeyPatch, running: Demo) -> None:
    contract = running._contract
    monkeypatch.setattr(type(contract), "begin", lambda _: None)
    with pytest.raises(NoResultError, match="tpmock test --plan standard --seed 7"):
        contract.result  # noqa: B018 - it is made when it is asked for
    assert requests.get(f"{running.url}/evidence.zip", timeout=20).status_code == 404


def test_a_damaged_pack_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    write_pack(tmp_path / "evidence.zip")
    with pytest.raises(NoResultError, match=r"(?s)evidence.zip cannot be shown. .*results.json"):
        check_pack(tmp_path / "evidence.zip")


def test_two_windows_show_the_same_slide_and_only_their_own_site_moves_them(running: Demo) -> None:
    session = running.session
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        refused = requests.post(f"{running.url}/step", {"to": "next"}, headers=headers, timeout=20)
        assert refused.status_code == 403
    assert session.played == []
    with pytest.raises(OutOfTurnError, match="What you are looking at"):
        session.play(BY_NAME["order"])
    assert (answer := step(running, "pack")).status_code == 409
    assert "Play this scene first" in answer.text
    before = session.view.revision
    step(running, "next")
    session.finish()
    assert requests.get(f"{running.url}/state?revision={before}", timeout=20).json()["revision"] > before
    for window in ("", "/presenter"):
        assert 'data-place="start/1"' in requests.get(running.url + window, timeout=20).text
    assert 'data-place="wrong-ways/0"' in step(running, "next", "presenter").text
    assert 'data-place="start/1"' in step(running, "back").text
    assert 'data-place="start/0"' in step(running, "back").text
    assert 'data-place="start/1"' in step(running, "start").text
    assert step(running, "nothing").status_code == 404
    assert step(running, "pause").status_code == 404
    assert requests.post(f"{running.url}/step", {"to": "next", "window": "x"}, timeout=20).status_code == 400
    assert 'data-place="start/0"' in step(running, "again", "presenter").text
    assert session.played == []


def test_it_goes_on_by_itself_and_can_be_paused(quick_contract_run: None) -> None:
    with demo(pace=1) as running:
        session = running.session
        assert session.played == []
        requests.get(running.url, timeout=20)
        while session.view.number < 2:
            session.wait(session.view.revision, 30)
        assert wrong(session) == []
        assert "Go on by itself" in step(running, "pause").text
        session.finish()
        place = session.view.number, session.view.slide
        session.wait(session.view.revision, 2.5)
        assert (session.view.number, session.view.slide) == place
        assert "Pause" in step(running, "pause").text
        while session.view.number < 3:
            session.wait(session.view.revision, 30)
