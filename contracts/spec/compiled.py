"""YAML that is shipped, read at the speed of JSON: a wheel carries that, and a checkout keeps what a start has read.

People write YAML, and reading it takes longer than everything else at the start of a program. A wheel is built with
each file a second time as JSON. In a checkout the first start after a change reads and checks the YAML and puts the
JSON where Python puts its compiled modules: into ``__pycache__``, or where ``PYTHONPYCACHEPREFIX`` says, or nowhere
with ``PYTHONDONTWRITEBYTECODE``. What lies there holds for exactly the text and the checking code it was made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final

Json = Any

#: What decides whether a document is accepted: with this code changed, what was accepted before is looked at again.
_JUDGES: Final = Path(__file__).parent


def content(source: Path, check: Callable[[Json], object] = lambda _: None) -> Json:
    """What a shipped YAML file holds. A date is a text.

    :param check: raises when the content is wrong; asked only about what was not accepted before
    """
    beside = source.with_suffix(".json")
    try:
        # A wheel is built of nothing that was not checked.
        return json.loads(beside.read_bytes())
    except FileNotFoundError:
        text = source.read_bytes()
    key = _key(text)
    place = _place(source)
    if place is not None:
        with suppress(OSError, ValueError):  # nothing there, or half of it: it is made anew
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
    digest = hashlib.sha256(text)
    for judge in sorted(_JUDGES.glob("*.py")):
        digest.update(judge.read_bytes())
    return digest.hexdigest().encode()


def _place(source: Path) -> Path | None:
    try:
        return Path(cache_from_source(str(source))).with_name(f"{source.stem}.json")
    except NotImplementedError:  # a Python that keeps no compiled modules
        return None


def _put(place: Path, whole: bytes) -> None:
    """Whole or not at all, as several programs may start at once; a folder that is read-only stays as it is."""
    new = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(whole)
        new.replace(place)
