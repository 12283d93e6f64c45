"""What callers of the mock's API can make this machine do. No other place decides it.

Callers with access to the control API or the console (``tpmock.server.control_access``) can do, as the mock's user:

- connect to an address: only a configured one, by http or https, and only to send what Segment or
  Trustpilot would send there;
- run a contract: the commands of a ``contract.toml`` that only this user can write;
- run a destination function: only if the mock was started with permission for it.

On a machine with several users each of them can reach loopback, so none of these may give a caller more rights.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

FUNCTIONS_NOT_ALLOWED: Final = (
    "Destination functions are not allowed here: they run code on this machine as the user who started the mock. "
    "Start it with --allow-functions (or allow_functions = true in tpmock.toml, or TPMOCK_ALLOW_FUNCTIONS=1) "
    "if everyone who reaches its control API may do that."
)


class NotPermittedError(Exception):
    """An action that a caller is not permitted to do. The message is for users."""


def is_address(url: str) -> bool:
    """Return whether the mock can be configured to send to an address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def check_contract(file: Path) -> None:
    """Check that only the user can write the commands of a contract.

    :raises NotPermittedError: when the file is missing, or another user could have written it
    """
    try:
        found = [file.stat(), file.resolve().parent.stat()]
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise NotPermittedError(f"{file} cannot be read: {reason}.") from None
    if hasattr(os, "geteuid") and any(map(_is_open_to_others, found)):
        raise NotPermittedError(
            f"{file} belongs to another user of this machine, or can be written by all, and its commands would be run "
            f"as you. If you know them, run it yourself: tpmock test --contract {file}"
        )


def _is_open_to_others(found: os.stat_result) -> bool:
    """Return whether another user can write or replace a file."""
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if sticky:
        return False  # such as /tmp: only the owner of a file in it may replace it
    return found.st_uid not in (os.geteuid(), 0) or bool(found.st_mode & stat.S_IWOTH)
