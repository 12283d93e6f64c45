"""Settings of a project: ``tpmock.toml``, or ``[tool.tpmock]`` in ``pyproject.toml``, for the command and pytest alike.

What is given as an option wins over the environment, that over the file, that over the default. This module decides
between the environment and the file; whoever has options asks it last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

OWN_FILE: Final = "tpmock.toml"
SHARED_FILE: Final = "pyproject.toml"
_LARGEST_PORT: Final = 65535


class SettingsError(Exception):
    """The settings cannot be used. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key.

    :param kind: its type in TOML
    :param meaning: for the README
    :param commands: the commands that take it, if any, as the option of the same name
    :param in_pytest: whether the pytest plugin takes it
    :param allows: whether a value of that type will do, with what is allowed in words
    :param is_path: whether it names a file, beside the settings file when it is relative
    """

    name: str
    kind: type
    meaning: str
    commands: tuple[str, ...] = ()
    in_pytest: bool = False
    allows: tuple[Callable[[Any], bool], str] | None = None
    is_path: bool = False

    @property
    def variable(self) -> str:
        """The environment variable of the same meaning."""
        return f"TPMOCK_{self.name.upper()}"

    @property
    def form(self) -> str:
        """What a value looks like, in words."""
        return self.allows[1] if self.allows else _FORMS[self.kind]


_FORMS: Final[Mapping[type, str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    dict: "a table of texts",
    list: "a list of texts",
}
_NATURAL: Final = (lambda value: value >= 0, "a whole number from 0")
_POSITIVE: Final = (lambda value: value > 0, "a whole number from 1")
_PORT: Final = (lambda value: 0 <= value <= _LARGEST_PORT, f"a whole number from 0 to {_LARGEST_PORT}")
_ADDRESS: Final = (lambda value: value.startswith(("http://", "https://")), "an address such as http://127.0.0.1:8080")

#: Commands that steer a mock that runs.
_STEERING: Final = ("clock", "env", "event", "fault", "journal", "sandbox", "trace", "webhook")

SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting
    for setting in (
        Setting("url", str, "Address of a mock that runs", _STEERING, in_pytest=True, allows=_ADDRESS),
        Setting("control_token", str, "What the control API wants to be shown", ("serve", "up"), in_pytest=True),
        Setting("sandbox", str, "Which sandbox of it", _STEERING),
        Setting("host", str, "Address to listen on", ("serve", "up")),
        Setting("port", int, "Port to listen on; 0 picks a free one", ("serve", "up"), allows=_PORT),
        Setting("world", str, "A world file in place of the shipped one", ("serve",), in_pytest=True, is_path=True),
        Setting("worlds", dict, "More world files, by name", ("serve",), in_pytest=True, is_path=True),
        Setting("state", str, "Where everything is kept over a restart", ("serve", "up"), is_path=True),
        Setting(
            "max_sandboxes", int, "How many there may be beside the default one", ("serve", "up"), allows=_POSITIVE
        ),
        Setting("control_host", list, "Further names by which the control API may be called", ("serve",)),
        Setting("seed", int, "Of new sandboxes; same seed: same ids", ("sandbox",), in_pytest=True, allows=_NATURAL),
        Setting("variants", dict, "Switches of new sandboxes", ("sandbox",), in_pytest=True),
        Setting(
            "journal", int, "Exchanges that new sandboxes remember", ("sandbox",), in_pytest=True, allows=_POSITIVE
        ),
        Setting("in_process", bool, "Whether pytest's tests use the mock without a socket", in_pytest=True),
        Setting("allow_hosts", list, "Hosts that such tests may call besides this machine", in_pytest=True),
    )
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project has set.

    :param file: where it was read, None when there is no file
    :param values: by key, those of the environment over those of the file
    """

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value of a key, None when it is not set."""
        return self.values.get(name)

    def of_command(self, command: str) -> dict[str, Any]:
        """The values a command takes, by its parameters' names."""
        given = {name: value for name, value in self.values.items() if command in SETTINGS[name].commands}
        if given.keys() & {"world", "worlds"}:
            given.pop("world", None)
            given["worlds"] = [f"{name}={file}" for name, file in self.worlds.items()]
        if "variants" in given:
            given["variants"] = [f"{name}={value}" for name, value in given["variants"].items()]
        return given

    @property
    def worlds(self) -> dict[str, Path]:
        """World files by name; ``default`` is that of the default sandbox."""
        files = {**self.values.get("worlds", {})} | (
            {"default": self.values["world"]} if "world" in self.values else {}
        )
        return {name: Path(file) for name, file in files.items()}


def read(folder: Path, environ: Mapping[str, str]) -> Settings:
    """The settings that hold in a folder: of the nearest file, there or above, and of the environment.

    :raises SettingsError: when a file or a variable cannot be used
    """
    file, given = _nearest(folder)
    values = {name: _checked(name, value, file, file) for name, value in given.items()} if file else {}
    for setting in SETTINGS.values():
        text = environ.get(setting.variable)
        if text:
            values[setting.name] = _checked(setting.name, _parsed(setting, text), f"${setting.variable}", None)
    return Settings(file, values)


def _nearest(folder: Path) -> tuple[Path | None, Mapping[str, Any]]:
    for place in (folder, *folder.parents):
        own, shared = place / OWN_FILE, place / SHARED_FILE
        section = _toml(shared).get("tool", {}).get("tpmock") if shared.is_file() else None
        if own.is_file() and section is not None:
            raise SettingsError(f"{own} and [tool.tpmock] in {shared} both hold settings: keep one of them.")
        if own.is_file():
            return own, _toml(own)
        if section is not None:
            return shared, section
    return None, {}


def _toml(file: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most folders hold no settings

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None


def _checked(name: str, value: Any, where: Path | str | None, file: Path | None) -> Any:
    setting = SETTINGS.get(name.replace("-", "_"))
    if setting is None or name != setting.name:
        raise SettingsError(f"{where}: there is no setting {name!r}. {_known(name)}")
    # true is a whole number to Python, not to a person.
    fits = isinstance(value, setting.kind) and (setting.kind is bool or not isinstance(value, bool))
    if fits and setting.kind in (dict, list):
        fits = all(isinstance(part, str) for part in (value.values() if isinstance(value, dict) else value))
    if not fits or (setting.allows and not setting.allows[0](value)):
        raise SettingsError(f"{where}: {name} is {setting.form}, not {value!r}.")
    if setting.is_path and file:
        beside = {key: str(file.parent / path) for key, path in value.items()} if isinstance(value, dict) else None
        return str(file.parent / value) if beside is None else beside
    return value


def _known(name: str) -> str:
    import difflib  # noqa: PLC0415 - only for a mistake

    near = difflib.get_close_matches(name.replace("-", "_"), SETTINGS, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(SETTINGS)}."


def _parsed(setting: Setting, text: str) -> Any:
    """The value an environment variable stands for; its own text where it stands for none, to be told so."""
    if setting.kind is int:
        return int(text) if text.isascii() and text.isdigit() else text
    if setting.kind is bool:
        return {"1": True, "true": True, "0": False, "false": False}.get(text.lower(), text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if setting.kind is list:
        return parts
    if setting.kind is dict:
        pairs = dict(part.partition("=")[::2] for part in parts)
        return pairs if all("=" in part for part in parts) else text
    return text
