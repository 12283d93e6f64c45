"""What is looked at in a browser comes with the installation: pages, styles and scripts."""

from __future__ import annotations

import re
import signal
import subprocess

import requests

from tests.system.installed.running import PATIENCE, Command


def assets(page: requests.Response) -> list[str]:
    """What a page asks for besides."""
    found = re.findall(r'(?:src|href)="(/[^"]+\.(?:css|js|svg)[^"]*)"', page.text)
    assert len(found) >= 3, page.text
    origin = "/".join(page.url.split("/")[:3])
    return [origin + path for path in found]


def test_the_console_is_there(mock_url: str) -> None:
    page = requests.get(mock_url, timeout=PATIENCE)
    assert (page.status_code, page.url) == (200, f"{mock_url}/_mock/console/default/orders/")
    for url in assets(page):
        assert requests.get(url, timeout=PATIENCE).status_code == 200
    for path in re.findall(r'href="(/_mock/console/default/\w+/)"', page.text):
        assert requests.get(mock_url + path, timeout=PATIENCE).status_code == 200


def test_the_demo_is_there_and_ends_when_it_is_asked_to(tpmock: Command) -> None:
    command = [*tpmock, "demo", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            page = requests.get(url, timeout=PATIENCE)
            assert "What you are looking at" in page.text
            for asset in assets(page):
                assert requests.get(asset, timeout=PATIENCE).status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
