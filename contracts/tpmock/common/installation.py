"""Where this installation of tpmock came from, and how to install more of the same.

An installer writes ``direct_url.json`` when a distribution did not come from a package index (`PEP 610
<https://peps.python.org/pep-0610/>`_, "Recording the Direct URL Origin of installed distributions").
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

NAME: Final = "tpmock"

#: ``contracts/tpmock/common/installation.py`` in a checkout, ``tpmock/common/installation.py`` in an installation.
_CHECKOUT: Final = Path(__file__).parents[3]
#: Hosts that are another machine everywhere else.
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: The file of the repository whose full address is in the metadata.
_CHANGELOG: Final = "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a distribution came from.

    :param address: what pip takes after ``tpmock @``: an archive's URL or a VCS address; empty for an index
    :param folder: the folder that it was installed from, or None
    :param editable: whether that folder is used in place
    :param digests: the hashes that the installer recorded of an archive, by algorithm
    """

    address: str = ""
    folder: Path | None = None
    editable: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def portable(self) -> bool:
        """Whether another machine can install from here, too."""
        host = urlsplit(self.address).hostname or ""
        return self.folder is None and "file://" not in self.address and host not in _THIS_MACHINE

    def requirement(self, *extras: str) -> str:
        """Return what to pass to ``pip install``, without quotes.

        :param extras: names of extras, such as ``seed``
        """
        wanted = f"[{','.join(extras)}]" if extras else ""
        if self.folder is not None:
            return f"{self.folder}{wanted}"
        return f"{NAME}{wanted} @ {self.address}" if self.address else f"{NAME}{wanted}"

    def pinned(self, version: str) -> str:
        """Return what to pass to ``pip install`` for exactly what is installed here, without quotes.

        :param version: the version that is installed, for an index
        """
        if not self.address:
            return f"{NAME}=={version}"
        if "sha256" not in self.digests:
            return self.requirement()
        joint = "&" if "#" in self.address else "#"
        return f"{self.requirement()}{joint}sha256={self.digests['sha256']}"

    def command(self, *extras: str) -> str:
        """Return the command line that installs tpmock with these extras from the same source, for a shell."""
        option = "-e " if self.editable else ""
        return f"pip install {option}{shlex.quote(self.requirement(*extras))}"


def read(direct_url: Mapping[str, Any]) -> Source:
    """Return the source that a ``direct_url.json`` names.

    Credentials in a URL are left out: the result is shown on terminals and written to files.

    :param direct_url: the file's object
    """
    url = _without_credentials(direct_url["url"])
    below = direct_url.get("subdirectory")
    if "dir_info" in direct_url:
        # Late, as it loads an HTTP client.
        from urllib.request import url2pathname  # noqa: PLC0415

        folder = Path(url2pathname(urlsplit(url).path))
        editable = direct_url["dir_info"].get("editable", False)
        return Source(folder=folder / below if below else folder, editable=editable)
    if "vcs_info" in direct_url:
        version = direct_url["vcs_info"]
        url = f"{version['vcs']}+{url}@{version['commit_id']}"
    digests = direct_url.get("archive_info", {}).get("hashes", {})
    return Source(f"{url}#subdirectory={below}" if below else url, digests=digests)


def source() -> Source:
    """Return where this copy of tpmock was installed from: the package index, a VCS, an archive or a folder.

    A checkout whose modules are imported in place is a folder, whether it was installed or is on ``PYTHONPATH``.
    """
    # Late: importlib.metadata takes as long to import as a small command to run, and most runs need no advice.
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415

    if (_CHECKOUT / "pyproject.toml").is_file():
        return Source(folder=_CHECKOUT, editable=True)
    try:
        recorded = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        recorded = None
    return read(json.loads(recorded)) if recorded else Source()


def repository() -> Source:
    """Return the project's repository, as its metadata names it: for a machine that cannot read :func:`source`."""
    address = _project_urls().get("Repository")
    # A checkout on PYTHONPATH has no metadata; an index is the usual place.
    return Source(f"git+{address}") if address else Source()


def repository_page(path: str) -> str | None:
    """Return where the project's code host shows a file, or None when the metadata do not say.

    :param path: in the repository, such as ``CONTRIBUTING.md``
    """
    changelog = _project_urls().get("Changelog", "")
    return f"{changelog.removesuffix(_CHANGELOG)}{path}" if changelog.endswith(_CHANGELOG) else None


def _project_urls() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, metadata  # noqa: PLC0415 - late, as above

    try:
        return dict(line.split(", ", 1) for line in metadata(NAME).get_all("Project-URL") or [])
    except PackageNotFoundError:
        return {}


def install_command(*extras: str) -> str:
    """Return the command line that adds these extras to this installation, for an error message."""
    return source().command(*extras)


def _without_credentials(url: str) -> str:
    """Leave out user and password; the user of ssh (``git@``) is a part of the address and stays."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    keep = at and parts.scheme == "ssh" and ":" not in user
    return url if not at or keep else urlunsplit(parts._replace(netloc=host))
