"""What a test wants: its markers, the options of the run, the environment and the project's settings, in this order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mockserver import settings_file
from mockserver.testing.parts import nearest

#: What ``@pytest.mark.tpmock(...)`` takes, with its type.
MARKER: Final[Mapping[str, type | tuple[type, ...]]] = {
    "world": str,
    "variants": dict,
    "seed": int,
    "time": str,
    "in_process": bool,
    "allow_hosts": (list, tuple),
}


class ChoiceError(Exception):
    """What is wanted cannot be had. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Run:
    """What holds for all tests of a run.

    :param url: a mock that runs; None to start one
    :param token: its control token
    :param worlds: world files by name, for a mock that is started
    :param sandbox: what every new sandbox is made with
    """

    url: str | None = None
    token: str | None = None
    worlds: Mapping[str, Path] = field(default_factory=dict)
    in_process: bool = False
    allow_hosts: Sequence[str] = ()
    sandbox: Mapping[str, Any] = field(default_factory=dict)


def of_run(root: Path, *, url: str | None, world: str | None, variants: Sequence[str], in_process: bool) -> Run:
    """What the options say, else the environment and the settings of the project.

    :param root: the project's folder
    :raises SettingsError: when settings or environment cannot be used
    :raises ChoiceError: when the options do not fit
    """
    settings = settings_file.read(root, os.environ)
    if url is not None and world is not None:
        raise ChoiceError("--tpmock-world is for a mock that is started here; the one at --tpmock-url has its own.")
    worlds = settings.worlds | ({"default": Path(world)} if world else {})
    switches = {**(settings.get("variants") or {}), **dict(_switch(text) for text in variants)}
    wanted = {"seed": settings.get("seed"), "journal": settings.get("journal"), "variants": switches or None}
    return Run(
        url=url or settings.get("url"),
        token=settings.get("control_token"),
        worlds=worlds,
        # Whoever names an address means it.
        in_process=in_process or (bool(settings.get("in_process")) and url is None),
        allow_hosts=settings.get("allow_hosts") or (),
        sandbox={name: value for name, value in wanted.items() if value is not None},
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What one test wants, beside what holds for all.

    :param sandbox: what its sandbox is made with
    """

    sandbox: Mapping[str, Any]
    in_process: bool
    allow_hosts: Sequence[str]


def of_test(run: Run, markers: Sequence[tuple[Sequence[object], Mapping[str, Any]]]) -> Wish:
    """What the markers of a test say over what holds for all.

    :param markers: arguments of each, the one nearest to the test last
    :raises ChoiceError: when a marker cannot be understood
    """
    given: dict[str, Any] = {}
    for positional, named in markers:
        _check(positional, named)
        variants = {**given.get("variants", {}), **named.get("variants", {})}
        given |= {**named, **({"variants": variants} if variants else {})}
    sandbox = dict(run.sandbox) | {name: given[name] for name in ("world", "seed", "time") if name in given}
    if "variants" in given:
        sandbox["variants"] = {**run.sandbox.get("variants", {}), **given["variants"]}
    return Wish(sandbox, given.get("in_process", run.in_process), [*run.allow_hosts, *given.get("allow_hosts", ())])


def _check(positional: Sequence[object], named: Mapping[str, Any]) -> None:
    if positional:
        raise ChoiceError(f"@pytest.mark.tpmock takes names only: {', '.join(f'{name}=' for name in MARKER)}.")
    for name, value in named.items():
        if name not in MARKER:
            raise ChoiceError(f"@pytest.mark.tpmock has no {name!r}. {nearest(name, list(MARKER))}")
        if not isinstance(value, MARKER[name]):
            kinds = MARKER[name]
            words = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
            raise ChoiceError(f"@pytest.mark.tpmock({name}=...) is of type {words}, not {value!r}.")


def _switch(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ChoiceError(f"--tpmock-variant is NAME=VALUE, not {text!r}.")
    return name, value
