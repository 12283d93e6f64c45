"""Settings of a project: ``tpmock.toml``, or ``[tool.tpmock]`` in ``pyproject.toml``, for the command and pytest alike.

An option takes precedence over the environment, the environment over the file, the file over the default. This
module decides between environment and file; callers apply their options over its result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tpmock.common import compiled, package_data
from tpmock.common.suggestions import did_you_mean

OWN_FILE: Final = "tpmock.toml"
SHARED_FILE: Final = "pyproject.toml"


class SettingsError(Exception):
    """The settings are not valid. The message is for users."""


#: Types in TOML by the names in ``settings.yaml``, with an example value.
_KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "text": (str, "a text"),
    "number": (int, "a whole number"),
    "switch": (bool, "true or false"),
    "table": (dict, "a table of texts"),
    "list": (list, "a list of texts"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of ``fixtures/texts/settings.yaml``.

    :param kind: its type, a name in :data:`_KINDS`
    :param meaning: for the documentation
    :param commands: the commands that have an option of the same name
    :param in_pytest: whether the pytest plugin uses it
    :param least: the minimum of a number; ``most`` is the maximum
    :param is_path: whether it names a file, relative to the settings file
    """

    name: str
    kind: str
    meaning: str
    commands: Sequence[str] = ()
    in_pytest: bool = False
    least: int | None = None
    most: int | None = None
    is_address: bool = False
    is_path: bool = False

    @property
    def variable(self) -> str:
        """Return the environment variable of the same meaning."""
        return f"TPMOCK_{self.name.upper()}"

    @property
    def form(self) -> str:
        """Return a description of valid values."""
        if self.is_address:
            return "an address such as http://127.0.0.1:8080"
        least = "" if self.least is None else f" from {self.least}"
        return _KINDS[self.kind][1] + least + ("" if self.most is None else f" to {self.most}")

    def allows(self, value: Any) -> bool:
        """Return whether a value is valid."""
        # Not isinstance: true is an instance of int, but not a valid number here.
        kind = type(value)
        if kind is not _KINDS[self.kind][0]:
            return False
        if isinstance(value, dict | list):
            return all(isinstance(part, str) for part in (value.values() if isinstance(value, dict) else value))
        if self.is_address:
            return str(value).startswith(("http://", "https://"))
        too_small = self.least is not None and value < self.least
        too_large = self.most is not None and value > self.most
        return not (too_small or too_large)


SETTINGS: Final[Mapping[str, Setting]] = {
    name: Setting(name=name, **row)
    for name, row in compiled.content(package_data.path("texts", "settings.yaml")).items()
}


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The settings of a project.

    :param file: the file they come from, None without a file
    :param values: by key; values of the environment override those of the file
    """

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def of_command(self, command: str) -> dict[str, Any]:
        """Return the values for a command, by its parameters' names."""
        given = {name: value for name, value in self.values.items() if command in SETTINGS[name].commands}
        if given.keys() & {"world", "worlds"}:
            given.pop("world", None)
            given["worlds"] = [f"{name}={file}" for name, file in self.worlds.items()]
        if "variants" in given:
            given["variants"] = [f"{name}={value}" for name, value in given["variants"].items()]
        return given

    @property
    def worlds(self) -> dict[str, Path]:
        """Return world files by name; ``default`` is that of the default sandbox."""
        files = {**self.values.get("worlds", {})} | (
            {"default": self.values["world"]} if "world" in self.values else {}
        )
        return {name: Path(file) for name, file in files.items()}


def read(folder: Path, environ: Mapping[str, str]) -> ProjectSettings:
    """Return the settings for a folder: of the nearest file, in it or above, and of the environment.

    :raises SettingsError: when a file or a variable is not valid
    """
    file, given = _nearest(folder)
    values = {name: _checked(name, value, file, file) for name, value in given.items()} if file else {}
    for setting in SETTINGS.values():
        text = environ.get(setting.variable)
        if text:
            values[setting.name] = _checked(setting.name, _parsed(setting, text), f"${setting.variable}", None)
    return ProjectSettings(file, values)


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
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None


def _checked(name: str, value: Any, where: Path | str | None, file: Path | None) -> Any:
    setting = SETTINGS.get(name.replace("-", "_"))
    if setting is None or name != setting.name:
        raise SettingsError(f"{where}: there is no setting {name!r}. {did_you_mean(name.replace('-', '_'), SETTINGS)}")
    if not setting.allows(value):
        raise SettingsError(f"{where}: {name} is {setting.form}, not {value!r}.")
    if setting.is_path and file:
        beside = {key: str(file.parent / path) for key, path in value.items()} if isinstance(value, dict) else None
        return str(file.parent / value) if beside is None else beside
    return value


def _parsed(setting: Setting, text: str) -> Any:
    """Return the value of an environment variable; its text when it cannot be converted, for the error message."""
    if setting.kind == "number":
        return int(text) if text.isascii() and text.isdigit() else text
    if setting.kind == "switch":
        return {"1": True, "true": True, "0": False, "false": False}.get(text.lower(), text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if setting.kind == "list":
        return parts
    if setting.kind == "table":
        pairs = dict(part.partition("=")[::2] for part in parts)
        return pairs if all("=" in part for part in parts) else text
    return text
