"""Options of a test: its markers, then those of the run, of the environment and of the project's settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tpmock.common.suggestions import did_you_mean
from tpmock.core import settings_file

#: Arguments of ``@pytest.mark.tpmock(...)``, with their types.
MARKER: Final[Mapping[str, type | tuple[type, ...]]] = {
    "world": str,
    "variants": dict,
    "seed": int,
    "time": str,
    "in_process": bool,
    "allow_hosts": (list, tuple),
}


class OptionError(Exception):
    """An option or a marker is not valid. The message is for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options for all tests of a run, or for one test.

    :param url: a running mock; None to start one
    :param worlds: world files by name, for a mock that is started
    :param functions: whether destination functions may run in a mock that is started
    :param sandbox: options of new sandboxes
    """

    url: str | None = None
    token: str | None = None
    worlds: Mapping[str, Path] = field(default_factory=dict)
    functions: bool = False
    in_process: bool = False
    allow_hosts: Sequence[str] = ()
    sandbox: Mapping[str, Any] = field(default_factory=dict)


def of_run(
    root: Path,
    *,
    url: str | None,
    world: str | None,
    variants: Sequence[str],
    in_process: bool,
    functions: bool = False,
) -> Options:
    """Return the command-line options, else the environment's and the project's settings.

    :param root: the project's folder
    :raises SettingsError: when settings or environment are not valid
    :raises OptionError: when the options cannot be combined
    """
    settings = settings_file.read(root, os.environ)
    given = settings.values
    if url is not None and world is not None:
        raise OptionError("--tpmock-world is for a mock that is started here; the one at --tpmock-url has its own.")
    worlds = settings.worlds | ({"default": Path(world)} if world else {})
    switches = {**(given.get("variants") or {}), **dict(_switch(text) for text in variants)}
    options = {"seed": given.get("seed"), "journal": given.get("journal"), "variants": switches or None}
    return Options(
        url=url or given.get("url"),
        token=given.get("control_token"),
        worlds=worlds,
        functions=functions or bool(given.get("allow_functions")),
        # An explicit address takes precedence.
        in_process=in_process or (bool(given.get("in_process")) and url is None),
        allow_hosts=given.get("allow_hosts") or (),
        sandbox={name: value for name, value in options.items() if value is not None},
    )


def of_test(run: Options, markers: Sequence[tuple[Sequence[object], Mapping[str, Any]]]) -> Options:
    """Return the options of a test: its markers take precedence over the run's options.

    :param markers: arguments of each, the one nearest to the test last
    :raises OptionError: when a marker is not valid
    """
    given: dict[str, Any] = {}
    for positional, named in markers:
        _check(positional, named)
        variants = {**given.get("variants", {}), **named.get("variants", {})}
        given |= {**named, **({"variants": variants} if variants else {})}
    sandbox = dict(run.sandbox) | {name: given[name] for name in ("world", "seed", "time") if name in given}
    if "variants" in given:
        sandbox["variants"] = {**run.sandbox.get("variants", {}), **given["variants"]}
    hosts = [*run.allow_hosts, *given.get("allow_hosts", ())]
    return replace(run, sandbox=sandbox, in_process=given.get("in_process", run.in_process), allow_hosts=hosts)


def _check(positional: Sequence[object], named: Mapping[str, Any]) -> None:
    if positional:
        raise OptionError(f"@pytest.mark.tpmock takes names only: {', '.join(f'{name}=' for name in MARKER)}.")
    for name, value in named.items():
        if name not in MARKER:
            raise OptionError(f"@pytest.mark.tpmock has no {name!r}. {did_you_mean(name, MARKER)}")
        if not isinstance(value, MARKER[name]):
            kinds = MARKER[name]
            words = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
            raise OptionError(f"@pytest.mark.tpmock({name}=...) is of type {words}, not {value!r}.")


def _switch(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"--tpmock-variant is NAME=VALUE, not {text!r}.")
    return name, value
