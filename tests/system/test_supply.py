"""What we depend on: no published hole is allowed, CI's versions are written down, and every license is known."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Final

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support import ROOT

PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: Final[dict[str, list[str]]] = PROJECT["optional-dependencies"]
#: What users can install; the extras test and dev are ours.
SHIPPED: Final = ("seed", "postgres", "demo", "functions", "generated", "mcp", "braze")
ADVISORIES: Final[list[dict[str, str]]] = yaml.safe_load(
    (ROOT / "tests" / "system" / "advisories.yaml").read_text(encoding="utf-8")
)
LICENSES: Final = ROOT / "mockserver" / "docs" / "licenses.md"
#: New majors of these are not breaking: cryptography and rich raise theirs for small changes.
WITHOUT_UPPER_BOUND: Final = frozenset({"cryptography", "rich"})
#: Licenses that may stand in an installation beside MIT code. The LGPL is that of psycopg, which only an extra brings.
ALLOWED: Final = frozenset(
    {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
)
#: What metadata without an SPDX expression say, in SPDX.
SPDX: Final = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    # Says python-dateutil: Apache 2.0 for what is new, BSD for what is old.
    "Dual License": "Apache-2.0 AND BSD-3-Clause",
}


def required(extra: str | None = None) -> dict[str, Requirement]:
    lines = PROJECT["dependencies"] if extra is None else EXTRAS[extra]
    return {canonicalize_name(one.name): one for one in map(Requirement, lines) if one.name != "tpmock"}


RUNTIME: Final = required()
DIRECT: Final = RUNTIME | {name: one for extra in SHIPPED for name, one in required(extra).items()}


def pinned() -> dict[str, Version]:
    """CI's versions; the highest where they differ by environment."""
    found: dict[str, Version] = {}
    for line in (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        one = Requirement(line)
        [pin] = one.specifier
        assert pin.operator == "==", line
        name = canonicalize_name(one.name)
        found[name] = max(Version(pin.version), found.get(name, Version("0")))
    return found


PINNED: Final = pinned()


def floor(requirement: Requirement) -> Version:
    [lowest] = [Version(bound.version) for bound in requirement.specifier if bound.operator == ">="]
    return lowest


@pytest.mark.parametrize("row", ADVISORIES, ids=lambda row: f"{row['package']}-{row['advisory']}")
def test_no_version_with_a_published_hole_is_allowed(row: dict[str, str]) -> None:
    name, fixed = row["package"], Version(row["fixed"])
    assert name in PINNED, "nothing depends on it any more: remove the row"
    assert PINNED[name] >= fixed
    if name in DIRECT:
        assert floor(DIRECT[name]) >= fixed


@pytest.mark.parametrize("name", sorted(RUNTIME))
def test_the_next_major_version_is_not_taken_unseen(name: str) -> None:
    upper = [bound.version for bound in RUNTIME[name].specifier if bound.operator == "<"]
    assert (upper == []) is (name in WITHOUT_UPPER_BOUND)
    assert all(re.fullmatch(r"\d+", version) for version in upper)


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_every_dependency_has_a_version_that_ci_runs_with(extra: str | None) -> None:
    for name, one in required(extra).items():
        assert one.specifier.contains(PINNED[name], prereleases=True), f"{name}: write .ci/constraints.txt anew"


# --- licenses -------------------------------------------------------------------------------------------------------


def installed() -> Iterator[tuple[str, str]]:
    """Everything that an installation brings, with its license, as far as it is installed here."""
    todo: list[tuple[str, tuple[str, ...]]] = [("tpmock", SHIPPED)]
    seen: set[tuple[str, ...]] = set()
    while todo:
        name, extras = todo.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            # An extra that a bare machine lacks; its row in the table stays.
            continue
        if name != "tpmock":
            yield name, license_of(found.metadata)
        for one in map(Requirement, found.requires or ()):
            wanted = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
            key = canonicalize_name(one.name)
            if wanted and (key, *one.extras) not in seen:
                seen.add((key, *one.extras))
                todo.append((key, tuple(one.extras)))


def license_of(metadata: Any) -> str:
    """In SPDX: the expression, else the field, else the classifiers."""
    said = metadata.get("License-Expression") or (metadata.get("License") or "").split("\n")[0]
    if not said or len(said) > 40:
        classifiers = [line for line in metadata.get_all("Classifier") or () if line.startswith("License :: ")]
        said = classifiers[0].rpartition(" :: ")[2] if classifiers else "unknown"
    return SPDX.get(said, said)


def table() -> dict[str, str]:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.+) \|$", LICENSES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: text for name, text in rows if name != "package"}


def test_every_license_is_listed_and_allowed() -> None:
    found = dict(installed())
    assert found.keys() >= RUNTIME.keys()
    for name, text in found.items():
        assert set(re.split(r" (?:AND|OR) ", text)) <= ALLOWED, f"{name}: {text}"
    listed = table()
    assert listed.keys() <= PINNED.keys(), "nothing depends on these any more"
    assert {name: listed.get(name) for name in found} == found, "write the table of mockserver/docs/licenses.md anew"
