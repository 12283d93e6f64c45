"""The demo in a real browser: from start to end, again and again, by hand and by itself."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect
from tpmock.cli.demo.recording import press
from tpmock.cli.demo.story import SCENES

from tests.support import ROOT
from tests.system.browser.obstacles import obstacles
from tests.system.browser.watching import Watched
from tests.system.installed.running import PATIENCE, Command, ran

#: The whole story is played so often without a slip: once in each run of all tests, twenty times by command.
RUNS = int(os.environ.get("TPMOCK_DEMO_RUNS", "1"))
#: Seconds for a run with the contract cases in it.
LONG = 240


@contextmanager
def demo(tpmock: Command, *options: str) -> Iterator[str]:
    """``tpmock demo``, ready."""
    command = [*tpmock, "demo", "--port", "0", "--no-browser", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"The demo: (\S+)", line)
            assert found, line
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(LONG * 1000)
    expect.set_options(timeout=LONG * 1000)
    yield Watched(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def pack(tpmock: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of a few cases: a demo that shows it need not run them all."""
    made = tmp_path_factory.mktemp("evidence") / "evidence.zip"
    done = ran([*tpmock, "test", "--plan", "standard", "--case", "DEST-002", "--evidence", str(made)], LONG)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


#: What a slide must not do: reach beyond the window, or hide a part of itself.
CUT = """async () => {
  // After the window's new size has been seen by the page, which fits the slide into it.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const all = [...document.querySelectorAll("main .tile, main .tile *, .proofs li, h1, .lead")];
  const boxes = all.filter((one) => !one.closest("svg, .hidden") && getComputedStyle(one).display !== "inline");
  const hidden = boxes.filter((one) => one.scrollWidth > one.clientWidth + 1);
  const root = document.documentElement;
  const cut = root.scrollHeight > innerHeight || root.scrollWidth > innerWidth;
  const found = hidden.map((one) => one.outerHTML.slice(0, 200));
  return cut ? [`the page: ${root.scrollWidth}x${root.scrollHeight}`, ...found] : found;
}"""
#: What a projector shows.
SIZES = ({"width": 1280, "height": 720}, {"width": 1920, "height": 1080})
#: Slides that together have each kind of artefact: a look at each for obstacles takes a second.
EACH_KIND = ("wrong-ways/2", "order/1", "fault/0", "fault/1", "backfill/1", "review/1", "review/2", "plan/1")
SUBJECTS = ROOT / "fixtures" / "subjects"


def told_wrong(page: Page) -> list[str]:
    """Return the failed checks of the page."""
    return page.locator(".proofs .bad").all_inner_texts()


def played(page: Page, *, closely: bool) -> list[str]:
    """Play from the first slide to the last by keyboard, and return the places that were shown.

    :param closely: look at each slide as a projector shows it, and for obstacles
    """
    places = []
    keys = itertools.cycle(("ArrowRight", "Space", "PageDown"))
    while press(page, next(keys)):
        place = str(page.locator("main").get_attribute("data-place"))
        places.append(place)
        assert told_wrong(page) == [], place
        if closely:
            for size in SIZES:
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert page.evaluate(CUT) == [], f"{place} at {size}"
            if place in EACH_KIND:
                assert obstacles(page) == [], place
    return places


def test_the_story_is_played_by_keyboard_again_and_again(watched: Watched, tpmock: Command, pack: Path) -> None:
    page = watched.page
    # By command with the standard plan, which runs while the first scenes are shown.
    evidence = () if RUNS > 1 else ("--evidence", str(pack))
    with demo(tpmock, "--backfill", "900", *evidence) as url:
        page.goto(url)
        with page.expect_popup() as popup:
            page.keyboard.press("p")
        presenter = popup.value
        # A page behind another is given one frame a second.
        page.bring_to_front()
        for run in range(RUNS):
            places = played(page, closely=run == 0)
            assert [place for place in places if place.endswith("/1")] == [f"{scene.name}/1" for scene in SCENES]
            # The other window has followed, and lists the same requirements as the audience's table.
            expect(presenter.locator("main")).to_have_attribute("data-place", places[-1])
            if run == 0:
                assert obstacles(presenter) == []
                assert page.locator(".bar li.bad").count() == 0
                page.keyboard.press("ArrowLeft")
                expect(page.locator("main")).to_have_attribute("data-place", "pack/0")
            presenter.get_by_role("button", name="From the beginning").click()
            expect(page.locator("main")).to_have_attribute("data-place", "start/0")
        assert watched.said == []
        assert watched.hosts == {urlsplit(url).netloc}
    expect(page.get_by_role("alert")).to_contain_text("does not answer any more")


#: Names that a page must neither run nor let run out of it.
NAMES = {"python": "mine <script>alert(1)</script> \u202eegats", "node": "m" * 255}


@pytest.mark.parametrize("name", ["python", "node"])
def test_the_program_of_a_contract_is_played_by_keyboard(
    name: str, watched: Watched, tpmock: Command, tmp_path: Path
) -> None:
    page = watched.page
    shutil.copytree(SUBJECTS / name, tmp_path / name)
    contract = tmp_path / name / "contract.toml"
    text = contract.read_text(encoding="utf-8")
    text = re.sub('name = ".*"', lambda _: f'name = "{NAMES[name]}"', text)
    contract.write_text(re.sub("plans = .*", 'plans = ["quick"]', text), encoding="utf-8")
    taken = tmp_path / "taken.zip"
    with demo(tpmock, "--contract", str(contract), "--backfill", "300") as url:
        page.goto(url)
        for _ in range(RUNS):
            expect(page.locator(".crumb b")).to_have_text(NAMES[name])
            assert page.evaluate(CUT) == []
            assert played(page, closely=False)[-1] == "pack/1"
            with page.expect_download() as download:
                page.get_by_role("link", name="Download evidence.zip").click()
            download.value.save_as(taken)
            page.request.post(f"{url}/step", form={"to": "again"})
            expect(page.locator("main")).to_have_attribute("data-place", "start/0")
        assert watched.said == []
    # What was taken away is checked without anything of it running.
    with ZipFile(taken) as members:
        assert "sheet.html" in members.namelist()
    verified = ran([*tpmock, "evidence", "verify", str(taken)])
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_program_that_dies_in_mid_demo_is_shown_and_started_again(
    watched: Watched, tpmock: Command, pack: Path
) -> None:
    page = watched.page
    with demo(tpmock, "--evidence", str(pack)) as url:
        page.goto(url)
        with page.expect_popup() as popup:
            page.keyboard.press("p")
        presenter = popup.value
        page.bring_to_front()
        while page.locator('main[data-place="order/0"]').count() == 0:
            assert press(page)
        running = psutil.Process().children(recursive=True)
        [program] = [one for one in running if "tpmock.destination" in one.cmdline() and one.pid == os.getpgid(one.pid)]
        # With its workers, which would go on answering.
        os.killpg(program.pid, signal.SIGKILL)
        assert press(page)
        expect(page.locator(".proofs .bad").first).to_contain_text("The bundled destination ended with exit code -9")
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert page.evaluate(CUT) == []
        assert obstacles(page) == []
        trouble = presenter.get_by_role("region", name="A program has ended")
        presenter.bring_to_front()
        trouble.get_by_role("button", name="Start the program again").click()
        expect(trouble).to_have_count(0)
        page.bring_to_front()
        while page.locator('main[data-place="retries/1"]').count() == 0:
            assert press(page)
        assert told_wrong(page) == []
        assert watched.said == []


def test_it_is_shown_without_scripts(chromium: Browser, tpmock: Command, pack: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(LONG * 1000)
    page = context.new_page()
    with demo(tpmock, "--evidence", str(pack)) as url:
        page.goto(url)
        page.get_by_role("button", name="Next").click()
        page.locator('main[data-place="start/1"]').wait_for()
    context.close()


def test_it_is_recorded(tpmock: Command, tmp_path: Path, pytestconfig: pytest.Config, pack: Path) -> None:
    browser = ["--browser", str(pytestconfig.getoption("--chromium")), "--evidence", str(pack), "--backfill", "50"]
    folder = tmp_path / "film"
    made = ran([*tpmock, "demo", "--port", "0", "--record", str(folder), *browser], LONG)
    assert made.returncode == 0, made.stdout + made.stderr
    pictures = sorted(folder.glob("*.png"))
    assert {picture.name[:-6] for picture in pictures} == {f"{n:02d}-{scene.name}" for n, scene in enumerate(SCENES, 1)}
    assert all(picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 15_000 for picture in pictures)
    film = (folder / "index.html").read_text(encoding="utf-8")
    assert film.count('<img src="data:image/png;base64,') == len(pictures)
    assert not re.findall(r"(?:src|href)=\"(?!data:)", film)
    assert "<script" not in film
    refused = ran([*tpmock, "demo", "--record", str(tmp_path), "--browser", str(tmp_path / "none")])
    assert (refused.returncode, "does not exist" in refused.stderr) == (2, True)
