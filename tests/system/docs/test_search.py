"""Ten questions of a new user: the search answers each with the right page first."""

from __future__ import annotations

import pytest
import yaml
from tpmock.common import package_data
from tpmock.console.documentation import library, search

QUESTIONS = {
    "How do I install tpmock without a checkout?": "how-to/install",
    "My Node or PHP app has a hard-coded host": "how-to/hard-coded-hosts",
    "test code that uses httpx": "how-to/pytest",
    "compose with my app": "how-to/docker",
    "my own world file": "how-to/world-file",
    "What happens when the token has expired?": "how-to/expired-token",
    "Why was no invitation sent?": "how-to/why-nothing-was-sent",
    "receive webhooks in my app": "how-to/webhooks",
    "run contract tests in GitHub Actions": "how-to/ci",
    "use it from an AI agent": "how-to/agents-and-editors",
    "cannot listen at port": "troubleshooting",
    "No sandbox owns this API key": "troubleshooting",
    "no access to business unit": "troubleshooting",
}


@pytest.mark.parametrize(("question", "page"), QUESTIONS.items())
def test_the_first_hit_answers_the_question(question: str, page: str) -> None:
    assert search.index().search(question)[0].page.name == page


@pytest.mark.parametrize("page", library.pages().values(), ids=lambda page: page.name)
def test_every_page_is_found_by_its_title(page: library.Page) -> None:
    assert search.index().search(page.title)[0].page == page


def test_a_message_that_is_pasted_is_found_where_it_is_explained() -> None:
    passages = [one for one in library.passages(library.source("troubleshooting")) if "…" in one.heading]
    missed = [
        one.heading
        for one in passages
        if search.index().search(one.heading.replace("…", "7x"))[0].address
        != f"/_mock/docs/troubleshooting#{one.anchor}"
    ]
    assert len(passages) > 20
    assert len(missed) <= len(passages) // 20, missed


def test_words_that_say_nothing_are_words() -> None:
    # YAML takes a bare no or on for a truth value.
    settings = yaml.safe_load(package_data.path("texts", "search.yaml").read_bytes())
    assert all(isinstance(word, str) for word in (*settings["ignored"], *settings["synonyms"]))
    assert {"no", "on"} <= set(settings["ignored"])
