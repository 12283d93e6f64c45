"""Reads a world file: a YAML document in which ``${name}`` is the placeholder of a sandbox's credential."""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tpmock.common import compiled, package_data, schemas
from tpmock.common.one_line import one_line
from tpmock.common.suggestions import did_you_mean
from tpmock.core.random_ids import RandomSource
from tpmock.sandbox.errors import WorldFileError

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")

#: Maximum number of values in a world file; the largest tested one, with 1,000,000 reviews, has 25,000,000.
_MOST_VALUES = 100_000_000

#: The member that names the file's JSON Schema, for editors.
_SCHEMA: Final = "$schema"
#: Prefix of members that only hold content for references, such as YAML anchors.
_IGNORED: Final = "x-"

_PARTS = {
    *("business_units", "business_users", "partners", "applications", "templates", "consumers", "service_reviews"),
    *("product_reviews", "products", "locations", "segment"),
}
#: Members that a file may leave out.
_OPTIONAL = {"conversations", "deleted_reviews", "deleted_consumers"}


#: Most values of a content that is kept a second time, to be copied for each sandbox in one call.
_MOST_KEPT: Final = 20_000


class _Template:
    """Content with placeholders, from which the content of a sandbox is made.

    A test suite makes a sandbox for every test. The default world has 2,000 values, nine of them with placeholders: a
    copy by ``marshal`` takes a fortieth of the time of a walk through all of them.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._copied: bytes | None = None
        self._places: list[tuple[Any, ...]] = []
        if next(islice(_values(content), _MOST_KEPT, None), None) is not None:
            return
        # Aliases of YAML would be aliases in the copy.
        separate = _fill(content, None)
        # A type of YAML that marshal does not know, such as a date, is copied by the walk.
        with suppress(ValueError):
            self._copied, self._places = marshal.dumps(separate), list(_places(separate, ()))

    def filled(self, credentials: Mapping[str, str]) -> dict[str, Any]:
        """Return the content with ``credentials`` in place of the placeholders."""
        if self._copied is None:
            return dict(_fill(self._content, credentials))
        content: dict[str, Any] = marshal.loads(self._copied)  # noqa: S302 - our own bytes, of this process
        for *way, last in self._places:
            part: Any = content
            for step in way:
                part = part[step]
            part[last] = _fill(part[last], credentials)
        return content


@dataclass(frozen=True, slots=True)
class WorldFile:
    """A world seed for sandboxes.

    :param own: credentials that differ in every sandbox but the default one
    :param shared: credentials that are the same in every sandbox
    :param content: all other members, with placeholders
    """

    own: Mapping[str, str]
    shared: Mapping[str, str]
    content: Mapping[str, Any]
    _templates: list[_Template] = field(default_factory=list, repr=False, compare=False)

    def credentials(self, secrets: RandomSource | None) -> dict[str, str]:
        """Return the credentials of a sandbox, in the file's form.

        :param secrets: the source of a sandbox's own; None for the default sandbox, which uses those of the file
        """
        own = self.own if secrets is None else {name: _alike(value, secrets) for name, value in self.own.items()}
        return {**own, **self.shared}

    def seed(self, credentials: Mapping[str, str]) -> dict[str, Any]:
        """Return the content with ``credentials`` in place of the placeholders."""
        if not self._templates:
            self._templates.append(_Template(self.content))
        return self._templates[0].filled(credentials)


def _alike(example: str, secrets: RandomSource) -> str:
    """Return a new credential in the example's form: same prefix, a UUID for a UUID, else hexadecimal digits."""
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", example):
        return secrets.uuid()
    prefix = match[0] if (match := re.match(r"[a-z]{3}-", example)) else ""
    return prefix + secrets.hexadecimal(len(example) - len(prefix))


def _values(value: Any) -> Iterator[Any]:
    """Yield a value, and all that are in it."""
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(part)


def _places(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each text with a placeholder, and to each object with one in a name."""
    if isinstance(value, str):
        if "${" in value:
            yield way
    elif isinstance(value, dict):
        if any(isinstance(key, str) and "${" in key for key in value):
            yield way
        else:
            for key, part in value.items():
                yield from _places(part, (*way, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _places(part, (*way, index))


def _fill(value: Any, credentials: Mapping[str, str] | None) -> Any:
    """Return a copy with ``credentials`` in place of the placeholders, which None leaves as they are."""
    if isinstance(value, str):
        if credentials is None or "${" not in value:
            return value
        return _PLACEHOLDER.sub(lambda match: credentials[match[1]], value)
    if isinstance(value, dict):
        return {_fill(key, credentials): _fill(part, credentials) for key, part in value.items()}
    if isinstance(value, list):
        return [_fill(part, credentials) for part in value]
    return value


def parse(text: str) -> WorldFile:
    """Read a world file from YAML, or from JSON, which begins with a brace and is parsed much faster.

    :raises WorldFileError: with an error message, when it is not a valid world file
    """
    try:
        if text.startswith("{"):
            raw = json.loads(text)
        else:
            import yaml  # noqa: PLC0415 - late, as an installed program may never read YAML

            try:
                raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
                _check_size(raw)
            except yaml.YAMLError as error:
                raise WorldFileError(f"This world file is not valid YAML: {one_line(error)}") from None
        return _built(raw)
    except RecursionError:
        raise WorldFileError("This is not a valid world file: it is nested too deeply.") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WorldFileError(
            f"This is not a valid world file ({error!r}): compare it with fixtures/worlds/default.yaml."
        ) from None


def _check_size(raw: Any) -> None:
    """Check that a small document does not expand to a huge one by its aliases.

    :raises ValueError: when it does
    """
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        if not isinstance(value, (dict, list)):
            return 1
        if id(value) not in sizes:
            sizes[id(value)] = 1 + sum(map(size, value.values() if isinstance(value, dict) else value))
        return sizes[id(value)]

    if size(raw) > _MOST_VALUES:
        raise ValueError(f"its aliases stand for more than {_MOST_VALUES:,} values")


def _built(raw: Any) -> WorldFile:
    if not isinstance(raw, dict) or not isinstance(raw.get("credentials"), dict):
        raise WorldFileError("This is not a valid world file: it has no credentials. See fixtures/worlds/default.yaml.")
    credentials = raw.pop("credentials")
    for name in ("own", "shared"):
        named = credentials.get(name)
        if not isinstance(named, dict) or not all(isinstance(text, str) for pair in named.items() for text in pair):
            raise WorldFileError(f"credentials.{name} of the world file must be texts by name.")
    content = {name: part for name, part in raw.items() if name != _SCHEMA and not str(name).startswith(_IGNORED)}
    missing = sorted(_PARTS - content.keys())
    if missing:
        raise WorldFileError(f"The world file lacks {', '.join(missing)}; an empty list will do.")
    for name in content.keys() - _PARTS - _OPTIONAL:
        raise WorldFileError(
            f"The world file has an unknown member {name!r}. {did_you_mean(str(name), sorted(_PARTS | _OPTIONAL))}"
        )
    return WorldFile(credentials["own"], credentials["shared"], content)


def read(path: Path) -> WorldFile:
    """Read a world file from the file system.

    :raises WorldFileError: with an error message, when it is not readable or not valid
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WorldFileError(f"{path} cannot be read: {error}.") from None


def write(file: WorldFile) -> str:
    """Return a world as a JSON file with one entry per line, so that people can read it and tools compare it."""
    parts = [f'"{_SCHEMA}": {json.dumps(f"{schemas.ADDRESS}world.json")}']
    parts.append(f'"credentials": {json.dumps({"own": dict(file.own), "shared": dict(file.shared)})}')
    for name, part in file.content.items():
        entries = part if isinstance(part, list) else None
        if entries is None:
            parts.append(f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}")
        else:
            lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
            parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
    return "{" + ",\n".join(parts) + "}\n"


@lru_cache(maxsize=1)
def default() -> WorldFile:
    """Return the bundled world."""
    return _built(compiled.content(package_data.path("worlds", "default.yaml")))
