"""The scenes of the demo are true, from beginning to end, and only its presenter can run them."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from tpmock.cli.demo.app import Demo
from tpmock.cli.demo.contract_run import NoResultError, calls_to_make, check_pack, requirements
from tpmock.cli.demo.scenes import failing
from tpmock.cli.demo.session import DemoSession, OutOfTurnError
from tpmock.cli.demo.story import SCENES
from tpmock.faults.grammar import parse

from tests.mock.demo.conftest import pages, parts, write_pack
from tests.support import dead_proxy

BY_NAME = {scene.name: scene for scene in SCENES}


def wrong(session: DemoSession) -> list[str]:
    """Failed checks by scene."""
    results = [(scene.name, session.result(scene)) for scene in SCENES]
    return [
        f"{name}: {finding.text}"
        for name, result in results
        if result is not None
        for finding in result.findings
        if finding.ok is False
    ]


def play_to(session: DemoSession, name: str) -> None:
    """Every scene up to that one."""
    for scene in SCENES[: SCENES.index(BY_NAME[name]) + 1]:
        session.play(scene)


def test_everything_is_as_it_should_be_and_again_from_the_beginning(running: Demo) -> None:
    session = running.session
    for run in (1, 2):
        assert session.run == run
        play_to(session, SCENES[-1].name)
        assert wrong(session) == []
        shown = [session.result(scene) for scene in SCENES]
        assert all(result and result.findings for result in shown)
        # Each scene that says something is right has looked: the first ones are facts and checks of both kinds.
        assert sum(finding.ok is True for result in shown if result for finding in result.findings) > 40
        session.again()
        assert session.played == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, quick_contract_run: None) -> None:
    dead_proxy.use(monkeypatch)
    with parts() as everything, pages(everything) as served:
        play_to(served.session, SCENES[-1].name)
        assert wrong(served.session) == []


@pytest.mark.parametrize("choice", [value for value, _ in failing.CHOICES])
def test_whatever_goes_wrong_no_order_is_lost_and_none_invited_twice(running: Demo, choice: str) -> None:
    session = running.session
    play_to(session, "order")
    for scene in (BY_NAME["retries"], BY_NAME["replay"]):
        session.play(scene)
    result = session.play(BY_NAME["fault"], choice)
    assert wrong(session) == []
    assert result.tables[0].rows


def test_a_fault_can_be_picked_again_and_other_scenes_stay_as_they_were(running: Demo) -> None:
    session = running.session
    play_to(session, "fault")
    first = session.result(BY_NAME["fault"])
    assert session.play(BY_NAME["fault"], failing.CHOICES[1][0]) is not first
    order = session.result(BY_NAME["order"])
    assert session.play(BY_NAME["order"]) is order


def test_scenes_are_played_in_their_order(running: Demo) -> None:
    with pytest.raises(OutOfTurnError, match="What you are looking at"):
        running.session.play(BY_NAME["order"])
    play_to(running.session, "replay")
    with pytest.raises(OutOfTurnError, match="does not offer"):
        running.session.play(BY_NAME["fault"], "any 500 always")
    answer = requests.post(f"{running.url}/scene/pack", timeout=20)
    assert (answer.status_code, "Run this scene first" in answer.text) == (409, True)


def test_a_scene_that_cannot_be_played_says_why_and_is_not_green(quick_contract_run: None) -> None:
    with parts() as everything, pages(everything) as running:
        session = running.session
        play_to(session, "start")
        everything._programs["destination"].kill()
        everything._programs["destination"].wait()
        result = session.play(BY_NAME["wrong-ways"])
        assert "The scene failed: ConnectionError" in result.findings[0].text
        assert not result.ok
        page = requests.get(f"{running.url}/scene/wrong-ways", timeout=20).text
        assert "not as expected" in page
        # What this scene was to show is not shown.
        assert page.count('<span class="chip good">shown</span>') == 0


def test_what_the_kit_found_is_not_shown_better_than_it_is(running: Demo) -> None:
    session = running.session
    write_pack(running._contract.pack, "failed")
    play_to(session, "gaps")
    assert wrong(session) == ["plan: 1 cases against the same integration: 1 failed."]


def test_a_run_that_comes_to_nothing_is_told(monkeypatch: pytest.MonkeyPatch, running: Demo) -> None:
    contract = running._contract
    monkeypatch.setattr(type(contract), "begin", lambda _: None)
    with pytest.raises(NoResultError, match="tpmock test --plan standard"):
        contract.result  # noqa: B018 - it is made when it is asked for
    assert requests.get(f"{running.url}/evidence.zip", timeout=20).status_code == 404


def test_a_damaged_pack_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    write_pack(tmp_path / "evidence.zip")
    with pytest.raises(NoResultError, match=r"(?s)evidence.zip cannot be shown. .*results.json"):
        check_pack(tmp_path / "evidence.zip")


def test_pages_show_what_was_played(running: Demo) -> None:
    with requests.Session() as session:
        first = session.get(running.url, timeout=20)
        assert first.url.endswith("/scene/start")
        assert "Unofficial" in first.text
        played = session.post(first.url, timeout=20)
        assert "as expected" in played.text
        assert session.get(f"{running.url}/scene/nothing", timeout=20).status_code == 404
        again = session.post(f"{running.url}/again", timeout=20)
        assert "as expected" not in again.text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
def test_nobody_else_plays_it(running: Demo, headers: dict[str, str]) -> None:
    answer = requests.post(f"{running.url}/scene/start", headers=headers, timeout=20)
    assert answer.status_code == 403
    assert running.session.played == []


def test_the_story_speaks_of_what_there_is() -> None:
    known = {one["id"] for one in requirements()}
    assert {one for scene in SCENES for one in scene.requirements} <= known
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert all(scene.lead and scene.notes for scene in SCENES)
    for fault, _ in failing.CHOICES:
        assert fault == failing.EXPIRED or parse(fault).effect
    assert len(calls_to_make()) >= 10
