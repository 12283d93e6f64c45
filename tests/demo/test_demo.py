"""The story is true, from beginning to end, and nobody else plays it."""

from __future__ import annotations

import pytest
import requests

from mockserver.demo.judging import JudgingFailedError, calls_to_make, requirements
from mockserver.demo.performance import OutOfTurnError, Performance
from mockserver.demo.running import Running
from mockserver.demo.scenes import failing
from mockserver.demo.story import SCENES
from mockserver.faults.grammar import parse
from tests.demo.conftest import pages, parts, write_pack

BY_NAME = {scene.name: scene for scene in SCENES}


def wrong(performance: Performance) -> list[str]:
    """Everything that was not as it should be, by scene."""
    outcomes = [(scene.name, performance.outcome(scene)) for scene in SCENES]
    return [
        f"{name}: {finding.text}"
        for name, outcome in outcomes
        if outcome is not None
        for finding in outcome.findings
        if finding.good is False
    ]


def play_to(performance: Performance, name: str) -> None:
    """Every scene up to that one."""
    for scene in SCENES[: SCENES.index(BY_NAME[name]) + 1]:
        performance.play(scene)


def test_everything_is_as_it_should_be_and_again_from_the_beginning(running: Running) -> None:
    performance = running.demo.performance
    for run in (1, 2):
        assert performance.run == run
        play_to(performance, SCENES[-1].name)
        assert wrong(performance) == []
        shown = [performance.outcome(scene) for scene in SCENES]
        assert all(outcome and outcome.findings for outcome in shown)
        # Each scene that says something is right has looked: the first ones are facts and checks of both kinds.
        assert sum(finding.good is True for outcome in shown if outcome for finding in outcome.findings) > 40
        performance.again()
        assert performance.played == []


@pytest.mark.parametrize("choice", [value for value, _ in failing.CHOICES])
def test_whatever_goes_wrong_no_order_is_lost_and_none_invited_twice(running: Running, choice: str) -> None:
    performance = running.demo.performance
    play_to(performance, "order")
    for scene in (BY_NAME["retries"], BY_NAME["replay"]):
        performance.play(scene)
    outcome = performance.play(BY_NAME["fault"], choice)
    assert wrong(performance) == []
    assert outcome.tables[0].rows


def test_a_fault_can_be_picked_again_and_other_scenes_stay_as_they_were(running: Running) -> None:
    performance = running.demo.performance
    play_to(performance, "fault")
    first = performance.outcome(BY_NAME["fault"])
    assert performance.play(BY_NAME["fault"], failing.CHOICES[1][0]) is not first
    order = performance.outcome(BY_NAME["order"])
    assert performance.play(BY_NAME["order"]) is order


def test_scenes_are_played_in_their_order(running: Running) -> None:
    with pytest.raises(OutOfTurnError, match="What you are looking at"):
        running.demo.performance.play(BY_NAME["order"])
    play_to(running.demo.performance, "replay")
    with pytest.raises(OutOfTurnError, match="cannot be chosen"):
        running.demo.performance.play(BY_NAME["fault"], "any 500 always")
    answer = requests.post(f"{running.url}/scene/pack", timeout=20)
    assert (answer.status_code, "First comes the scene" in answer.text) == (409, True)


def test_a_scene_that_cannot_be_played_says_why_and_is_not_green(quick_judge: None) -> None:
    with parts() as everything, pages(everything) as running:
        performance = running.demo.performance
        play_to(performance, "start")
        everything._programs["destination"].kill()
        everything._programs["destination"].wait()
        outcome = performance.play(BY_NAME["wrong-ways"])
        assert "could not be played to its end: ConnectionError" in outcome.findings[0].text
        assert not outcome.right
        page = requests.get(f"{running.url}/scene/wrong-ways", timeout=20).text
        assert "not as it should be" in page
        # What this scene was to show is not shown.
        assert page.count('<span class="chip good">shown</span>') == 0


def test_what_the_kit_found_is_not_shown_better_than_it_is(running: Running) -> None:
    performance = running.demo.performance
    write_pack(running._judge.pack, "failed")
    play_to(performance, "gaps")
    assert wrong(performance) == ["plan: 1 cases against the same integration: 1 failed."]


def test_a_run_that_comes_to_nothing_is_told(monkeypatch: pytest.MonkeyPatch, running: Running) -> None:
    judge = running._judge
    monkeypatch.setattr(type(judge), "begin", lambda _: None)
    with pytest.raises(JudgingFailedError, match="tpmock test --plan standard"):
        judge.result  # noqa: B018 - it is made when it is asked for
    assert requests.get(f"{running.url}/evidence.zip", timeout=20).status_code == 404


def test_pages_show_what_was_played(running: Running) -> None:
    with requests.Session() as session:
        first = session.get(running.url, timeout=20)
        assert first.url.endswith("/scene/start")
        assert "Unofficial" in first.text
        played = session.post(first.url, timeout=20)
        assert "as it should be" in played.text
        assert session.get(f"{running.url}/scene/nothing", timeout=20).status_code == 404
        again = session.post(f"{running.url}/again", timeout=20)
        assert "as it should be" not in again.text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
def test_nobody_else_plays_it(running: Running, headers: dict[str, str]) -> None:
    answer = requests.post(f"{running.url}/scene/start", headers=headers, timeout=20)
    assert answer.status_code == 403
    assert running.demo.performance.played == []


def test_the_story_speaks_of_what_there_is() -> None:
    known = {one["id"] for one in requirements()}
    assert {one for scene in SCENES for one in scene.requirements} <= known
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert all(scene.lead and scene.notes for scene in SCENES)
    for fault, _ in failing.CHOICES:
        assert fault == failing.EXPIRED or parse(fault).effect
    assert len(calls_to_make()) >= 10
