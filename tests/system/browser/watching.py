"""Watches console messages and requests of all pages, in every test."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request


class Watched:
    """A page, with those that open from it, and all that they say and ask for.

    :ivar said: on the console, as errors, failed requests, dialogs
    :ivar hosts: who was asked for anything
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.hosts: set[str] = set()
        self._watch(page)
        page.context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        self.said.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _failed(self, request: Request) -> None:
        # A test that continues before everything has loaded, or downloads a file instead of a page, aborts requests.
        if request.failure != "net::ERR_ABORTED":
            self.said.append(f"failed: {request.url}: {request.failure}")

    def _dialog(self, dialog: Dialog) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()
