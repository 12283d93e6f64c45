"""An order that the console gives as a test: run as it is, with pytest, a shell and Node.js."""

from __future__ import annotations

import html
import os
import re
import sys
from pathlib import Path

import requests
from tpmock.common.control_client import TOKEN_VARIABLE

from tests.support.programs import NODE
from tests.system.installed.running import PATIENCE, Up, ran

FILES = ("test_order.py", "order.sh", "order.test.mjs")
#: An address and words that a careless template would let out of their quotes.
ORDER = {"email": "o'hara@example.com", "name": "Ada $HOME `id`", "surname": '"""\\ \'; exit 0 #'}


def given(running: Up, number: str) -> dict[str, str]:
    """The tests that the page of an order shows, by file."""
    page = requests.get(f"{running.url}/_mock/console/default/orders/{number}", timeout=PATIENCE).text
    texts = re.findall(r'<pre id="test-\d"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return dict(zip(FILES, map(html.unescape, texts), strict=True))


def passed(folder: Path, file: str, text: str) -> bool:
    (folder / file).write_text(text, encoding="utf-8")
    commands = {
        "test_order.py": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, file],
        "order.sh": ["sh", file],
        "order.test.mjs": [NODE, "--test", file],
    }
    variables = {name: value for name, value in os.environ.items() if name not in ("TPMOCK_URL", TOKEN_VARIABLE)}
    return ran(commands[file], cwd=folder, env=variables).returncode == 0


def test_an_order_as_a_test_passes_and_fails_when_the_outcome_is_another(running: Up, tmp_path: Path) -> None:
    event = {
        "userId": "customer-1",
        "event": "Order Completed",
        "properties": {"order_id": "1001", **ORDER},
    }
    key = (running.write_key, "")
    requests.post(f"{running.url}/v1/track", json=event, auth=key, timeout=PATIENCE).raise_for_status()
    running.control.settle()
    sandbox = f"{running.url}/_mock/sandboxes/default"
    requests.post(f"{sandbox}/clock/advance", json={"by": "7d"}, timeout=PATIENCE).raise_for_status()
    review = {"invitation": "1001", "stars": 4, "title": "It's fine", "text": 'It "came".\nTwice.'}
    requests.post(f"{sandbox}/reviews", json=review, timeout=PATIENCE).raise_for_status()
    tests = given(running, "1001")
    assert {file: passed(tmp_path, file, text) for file, text in tests.items()} == dict.fromkeys(FILES, True)
    other = {file: text.replace("reviewed", "bounced") for file, text in tests.items()}
    assert {file: passed(tmp_path, file, text) for file, text in other.items()} == dict.fromkeys(FILES, False)
