"""Shipped YAML, read as fast as JSON: a wheel contains the JSON, and a checkout caches it.

People write YAML, and reading it takes longer than everything else at the start of a program. A wheel is built with
each file a second time as JSON. In a checkout the first start after a change reads and checks the YAML and puts the
JSON where Python puts its compiled modules: into ``__pycache__``, or where ``PYTHONPYCACHEPREFIX`` says, or nowhere
with ``PYTHONDONTWRITEBYTECODE``. A cached file is valid for exactly the text and the checking code it was made from.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final

from tpmock.common import package_data

Json = Any

#: What decides whether a document is accepted, beside the words it may use: when this changes, accepted documents
#: are checked again.
_JUDGES: Final = Path(__file__).parents[1] / "spec"


def content(source: Path, check: Callable[[Json], object] = lambda _: None) -> Json:
    """Return the data of a shipped YAML file. A date is a text.

    :param check: raises when the content is wrong; asked only about what was not accepted before
    """
    beside = source.with_suffix(".json")
    try:
        # A wheel contains checked files only.
        return json.loads(beside.read_bytes())
    except FileNotFoundError:
        text = source.read_bytes()
    key = _key(text)
    place = _place(source)
    if place is not None:
        with suppress(OSError, ValueError):  # missing or incomplete: it is made again
            known, _, kept = place.read_bytes().partition(b"\n")
            if known == key:
                return json.loads(kept)
    made = as_json(text)
    found = json.loads(made)
    check(found)
    if place is not None and not sys.dont_write_bytecode:
        _put(place, key + b"\n" + made)
    return found


def as_json(text: bytes) -> bytes:
    """YAML as JSON."""
    # Late, as an installed program may never read YAML.
    import yaml  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, the fast one if there
    return json.dumps(raw, default=lambda day: day.isoformat(), separators=(",", ":")).encode()


def _key(text: bytes) -> bytes:
    # Late, as an installed program needs no key.
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(_read(_JUDGES) + text).hexdigest().encode()


@cache
def _read(judges: Path) -> bytes:
    words = package_data.path("schemas", "openapi-words.json")
    return b"".join(judge.read_bytes() for judge in (Path(__file__), *sorted(judges.glob("*.py")), words))


def _place(source: Path) -> Path | None:
    try:
        return Path(cache_from_source(str(source))).with_name(f"{source.stem}.json")
    except NotImplementedError:  # a Python that keeps no compiled modules
        return None


def _put(place: Path, whole: bytes) -> None:
    """Write atomically, as several programs may start at once; skip a folder that is read-only."""
    new = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(whole)
        new.replace(place)
